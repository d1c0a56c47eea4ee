package rule

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// matcher is the first idea of the language: which event, for whom; and what then happens.
type matcher struct {
	kinds  []string
	when   *expr
	to     *expr
	except exceptions
	reach  reach
	per    *expr
	period period
	// of is what a sum adds, or whose different values are counted; nil for a count.
	of *expr
	// adds says that of is what a sum adds.
	adds bool
	fold fold
	// measure is what the fold remembers in; nil for a fold that needs no state.
	measure *Measure
	targets []target
}

// target is an achievement that a matcher grants or revokes.
type target struct {
	rule           string
	namespace, key string
	// at is the threshold that a count must reach.
	at int64
	// repeats says that the award has an occurrence.
	repeats bool
	message *expr
	quiet   bool
}

// MaxMessage is how long a message is in an award, in characters; longer ones are cut.
const MaxMessage = 200

// Match says whom the event concerns by which rules. It evaluates expressions alone; equal
// conditions of several rules are evaluated once.
func (s *Set) Match(ev *event.Event) Matched {
	var matched Matched
	var memo *evaluation
	s.index.candidates(ev, func(m *matcher) {
		if memo == nil {
			memo = &evaluation{scope: scopeOf(ev), conditions: map[*expr]condition{}}
		}
		hits, failures := m.match(memo, ev)
		matched.Hits = append(matched.Hits, hits...)
		matched.Failures = append(matched.Failures, failures...)
	})
	return matched
}

// evaluation is one event's: conditions that several matchers share are evaluated once.
type evaluation struct {
	*scope

	conditions map[*expr]condition
}

type condition struct {
	holds bool
	err   error
}

func (e *evaluation) holds(when *expr) (bool, error) {
	if when == nil {
		return true, nil
	}
	c, known := e.conditions[when]
	if !known {
		c.holds, c.err = when.bool(e.scope)
		e.conditions[when] = c
	}
	return c.holds, c.err
}

// holds reports whether the event is one that the rule is about, whomever.
func (m *matcher) holds(e *evaluation, ev *event.Event) (bool, error) {
	if !m.reach.covers(ev) {
		return false, nil
	}
	for _, condition := range []*expr{m.reach.where, m.when} {
		if holds, err := e.holds(condition); err != nil || !holds {
			return false, err
		}
	}
	return true, nil
}

// measured returns a hit of nobody's yet: how much the event adds, and which occurrence and period it
// adds to.
func (m *matcher) measured(e *evaluation, at time.Time) (hit Hit, err error) {
	hit = Hit{Measure: m.measure, matcher: m, at: at, amount: 1}
	switch {
	case m.of == nil:
	case m.adds:
		hit.amount, err = m.of.amount(e.scope)
	default:
		var some bool
		if hit.value, some, err = m.of.fingerprint(e.scope); !some {
			hit.amount = 0
		}
	}
	if err != nil {
		return hit, err
	}
	if m.measure != nil {
		hit.unit = m.measure.memory.unit(at)
	}
	hit.occurrence = m.period.name(at)
	if m.per != nil {
		text, err := m.per.occurrence(e.scope)
		if err != nil {
			return hit, err
		}
		hit.occurrence = strings.TrimSpace(text + " " + hit.occurrence)
	}
	if m.measure != nil {
		hit.Bucket = hit.occurrence
	}
	return hit, nil
}

func (m *matcher) match(e *evaluation, ev *event.Event) ([]Hit, []Failure) {
	holds, err := m.holds(e, ev)
	if err != nil {
		return nil, m.failed(err)
	}
	if !holds {
		return nil, nil
	}
	people, err := m.to.accounts(e.scope)
	if err != nil {
		return nil, m.failed(err)
	}
	if len(people) == 0 {
		return nil, nil
	}
	measured, err := m.measured(e, ev.Time)
	if err != nil {
		return nil, m.failed(err)
	}
	if measured.amount == 0 {
		return nil, nil
	}
	var hits []Hit
	var failures []Failure
	for _, person := range people {
		if m.except.matches(person, ev.Actor) {
			continue
		}
		if hits == nil {
			measured.messages, failures = m.messages(e.scope)
		}
		measured.Recipient = person
		hits = append(hits, measured)
	}
	return hits, failures
}

// failed blames every rule that asks what the matcher asks.
func (m *matcher) failed(err error) []Failure {
	var failures []Failure
	for i := range m.targets {
		if i == 0 || m.targets[i].rule != m.targets[i-1].rule {
			failures = append(failures, Failure{Rule: m.targets[i].rule, Err: err})
		}
	}
	return failures
}

// messages returns the message of each target, nil when none has one. A message that fails is
// empty and reported; the award does not depend on it.
func (m *matcher) messages(s *scope) (messages []string, failures []Failure) {
	for i := range m.targets {
		if m.targets[i].message == nil {
			continue
		}
		if messages == nil {
			messages = make([]string, len(m.targets))
		}
		text, err := m.targets[i].message.string(s)
		if err == nil && !isText(text) {
			err = fmt.Errorf("%s: gives a text that is not UTF-8 without NUL", m.targets[i].message.text)
		}
		if err != nil {
			failures = append(failures, Failure{Rule: m.targets[i].rule, Err: err})
			continue
		}
		if characters := []rune(text); len(characters) > MaxMessage {
			text = string(characters[:MaxMessage])
		}
		messages[i] = text
	}
	return messages, failures
}
