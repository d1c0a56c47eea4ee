package store

import (
	"cmp"
	"context"
	"encoding/json"
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

// eventKey is an event's natural key.
type eventKey struct{ source, key string }

// InsertEvents stores the events whose natural keys the book does not hold, and fills in their ID
// and New. Of several with the same key the first one counts.
func (tx *Tx) InsertEvents(ctx context.Context, events []*EventRow) error {
	first := make(map[eventKey]*EventRow, len(events))
	rows := make([]*eventRow, 0, len(events))
	for _, ev := range events {
		ev.ID, ev.New = 0, false
		key := eventKey{ev.Event.Source, ev.Event.Key}
		if first[key] != nil {
			continue
		}
		first[key] = ev
		data, err := json.Marshal(&ev.Event)
		if err != nil {
			return fmt.Errorf("encoding event %s: %w", ev.Event.Key, err)
		}
		rows = append(rows, &eventRow{
			Source: ev.Event.Source, Key: ev.Event.Key, Kind: ev.Event.Kind, Object: ev.Event.Object,
			HappenedAt: ev.Event.Time, DeliveryID: ev.DeliveryID, RevisionID: ev.RevisionID,
			Data: string(data), Failures: ev.Failures,
		})
	}
	// All servers insert in the same order, so that none waits for another in a circle.
	sortBy(rows, func(r *eventRow) (string, string) { return r.Source, r.Key })
	var inserted []struct {
		ID          int64
		Source, Key string
	}
	err := tx.db.NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT (source, key) DO NOTHING").
		Returning("id, source, key").Scan(ctx, &inserted)
	if ignoreNoRows(err) != nil {
		return err
	}
	for _, row := range inserted {
		ev := first[eventKey{row.Source, row.Key}]
		ev.ID, ev.New = row.ID, true
	}
	return nil
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
