package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// ProgressKey says whose state of which measure it is.
type ProgressKey struct {
	MeasureID int64
	UserID    int64
	// Bucket separates states of the same measure and user, such as those of each month.
	Bucket string
}

// compare orders states as the index of the primary key does.
func (k ProgressKey) compare(other ProgressKey) int {
	return cmp.Or(cmp.Compare(k.MeasureID, other.MeasureID), cmp.Compare(k.UserID, other.UserID), cmp.Compare(k.Bucket, other.Bucket))
}

// Progress is a state: the number that thresholds are compared with, and what else its measure
// remembers, which only the rules engine can read. States of measures that count stand on sheets; all others are rows.
type Progress struct {
	N    int64
	Data []byte
}

type progressRow struct {
	bun.BaseModel `bun:"table:states,alias:p"`

	MeasureID int64  `bun:",pk"`
	UserID    int64  `bun:",pk"`
	Bucket    string `bun:",pk"`
	N         int64
	Data      []byte `bun:",nullzero"`
	UpdatedAt time.Time
}

func (r *progressRow) key() ProgressKey { return ProgressKey{r.MeasureID, r.UserID, r.Bucket} }

// LockProgress returns the states under the keys and keeps others from changing them until the
// transaction ends. A state that the book does not hold is zero, and locked all the same. Everyone
// locks in the order of the keys; where new states make that impossible, the database finds the
// circle and InTx tries again.
func (tx *Tx) LockProgress(ctx context.Context, keys []ProgressKey) (map[ProgressKey]Progress, error) {
	if len(keys) == 0 {
		return map[ProgressKey]Progress{}, nil
	}
	keys = slices.Clone(keys)
	slices.SortFunc(keys, ProgressKey.compare)
	values := make([][]any, len(keys))
	for i, key := range keys {
		values[i] = []any{key.MeasureID, key.UserID, key.Bucket}
	}
	var known []progressRow
	q := tx.db.NewSelect().Model(&known).
		Where("(measure_id, user_id, bucket) IN (VALUES ?)", rowValues(values)).
		Order("measure_id", "user_id", "bucket")
	err := tx.dialect.lock(q, false).Scan(ctx)
	if err != nil {
		return nil, err
	}
	states := make(map[ProgressKey]Progress, len(keys))
	for i := range known {
		states[known[i].key()] = Progress{known[i].N, known[i].Data}
	}
	if err := tx.lockNew(ctx, keys, states); err != nil {
		return nil, err
	}
	return states, nil
}

// lockNew makes the states that are missing. One that another transaction made meanwhile is read
// and locked by the same statement: the update that changes nothing is what locks it.
func (tx *Tx) lockNew(ctx context.Context, keys []ProgressKey, states map[ProgressKey]Progress) error {
	var rows []*progressRow
	for _, key := range keys {
		if _, known := states[key]; !known {
			rows = append(rows, &progressRow{MeasureID: key.MeasureID, UserID: key.UserID, Bucket: key.Bucket})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var locked []progressRow
	err := tx.db.NewInsert().Model(&rows).On("CONFLICT (measure_id, user_id, bucket) DO UPDATE").Set("n = p.n").
		Returning("measure_id, user_id, bucket, n, data").Scan(ctx, &locked)
	if err != nil {
		return err
	}
	for i := range locked {
		states[locked[i].key()] = Progress{locked[i].N, locked[i].Data}
	}
	return nil
}

func progressColumns(rows []*progressRow) []column {
	return []column{
		numbersOf("measure_id", rows, func(r *progressRow) int64 { return r.MeasureID }),
		numbersOf("user_id", rows, func(r *progressRow) int64 { return r.UserID }),
		textsOf("bucket", rows, func(r *progressRow) string { return r.Bucket }),
		numbersOf("n", rows, func(r *progressRow) int64 { return r.N }),
	}
}

// SaveProgress stores the states, which LockProgress locked before.
func (tx *Tx) SaveProgress(ctx context.Context, states map[ProgressKey]Progress, now time.Time) error {
	if len(states) == 0 {
		return nil
	}
	rows := make([]*progressRow, 0, len(states))
	for key, state := range states {
		rows = append(rows, &progressRow{
			MeasureID: key.MeasureID, UserID: key.UserID, Bucket: key.Bucket, N: state.N, Data: state.Data,
		})
	}
	slices.SortFunc(rows, func(x, y *progressRow) int { return x.key().compare(y.key()) })
	columns := append(progressColumns(rows), timesOf("updated_at", rows, func(*progressRow) time.Time { return now }), bytesOf("data", rows, func(r *progressRow) []byte {
		if len(r.Data) == 0 {
			return nil // null
		}
		return r.Data
	}))
	return tx.insert(ctx, insertion{
		table: "states AS p", rows: len(rows), columns: columns,
		then: "ON CONFLICT (measure_id, user_id, bucket) DO UPDATE SET n = EXCLUDED.n, data = EXCLUDED.data, updated_at = EXCLUDED.updated_at",
	}, nil)
}

// rowValues formats rows for VALUES: (1, 2, 'a'), (1, 3, 'b').
func rowValues(rows [][]any) bun.ListValues {
	formatted := make([]bun.TupleValues, len(rows))
	for i := range rows {
		formatted[i] = bun.Tuple(rows[i])
	}
	return bun.List(formatted)
}
