package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// matchLate matches the events with the rules that need more than the event, and keeps those that rules
// wait to judge.
func (w *work) matchLate(ctx context.Context, tx *store.Tx, events []*judged) error {
	var waiting []store.Waiting
	for _, ev := range events {
		if ev.matched.Late {
			late, err := w.late(ctx, tx, ev, func(facts *rule.Facts) rule.Matched { return w.rulesFor(ev).set.MatchLate(ev.event, facts) }, 0)
			if err != nil {
				return err
			}
			ev.add(late)
		}
		for _, settle := range ev.matched.Settle {
			due := ev.event.Time.Add(settle)
			if due.After(w.now()) {
				waiting = append(waiting, store.Waiting{EventID: ev.row.ID, Settle: settle, DueAt: due})
				continue
			}
			// What still waits is judged by all rules when it is taken up.
			waits, err := tx.Waits(ctx, ev.row.ID, settle)
			if err != nil {
				return err
			}
			if waits {
				continue
			}
			if err := w.settle(ctx, tx, ev, settle); err != nil {
				return err
			}
		}
	}
	if err := tx.Wait(ctx, waiting); err != nil {
		return err
	}
	return w.meet(ctx, tx, events)
}

// rulesFor returns the rules that judge an event.
func (w *work) rulesFor(ev *judged) *ruleset {
	if ev.rules != nil {
		return ev.rules
	}
	return w.rules
}

// settle matches an event with the rules that have waited so long.
func (w *work) settle(ctx context.Context, tx *store.Tx, ev *judged, settle time.Duration) error {
	settled, err := w.late(ctx, tx, ev, func(facts *rule.Facts) rule.Matched {
		return w.rulesFor(ev).set.MatchSettled(ev.event, settle, facts)
	}, settle)
	if err == nil {
		ev.add(settled)
	}
	return err
}

// add adds what was found later.
func (ev *judged) add(found rule.Matched) {
	ev.late = append(ev.late, found.Hits...)
	ev.failures = append(ev.failures, found.Failures...)
}

// late matches with facts from the book. A database that fails while a rule asks it fails the batch, and
// not the rule.
func (w *work) late(
	ctx context.Context, tx *store.Tx, ev *judged, match func(*rule.Facts) rule.Matched, settle time.Duration,
) (found rule.Matched, err error) {
	var trouble error
	note := func(err error) error {
		if trouble == nil {
			trouble = err
		}
		return err
	}
	facts := &rule.Facts{
		History: func() ([]event.Event, error) {
			past, err := w.history(ctx, tx, ev.event, settle)
			return past, note(err)
		},
		Recipient: func(account event.Account) (rule.Recipient, error) {
			known, err := w.recipient(ctx, tx, ev.event, account)
			return known, note(err)
		},
		Payload: func() (any, error) { return w.payload(ctx, tx, ev, note) },
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			found = rule.Matched{Failures: []rule.Failure{{Rule: "*", Err: fmt.Errorf("matching panicked: %v", panicked)}}}
		}
	}()
	return match(facts), trouble
}

// history returns the events on an event's object; those about an award are on the object of the event that
// earned it.
func (w *work) history(ctx context.Context, tx *store.Tx, ev *event.Event, settle time.Duration) ([]event.Event, error) {
	source := ev.Source
	if ev.Award != nil && ev.Award.Source != "" {
		source = ev.Award.Source
	}
	events, err := tx.EventsOn(ctx, source, ev.Object, ev.Time.Add(settle), rule.MaxHistory+1)
	if source != ev.Source {
		for i := range events {
			for _, person := range events[i].People() {
				person.Source = source
			}
		}
	}
	return rule.History(events, ev, settle), err
}

// recipient returns what the book knows of a person.
func (w *work) recipient(ctx context.Context, tx *store.Tx, ev *event.Event, account event.Account) (rule.Recipient, error) {
	ref := refOf(ev, &account)
	if w.users[ref] == 0 {
		stranger := &judged{event: &event.Event{Source: ref.Source, Actor: &account}}
		if err := w.meet(ctx, tx, []*judged{stranger}); err != nil {
			return rule.Recipient{}, err
		}
	}
	id := w.users[ref]
	if known, ok := w.recipients[id]; ok {
		return known, nil
	}
	users, err := tx.UsersByID(ctx, []int64{id})
	if err != nil {
		return rule.Recipient{}, err
	}
	held, err := tx.Holdings(ctx, []int64{id})
	if err != nil {
		return rule.Recipient{}, err
	}
	known := rule.Recipient{Held: map[string]time.Time{}, Since: w.now()} // of a stranger
	if user := users[id]; user != nil {
		known.Since, known.Claimed, known.OptedOut = user.CreatedAt, user.Claimed, !user.AchievementsEnabled
	}
	for _, holding := range held {
		known.Held[holding.Namespace+"/"+holding.Key] = holding.Since
	}
	w.recipients[id] = known
	return known, nil
}

// payload returns the body of the delivery that told of the event.
func (w *work) payload(ctx context.Context, tx *store.Tx, ev *judged, note func(error) error) (any, error) {
	body, err := w.bodyOf(ctx, tx, ev, note)
	if err != nil {
		return nil, err
	}
	var sent any
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, fmt.Errorf("the delivery is no JSON: %w", err)
	}
	return sent, nil
}

func (w *work) bodyOf(ctx context.Context, tx *store.Tx, ev *judged, note func(error) error) ([]byte, error) {
	if ev.in != nil {
		return ev.in.body()
	}
	told, err := tx.DeliveryByID(ctx, ev.row.DeliveryID)
	if fault.Is(err, fault.NotFound) || err == nil && !told.BodyExpiredAt.IsZero() {
		return nil, fmt.Errorf("the delivery of event %d is no longer kept", ev.row.ID)
	}
	if note(err) != nil {
		return nil, err
	}
	return unpack(told)
}

// noteFailures keeps with each event what failed after it was stored.
func (w *work) noteFailures(ctx context.Context, tx *store.Tx, events []*judged) error {
	for _, ev := range events {
		if len(ev.failures) == 0 {
			continue
		}
		all := describe(slices.Concat(ev.matched.Failures, ev.failures))
		if ev.in != nil {
			ev.in.receipt.Problem = all
		}
		if err := tx.NoteFailures(ctx, ev.row.ID, all); err != nil {
			return err
		}
	}
	return nil
}
