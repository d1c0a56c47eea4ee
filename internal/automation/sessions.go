package automation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
)

// sessionsClock is the row of the book that lets one server at a time look for sessions that are over.
const sessionsClock = "sessions.expire"

// expireSessions deletes sessions that are over, a batch of them, and sign-ins from which nobody came back. It reports
// whether there may be more.
func (a *Automation) expireSessions(ctx context.Context) (some bool, err error) {
	next, _ := a.clocks.Load(sessionsClock)
	if due, known := next.(time.Time); known && a.now().Before(due) {
		return false, nil
	}
	err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		some = false
		row, err := tx.LockClock(ctx, sessionsClock, a.now().Add(-expireEvery))
		if err != nil || row == nil {
			return err
		}
		if due := row.DoneUntil.Add(expireEvery); a.now().Before(due) {
			a.clocks.Store(sessionsClock, due)
			return nil
		}
		if err := tx.ForgetSignIns(ctx, a.now().Add(-achievement.SignInPatience)); err != nil {
			return err
		}
		ended, err := tx.ExpireSessions(ctx, a.now(), a.now().Add(-achievement.SessionIdle), expireBatch)
		if some = ended == expireBatch; err != nil || some {
			return err
		}
		row.DoneUntil = a.now()
		return tx.SetClock(ctx, *row)
	})
	return some && err == nil, err
}
