package store

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// Intake is what a transaction of new deliveries does first, whatever follows from it. TakeIn does it, on Postgres in one
// exchange with the database.
type Intake struct {
	// Deliveries are stored as by InsertDeliveries.
	Deliveries []*Delivery
	// Events are what each of the Deliveries tells of. Those of deliveries that are new are stored as by InsertEvents,
	// except that their DeliveryID is filled in.
	Events [][]*EventRow
	// Sheets are on which the counts stand that may change, as far as that is known; Now is when.
	Sheets []SheetKey
	Now    time.Time

	// Held is set to what HoldRevision returns.
	Held Held
	// Locked are, where that saves time, the Sheets as LockSheets returns them.
	Locked map[SheetKey]*Sheet
	// Recipients are set, where that saves time, to those whose the Sheets are.
	Recipients map[int64]Recipient
}

// ErrBaseGone says that the book does not hold the body of a delivery that one of an intake is packed on.
var ErrBaseGone = errors.New("the body that a delivery is packed on is gone")

// TakeIn is InTx for transactions that begin with an intake: HoldRevision, InsertDeliveries, InsertEvents. As fn, begin may
// run several times. It returns ErrBaseGone when the book does not hold the base of a delivery.
func (s *Store) TakeIn(ctx context.Context, begin func() *Intake, fn func(ctx context.Context, tx *Tx, in *Intake) error) error {
	return s.retry(ctx, func(ctx context.Context) error {
		in := begin()
		within, complete := s.dialect.takingIn(s, in)
		return s.try(ctx, within, func(ctx context.Context, tx *Tx) error {
			if err := complete(ctx, tx); err != nil {
				return err
			}
			return fn(ctx, tx, in)
		})
	})
}

// inSteps takes in by one statement after the other.
func (in *Intake) inSteps(ctx context.Context, tx *Tx) (err error) {
	if in.Held, err = tx.HoldRevision(ctx, false); err != nil {
		return err
	}
	bases := in.bases()
	if len(bases) > 0 {
		kept, err := tx.db.NewSelect().Model((*deliveryRow)(nil)).Where("id IN (?)", bun.List(bases)).Where("body_expired_at IS NULL").Count(ctx)
		if err != nil {
			return err
		}
		if int(kept) < len(bases) {
			return ErrBaseGone
		}
	}
	if err := tx.InsertDeliveries(ctx, in.Deliveries); err != nil {
		return err
	}
	return tx.InsertEvents(ctx, in.eventsOfNew())
}

// bases returns the deliveries that some of the Deliveries are packed on.
func (in *Intake) bases() []int64 {
	ids := []int64{}
	for _, d := range in.Deliveries {
		if d.BaseID != 0 {
			ids = append(ids, d.BaseID)
		}
	}
	return unique(ids)
}

// eventsOfNew returns the events of the deliveries that the book did not hold, with their deliveries' ids.
func (in *Intake) eventsOfNew() []*EventRow {
	var rows []*EventRow
	for i, d := range in.Deliveries {
		if d.Existing {
			continue
		}
		for _, row := range in.Events[i] {
			row.DeliveryID = d.ID
			rows = append(rows, row)
		}
	}
	return rows
}

// arrivals are deliveries that may be in the book.
type arrivals struct {
	all []*Delivery
	// first are those that may be new, and rows what they would be stored as.
	first map[deliveryKey]*Delivery
	rows  []*deliveryRow
}

// arrive finds out which of the deliveries stand before in the same slice.
func arrive(deliveries []*Delivery) *arrivals {
	a := &arrivals{deliveries, make(map[deliveryKey]*Delivery, len(deliveries)), make([]*deliveryRow, 0, len(deliveries))}
	for _, d := range deliveries {
		key := deliveryKey{d.Source, d.Key}
		if a.first[key] != nil {
			d.Existing = true
			continue
		}
		d.Existing = false
		a.first[key] = d
		a.rows = append(a.rows, rowOfDelivery(d))
	}
	// All servers insert in the same order, so that none waits for another in a circle.
	sortBy(a.rows, func(r *deliveryRow) (string, string) { return r.Source, string(r.Key) })
	return a
}

// identify fills in the ids: those of deliveries that were inserted are given.
func (a *arrivals) identify(ctx context.Context, tx *Tx, inserted map[deliveryKey]int64) error {
	var known []deliveryKey
	for key, d := range a.first {
		if id, isNew := inserted[key]; isNew {
			d.ID = id
			continue
		}
		d.Existing = true
		known = append(known, key)
	}
	if len(known) > 0 {
		ids, err := tx.deliveryIDs(ctx, known)
		if err != nil {
			return err
		}
		for _, key := range known {
			a.first[key].ID = ids[key]
		}
	}
	for _, d := range a.all {
		d.ID = a.first[deliveryKey{d.Source, d.Key}].ID
	}
	return nil
}

// told is an event that may be in the book, of a delivery that may be.
type told struct {
	*newEvent

	row *EventRow
	by  *Delivery
}

// tell returns the events of the deliveries that may be new.
func (in *Intake) tell() ([]*told, error) {
	var all []*told
	for i, d := range in.Deliveries {
		if d.Existing { // it stands before in the same slice
			continue
		}
		for _, row := range in.Events[i] {
			row.ID, row.New = 0, false
			ev, err := row.fresh(keyDigest(row.Event.Source, row.Event.Key))
			if err != nil {
				return nil, err
			}
			all = append(all, &told{ev, row, d})
		}
	}
	return all, nil
}
