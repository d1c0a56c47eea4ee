package automation_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// A replay looks through the events a few times and not once for each of its transactions.
func TestReplayingManyEvents(t *testing.T) {
	t.Parallel()

	const many = 20_000
	databaseURL := testkit.PostgresURL(t)
	book := testkit.Open(t, databaseURL)
	m := start(t, book, "namespace: acme\nachievements: []\n")
	m.remember(many)
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	const read = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_user_tables WHERE relname LIKE 'events%'"
	looked := func() (rows int64) {
		time.Sleep(1500 * time.Millisecond) // Postgres counts once a second.
		if err := db.QueryRowContext(t.Context(), read).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if _, err := db.ExecContext(t.Context(), "ANALYZE events"); err != nil {
		t.Fatal(err)
	}
	m.apply(importRules)
	before := looked()
	m.catchUp()
	m.stop()
	if err := book.Close(); err != nil { // what its connections have counted is known from then on
		t.Fatal(err)
	}
	if rows := looked() - before; rows < many || rows > 6*many {
		t.Errorf("%d rows were looked at to replay %d events", rows, many)
	}
}
