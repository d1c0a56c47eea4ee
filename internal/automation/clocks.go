package automation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// tickEvery is how often it is looked whether something is due.
	tickEvery = time.Second
	// tickBatch is how many waiting events, lapsing awards or people one transaction takes.
	tickBatch = 200
	// maxStale is how often work is begun anew because the rules changed meanwhile.
	maxStale = 10
)

// RunClocks does what only time brings about, until ctx is done: what waited is judged, awards lapse, and
// periods end. Any number of servers may run it: a row of the book is one's at a time. A period that ended
// while nobody ran is judged when somebody does.
func (a *Automation) RunClocks(ctx context.Context) {
	commits := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		busy, err := a.Tick(commits)
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "not all that is due could be done", "error", err)
		}
		if busy && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(tickEvery):
		}
	}
}

// Tick does what is due now, a batch of each, and reports whether there was anything. What fails keeps nothing else from
// being done.
func (a *Automation) Tick(ctx context.Context) (busy bool, err error) {
	var failed []error
	do := func(what string, step func(context.Context) (bool, error)) {
		some, err := step(ctx)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", what, err))
		}
		busy = busy || some && err == nil
	}
	do("what waited", a.judgeSettled)
	do("what lapses", a.lapse)
	do("replays", a.replay)
	do("months", func(ctx context.Context) (bool, error) { return a.turnMonths(ctx), nil })
	do("what is kept for a time", a.expire)
	do("sessions", a.expireSessions)
	for _, clock := range a.current.Load().set.Clocks() {
		do("the clock "+clock.String(), func(ctx context.Context) (bool, error) { return a.tick(ctx, clock) })
	}
	return busy, errors.Join(failed...)
}

// alone runs work that no delivery asked for in a transaction of its own.
func (a *Automation) alone(ctx context.Context, fn func(context.Context, *store.Tx, *work) error) error {
	return a.withRules(ctx, false, fn)
}

// withRules runs work until it was done by the rules that judge. With exclusive set, nobody judges meanwhile.
func (a *Automation) withRules(ctx context.Context, exclusive bool, fn func(context.Context, *store.Tx, *work) error) error {
	err := a.workOnce(ctx, exclusive, fn)
	for range maxStale {
		if !errors.Is(err, errStale) {
			break
		}
		if err = a.Refresh(ctx); err == nil {
			err = a.workOnce(ctx, exclusive, fn)
		}
	}
	return err
}

func (a *Automation) workOnce(ctx context.Context, exclusive bool, fn func(context.Context, *store.Tx, *work) error) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = a.survived(ctx, "judging panicked", panicked)
		}
	}()
	var done *work
	rules := a.current.Load()
	err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		done = newWork(a, rules, nil) // a retried transaction starts anew
		if err := done.hold(ctx, tx, exclusive); err != nil {
			return err
		}
		return fn(ctx, tx, done)
	})
	if err != nil {
		return err
	}
	a.people.learn(done.learned)
	a.standing.learn(done.sheets)
	for _, change := range done.unasked {
		if change.kind == event.AwardRevoked {
			a.metrics.revoked.WithLabelValues(change.key).Inc()
		} else {
			a.metrics.awards.WithLabelValues(change.key).Inc()
		}
	}
	if done.announcing && a.announce != nil {
		a.announce()
	}
	return nil
}

// judgeSettled judges the events that rules have waited for long enough. When some cannot be judged, fewer are tried, until
// the one that is to blame stands alone: it says so from then on, and waits no longer.
func (a *Automation) judgeSettled(ctx context.Context) (some bool, err error) {
	for limit := tickBatch; ; limit /= 2 {
		due, err := a.judgeDue(ctx, limit)
		switch {
		case err == nil, fault.Is(err, fault.Unavailable), errors.Is(err, errStale), len(due) == 0, ctx.Err() != nil:
			return len(due) > 0, err
		case len(due) == 1:
			return true, a.giveUp(ctx, due[0], err)
		}
	}
}

// giveUp notes of an event that waited that it cannot be judged, if it is still the first one.
func (a *Automation) giveUp(ctx context.Context, waited store.Waiting, cause error) error {
	a.log.ErrorContext(ctx, "an event that waited cannot be judged", "event_id", waited.EventID, "error", cause)
	return a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		due, err := tx.TakeDue(ctx, a.now(), 1)
		if err != nil || len(due) == 0 {
			return err
		}
		if due[0].EventID != waited.EventID || due[0].Settle != waited.Settle {
			return fmt.Errorf("another server takes what waits: %w", cause) // and this one tries again
		}
		return tx.NoteFailures(ctx, waited.EventID, "*: judging failed; the server's log has the cause")
	})
}

// judgeDue judges some of the events that are due, and returns which it took.
func (a *Automation) judgeDue(ctx context.Context, limit int) (due []store.Waiting, err error) {
	err = a.alone(ctx, func(ctx context.Context, tx *store.Tx, w *work) error {
		due, err = tx.TakeDue(ctx, a.now(), limit)
		if err != nil || len(due) == 0 {
			return err
		}
		ids := make([]int64, len(due))
		for i := range due {
			ids[i] = due[i].EventID
		}
		rows, err := tx.EventsByID(ctx, ids)
		if err != nil {
			return err
		}
		events := make([]*judged, 0, len(due))
		for _, waited := range due {
			row := rows[waited.EventID]
			if row == nil {
				continue
			}
			ev := &judged{event: &row.Event, row: *row}
			if err := w.settle(ctx, tx, ev, waited.Settle); err != nil {
				return err
			}
			events = append(events, ev)
		}
		return w.consider(ctx, tx, events)
	})
	return due, err
}

// lapse revokes the awards whose time is over.
func (a *Automation) lapse(ctx context.Context) (some bool, err error) {
	err = a.alone(ctx, func(ctx context.Context, tx *store.Tx, w *work) error {
		lapsed, err := tx.LapseAwards(ctx, a.now(), tickBatch, achievement.HouseUserID)
		some = len(lapsed) > 0
		if err != nil || !some {
			return err
		}
		ids := make([]int64, len(lapsed))
		for i := range lapsed {
			ids[i] = lapsed[i].AchievementID
		}
		of, err := tx.AchievementsByID(ctx, ids)
		if err != nil {
			return err
		}
		var told []Announcement
		var audit []achievement.AuditEvent
		for i := range lapsed {
			award := &lapsed[i]
			told = append(told, Announcement{AwardID: award.ID})
			audit = append(audit, achievement.AuditEvent{
				At: a.now(), Action: event.AwardRevoked, ActorID: achievement.HouseUserID, SubjectID: award.UserID,
				NamespaceID: of[award.AchievementID].NamespaceID, Object: "award", ObjectID: award.ID, Rule: award.Rule,
				Details: map[string]any{"achievement_id": award.AchievementID, "lapsed": true},
			})
			w.unasked = append(w.unasked, change{event.AwardRevoked, of[award.AchievementID].Key})
		}
		if err := tx.AppendAudit(ctx, audit...); err != nil {
			return err
		}
		return w.announceAll(ctx, tx, JobAwardsRevoked, told)
	})
	return some, err
}

// tick judges the next unit of a clock, if it is over: a batch of people at a time, and then what is known
// only at its end.
func (a *Automation) tick(ctx context.Context, clock rule.Clock) (some bool, err error) {
	name := clock.String()
	next, _ := a.clocks.Load(name)
	if due, known := next.(time.Time); known && a.now().Before(due) {
		return false, nil
	}
	err = a.alone(ctx, func(ctx context.Context, tx *store.Tx, w *work) error {
		some = false
		row, err := tx.LockClock(ctx, name, a.now())
		if err != nil || row == nil {
			return err
		}
		end := clock.End(row.DoneUntil)
		if due := end.Add(clock.Settle); a.now().Before(due) {
			a.clocks.Store(name, due)
			return nil
		}
		some = true
		last, err := w.endOf(ctx, tx, clock, end, row.Position)
		if err != nil {
			return err
		}
		if row.Position = last; last == 0 {
			row.DoneUntil = end
		}
		return tx.SetClock(ctx, *row)
	})
	return some, err
}

// endOf judges the end of a unit for the people after a position, and returns the position after them; when
// nobody is left, what is known only now is judged, and the position is 0.
func (w *work) endOf(ctx context.Context, tx *store.Tx, clock rule.Clock, end time.Time, after int64) (int64, error) {
	ends := clock.Event(end)
	ev := &judged{event: &ends, row: store.EventRow{RevisionID: w.rules.revisionID, Event: ends}}
	if err := tx.InsertEvents(ctx, []*store.EventRow{&ev.row}); err != nil {
		return 0, err
	}
	if ev.row.ID == 0 {
		id, err := tx.EventID(ctx, ev.event.Source, ev.event.Key)
		if err != nil {
			return 0, err
		}
		ev.row.ID = id
	}
	var people []achievement.User
	if matched := w.rules.match(ev.event); matched.Everyone {
		var err error
		if people, err = tx.UsersAfter(ctx, after, tickBatch); err != nil {
			return 0, err
		}
	}
	for i := range people {
		person := event.Account{ID: strconv.FormatInt(people[i].ID, 10), Login: people[i].Username, Bot: people[i].Bot}
		found, err := w.late(ctx, tx, ev, func(facts *rule.Facts) rule.Matched {
			return w.rules.set.MatchEveryone(ev.event, person, facts)
		}, 0)
		if err != nil {
			return 0, err
		}
		ev.add(found)
	}
	if len(people) == tickBatch {
		return people[tickBatch-1].ID, w.consider(ctx, tx, []*judged{ev})
	}
	if err := w.close(ctx, tx, clock, ev); err != nil {
		return 0, err
	}
	return 0, w.consider(ctx, tx, []*judged{ev})
}

// close collects the verdicts on everybody's standing in a unit that is over.
func (w *work) close(ctx context.Context, tx *store.Tx, clock rule.Clock, ev *judged) error {
	for _, closing := range w.rules.set.Closings() {
		if closing.Clock() != clock {
			continue
		}
		standings, err := w.standings(ctx, tx, closing, ev.event.Period)
		if err != nil {
			return err
		}
		granted, failures := closing.Judge(ev.event.Period, ev.event.Time, standings)
		ev.failures = append(ev.failures, failures...)
		for _, g := range granted {
			user, err := strconv.ParseInt(g.Person, 10, 64)
			if err != nil {
				return fmt.Errorf("a standing is of nobody: %w", err)
			}
			w.verdicts = append(w.verdicts, verdict{g.Decision, ev, user})
		}
	}
	return nil
}

func (w *work) standings(ctx context.Context, tx *store.Tx, closing *rule.Closing, bucket string) ([]rule.Standing, error) {
	measures := closing.Measures()
	ids := make([]int64, len(measures))
	for i, measure := range measures {
		ids[i] = w.rules.measures[measure.ID()]
	}
	rows, err := tx.ProgressIn(ctx, ids, bucket)
	if err != nil {
		return nil, err
	}
	var standings []rule.Standing
	for _, row := range rows {
		person := strconv.FormatInt(row.UserID, 10)
		if n := len(standings); n == 0 || standings[n-1].Person != person {
			standings = append(standings, rule.Standing{Person: person, States: make([]rule.State, len(measures))})
		}
		for i, id := range ids {
			if id == row.MeasureID {
				standings[len(standings)-1].States[i] = rule.State(row.Progress)
			}
		}
	}
	return standings, nil
}
