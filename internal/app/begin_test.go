package app_test

import (
	"database/sql"
	"net/http"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Row 11: a database that goes away again while the service begins is waited for as before, and webhooks are taken.
func TestBeginningIsTriedAgain(t *testing.T) {
	t.Parallel()

	direct := testkit.PostgresURL(t)
	behind, relay := testkit.Behind(t, direct)
	cfg := configuration(behind, hotRules)
	cfg.SpoolDirectory, cfg.SpoolMax = t.TempDir(), 64<<20
	_, stop := run(t, cfg) // so that the database is migrated
	stop()
	db, err := sql.Open("pgx", direct)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	waiting := func() (some bool) {
		t.Helper()
		if err := tx.QueryRowContext(t.Context(), "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'tokens'::regclass").Scan(&some); err != nil {
			t.Fatal(err)
		}
		return some
	}
	relay.Cut()
	address, _ := run(t, cfg)
	merge(t, address, 1, "spooled")
	relay.Restore()
	// It reaches the database, asks for the admin's token, and is not answered in time.
	for _, want := range []bool{true, false, true} {
		for deadline := time.Now().Add(time.Minute); waiting() != want; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the service does not try again")
			}
		}
	}
	merge(t, address, 2, "spooled")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	drained(t, address)
	status, _ := exchange(t, plain(t, address+"/readyz"))
	mustBe(t, "the status of /readyz", status, http.StatusOK)
}
