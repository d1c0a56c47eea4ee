package automation

import "time"

// RememberInRehearsals changes how many events a rehearsal knows again.
func (a *Automation) RememberInRehearsals(count int) { a.rehearsalKeys = count }

// ForeseeFor changes for how long stored events are played to rules that do not judge.
func (a *Automation) ForeseeFor(d time.Duration) { a.foreseeFor = d }
