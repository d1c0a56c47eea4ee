package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// DeliveryFilter chooses deliveries by what all of its fields say; the zero value of a field chooses all.
type DeliveryFilter struct {
	Source, Outcome, EventName string
	// Kind is that of an event that the delivery was the first to tell of.
	Kind string
	// UserID is somebody to whom such an event gave an award.
	UserID int64
	// Since and Until bound when it was received: Since <= received < Until.
	Since, Until time.Time
	// Kept leaves out those whose bodies have expired.
	Kept bool
}

// ListDeliveries returns a page of the chosen deliveries, newest first, without headers and bodies, and the cursor
// of the next page.
func (tx *Tx) ListDeliveries(ctx context.Context, f DeliveryFilter, p Page) ([]Delivery, string, error) {
	q, err := p.from(tx.chosen(f).Order("id DESC").Limit(int64(p.limit())+1), "d.id < ?")
	if err != nil {
		return nil, "", err
	}
	rows, err := bodiless(ctx, q)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(d *Delivery) position { return position{d.ID} })
	return rows, next, nil
}

// DeliveryPart is a part of the deliveries that there were when the first part was asked for.
type DeliveryPart struct {
	Deliveries []Delivery
	// Total is how many there are in this part and behind it.
	Total int64

	last int64
}

// Cursor returns the cursor behind one of its deliveries.
func (p *DeliveryPart) Cursor(id int64) string { return position{id, p.last}.cursor() }

// DeliveriesAfter returns at most limit of the chosen deliveries behind a cursor, oldest first, without headers and
// bodies. Those that came in after a part without a cursor was asked for are in none of the parts behind it.
func (tx *Tx) DeliveriesAfter(ctx context.Context, f DeliveryFilter, cursor string, limit int) (*DeliveryPart, error) {
	part := &DeliveryPart{}
	var after int64
	if cursor != "" {
		at, err := parseCursor(cursor, 2)
		if err != nil {
			return nil, err
		}
		after, part.last = at[0], at[1]
	} else if err := tx.db.NewSelect().Model((*deliveryRow)(nil)).ColumnExpr("coalesce(max(id), 0)").Scan(ctx, &part.last); err != nil {
		return nil, err
	}
	q := tx.chosen(f).Where("d.id > ?", after).Where("d.id <= ?", part.last)
	var err error
	if part.Total, err = q.Clone().Count(ctx); err != nil {
		return nil, err
	}
	part.Deliveries, err = bodiless(ctx, q.Order("id").Limit(int64(limit)))
	return part, err
}

func (tx *Tx) chosen(f DeliveryFilter) *bun.SelectQuery {
	q := tx.db.NewSelect().Model((*deliveryRow)(nil))
	for column, value := range map[string]string{"source": f.Source, "outcome": f.Outcome, "event_name": f.EventName} {
		if value != "" {
			q = q.Where("d."+column+" = ?", value)
		}
	}
	if f.Kind != "" {
		q = q.Where("EXISTS (SELECT 1 FROM events AS e WHERE e.delivery_id = d.id AND e.kind = ?)", f.Kind)
	}
	if f.UserID != 0 {
		q = q.Where("d.id IN (SELECT e.delivery_id FROM awards AS aw JOIN events AS e ON e.id = aw.event_id WHERE aw.user_id = ?)", f.UserID)
	}
	if !f.Since.IsZero() {
		q = q.Where("d.received_at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		q = q.Where("d.received_at < ?", f.Until)
	}
	if f.Kept {
		q = q.Where("d.body_expired_at IS NULL")
	}
	return q
}

func bodiless(ctx context.Context, q *bun.SelectQuery) ([]Delivery, error) {
	var rows []deliveryRow
	if err := q.ExcludeColumn("headers", "body").Scan(ctx, &rows); err != nil {
		return nil, err
	}
	deliveries := make([]Delivery, len(rows))
	for i := range rows {
		d, err := rows[i].delivery()
		if err != nil {
			return nil, err
		}
		deliveries[i] = *d
	}
	return deliveries, nil
}

// SetOutcome notes what became of a delivery that was replayed. It reports whether the book still holds it.
func (tx *Tx) SetOutcome(ctx context.Context, id int64, outcome, problem string) (bool, error) {
	result, err := tx.db.NewUpdate().Model((*deliveryRow)(nil)).Set("outcome = ?", outcome).
		Set("problem = ?", bun.NullZero(problem)).Where("id = ?", id).Exec(ctx)
	if err != nil {
		return false, err
	}
	changed, err := result.RowsAffected()
	return changed > 0, err
}

// EventsTold returns the events that a delivery was the first to tell of, in the order of their ids.
func (tx *Tx) EventsTold(ctx context.Context, deliveryID int64) ([]EventRow, error) {
	var rows []eventRow
	err := tx.db.NewSelect().Model(&rows).Where("delivery_id = ?", deliveryID).Order("id").Scan(ctx)
	if err != nil {
		return nil, err
	}
	return eventsOf(rows)
}

// AwardsOfEvents returns the awards that rules gave for the events, and those that they took away for them, in the
// order in which they did. An award that an owner has deleted is not among them.
func (tx *Tx) AwardsOfEvents(ctx context.Context, eventIDs []int64) (given, revoked []achievement.Award, err error) {
	if len(eventIDs) == 0 {
		return nil, nil, nil
	}
	var rows []awardRow
	err = tx.db.NewSelect().Model(&rows).Where("event_id IN (?)", bun.List(eventIDs)).Order("id").Scan(ctx)
	if err != nil {
		return nil, nil, err
	}
	var taken []awardRow
	err = tx.db.NewSelect().Model(&taken).Join("JOIN audit_events AS ae ON ae.object_id = aw.id").
		Where("ae.event_id IN (?)", bun.List(eventIDs)).Where("ae.action = 'award.revoked'").Order("ae.id").Scan(ctx)
	return awardsOf(rows), awardsOf(taken), err
}

// ExpireDeliveries deletes the bodies and headers of at most limit deliveries that were received before a time, the
// oldest first. Of those that were the first to tell of no event, nothing stays. It returns how many expired, and how
// many of them are gone.
func (tx *Tx) ExpireDeliveries(ctx context.Context, before, now time.Time, limit int) (expired, deleted int64, err error) {
	var ids []int64
	err = tx.db.NewSelect().Model((*deliveryRow)(nil)).Column("id").Where("body_expired_at IS NULL").Where("received_at < ?", before).
		Order("received_at").Limit(int64(limit)).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return 0, 0, err
	}
	result, err := tx.db.NewDelete().Model((*deliveryRow)(nil)).Where("d.id IN (?)", bun.List(ids)).
		Where("NOT EXISTS (SELECT 1 FROM events AS e WHERE e.delivery_id = d.id)").Exec(ctx)
	if err != nil {
		return 0, 0, err
	}
	if deleted, err = result.RowsAffected(); err != nil {
		return 0, 0, err
	}
	_, err = tx.db.NewUpdate().Model((*deliveryRow)(nil)).Set("body = ?", []byte{}).Set("headers = NULL").
		Set("body_expired_at = ?", now).Where("id IN (?)", bun.List(ids)).Exec(ctx)
	return int64(len(ids)), deleted, err
}
