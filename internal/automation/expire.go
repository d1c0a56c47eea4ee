package automation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// expireClock is the row of the book that lets one server at a time look for what has expired.
	expireClock = "deliveries.expire"
	// expireEvery is how often one looks, and expireBatch how many deliveries one transaction takes.
	expireEvery = 10 * time.Minute
	expireBatch = 500
)

// expire deletes the bodies of deliveries that were kept long enough, a batch of them, and reports whether there
// may be more.
func (a *Automation) expire(ctx context.Context) (some bool, err error) {
	if a.retention == 0 {
		return false, nil
	}
	next, _ := a.clocks.Load(expireClock)
	if due, known := next.(time.Time); known && a.now().Before(due) {
		return false, nil
	}
	var expired, deleted int64
	err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		expired, deleted = 0, 0
		row, err := tx.LockClock(ctx, expireClock, a.now().Add(-expireEvery))
		if err != nil || row == nil {
			return err
		}
		if due := row.DoneUntil.Add(expireEvery); a.now().Before(due) {
			a.clocks.Store(expireClock, due)
			return nil
		}
		expired, deleted, err = tx.ExpireDeliveries(ctx, a.now().Add(-a.retention-a.bases.age), a.now(), expireBatch)
		if err != nil || expired == expireBatch {
			return err
		}
		row.DoneUntil = a.now()
		return tx.SetClock(ctx, *row)
	})
	if err != nil {
		return false, err
	}
	a.metrics.expired.WithLabelValues("emptied").Add(float64(expired - deleted))
	a.metrics.expired.WithLabelValues("deleted").Add(float64(deleted))
	return expired == expireBatch, nil
}
