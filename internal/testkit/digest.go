package testkit

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Digests returns a checksum of each table of the SQLite database at the path, by its name. What a reading may change is
// left out: when somebody or a token was last seen.
func Digests(t *testing.T, path string) map[string]string {
	t.Helper()

	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)&mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	digests := map[string]string{}
	for _, row := range readAll(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		table, _ := strings.CutPrefix(row, "name=")
		rows := readAll(t, db, `SELECT * FROM "`+table+`"`)
		slices.Sort(rows)
		sum := sha256.Sum256([]byte(strings.Join(rows, "\n")))
		digests[table] = fmt.Sprintf("%d rows, %s", len(rows), hex.EncodeToString(sum[:8]))
	}
	return digests
}

// readAll returns the rows as "column=value" with spaces between.
func readAll(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()

	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		var parts []string
		for i, column := range columns {
			if column != "last_seen_at" && column != "last_used_at" {
				parts = append(parts, fmt.Sprintf("%s=%v", column, values[i]))
			}
		}
		found = append(found, strings.Join(parts, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
