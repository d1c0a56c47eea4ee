package store

import (
	"context"
	"strings"

	"github.com/uptrace/bun"
)

func (d postgres) addProgress(ctx context.Context, db bun.IDB, rows []*progressRow, row func(scan func(...any) error) error) error {
	statement, args := addition(rows)
	return query(ctx, db, statement, d.prepared(args), row)
}

// addition raises the numbers that are there first, and inserts the others: most are there, and an update writes less into the
// log than an insert that conflicts, which locks its row by a record of its own.
func addition(rows []*progressRow) (statement string, args []any) {
	const key = "measure_id, user_id, bucket"
	columns := progressColumns(rows)
	names := namesOf(columns)
	var b strings.Builder
	b.WriteString("WITH given AS (SELECT * FROM ")
	args = writeUnnest(&b, columns, nil)
	b.WriteString(" AS g (" + names + `)),
		raised AS (UPDATE progress AS p SET n = p.n + g.n, updated_at = g.updated_at FROM given AS g
			WHERE p.measure_id = g.measure_id AND p.user_id = g.user_id AND p.bucket = g.bucket
			RETURNING p.measure_id, p.user_id, p.bucket, p.n),
		made AS (INSERT INTO progress AS p (` + names + ") SELECT " + names + ` FROM given AS g
			WHERE NOT EXISTS (SELECT 1 FROM raised AS r WHERE r.measure_id = g.measure_id AND r.user_id = g.user_id AND r.bucket = g.bucket)
			ON CONFLICT (` + key + `) DO UPDATE SET n = p.n + EXCLUDED.n, updated_at = EXCLUDED.updated_at
			RETURNING p.measure_id, p.user_id, p.bucket, p.n)
		SELECT ` + key + ", n FROM raised UNION ALL SELECT " + key + ", n FROM made")
	return b.String(), args
}

func (d sqliteFile) addProgress(ctx context.Context, db bun.IDB, rows []*progressRow, row func(scan func(...any) error) error) error {
	return d.insert(ctx, db, insertion{
		table: "progress AS p", rows: len(rows), columns: progressColumns(rows),
		then: "ON CONFLICT (measure_id, user_id, bucket) DO UPDATE SET n = p.n + EXCLUDED.n, updated_at = EXCLUDED.updated_at" +
			" RETURNING measure_id, user_id, bucket, n",
	}, row)
}
