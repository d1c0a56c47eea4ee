package rule

import (
	"fmt"
	"strconv"
	"time"
)

// fold is what a hit does to its states.
type fold int

const (
	// always grants every target, every time; which award that is, its occurrence says.
	always fold = iota
	// measuring adds to the measure, and grants the targets whose threshold it reaches by it. The order of
	// events does not matter, as long as what they are about fits the memory: the same events in any order
	// cross the same thresholds.
	measuring
	// rereading grants the targets whose threshold the measure has reached already: something else that they
	// wait for happened.
	rereading
	// entering and leaving grant and revoke; the state is the time of the newest event of either,
	// and an older one that comes late changes nothing. Of two at the same time the later one to
	// come holds.
	entering
	leaving
	// revoking revokes every target, every time.
	revoking
)

// target is an achievement that a matcher grants or revokes.
type target struct {
	rule           string
	namespace, key string
	// at is the threshold that the measure must reach.
	at int64
	// again says that each further at is another award.
	again bool
	// closing says that it is granted when a period ends, and not before.
	closing bool
	// parts and reach are several measures, and the condition on them.
	parts []part
	reach *expr
	// repeats says that the award has an occurrence.
	repeats  bool
	limit    *limit
	first    *Measure
	requires []Ref
	hold     hold
	message  *expr
	quiet    bool
}

// part is one of several measures, by its name in the rule.
type part struct {
	name    string
	measure *Measure
}

// limit bounds how many awards of one achievement a person is given, in all or in a unit of the calendar.
type limit struct {
	measure *Measure
	period  period
}

// hold is for how long an achievement is held.
type hold struct {
	// length is how long it lasts after the last event that earned it; 0 for ever.
	length time.Duration
	// reached says that it lasts as long as the threshold is reached.
	reached bool
}

// Fold changes the states to those after the hit and returns what is to be done. The states are those of
// Slots, in order. person tells the recipient from others, whichever of their accounts it is.
func (h *Hit) Fold(person string, states []State) ([]Decision, []Failure) {
	f := folding{Hit: h, person: person, states: states}
	if h.again {
		f.recheck()
		return f.decisions, f.failures
	}
	switch m := h.matcher; m.fold {
	case measuring:
		f.measure()
	case rereading:
		f.reread()
	case entering, leaving:
		now := h.at.UnixMicro()
		if now < states[0].N {
			return nil, nil
		}
		states[0] = State{N: now}
		if m.fold == leaving {
			f.revokeAll()
			break
		}
		states[0].Data = []byte{1}
		f.grantAll()
	case revoking:
		f.revokeAll()
	default:
		f.grantAll()
	}
	return f.decisions, f.failures
}

// folding is one call of Fold.
type folding struct {
	*Hit

	person    string
	states    []State
	decisions []Decision
	failures  []Failure
}

// measure adds the doses, from the cap to the main measure.
func (f *folding) measure() {
	m := f.matcher
	var room [4]State // for most, so that nothing is allocated
	before := append(room[:0], f.states...)
	main := -1
	for i, d := range f.doses {
		if m.capped != nil {
			f.states[f.cap] = m.capped.measure.meter.add(before[f.cap], d)
			if d.amount = f.states[f.cap].N - before[f.cap].N; d.amount == 0 {
				return
			}
		}
		if m.each != nil {
			inner := f.inner[i]
			f.states[inner.slot] = m.each.measure.meter.add(before[inner.slot], inner)
			if before[inner.slot].N >= m.each.at || f.states[inner.slot].N < m.each.at {
				continue
			}
		}
		f.states[d.slot] = m.main.measure.meter.add(f.states[d.slot], d)
		if main < 0 || f.states[d.slot].N > f.states[main].N {
			main = d.slot
		}
	}
	if main >= 0 {
		f.reached(before, main)
	}
}

// reached grants what the main measure has come to by the hit.
func (f *folding) reached(before []State, main int) {
	old, now := before[main].N, f.states[main].N
	for i := range f.matcher.targets {
		t := &f.matcher.targets[i]
		switch {
		case t.closing:
		case t.reach != nil:
			if f.holds(t, f.states) && !f.holds(t, before) {
				f.grant(i, "", time.Time{})
			}
		case t.hold.reached:
			f.keep(i, main)
		case t.hold.length > 0:
			if now >= t.at {
				f.grant(i, "", f.at.Add(t.hold.length))
			}
		case t.again:
			for n := old/t.at + 1; n <= now/t.at && n <= old/t.at+maxValues; n++ {
				f.grant(i, strconv.FormatInt(n*t.at, 10), time.Time{})
			}
		case old < t.at && t.at <= now:
			f.grant(i, "", time.Time{})
		}
	}
}

// keep grants a target as long as its threshold is reached, and revokes it when it no longer is.
func (f *folding) keep(i, main int) {
	t := &f.matcher.targets[i]
	now, until := f.matcher.main.measure.meter.level(f.states[main], t.at)
	switch {
	case now >= t.at && f.matcher.period.unit != "":
		f.grant(i, "", f.matcher.period.beginning(f.matcher.period.number(f.at)+1))
	case now >= t.at:
		f.grant(i, "", until)
	case until.IsZero() && f.matcher.main.measure.meter.kind == levels:
		f.decide(i, Revoke, "", time.Time{})
	}
}

// reread grants what has been reached.
func (f *folding) reread() {
	for i := range f.matcher.targets {
		t := &f.matcher.targets[i]
		switch {
		case t.reach != nil:
			if f.holds(t, f.states) {
				f.grant(i, "", time.Time{})
			}
		case f.matcher.main.measure.meter.kind == membership:
			if f.states[0].Data != nil {
				f.grant(i, "", time.Time{})
			}
		case f.states[0].N >= t.at:
			f.grant(i, "", time.Time{})
		}
	}
}

// holds evaluates a condition on several measures. One that fails holds not, and is told.
func (f *folding) holds(t *target, states []State) bool {
	numbers := make(map[string]any, len(t.parts))
	for _, part := range t.parts {
		numbers[part.name] = f.state(Slot{Measure: part.measure, Bucket: f.occurrence}, states).N
	}
	holds, err := t.reach.over(numbers)
	if err != nil {
		f.failures = append(f.failures, Failure{Rule: t.rule, Err: err})
	}
	return holds
}

// state returns the state of a slot.
func (f *folding) state(s Slot, states []State) *State {
	for i := range f.slots {
		if f.slots[i] == s {
			return &states[i]
		}
	}
	panic(fmt.Sprintf("no state was asked for in bucket %q", s.Bucket))
}

func (f *folding) grantAll() {
	for i := range f.matcher.targets {
		until := time.Time{}
		if length := f.matcher.targets[i].hold.length; length > 0 {
			until = f.at.Add(length)
		}
		f.grant(i, "", until)
	}
}

func (f *folding) revokeAll() {
	for i := range f.matcher.targets {
		f.decide(i, Revoke, "", time.Time{})
	}
}

// grant grants a target unless it is full.
func (f *folding) grant(i int, number string, until time.Time) {
	t := &f.matcher.targets[i]
	if t.first != nil {
		state := f.state(Slot{Measure: t.first, Bucket: f.occurrence}, f.states)
		after, admitted := t.first.meter.admit(*state, fingerprint(f.person))
		if !admitted {
			return
		}
		*state = after
	}
	if t.limit != nil {
		state := f.state(Slot{Measure: t.limit.measure, Bucket: t.limit.period.name(f.at)}, f.states)
		after, admitted := t.limit.measure.meter.admit(*state, fingerprint(join(f.occurrence, number)))
		if !admitted {
			return
		}
		*state = after
	}
	f.decide(i, Grant, number, until)
}

func (f *folding) decide(i int, action Action, number string, until time.Time) {
	t := &f.matcher.targets[i]
	d := Decision{
		Action: action, Namespace: t.namespace, Key: t.key, Rule: t.rule, At: f.at, Until: until,
		Requires: t.requires, Quiet: t.quiet,
	}
	if t.repeats {
		d.Occurrence = join(f.occurrence, number)
	}
	if f.messages != nil {
		d.Message = f.messages[i]
	}
	f.decisions = append(f.decisions, d)
}

// join puts a space between two texts, neither of which may be there.
func join(a, b string) string {
	if a != "" && b != "" {
		return a + " " + b
	}
	return a + b
}
