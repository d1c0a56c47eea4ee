package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Measure is what rules measure, as the book knows it.
type Measure struct {
	// Hash says what is measured.
	Hash string
	// Counts says that its states are numbers alone, which add up when two people are one. They stand on sheets.
	Counts bool
}

type measureRow struct {
	bun.BaseModel `bun:"table:measures,alias:me"`

	ID        int64 `bun:",pk,autoincrement"`
	Hash      string
	Counts    bool
	CreatedAt time.Time
}

// EnsureMeasures returns the ids of the measures by their hashes; those that the book does not hold
// are made.
func (tx *Tx) EnsureMeasures(ctx context.Context, measures []Measure, now time.Time) (map[string]int64, error) {
	ids := make(map[string]int64, len(measures))
	if len(measures) == 0 {
		return ids, nil
	}
	rows := make([]*measureRow, 0, len(measures))
	counts := make(map[string]bool, len(measures))
	for _, measure := range measures {
		if _, twice := counts[measure.Hash]; !twice {
			rows = append(rows, &measureRow{Hash: measure.Hash, Counts: measure.Counts, CreatedAt: now})
		}
		counts[measure.Hash] = measure.Counts
	}
	if _, err := tx.db.NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT (hash) DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
		return nil, err
	}
	hashes := make([]string, len(rows))
	for i, row := range rows {
		hashes[i] = row.Hash
	}
	var known []measureRow
	if err := tx.db.NewSelect().Model(&known).Where("hash IN (?)", bun.List(hashes)).Scan(ctx); err != nil {
		return nil, err
	}
	var unmoved []int64
	for i := range known {
		ids[known[i].Hash] = known[i].ID
		if counts[known[i].Hash] && !known[i].Counts {
			unmoved = append(unmoved, known[i].ID)
		}
	}
	return ids, tx.moveToSheets(ctx, unmoved)
}

// movedAtOnce is how many states of an older version one transaction moves, which has some seconds for it.
const movedAtOnce = 5_000

// unmovedError says that more states of measures have to be moved to sheets than one transaction can.
type unmovedError struct{ measures []int64 }

func (e *unmovedError) Error() string {
	return fmt.Sprintf("the counts of %d measures are where an older version kept them", len(e.measures))
}

// moveToSheets moves the counts of measures that an older version kept otherwise, or says that they are too many. Who moves
// the same meanwhile is waited for, so that nobody judges by them before they are moved.
func (tx *Tx) moveToSheets(ctx context.Context, measures []int64) error {
	if len(measures) == 0 {
		return nil
	}
	left, err := tx.moveSome(ctx, measures)
	if err == nil && left {
		err = &unmovedError{measures}
	}
	return err
}

// moveSome moves as many states of measures as one transaction can, and reports whether there are more.
func (tx *Tx) moveSome(ctx context.Context, measures []int64) (left bool, err error) {
	var mine []int64
	q := tx.db.NewSelect().Model((*measureRow)(nil)).Column("id").Where("id IN (?)", bun.List(measures)).Where("NOT counts").Order("id")
	if err := tx.dialect.lock(q, false).Scan(ctx, &mine); ignoreNoRows(err) != nil || len(mine) == 0 {
		return false, ignoreNoRows(err)
	}
	for _, statement := range tx.dialect.movesToSheets() {
		if _, err := tx.db.NewRaw(statement, sheetSize, bun.List(mine), movedAtOnce).Exec(ctx); err != nil {
			return false, err
		}
	}
	left, err = tx.db.NewSelect().Model((*progressRow)(nil)).Where("measure_id IN (?)", bun.List(mine)).Exists(ctx)
	if err != nil || left {
		return left, err
	}
	_, err = tx.db.NewUpdate().Model((*measureRow)(nil)).Set("counts = true").Where("id IN (?)", bun.List(mine)).Exec(ctx)
	return false, err
}

// moveAll moves the states of measures in as many transactions as that takes. When it is interrupted, what is moved stays moved.
func (s *Store) moveAll(ctx context.Context, measures []int64) error {
	for left := true; left; {
		err := s.transact(ctx, func(ctx context.Context, tx *Tx) (err error) {
			left, err = tx.moveSome(ctx, measures)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
