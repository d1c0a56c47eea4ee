package rule

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// matcher is the first idea of the language: which event, for whom; and what then happens.
type matcher struct {
	// id names what the matcher asks, for good.
	id    string
	kinds []string
	when  *expr
	// while is what an achievement is held during; negated says that the matcher is for when it is not.
	while   *expr
	negated bool
	to      *expr
	// everyone says that each person that the host knows is a recipient, instead of to.
	everyone bool
	// awards are the achievements that an award event must be about, its holder being the recipient,
	// instead of when and to.
	awards []Ref
	except exceptions
	bounds bounds
	per    *expr
	period period
	settle time.Duration
	fold   fold
	// main is the measure that thresholds are over, each the one that must reach something before main
	// takes it in, and capped the one that bounds what main is given; nil for none.
	main, each, capped *step
	targets            []target
	// needs is what the expressions ask the host for.
	needs needs
}

// step is a measure with what an event adds to it.
type step struct {
	measure *Measure
	// of is what a sum adds, or whose different values are counted; nil for a count.
	of *expr
	// adds says that of is an amount, and not a value.
	adds bool
	// at is what the measure must reach before the next step is taken; 0 for the last.
	at int64
	// period parts a cap by the calendar.
	period period
}

// Match says whom the event concerns by the rules that need nothing but the event; equal conditions of
// several rules are evaluated once. Matched says what else there is to do.
func (s *Set) Match(ev *event.Event) Matched {
	return s.match(ev, nil, func(m *matcher, matched *Matched) bool {
		switch {
		case m.settle > 0:
			if !slices.Contains(matched.Settle, m.settle) {
				matched.Settle = append(matched.Settle, m.settle)
			}
		case m.everyone:
			matched.Everyone = true
		case m.needs != 0:
			matched.Late = true
		default:
			return true
		}
		return false
	})
}

// MatchLate says whom the event concerns by the rules that need facts; call it when Matched.Late is set.
func (s *Set) MatchLate(ev *event.Event, facts *Facts) Matched {
	return s.match(ev, facts, func(m *matcher, _ *Matched) bool { return m.needs != 0 && m.settle == 0 && !m.everyone })
}

// MatchSettled says whom the event concerns by the rules that wait so long; call it for each of
// Matched.Settle, that long after the event.
func (s *Set) MatchSettled(ev *event.Event, settle time.Duration, facts *Facts) Matched {
	return s.match(ev, facts, func(m *matcher, _ *Matched) bool { return m.settle == settle && !m.everyone })
}

// MatchEveryone says what the event means to one person; call it for each when Matched.Everyone is set.
func (s *Set) MatchEveryone(ev *event.Event, person event.Account, facts *Facts) Matched {
	facts.everyone = []event.Account{person}
	return s.match(ev, facts, func(m *matcher, _ *Matched) bool {
		return m.everyone && ev.Object == "clock:"+m.period.location.String()
	})
}

func (s *Set) match(ev *event.Event, facts *Facts, wanted func(*matcher, *Matched) bool) Matched {
	var matched Matched
	var memo *evaluation
	s.index.candidates(ev, func(m *matcher) {
		if !m.bounds.covers(ev) || !wanted(m, &matched) {
			return
		}
		if memo == nil {
			memo = newEvaluation(ev, facts)
		}
		m.match(memo, ev, &matched)
	})
	return matched
}

// evaluation is one event's: conditions that several matchers share are evaluated once, and so are recipients that one matcher after
// the other asks for.
type evaluation struct {
	*scope

	conditions map[*expr]condition
	// to is the expression of recipients that was evaluated last, and people what it gave.
	to     *expr
	people []event.Account
}

func newEvaluation(ev *event.Event, facts *Facts) *evaluation {
	return &evaluation{scope: scopeOf(ev, facts), conditions: map[*expr]condition{}}
}

type condition struct {
	holds bool
	err   error
}

func (e *evaluation) holds(when *expr) (bool, error) {
	switch {
	case when == nil:
		return true, nil
	case when.needs&needsRecipient != 0:
		return when.bool(e.scope)
	}
	c, known := e.conditions[when]
	if !known {
		c.holds, c.err = when.bool(e.scope)
		e.conditions[when] = c
	}
	return c.holds, c.err
}

// holds reports whether the event is one that the rule is about.
func (m *matcher) holds(e *evaluation) (bool, error) {
	for _, condition := range []*expr{m.bounds.where, m.when} {
		if holds, err := e.holds(condition); err != nil || !holds {
			return false, err
		}
	}
	if m.awards != nil {
		award := e.source.Award
		return award != nil && slices.Contains(m.awards, Ref{award.Namespace, award.Key}), nil
	}
	if m.while == nil {
		return true, nil
	}
	holds, err := e.holds(m.while)
	return holds != m.negated, err
}

func (m *matcher) match(e *evaluation, ev *event.Event, matched *Matched) {
	alone := m.needs&needsRecipient != 0
	if !alone {
		if holds, err := m.holds(e); err != nil || !holds {
			m.failed(matched, err)
			return
		}
	}
	people, err := m.people(e)
	if err != nil {
		m.failed(matched, err)
		return
	}
	var shared []effect
	for p := range people {
		person := &people[p]
		if m.except.matches(*person, ev.Actor) {
			continue
		}
		if alone {
			shared = nil
			if holds, err := m.holdsFor(e, *person); err != nil || !holds {
				m.failed(matched, err)
				continue
			}
		}
		if shared == nil {
			if shared, err = m.effects(e, ev.Time, matched); err != nil {
				m.failed(matched, err)
				return
			}
		}
		for i := range shared {
			matched.Hits = append(matched.Hits, Hit{&shared[i], person})
		}
	}
}

// holdsFor reports whether the event is one that the rule is about, for the person.
func (m *matcher) holdsFor(e *evaluation, person event.Account) (bool, error) {
	if err := e.about(person); err != nil || m.except.optedOut && e.recipient.OptedOut {
		return false, err
	}
	return m.holds(e)
}

func (m *matcher) people(e *evaluation) ([]event.Account, error) {
	switch {
	case m.everyone:
		return e.facts.everyone, nil
	case m.awards != nil && e.source.Holder == nil:
		return nil, nil
	case m.awards != nil:
		return []event.Account{*e.source.Holder}, nil
	}
	if m.to == e.to {
		return e.people, nil
	}
	people, err := m.to.accounts(e.scope)
	if err == nil {
		e.to, e.people = m.to, people
	}
	return people, err
}

// failed blames every rule that asks what the matcher asks; no error is nobody's fault.
func (m *matcher) failed(matched *Matched, err error) {
	if err == nil {
		return
	}
	for i := range m.targets {
		if i == 0 || m.targets[i].rule != m.targets[i-1].rule {
			matched.Failures = append(matched.Failures, Failure{Rule: m.targets[i].rule, Err: err})
		}
	}
}

// MaxMessage is how long a message is in an award, in characters; longer ones are cut.
const MaxMessage = 200

// messages returns the message of each target, nil when none has one. A message that fails is
// empty and reported; the award does not depend on it.
func (m *matcher) messages(s *scope, matched *Matched) (messages []string) {
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
			matched.Failures = append(matched.Failures, Failure{Rule: m.targets[i].rule, Err: err})
			continue
		}
		if characters := []rune(text); len(characters) > MaxMessage {
			text = string(characters[:MaxMessage])
		}
		messages[i] = text
	}
	return messages
}

// effects returns what the event adds to which states, for each occurrence.
func (m *matcher) effects(e *evaluation, at time.Time, matched *Matched) ([]effect, error) {
	occurrences := []string{m.period.name(at)}
	if m.per != nil {
		var err error
		if occurrences, err = m.per.occurrences(e.scope, occurrences[0]); err != nil {
			return nil, err
		}
	}
	messages := m.messages(e.scope, matched)
	effects := make([]effect, len(occurrences))
	some := effects[:0]
	for i := range effects {
		added := &effects[len(some)]
		*added = effect{matcher: m, at: at, occurrence: occurrences[i], messages: messages}
		added.slots = added.oneSlot[:0]
		switch {
		case m.main == nil:
		case m.fold == rereading:
			added.slot(Slot{Measure: m.main.measure})
		default:
			if err := added.take(e.scope); err != nil {
				return nil, err
			}
			if len(added.doses) == 0 {
				continue
			}
		}
		added.gate()
		some = effects[:len(some)+1]
	}
	return some, nil
}

// take works out what the event adds to the measures. An event that adds nothing leaves no dose.
func (h *effect) take(s *scope) error {
	m := h.matcher
	doses, err := m.main.doses(s, h.at, h.oneDose[:0])
	if err != nil || len(doses) == 0 {
		return err
	}
	if m.capped != nil {
		h.cap = h.slot(Slot{Measure: m.capped.measure, Bucket: join(h.occurrence, m.capped.period.name(h.at))})
	}
	var inner []dose
	if m.each != nil {
		if inner, err = m.each.doses(s, h.at, nil); err != nil || len(inner) == 0 {
			return err
		}
	}
	for i, d := range doses {
		bucket := h.occurrence
		if m.main.measure.shared {
			bucket = join(bucket, "#"+bucketOf(d.value))
		}
		if inner != nil {
			first := inner[0]
			first.slot = h.slot(Slot{Measure: m.each.measure, Bucket: join(h.occurrence, "#"+m.main.name(d))})
			h.inner = append(h.inner, first)
		}
		doses[i].slot = h.slot(Slot{Measure: m.main.measure, Bucket: bucket})
	}
	h.doses = doses
	return nil
}

// name tells apart what the measure before is for.
func (st *step) name(d dose) string {
	if st.measure.meter.kind == streaks {
		return st.measure.meter.period.name(d.at)
	}
	return bucketOf(d.value)
}

// maxValues is how many values one event may give where a list is taken, and how many awards one event
// may reach again.
const maxValues = 100

// doses appends what an event adds: nothing, one dose, or one for each of several values.
func (st *step) doses(s *scope, at time.Time, doses []dose) ([]dose, error) {
	d := dose{amount: 1, at: at}
	if st.measure.meter.kind == streaks {
		d.unit = st.measure.meter.period.number(at)
	}
	switch {
	case st.of == nil:
		return append(doses, d), nil
	case st.adds:
		amount, err := st.of.amount(s)
		if err != nil || amount == 0 && st.measure.meter.kind != levels {
			return nil, err
		}
		d.amount = amount
		return append(doses, d), nil
	}
	values, err := st.of.values(s)
	if err != nil {
		return nil, err
	}
	for _, value := range values {
		d.value = value
		doses = append(doses, d)
	}
	return doses, nil
}

// gate adds the states that targets read or are admitted by.
func (h *effect) gate() {
	for i := range h.matcher.targets {
		t := &h.matcher.targets[i]
		for _, part := range t.parts {
			h.slot(Slot{Measure: part.measure, Bucket: h.occurrence})
		}
		if t.limit != nil {
			h.slot(Slot{Measure: t.limit.measure, Bucket: t.limit.period.name(h.at)})
		}
		if t.first != nil {
			h.slot(Slot{Measure: t.first, Bucket: h.occurrence})
		}
	}
}

// slot returns the index of the slot, which it adds unless it is there.
func (h *effect) slot(s Slot) int {
	if i := slices.Index(h.slots, s); i >= 0 {
		return i
	}
	h.slots = append(h.slots, s)
	return len(h.slots) - 1
}
