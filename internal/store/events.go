package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/event"
)

// EventRow is an event with what the book adds to it.
type EventRow struct {
	ID         int64
	DeliveryID int64
	// RevisionID is the rules revision that judged it; 0 for none.
	RevisionID int64
	Event      event.Event
	// Encoded is what EncodeEvent returned for the Event; where it is empty, the event is encoded when it is stored.
	Encoded string
	// Failures are the rules whose expressions failed on the event, a line each; empty for none.
	Failures string
	// New is set by InsertEvents when the book did not hold the event before.
	New bool
}

type eventRow struct {
	bun.BaseModel `bun:"table:events,alias:e"`

	ID         int64 `bun:",pk,autoincrement"`
	Source     string
	Key        string
	Kind       string
	Object     string
	HappenedAt time.Time
	DeliveryID int64
	RevisionID int64 `bun:",nullzero"`
	Data       string
	Failures   string `bun:",nullzero"`
}

// InsertEvents stores the events whose natural keys the book does not hold, and fills in their ID
// and New. Of several with the same key the first one counts.
func (tx *Tx) InsertEvents(ctx context.Context, events []*EventRow) error {
	if len(events) == 0 {
		return nil
	}
	first := make(map[string]*EventRow, len(events))
	rows := make([]*newEvent, 0, len(events))
	for _, ev := range events {
		ev.ID, ev.New = 0, false
		digest := keyDigest(ev.Event.Source, ev.Event.Key)
		if first[string(digest)] != nil {
			continue
		}
		first[string(digest)] = ev
		row, err := ev.fresh(digest)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	// All servers insert in the same order, so that none waits for another in a circle.
	slices.SortFunc(rows, func(x, y *newEvent) int { return bytes.Compare(x.digest, y.digest) })
	return tx.timed(ctx, "INSERT", "events", func() error {
		return tx.dialect.storeEvents(ctx, tx.db, rows, func(digest []byte, id int64) {
			ev := first[string(digest)]
			ev.ID, ev.New = id, true
		})
	})
}

// newEvent is an event that may be in the book.
type newEvent struct {
	eventRow

	digest []byte
}

// fresh returns what the event is stored as if it is new.
func (ev *EventRow) fresh(digest []byte) (*newEvent, error) {
	data := ev.Encoded
	if data == "" {
		var err error
		if data, err = EncodeEvent(&ev.Event); err != nil {
			return nil, err
		}
	}
	return &newEvent{digest: digest, eventRow: eventRow{
		Source: ev.Event.Source, Key: ev.Event.Key, Kind: ev.Event.Kind, Object: ev.Event.Object,
		HappenedAt: ev.Event.Time, DeliveryID: ev.DeliveryID, RevisionID: ev.RevisionID,
		Data: data, Failures: ev.Failures,
	}}, nil
}

// eventData is what is stored of an event beside its columns, whose names are hidden here.
type eventData struct {
	*event.Event

	Kind   struct{} `json:"kind,omitzero"`
	Source struct{} `json:"source,omitzero"`
	Key    struct{} `json:"key,omitzero"`
	Object struct{} `json:"object,omitzero"`
	// Time is nil when the column says as much.
	Time *time.Time `json:"time,omitempty"`
}

// EncodeEvent returns what is stored of an event beside its columns. It takes as long as all else about storing it, and may be
// done by whoever made the event, before anybody waits.
func EncodeEvent(ev *event.Event) (string, error) {
	stored := eventData{Event: ev}
	if ev.Time.Location() != time.UTC || !ev.Time.Equal(ev.Time.Truncate(time.Microsecond)) {
		stored.Time = &ev.Time
	}
	data, err := json.Marshal(&stored)
	if err != nil {
		return "", fmt.Errorf("encoding event %s: %w", ev.Key, err)
	}
	return string(data), nil
}

func eventColumns(rows []*newEvent) []column {
	return append(eventColumnsOf(rows), numbersOf("delivery_id", rows, func(r *newEvent) int64 { return r.DeliveryID }))
}

// eventColumnsOf are the columns that do not depend on the event's delivery.
func eventColumnsOf(rows []*newEvent) []column {
	return []column{
		textsOf("source", rows, func(r *newEvent) string { return r.Source }),
		textsOf("key", rows, func(r *newEvent) string { return r.Key }),
		textsOf("kind", rows, func(r *newEvent) string { return r.Kind }),
		textsOf("object", rows, func(r *newEvent) string { return r.Object }),
		timesOf("happened_at", rows, func(r *newEvent) time.Time { return r.HappenedAt }),
		nullColumnOf("revision_id", "bigint", rows, func(r *newEvent) int64 { return r.RevisionID }),
		columnOf("data", "json", rows, func(r *newEvent) string { return r.Data }),
		nullColumnOf("failures", "text", rows, func(r *newEvent) string { return r.Failures }),
	}
}

// sortBy sorts rows by two texts, compared as bytes.
func sortBy[T any](rows []T, by func(T) (string, string)) {
	slices.SortFunc(rows, func(x, y T) int {
		x1, x2 := by(x)
		y1, y2 := by(y)
		return cmp.Or(cmp.Compare(x1, y1), cmp.Compare(x2, y2))
	})
}

// unique returns the different values, sorted.
func unique[T cmp.Ordered](values []T) []T {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

func (r *eventRow) event() (EventRow, error) {
	row := EventRow{ID: r.ID, DeliveryID: r.DeliveryID, RevisionID: r.RevisionID, Failures: r.Failures}
	if err := json.Unmarshal([]byte(r.Data), &row.Event); err != nil {
		return row, fmt.Errorf("decoding event %d: %w", r.ID, err)
	}
	row.Event.Kind, row.Event.Source, row.Event.Key, row.Event.Object = r.Kind, r.Source, r.Key, r.Object
	if row.Event.Time.IsZero() {
		row.Event.Time = r.HappenedAt.UTC()
	}
	return row, nil
}

func eventsOf(rows []eventRow) ([]EventRow, error) {
	events := make([]EventRow, len(rows))
	for i := range rows {
		var err error
		if events[i], err = rows[i].event(); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// EventsByID returns the events with the ids, by id; those that the book does not hold are missing.
func (tx *Tx) EventsByID(ctx context.Context, ids []int64) (map[int64]*EventRow, error) {
	found := make(map[int64]*EventRow, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var rows []eventRow
	if err := tx.db.NewSelect().Model(&rows).Where("id IN (?)", bun.List(unique(ids))).Scan(ctx); err != nil {
		return nil, err
	}
	events, err := eventsOf(rows)
	for i := range events {
		found[events[i].ID] = &events[i]
	}
	return found, err
}

// EventsOn returns the newest events of the source on the object that happened no later than a time, at
// most limit of them, oldest first.
func (tx *Tx) EventsOn(ctx context.Context, source, object string, until time.Time, limit int) ([]event.Event, error) {
	var rows []eventRow
	err := tx.db.NewSelect().Model(&rows).Where("source = ?", source).Where("object = ?", object).
		Where("happened_at <= ?", until).Order("happened_at DESC", "id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	stored, err := eventsOf(rows)
	events := make([]event.Event, len(stored))
	for i := range stored {
		events[i] = stored[i].Event
	}
	return events, err
}

// NoteFailures keeps with an event which rules failed on it, a line each.
func (tx *Tx) NoteFailures(ctx context.Context, id int64, failures string) error {
	_, err := tx.db.NewUpdate().Model((*eventRow)(nil)).Set("failures = ?", failures).Where("id = ?", id).Exec(ctx)
	return err
}

// EventByID returns the event with the id. Faults: NotFound; NotFound event_expired.
func (tx *Tx) EventByID(ctx context.Context, id int64) (*EventRow, error) {
	var row eventRow
	if err := tx.db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); errors.Is(err, sql.ErrNoRows) {
		return nil, tx.missing(ctx, id)
	} else if err != nil {
		return nil, err
	}
	ev, err := row.event()
	return &ev, err
}
