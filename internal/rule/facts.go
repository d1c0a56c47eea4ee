package rule

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Facts are what only the host knows; each is asked for at most when a rule's expression needs it, and an
// error of one is a failure of that rule. They say how things are when the event is judged.
type Facts struct {
	// History returns the events on the event's object and of its source, oldest first: those no later
	// than the event itself, or than the time until which a rule waits. The event itself is not among them.
	History func() ([]event.Event, error)
	// Recipient returns what is known of a person.
	Recipient func(event.Account) (Recipient, error)
	// Payload returns what the source sent, as JSON.
	Payload func() (any, error)

	everyone []event.Account
}

// Recipient is a person, as expressions see the one whom a rule is about.
type Recipient struct {
	// Since is when the person's first account was made or, when that is not known, first seen.
	Since time.Time `cel:"since"`
	// Held are the achievements that the person holds, by "namespace/key", each with the time since when.
	Held map[string]time.Time `cel:"held"`
	// Claimed says that the person has signed in.
	Claimed bool `cel:"claimed"`
	// OptedOut says that the person wants no achievements.
	OptedOut bool `cel:"opted_out"`
}

// needs is a set of facts.
type needs uint

const (
	needsHistory needs = 1 << iota
	needsRecipient
	needsPayload
)

// facts are the variables that are facts.
var facts = map[string]needs{"history": needsHistory, "recipient": needsRecipient, "payload": needsPayload}

// scope is what an expression sees while it is evaluated: one event, and facts about it.
type scope struct {
	event     ref.Val
	source    *event.Event
	facts     *Facts
	history   ref.Val
	payload   ref.Val
	recipient *Recipient
	// fields are those of a custom event that the expression at hand knows.
	fields customKind
	// err is the first fact that could not be had.
	err error
}

func scopeOf(ev *event.Event, facts *Facts) *scope {
	return &scope{event: environment().CELTypeAdapter().NativeToValue(ev), source: ev, facts: facts}
}

// about makes the person the one whom expressions are about.
func (s *scope) about(person event.Account) error {
	s.recipient = nil
	if s.facts == nil || s.facts.Recipient == nil {
		return errors.New("nothing is known about the recipient")
	}
	found, err := s.facts.Recipient(person)
	s.recipient = &found
	return err
}

// ResolveName implements cel.Activation.
func (s *scope) ResolveName(name string) (any, bool) {
	switch name {
	case "event":
		return s.event, true
	case "history":
		return s.past(), s.err == nil
	case "recipient":
		return s.recipient, s.recipient != nil
	case "payload":
		return s.raw(), s.err == nil
	default:
		return s.field(name)
	}
}

// Parent implements cel.Activation.
func (*scope) Parent() cel.Activation { return nil }

// past returns the events on the same object.
func (s *scope) past() ref.Val {
	if s.history == nil {
		var events []event.Event
		if s.facts != nil && s.facts.History != nil {
			events, s.err = s.facts.History()
		} else {
			s.err = errors.New("the history is not known")
		}
		s.history = environment().CELTypeAdapter().NativeToValue(events)
	}
	return s.history
}

// raw returns what the source sent.
func (s *scope) raw() ref.Val {
	if s.payload == nil {
		var sent any
		if s.facts != nil && s.facts.Payload != nil {
			sent, s.err = s.facts.Payload()
		} else {
			s.err = errors.New("what the source sent is not known")
		}
		s.payload = environment().CELTypeAdapter().NativeToValue(sent)
	}
	return s.payload
}

// MaxHistory is how many events on one object are looked at, the newest ones.
const MaxHistory = 200

// History returns those of the events on an object that an expression about one of them sees, oldest first:
// none that is later than the event and what is waited for, nor the event itself.
func History(events []event.Event, ev *event.Event, settle time.Duration) []event.Event {
	var past []event.Event
	for i := range events {
		if events[i].Key != ev.Key && !events[i].Time.After(ev.Time.Add(settle)) {
			past = append(past, events[i])
		}
	}
	slices.SortStableFunc(past, func(x, y event.Event) int {
		return cmp.Or(x.Time.Compare(y.Time), strings.Compare(x.Key, y.Key))
	})
	return past[max(0, len(past)-MaxHistory):]
}
