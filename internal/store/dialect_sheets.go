package store

import (
	"strings"
	"time"
)

// sheeting is how counts are moved.
type sheeting interface {
	// movesToSheets are the statements that move counts of measures from where an older version kept them.
	movesToSheets() []string
}

// lockingSheets is LockSheets for an exchange. It goes through the given keys one by one, in their order, whatever Postgres plans:
// what is asked of each cannot be joined with them in another way. All that it returns stands in one row, which costs both sides
// less than a row for each sheet: of those that are there the numbers of the keys, from 1, and the counts, and of those that are
// made, or that others have made meanwhile, the same with their keys.
func lockingSheets(rows []*sheetRow, now time.Time) (statement string, args []any) {
	columns := sheetColumns(rows)
	names := namesOf(columns)
	var b strings.Builder
	b.WriteString("WITH given AS MATERIALIZED (SELECT * FROM ")
	args = append(writeUnnest(&b, columns, nil), now.UTC())
	b.WriteString(" WITH ORDINALITY AS g (" + names + `, at)),
		locked AS MATERIALIZED (SELECT g.at, s.counts FROM given AS g CROSS JOIN LATERAL (SELECT s.counts FROM sheets AS s
			WHERE s.user_id = g.user_id AND s.no = g.no AND s.bucket = g.bucket FOR NO KEY UPDATE OFFSET 0) AS s),
		made AS (INSERT INTO sheets AS s (` + names + ", counts, updated_at) SELECT " + names + `, '{}', $4::timestamptz FROM given
			WHERE at NOT IN (SELECT at FROM locked) ORDER BY at
			ON CONFLICT (` + names + ") DO UPDATE SET counts = s.counts RETURNING " + names + `, counts)
		SELECT l.*, m.* FROM (SELECT array_agg(at), array_agg(counts) FROM locked) AS l,
			(SELECT array_agg(user_id), array_agg(no), array_agg(bucket), array_agg(counts) FROM made) AS m`)
	return b.String(), args
}

// readLocked reads what lockingSheets returns.
func readLocked(rows []*sheetRow, into map[SheetKey]*Sheet) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var numbers, users, nos []int64
		var locked, buckets, made []string
		if err := scan(&numbers, &locked, &users, &nos, &buckets, &made); err != nil {
			return err
		}
		found := make([]sheetRow, 0, len(numbers)+len(made))
		for i, at := range numbers {
			key := rows[at-1].key()
			found = append(found, sheetRow{UserID: key.UserID, No: key.No, Bucket: key.Bucket, Counts: locked[i]})
		}
		for i := range made {
			found = append(found, sheetRow{UserID: users[i], No: nos[i], Bucket: buckets[i], Counts: made[i]})
		}
		return readSheets(found, into)
	}
}

// usersOf returns whose the sheets are.
func usersOf(rows []*sheetRow) []int64 {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.UserID
	}
	return unique(ids)
}

// movesToSheets are what moves counts, of which ?0 stand on a sheet, of the measures ?1 from the states to sheets that may have
// others: ?2 states, the first ones in the order of their key.
func (postgres) movesToSheets() []string {
	return moves("json_object_agg(measure_id, n)::text", "(s.counts::jsonb || EXCLUDED.counts::jsonb)::text")
}

func (sqliteFile) movesToSheets() []string {
	return moves("json_group_object(measure_id, n)", "json_patch(s.counts, excluded.counts)")
}

// moves takes the expressions for an object of the counts of some rows, and for one of two sheets.
func moves(object, both string) []string {
	const first = "SELECT measure_id, user_id, bucket, n, updated_at FROM states WHERE measure_id IN (?1) ORDER BY measure_id, user_id, bucket LIMIT ?2"
	return []string{
		`INSERT INTO sheets AS s (user_id, no, bucket, counts, updated_at)
			SELECT user_id, measure_id / ?0, bucket, ` + object + `, max(updated_at)
			FROM (` + first + `) AS moved GROUP BY user_id, measure_id / ?0, bucket
			ON CONFLICT (user_id, no, bucket) DO UPDATE SET counts = ` + both,
		"DELETE FROM states WHERE (measure_id, user_id, bucket) IN (SELECT measure_id, user_id, bucket FROM (" + first + ") AS moved)",
	}
}
