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

// addition raises the numbers that are there first, and inserts the others: most are there, and an update writes less into the
// log than an insert that conflicts, which locks its row by a record of its own. What it returns is made of no, which row it is
// from 1, and n.
func addition(rows []*progressRow, now time.Time, returned string) (statement string, args []any) {
	const key = "measure_id, user_id, bucket"
	columns := progressColumns(rows)
	names := namesOf(columns)
	var b strings.Builder
	b.WriteString("WITH given AS (SELECT * FROM ")
	args = append(writeUnnest(&b, columns, nil), now.UTC())
	at := "$" + strconv.Itoa(len(args)) + "::timestamptz"
	b.WriteString(" WITH ORDINALITY AS g (" + names + `, no)),
		raised AS (UPDATE progress AS p SET n = p.n + g.n, updated_at = ` + at + ` FROM given AS g
			WHERE p.measure_id = g.measure_id AND p.user_id = g.user_id AND p.bucket = g.bucket RETURNING g.no, p.n),
		made AS (INSERT INTO progress AS p (` + names + ", updated_at) SELECT " + names + ", " + at + ` FROM given AS g
			WHERE NOT EXISTS (SELECT 1 FROM raised AS r WHERE r.no = g.no)
			ON CONFLICT (` + key + `) DO UPDATE SET n = p.n + EXCLUDED.n, updated_at = EXCLUDED.updated_at
			RETURNING p.measure_id, p.user_id, p.bucket, p.n)
		SELECT ` + returned + ` FROM (SELECT no, n FROM raised UNION ALL
			SELECT g.no, m.n FROM made AS m JOIN given AS g ON g.measure_id = m.measure_id AND g.user_id = m.user_id AND g.bucket = m.bucket) AS counted`)
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
