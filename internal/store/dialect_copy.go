package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

func (postgres) lastIDs(ctx context.Context, db bun.IDB) (map[string]int64, error) {
	var sequences []struct{ Table, Sequence string }
	err := db.NewRaw(`SELECT table_name AS "table", pg_get_serial_sequence(table_name, column_name) AS sequence
		FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'`).Scan(ctx, &sequences)
	if err := ignoreNoRows(err); err != nil {
		return nil, err
	}
	given := make(map[string]int64, len(sequences))
	for _, s := range sequences {
		var last int64
		// A sequence that was moved has not given yet what it stands at.
		err := db.NewRaw("SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM ?", bun.Safe(s.Sequence)).Scan(ctx, &last)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Sequence, err)
		}
		given[s.Table] = last
	}
	return given, nil
}

func (postgres) giveIDsAfter(ctx context.Context, db bun.IDB, table string, last int64) error {
	_, err := db.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence(?, 'id'), ?, false)", table, last+1)
	return err
}

func (sqliteFile) lastIDs(ctx context.Context, db bun.IDB) (map[string]int64, error) {
	var counters []struct {
		Name string
		Seq  int64
	}
	err := db.NewRaw("SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE 'bun%'").Scan(ctx, &counters)
	given := make(map[string]int64, len(counters))
	for _, c := range counters {
		given[c.Name] = c.Seq
	}
	return given, ignoreNoRows(err)
}

func (sqliteFile) giveIDsAfter(ctx context.Context, db bun.IDB, table string, last int64) error {
	_, err := db.ExecContext(ctx, "DELETE FROM sqlite_sequence WHERE name = ?", table)
	if err == nil {
		_, err = db.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, last)
	}
	return err
}
