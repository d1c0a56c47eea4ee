package automation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/store"
)

// ToldState says how the book knows an event of a delivery.
type ToldState string

// The states of a delivery's events.
const (
	// ToldFirst: this delivery was the first to tell of it.
	ToldFirst ToldState = "new"
	// ToldBefore: another one was.
	ToldBefore ToldState = "seen"
	// NotKnown: today's code reads it, and the book does not hold it; a replay would judge it.
	NotKnown ToldState = "missing"
)

// Told is an event that a delivery tells of. ID is 0 when the book does not hold it.
type Told struct {
	ID    int64
	Event event.Event
	State ToldState
}

// Contents is a stored delivery with what it tells.
type Contents struct {
	Delivery *store.Delivery
	// Body is as it was sent; nil when it is no longer kept.
	Body   []byte
	Events []Told
}

// Contents returns a delivery with its body and the events in it, as today's code reads them. Of one whose body or
// source is gone, they are the events that it was the first to tell of. Fault: NotFound.
func (a *Automation) Contents(ctx context.Context, tx *store.Tx, id int64) (*Contents, error) {
	stored, err := tx.DeliveryByID(ctx, id)
	if err != nil {
		return nil, err
	}
	c := &Contents{Delivery: stored}
	var events []event.Event
	if stored.BodyExpiredAt.IsZero() {
		if c.Body, err = unpack(stored); err != nil {
			return nil, err
		}
		if c.Body == nil {
			c.Body = []byte{}
		}
		if src, ok := a.sources[stored.Source]; ok {
			events, _ = src.speaks.Events(src.Source, requestOf(stored, c.Body)) // why not, the delivery's problem says
		}
	}
	c.Events, err = told(ctx, tx, stored, events)
	return c, err
}

// told returns the events of a delivery, those that it was the first to tell of among them.
func told(ctx context.Context, tx *store.Tx, stored *store.Delivery, events []event.Event) ([]Told, error) {
	first, err := tx.EventsTold(ctx, stored.ID)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(events))
	for i := range events {
		keys[i] = events[i].Key
	}
	ids, err := tx.EventIDs(ctx, stored.Source, keys)
	if err != nil {
		return nil, err
	}
	own := make(map[int64]bool, len(first))
	for i := range first {
		own[first[i].ID] = true
	}
	all := make([]Told, 0, len(events))
	for i := range events {
		entry := Told{ID: ids[events[i].Key], Event: events[i], State: ToldBefore}
		switch {
		case entry.ID == 0:
			entry.State = NotKnown
		case own[entry.ID]:
			entry.State = ToldFirst
			delete(own, entry.ID)
		}
		all = append(all, entry)
	}
	for i := range first {
		if own[first[i].ID] {
			all = append(all, Told{ID: first[i].ID, Event: first[i].Event, State: ToldFirst})
		}
	}
	return all, nil
}
