package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// Waiting is an event that rules judge some time after it happened.
type Waiting struct {
	EventID int64
	// Settle is how long after.
	Settle time.Duration
	DueAt  time.Time
}

type waitingRow struct {
	bun.BaseModel `bun:"table:waiting,alias:w"`

	EventID int64         `bun:",pk"`
	Settle  time.Duration `bun:",pk"`
	DueAt   time.Time
}

// Wait keeps the events until they are due. Those that are kept already are left out.
func (tx *Tx) Wait(ctx context.Context, waiting []Waiting) error {
	if len(waiting) == 0 {
		return nil
	}
	rows := make([]*waitingRow, len(waiting))
	for i, w := range waiting {
		rows[i] = &waitingRow{EventID: w.EventID, Settle: w.Settle, DueAt: w.DueAt}
	}
	_, err := tx.db.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx)
	return err
}

// TakeDue forgets at most limit events that are due, the longest due first, and returns them. Those that
// another transaction has taken are left out; when this one fails, they are due again.
func (tx *Tx) TakeDue(ctx context.Context, now time.Time, limit int) ([]Waiting, error) {
	due := tx.db.NewSelect().Model((*waitingRow)(nil)).Column("event_id", "settle").Where("due_at <= ?", now).
		Order("due_at", "event_id").Limit(int64(limit))
	var rows []waitingRow
	err := tx.db.NewDelete().Model((*waitingRow)(nil)).Where("(event_id, settle) IN (?)", tx.dialect.lock(due, true)).
		Returning("*").Scan(ctx, &rows)
	if ignoreNoRows(err) != nil {
		return nil, err
	}
	waiting := make([]Waiting, len(rows))
	for i, row := range rows {
		waiting[i] = Waiting{EventID: row.EventID, Settle: row.Settle, DueAt: row.DueAt.UTC()}
	}
	return waiting, nil
}

// Clock is how far the units of one calendar were judged.
type Clock struct {
	Name string
	// DoneUntil is the end of the last unit that was judged.
	DoneUntil time.Time
	// Position is the last user of those who were judged for the next unit.
	Position int64
}

type clockRow struct {
	bun.BaseModel `bun:"table:clocks,alias:cl"`

	Name      string `bun:",pk"`
	DoneUntil time.Time
	Position  int64
}

// LockClock returns the clock and keeps others from it until the transaction ends; it returns nil while
// another transaction has it. A clock that the book does not hold begins at the time.
func (tx *Tx) LockClock(ctx context.Context, name string, begin time.Time) (*Clock, error) {
	row := &clockRow{Name: name, DoneUntil: begin}
	if _, err := tx.db.NewInsert().Model(row).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
		return nil, err
	}
	var rows []clockRow
	err := tx.dialect.lock(tx.db.NewSelect().Model(&rows).Where("name = ?", name), true).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &Clock{Name: rows[0].Name, DoneUntil: rows[0].DoneUntil.UTC(), Position: rows[0].Position}, nil
}

// SetClock notes how far a clock has come; LockClock locked it before.
func (tx *Tx) SetClock(ctx context.Context, clock Clock) error {
	row := &clockRow{Name: clock.Name, DoneUntil: clock.DoneUntil, Position: clock.Position}
	_, err := tx.db.NewUpdate().Model(row).WherePK().Exec(ctx)
	return err
}

// Standing is how a user stands in a bucket of a measure.
type Standing struct {
	ProgressKey
	Progress
}

// ProgressIn returns all states of the measures in a bucket, which is not "", by user.
func (tx *Tx) ProgressIn(ctx context.Context, measures []int64, bucket string) ([]Standing, error) {
	if len(measures) == 0 {
		return nil, nil
	}
	measures = unique(measures)
	var rows []progressRow
	err := tx.db.NewSelect().Model(&rows).Where("measure_id IN (?)", bun.List(measures)).Where("bucket = ?", bucket).Scan(ctx)
	if err != nil {
		return nil, err
	}
	var sheets []sheetRow
	err = tx.db.NewSelect().Model(&sheets).Where("bucket = ?", bucket).Where("bucket <> ''").Where("no IN (?)", bun.List(sheetNos(measures))).Scan(ctx)
	if err != nil {
		return nil, err
	}
	counted, err := standingsOn(sheets, measures)
	all := append(standingsOf(rows), counted...)
	slices.SortFunc(all, func(x, y Standing) int {
		return cmp.Or(cmp.Compare(x.UserID, y.UserID), cmp.Compare(x.MeasureID, y.MeasureID))
	})
	return all, err
}

// ProgressOf returns all states that a user has of the measures.
func (tx *Tx) ProgressOf(ctx context.Context, userID int64, measures []int64) ([]Standing, error) {
	if len(measures) == 0 {
		return nil, nil
	}
	measures = unique(measures)
	var rows []progressRow
	err := tx.db.NewSelect().Model(&rows).Where("measure_id IN (?)", bun.List(measures)).Where("user_id = ?", userID).Scan(ctx)
	if err != nil {
		return nil, err
	}
	var sheets []sheetRow
	err = tx.db.NewSelect().Model(&sheets).Where("user_id = ?", userID).Where("no IN (?)", bun.List(sheetNos(measures))).Scan(ctx)
	if err != nil {
		return nil, err
	}
	counted, err := standingsOn(sheets, measures)
	all := append(standingsOf(rows), counted...)
	slices.SortFunc(all, func(x, y Standing) int { return x.compare(y.ProgressKey) })
	return all, err
}

func standingsOf(rows []progressRow) []Standing {
	standings := make([]Standing, len(rows))
	for i := range rows {
		standings[i] = Standing{rows[i].key(), Progress{rows[i].N, rows[i].Data}}
	}
	return standings
}

// Waits reports whether rules wait so long to judge the event.
func (tx *Tx) Waits(ctx context.Context, eventID int64, settle time.Duration) (bool, error) {
	return tx.db.NewSelect().Model((*waitingRow)(nil)).Where("event_id = ?", eventID).Where("settle = ?", settle).Exists(ctx)
}
