package store

import (
	"context"
	"strconv"
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

// moveToSheets moves the counts of measures that an older version kept otherwise. Who moves the same meanwhile is waited for,
// so that nobody judges by them before they are moved.
func (tx *Tx) moveToSheets(ctx context.Context, measures []int64) error {
	if len(measures) == 0 {
		return nil
	}
	var mine []int64
	err := tx.db.NewUpdate().Model((*measureRow)(nil)).Set("counts = true").Where("id IN (?)", bun.List(measures)).Where("NOT counts").
		Returning("id").Scan(ctx, &mine)
	if ignoreNoRows(err) != nil || len(mine) == 0 {
		return ignoreNoRows(err)
	}
	for _, statement := range tx.dialect.movesToSheets() {
		if _, err := tx.db.NewRaw(statement, sheetSize, bun.List(mine)).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// forgetOnSheets takes the counts of measures off all sheets.
func (tx *Tx) forgetOnSheets(ctx context.Context, measures []int64) error {
	if len(measures) == 0 {
		return nil
	}
	nos, keys := make([]int64, len(measures)), make([]string, len(measures))
	for i, id := range measures {
		nos[i], keys[i] = id/sheetSize, strconv.FormatInt(id, 10)
	}
	without, args := tx.dialect.without("counts", keys)
	args = append(args, bun.List(unique(nos)))
	at := strconv.Itoa(len(args) - 1)
	_, err := tx.db.NewRaw("UPDATE sheets SET counts = "+without+" WHERE no IN (?"+at+") AND counts <> '{}'", args...).Exec(ctx)
	return err
}
