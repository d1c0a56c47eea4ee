package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// addProgress reads a row for each state; see addition.
func (d postgres) addProgress(ctx context.Context, db bun.IDB, rows []*progressRow, now time.Time, counted func(ProgressKey, int64)) error {
	statement, args := addition(rows, now, "no, n")
	return query(ctx, db, statement, d.prepared(args), func(scan func(...any) error) error {
		var no, n int64
		if err := scan(&no, &n); err != nil {
			return err
		}
		counted(rows[no-1].key(), n)
		return nil
	})
}

// countedAtOnce is what addition returns in one row, which costs both sides less than a row for each state.
const countedAtOnce = "array_agg(no), array_agg(n)"

// readCounted reads it.
func readCounted(rows []*progressRow, counted func(ProgressKey, int64)) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var numbers, ns []int64
		if err := scan(&numbers, &ns); err != nil {
			return err
		}
		for i, no := range numbers {
			counted(rows[no-1].key(), ns[i])
		}
		return nil
	}
}

// addition adds to one state after the other, in the order of the rows, so that nobody waits for a state who holds one that
// comes after it: an UPDATE that joins the rows would save Postgres a record for each lock, and lock in the order of the plan
// that it has at the time. What it returns is made of no, which row it is from 1, and n.
func addition(rows []*progressRow, now time.Time, returned string) (statement string, args []any) {
	const key = "measure_id, user_id, bucket"
	columns := progressColumns(rows)
	names := namesOf(columns)
	var b strings.Builder
	b.WriteString("WITH given AS (SELECT * FROM ")
	args = append(writeUnnest(&b, columns, nil), now.UTC())
	b.WriteString(" WITH ORDINALITY AS g (" + names + `, no)),
		counted AS (INSERT INTO progress AS p (` + names + ", updated_at) SELECT " + names + ", $" + strconv.Itoa(len(args)) + `::timestamptz
			FROM given ORDER BY no
			ON CONFLICT (` + key + `) DO UPDATE SET n = p.n + EXCLUDED.n, updated_at = EXCLUDED.updated_at
			RETURNING p.measure_id, p.user_id, p.bucket, p.n)
		SELECT ` + returned + " FROM (SELECT g.no, c.n FROM counted AS c JOIN given AS g USING (" + key + ")) AS counted")
	return b.String(), args
}

func (d sqliteFile) addProgress(ctx context.Context, db bun.IDB, rows []*progressRow, now time.Time, counted func(ProgressKey, int64)) error {
	return d.insert(ctx, db, insertion{
		table: "progress AS p", rows: len(rows), columns: append(progressColumns(rows), updatedAt(rows, now)),
		then: "ON CONFLICT (measure_id, user_id, bucket) DO UPDATE SET n = p.n + EXCLUDED.n, updated_at = EXCLUDED.updated_at" +
			" RETURNING measure_id, user_id, bucket, n",
	}, func(scan func(...any) error) error {
		var key ProgressKey
		var n int64
		if err := scan(&key.MeasureID, &key.UserID, &key.Bucket, &n); err != nil {
			return err
		}
		counted(key, n)
		return nil
	})
}
