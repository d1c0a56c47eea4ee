package store

import (
	"strconv"
	"strings"
	"time"
)

// An addition raises what is there by UPDATE, which writes less into the log of Postgres than an insertion that conflicts: that
// locks its row by a record of its own. An UPDATE locks in the order in which its plan comes upon the rows, so Postgres
// may only plan what comes upon them in order: a loop over the given rows, which are sorted, or over the index of the primary key.
var inOrderOnly, inAnyOrder = planning("'off'"), planning("NULL")

// planning sets, until the transaction ends, what lets Postgres come upon rows in any order; NULL is what the connection began with.
func planning(value string) string {
	return "SELECT set_config(name, " + value + ", true) FROM unnest(ARRAY['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan']) AS name"
}

// addition is AddProgress for an exchange. All that it returns stands in one row, which costs both sides less than a row for each
// state: of those that were raised the numbers of the rows, from 1, and what they are then, and of those that were made the same
// with their keys. New states of one person are made together, and come to stand together.
func addition(rows []*progressRow, now time.Time) (statement string, args []any) {
	columns := progressColumns(rows)
	names := namesOf(columns)
	var b strings.Builder
	b.WriteString("WITH given AS MATERIALIZED (SELECT * FROM ")
	args = append(writeUnnest(&b, columns, nil), now.UTC())
	at := "$" + strconv.Itoa(len(args)) + "::timestamptz"
	b.WriteString(" WITH ORDINALITY AS g (" + names + `, no)),
		raised AS (UPDATE progress AS p SET n = p.n + g.n, updated_at = ` + at + ` FROM given AS g
			WHERE p.measure_id = g.measure_id AND p.user_id = g.user_id AND p.bucket = g.bucket RETURNING g.no, p.n),
		made AS (INSERT INTO progress AS p (` + names + ", updated_at) SELECT " + names + ", " + at + ` FROM given
			WHERE no NOT IN (SELECT no FROM raised) ORDER BY user_id, measure_id, bucket ` + added + `)
		SELECT r.*, m.* FROM (SELECT array_agg(no), array_agg(n) FROM raised) AS r,
			(SELECT array_agg(measure_id), array_agg(user_id), array_agg(bucket), array_agg(n) FROM made) AS m`)
	return b.String(), args
}

// readCounted reads what addition returns.
func readCounted(rows []*progressRow, into map[ProgressKey]int64) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var numbers, raised, measures, users, made []int64
		var buckets []string
		if err := scan(&numbers, &raised, &measures, &users, &buckets, &made); err != nil {
			return err
		}
		for i, no := range numbers {
			into[rows[no-1].key()] = raised[i]
		}
		for i, n := range made {
			into[ProgressKey{measures[i], users[i], buckets[i]}] = n
		}
		return nil
	}
}
