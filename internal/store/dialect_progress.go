package store

import (
	"strconv"
	"strings"
	"time"
)

// addition is AddProgress for an exchange. All that it returns stands in one row, which costs both sides less than a row for each
// state: the numbers of the rows, from 1, and what the states are then.
func addition(rows []*progressRow, now time.Time) (statement string, args []any) {
	columns := progressColumns(rows)
	names := namesOf(columns)
	var b strings.Builder
	b.WriteString("WITH given AS (SELECT * FROM ")
	args = append(writeUnnest(&b, columns, nil), now.UTC())
	b.WriteString(" WITH ORDINALITY AS g (" + names + ", no)), counted AS (INSERT INTO progress AS p (" + names + ", updated_at) SELECT " +
		names + ", $" + strconv.Itoa(len(args)) + "::timestamptz FROM given ORDER BY no " + added + ")" +
		" SELECT array_agg(no), array_agg(c.n) FROM counted AS c JOIN given USING (measure_id, user_id, bucket)")
	return b.String(), args
}

// readCounted reads what addition returns.
func readCounted(rows []*progressRow, into map[ProgressKey]int64) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var numbers, ns []int64
		if err := scan(&numbers, &ns); err != nil {
			return err
		}
		for i, no := range numbers {
			into[rows[no-1].key()] = ns[i]
		}
		return nil
	}
}
