package automation

import "time"

// ForeseeFor changes for how long stored events are played to rules that do not judge.
func (a *Automation) ForeseeFor(d time.Duration) { a.foreseeFor = d }
