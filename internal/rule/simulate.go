package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
)

// Simulation plays events to rules in memory, as the service does with a database: it keeps the states and
// who holds what, lets time pass, and feeds awards back as events. Each account is a person of its own.
// It may not be used concurrently.
type Simulation struct {
	// OnDecision, unless nil, is told of every decision, whether it changed anything or not.
	OnDecision func(Outcome)
	// Identify, unless nil, tells people apart: accounts for which it returns the same are one person.
	Identify func(*event.Event, event.Account) string

	set      *Set
	declared map[Ref]*Declared
	now      time.Time
	states   map[stateKey]State
	held     map[heldKey]*holding
	past     map[string][]event.Event
	people   map[string]*simulated
	seen     map[string]bool
	waiting  []waiting
	clocks   []ticking
	outcomes []Outcome
	failures []Failure
}

// Outcome is what a decision came to.
type Outcome struct {
	Decision

	Person event.Account
	// Changed says that something was given or taken away; the rest was so already, or is not possible.
	Changed bool
	// Lapsed says that time took it away.
	Lapsed bool
}

type (
	stateKey struct{ measure, person, bucket string }
	heldKey  struct {
		ref                Ref
		person, occurrence string
	}
	holding struct {
		since, until time.Time
		decision     Decision
	}
	simulated struct {
		account event.Account
		known   Recipient
	}
	// waiting is an event that a rule waits to judge.
	waiting struct {
		at     time.Time
		settle time.Duration
		event  event.Event
	}
	// ticking is a clock with the next end of its unit.
	ticking struct {
		Clock

		end time.Time
	}
)

// maxFeedback bounds how often awards may lead to awards that lead to awards.
const maxFeedback = 10

// NewSimulation returns a simulation of the rules that begins at a time, with nobody in it.
func NewSimulation(set *Set, begin time.Time) *Simulation {
	s := &Simulation{
		set: set, now: begin, declared: map[Ref]*Declared{}, states: map[stateKey]State{}, held: map[heldKey]*holding{},
		past: map[string][]event.Event{}, people: map[string]*simulated{}, seen: map[string]bool{},
	}
	for i := range set.declared {
		d := &set.declared[i]
		s.declared[Ref{d.Namespace, d.Key}] = d
	}
	for _, clock := range set.Clocks() {
		s.clocks = append(s.clocks, ticking{clock, clock.End(begin)})
	}
	return s
}

// Outcomes returns what the decisions so far came to, in order.
func (s *Simulation) Outcomes() []Outcome { return s.outcomes }

// Failures returns the expressions that failed so far.
func (s *Simulation) Failures() []Failure { return s.failures }

// States returns how many states the rules have made.
func (s *Simulation) States() int { return len(s.states) }

// Know tells of a person before anything happens.
func (s *Simulation) Know(account event.Account, known Recipient) {
	s.people[account.ID] = &simulated{account, known}
}

// Play judges an event at its time, or now when that has passed. One with a key that was played does nothing.
func (s *Simulation) Play(ev *event.Event) {
	s.Advance(ev.Time)
	s.play(ev, 0)
}

// Arrive judges an event that arrives now, whenever it happened.
func (s *Simulation) Arrive(ev *event.Event) { s.play(ev, 0) }

func (s *Simulation) play(ev *event.Event, depth int) {
	id := ev.Source + "\x00" + ev.Key
	if s.seen[id] {
		return
	}
	s.seen[id] = true
	for _, account := range ev.People() {
		s.meet(s.person(ev, *account), ev.Time)
	}
	if s.set.needsHistory {
		object := ev.Source + "\x00" + ev.Object
		s.past[object] = append(s.past[object], *ev)
	}
	matched := s.set.Match(ev)
	s.take(&matched, ev, depth)
	if matched.Late {
		late := s.set.MatchLate(ev, s.facts(ev, 0))
		s.take(&late, ev, depth)
	}
	for _, settle := range matched.Settle {
		wait := waiting{ev.Time.Add(settle), settle, *ev}
		if wait.at.After(s.now) {
			s.waiting = append(s.waiting, wait)
			continue
		}
		s.settle(wait)
	}
}

// person returns the account as the person whose it is.
func (s *Simulation) person(ev *event.Event, account event.Account) event.Account {
	if s.Identify != nil && ev != nil {
		account.ID = s.Identify(ev, account)
	}
	return account
}

func (s *Simulation) meet(account event.Account, at time.Time) {
	if s.people[account.ID] == nil {
		s.people[account.ID] = &simulated{account, Recipient{Since: at}}
	}
}

func (s *Simulation) facts(ev *event.Event, settle time.Duration) *Facts {
	return &Facts{
		History: func() ([]event.Event, error) {
			return History(s.past[earnedAt(ev)+"\x00"+ev.Object], ev, settle), nil
		},
		Recipient: func(account event.Account) (Recipient, error) {
			account = s.person(ev, account)
			s.meet(account, ev.Time)
			known := s.people[account.ID].known
			known.Held = map[string]time.Time{}
			for key, held := range s.held {
				if key.person == account.ID {
					known.Held[key.ref.Namespace+"/"+key.ref.Key] = held.since
				}
			}
			return known, nil
		},
		Payload: func() (any, error) { return ev.Payload, nil },
	}
}

// Advance lets time pass: what waited is judged, periods end, and what is held for a while lapses.
func (s *Simulation) Advance(to time.Time) {
	for {
		next, due := s.next()
		if next == nil || due.After(to) {
			break
		}
		if due.After(s.now) {
			s.now = due
		}
		next()
	}
	if to.After(s.now) {
		s.now = to
	}
}

// next returns what is due first.
func (s *Simulation) next() (do func(), due time.Time) {
	sooner := func(at time.Time) bool { return do == nil || at.Before(due) }
	for i := range s.waiting {
		if w := s.waiting[i]; sooner(w.at) {
			due, do = w.at, func() {
				s.waiting = slices.Delete(s.waiting, i, i+1)
				s.settle(w)
			}
		}
	}
	for i := range s.clocks {
		if tick := &s.clocks[i]; sooner(tick.end.Add(tick.Settle)) {
			due, do = tick.end.Add(tick.Settle), func() {
				end := tick.end
				tick.end = tick.End(end)
				s.tick(tick.Clock, end)
			}
		}
	}
	for key, held := range s.held {
		if !held.until.IsZero() && sooner(held.until) {
			due, do = held.until, func() { s.lapse(key) }
		}
	}
	return do, due
}

func (s *Simulation) settle(w waiting) {
	matched := s.set.MatchSettled(&w.event, w.settle, s.facts(&w.event, w.settle))
	s.take(&matched, &w.event, 0)
}

// tick ends a period.
func (s *Simulation) tick(clock Clock, end time.Time) {
	ev := clock.Event(end)
	for _, person := range s.everybody() {
		matched := s.set.MatchEveryone(&ev, person, s.facts(&ev, 0))
		s.take(&matched, &ev, 0)
	}
	for _, closing := range s.set.closings {
		if closing.Clock() != clock {
			continue
		}
		granted, failures := closing.Judge(ev.Period, end, s.standings(closing, ev.Period))
		s.failures = append(s.failures, failures...)
		for i := range granted {
			s.decide(&granted[i].Decision, s.people[granted[i].Person].account, &ev, 0)
		}
	}
}

func (s *Simulation) everybody() []event.Account {
	people := make([]event.Account, 0, len(s.people))
	for _, person := range s.people {
		people = append(people, person.account)
	}
	slices.SortFunc(people, func(x, y event.Account) int { return strings.Compare(x.ID, y.ID) })
	return people
}

func (s *Simulation) standings(closing *Closing, bucket string) []Standing {
	var standings []Standing
	measures := closing.Measures()
	for id := range s.people {
		states := make([]State, len(measures))
		some := false
		for i, m := range measures {
			state, ok := s.states[stateKey{m.id, id, bucket}]
			states[i], some = state, some || ok
		}
		if some {
			standings = append(standings, Standing{id, states})
		}
	}
	slices.SortFunc(standings, func(x, y Standing) int { return strings.Compare(x.Person, y.Person) })
	return standings
}

// take folds hits into the states.
func (s *Simulation) take(matched *Matched, cause *event.Event, depth int) {
	s.failures = append(s.failures, matched.Failures...)
	for i := range matched.Hits {
		hit := &matched.Hits[i]
		recipient := s.person(cause, *hit.Recipient)
		s.meet(recipient, hit.at)
		states := make([]State, len(hit.slots))
		for j, slot := range hit.slots {
			states[j] = s.states[keyOf(slot, recipient.ID)]
		}
		decisions, failures := hit.Fold(recipient.ID, states)
		s.failures = append(s.failures, failures...)
		for j, slot := range hit.slots {
			if key := keyOf(slot, recipient.ID); !states[j].Equal(State{}) {
				s.states[key] = states[j]
			}
		}
		for j := range decisions {
			s.decide(&decisions[j], recipient, cause, depth)
		}
	}
}

func keyOf(slot Slot, person string) stateKey {
	if slot.Measure.shared {
		person = ""
	}
	return stateKey{slot.Measure.id, person, slot.Bucket}
}

// decide does what the book does: a grant of what stands is nothing but a longer life, and a revocation
// of what does not is nothing.
func (s *Simulation) decide(d *Decision, person event.Account, cause *event.Event, depth int) {
	key := heldKey{Ref{d.Namespace, d.Key}, person.ID, d.Occurrence}
	outcome := Outcome{Decision: *d, Person: person}
	held := s.held[key]
	switch {
	case d.Action == Grant && held != nil:
		if d.Until.After(held.until) && !held.until.IsZero() {
			held.until = d.Until
		}
	case d.Action == Grant:
		if outcome.Changed = s.qualifies(d, person.ID); outcome.Changed {
			s.held[key] = &holding{since: d.At, until: d.Until, decision: *d}
		}
	case held != nil && s.declared[key.ref].Kind == achievement.Revocable:
		outcome.Changed = true
		delete(s.held, key)
	}
	s.report(&outcome, cause, depth)
}

func (s *Simulation) report(outcome *Outcome, cause *event.Event, depth int) {
	if s.OnDecision != nil {
		s.OnDecision(*outcome)
	}
	if !outcome.Changed {
		return
	}
	s.outcomes = append(s.outcomes, *outcome)
	if s.set.HearsAwards() && depth < maxFeedback {
		ev := s.told(outcome, cause)
		s.play(&ev, depth+1)
	}
}

// told is the event of an award, about the object of the event that earned it.
func (s *Simulation) told(o *Outcome, cause *event.Event) event.Event {
	kind := map[Action]string{Grant: event.AwardGranted, Revoke: event.AwardRevoked}[o.Action]
	key := fmt.Sprintf("%s:%d", kind, len(s.outcomes))
	holder, of := o.Person, s.declared[Ref{o.Namespace, o.Key}]
	ev := event.Event{
		Kind: kind, Time: o.At, Source: event.Self, Key: key, Object: key, Holder: &holder,
		Award: &event.Award{
			Namespace: o.Namespace, Key: o.Key, Name: of.Name, Kind: string(of.Kind), Series: of.Series, Occurrence: o.Occurrence, Rule: o.Rule,
		},
	}
	if cause != nil {
		ev.Object, ev.Award.Source = cause.Object, earnedAt(cause)
	}
	return ev
}

// earnedAt is the source on whose objects the event is: that of an award is where it was earned.
func earnedAt(ev *event.Event) string {
	if ev.Award != nil && ev.Award.Source != "" {
		return ev.Award.Source
	}
	return ev.Source
}

func (s *Simulation) qualifies(d *Decision, person string) bool {
	for _, ref := range d.Requires {
		if !slices.ContainsFunc(s.heldBy(person), func(key heldKey) bool { return key.ref == ref }) {
			return false
		}
	}
	return true
}

func (s *Simulation) heldBy(person string) []heldKey {
	var keys []heldKey
	for key := range s.held {
		if key.person == person {
			keys = append(keys, key)
		}
	}
	return keys
}

func (s *Simulation) lapse(key heldKey) {
	held := s.held[key]
	delete(s.held, key)
	if s.declared[key.ref].Kind != achievement.Revocable {
		return
	}
	d := held.decision
	d.Action, d.At, d.Message = Revoke, held.until, ""
	s.report(&Outcome{Decision: d, Person: s.people[key.person].account, Changed: true, Lapsed: true}, nil, 0)
}
