package store

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
)

const (
	// monthIDs is how many ids of events there are for a month.
	monthIDs = 1_000_000_000_000
	// monthsAhead is for how many months after the present one there is room before they begin.
	monthsAhead = 2
)

// month is one of those that events are stored in: the months since the year 2000, times monthIDs, is the first of its
// events' ids. Events that were stored before a book had months have lower ids than every month of this program's life.
type month int64

func monthOf(t time.Time) month {
	t = t.UTC()
	return month((t.Year()-2000)*12 + int(t.Month()) - 1)
}

// monthOfID returns the month in which an event was stored.
func monthOfID(id int64) month { return month(id / monthIDs) }

func (m month) first() int64 { return int64(m) * monthIDs }

func (m month) begin() time.Time {
	return time.Date(2000, time.January+time.Month(m), 1, 0, 0, 0, 0, time.UTC)
}

// monthsOf is what the book notes about months.
type monthsOf struct {
	// MonthsFrom is the first id of the first month; 0 before there is any. EventsFrom is the first that is kept.
	MonthsFrom, EventsFrom int64
}

func (tx *Tx) months(ctx context.Context) (monthsOf, error) {
	var found monthsOf
	err := tx.db.NewSelect().TableExpr("book").ColumnExpr("coalesce(months_from, 0) AS months_from, events_from").Scan(ctx, &found)
	return found, err
}

// BeginMonth sees to it that from now on events are stored in the month of a time, unless they are in a later one. It
// reports whether they are; if not, there is only room for them when the transaction has ended, and it is to be called
// again. It never keeps others waiting for longer than a moment, and gives up before that.
func (tx *Tx) BeginMonth(ctx context.Context, now time.Time) (begun bool, err error) {
	this := monthOf(now)
	months := make([]month, monthsAhead+1)
	for i := range months {
		months[i] = this + month(i)
	}
	ready, err := tx.dialect.makeMonths(ctx, tx.db, months)
	if err != nil {
		return false, fmt.Errorf("making room for the events of months: %w", err)
	}
	_, err = tx.db.NewUpdate().TableExpr("book").Set("months_from = ?", this.first()).Where("months_from IS NULL").Exec(ctx)
	if err != nil || !ready {
		return false, err
	}
	// Ids are given outside of transactions: they may only be moved to where there is room already.
	return true, tx.dialect.moveIDs(ctx, tx.db, this.first())
}

// ForgetEvents deletes events that were stored before the month of a time, at most limit of them where they are deleted one
// by one, and a month of them elsewhere. It reports whether there may be more. Natural keys stay.
func (tx *Tx) ForgetEvents(ctx context.Context, before time.Time, limit int) (some bool, err error) {
	known, err := tx.months(ctx)
	if err != nil {
		return false, err
	}
	// What is older than all months is as old as the first one.
	bound := monthOf(before).first()
	if known.MonthsFrom == 0 || bound <= known.MonthsFrom {
		return false, nil
	}
	if bound > known.EventsFrom {
		if _, err := tx.db.NewUpdate().TableExpr("book").Set("events_from = ?", bound).Where("true").Exec(ctx); err != nil {
			return false, err
		}
	}
	return tx.dialect.dropEvents(ctx, tx.db, bound, limit)
}

// ForgetDeliveries deletes at most limit of the deliveries that were received before a time, whose bodies have expired, and
// whose events the book no longer holds. It reports whether there may be more.
func (tx *Tx) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (some bool, err error) {
	old := tx.db.NewSelect().Model((*deliveryRow)(nil)).Column("id").Where("received_at < ?", before).Where("body_expired_at IS NOT NULL").
		Where("NOT EXISTS (SELECT 1 FROM events AS e WHERE e.delivery_id = d.id)").Limit(int64(limit))
	result, err := tx.db.NewDelete().Model((*deliveryRow)(nil)).Where("id IN (?)", old).Exec(ctx)
	if err != nil {
		return false, err
	}
	deleted, err := result.RowsAffected()
	return deleted == int64(limit), err
}

// EventsSince returns the time from which on every event is kept that was stored; zero if all are.
func (tx *Tx) EventsSince(ctx context.Context) (time.Time, error) {
	known, err := tx.months(ctx)
	if err != nil || known.EventsFrom == 0 {
		return time.Time{}, err
	}
	return monthOfID(known.EventsFrom).begin(), nil
}

// missing is the fault for an event that is not in the book.
func (tx *Tx) missing(ctx context.Context, id int64) error {
	known, err := tx.months(ctx)
	if err != nil {
		return err
	}
	if id > 0 && id < known.EventsFrom {
		return fault.New(fault.NotFound, "event_expired", "the event is no longer kept: it was stored before %s",
			monthOfID(known.EventsFrom).begin().Format(time.DateOnly))
	}
	return fault.NotFoundFor("event")
}
