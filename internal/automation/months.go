package automation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// monthClock is the row of the book that lets one server at a time look after the months of events.
	monthClock = "events.months"
	// monthEvery is how often one does.
	monthEvery = 10 * time.Minute
)

// turnMonths has events stored in the month that it is, and forgets those of months that were kept long enough. It reports
// whether there may be more to do. Nothing else waits for it: while it fails, events go on where they are.
func (a *Automation) turnMonths(ctx context.Context) (some bool) {
	next, _ := a.clocks.Load(monthClock)
	if due, known := next.(time.Time); known && a.now().Before(due) {
		return false
	}
	err := a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		some = false
		row, err := tx.LockClock(ctx, monthClock, a.now().Add(-monthEvery))
		if err != nil || row == nil {
			return err
		}
		if due := row.DoneUntil.Add(monthEvery); a.now().Before(due) {
			a.clocks.Store(monthClock, due)
			return a.gaugeMonths(ctx, tx)
		}
		begun, err := tx.BeginMonth(ctx, a.now())
		if err != nil || !begun {
			some = true
			return err
		}
		if some, err = a.forgetMonths(ctx, tx); err != nil || some {
			return err
		}
		row.DoneUntil = a.now()
		return tx.SetClock(ctx, *row)
	})
	if err != nil {
		a.log.WarnContext(ctx, "the months of events are not looked after; events are stored all the same", "error", err)
		a.clocks.Store(monthClock, a.now().Add(monthEvery))
		return false
	}
	return some
}

// forgetMonths deletes some of the events that were kept long enough, and then of the deliveries that told of them.
func (a *Automation) forgetMonths(ctx context.Context, tx *store.Tx) (some bool, err error) {
	if a.eventMonths == 0 {
		return false, nil
	}
	this := time.Date(a.now().Year(), a.now().Month(), 1, 0, 0, 0, 0, time.UTC)
	before := this.AddDate(0, -a.eventMonths, 0)
	if some, err = tx.ForgetEvents(ctx, before, expireBatch); err != nil || some {
		return some, err
	}
	since, err := tx.EventsSince(ctx)
	if err != nil || since.IsZero() {
		return false, err
	}
	return tx.ForgetDeliveries(ctx, since, expireBatch)
}

// gaugeMonths tells operators how far back events reach.
func (a *Automation) gaugeMonths(ctx context.Context, tx *store.Tx) error {
	since, err := tx.EventsSince(ctx)
	if err == nil && !since.IsZero() {
		a.metrics.eventsSince.Set(float64(since.Unix()))
	}
	return err
}
