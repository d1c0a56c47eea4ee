package rule

import (
	"fmt"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// matcher is the first idea of the language: which event, for whom; and what then happens.
type matcher struct {
	kinds  []string
	when   *expr
	to     *expr
	except exceptions
	per    *expr
	fold   fold
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
		hits, failures := m.match(memo, ev.Time)
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

func (m *matcher) match(e *evaluation, at time.Time) ([]Hit, []Failure) {
	holds, err := e.holds(m.when)
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
	occurrence := ""
	if m.per != nil && len(people) > 0 {
		if occurrence, err = m.per.occurrence(e.scope); err != nil {
			return nil, m.failed(err)
		}
	}
	var hits []Hit
	var messages []string
	var failures []Failure
	for _, person := range people {
		if m.except.matches(person) {
			continue
		}
		if hits == nil {
			messages, failures = m.messages(e.scope)
		}
		hit := Hit{
			Measure: m.measure, Recipient: person, matcher: m, at: at, occurrence: occurrence, messages: messages,
		}
		if m.measure != nil {
			hit.Bucket = occurrence
		}
		hits = append(hits, hit)
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
