//go:build faults

package faults_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// A checker that finds nothing may have looked at nothing: each kind of damage is done to a book that is clean, and found.
func TestCheckerFindsEveryKindOfDamage(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		s := faults.NewService(t, databaseURL)
		s.Start()
		d := faults.NewDriver(t, s.URLs)
		d.Traffic(20) // few people, so that each of them gets far
		d.During(func() { time.Sleep(4 * time.Second) })
		t.Log(d.Stats())
		d.MustBeClean(t, databaseURL, 30*time.Second)
		s.Stop()
		for _, damage := range damages {
			t.Run(damage.name, func(t *testing.T) { damage.find(t, d.Ledger, databaseURL) })
		}
	})
}

// damage is statements that damage a book, and what a checker must say of that.
type damage struct {
	name       string
	statements string
	counter    func(*faults.Verdict) int
}

var (
	lost      = func(v *faults.Verdict) int { return v.Lost }
	duplicate = func(v *faults.Verdict) int { return v.Duplicate }
	phantom   = func(v *faults.Verdict) int { return v.Phantom }
	unsent    = func(v *faults.Verdict) int { return v.Unsent }
)

var damages = []damage{
	{"a delivery is gone", `DELETE FROM deliveries WHERE id = (SELECT max(id) FROM deliveries)`, lost},
	{"an event is gone", `DELETE FROM events WHERE id = (SELECT max(id) FROM events)`, lost},
	{"an award is gone", `DELETE FROM awards WHERE id = (SELECT min(id) FROM awards WHERE revoked_at IS NULL)`, lost},
	{"counts are gone", `UPDATE sheets SET counts = '{}' WHERE user_id = (SELECT max(user_id) FROM sheets WHERE counts <> '{}')`, lost},
	{"counts are too high", `UPDATE sheets SET counts = replace(counts, ':', ':1')`, duplicate},
	{"an award is there twice", `DROP INDEX awards_irrevocable; INSERT INTO awards (achievement_id, user_id, kind, occurrence, awarded_at, awarded_by,
		show_on_profile, message) SELECT achievement_id, user_id, kind, occurrence, awarded_at, awarded_by, show_on_profile, message
		FROM awards WHERE kind = 'irrevocable' AND id = (SELECT min(id) FROM awards WHERE kind = 'irrevocable')`, duplicate},
	{"an award has no cause", `INSERT INTO awards (achievement_id, user_id, kind, occurrence, awarded_at, awarded_by, show_on_profile, message)
		SELECT id, 1, kind, '', created_at, 1, true, '' FROM achievements WHERE key = 'first-open'`, phantom},
	{"an award's cause is gone", `UPDATE awards SET occurrence = 'merge_request:1:1' WHERE id = (SELECT min(id) FROM awards WHERE kind = 'repeatable')`, phantom},
	{"a delivery was never sent", `UPDATE deliveries SET transport_id = 'x' WHERE id = (SELECT max(id) FROM deliveries)`, phantom},
	{"a job is gone", `DELETE FROM jobs WHERE id = (SELECT max(id) FROM jobs WHERE kind LIKE 'award%.granted')`, unsent},
	{"a job is parked", `UPDATE jobs SET state = 'parked' WHERE id = (SELECT max(id) FROM jobs)`, unsent},
	{"a job was never done", `UPDATE jobs SET state = 'ready', run_at = '2026-11-01 00:00:00+00:00' WHERE id = (SELECT max(id) FROM jobs)`, unsent},
	{"a job is there twice", `INSERT INTO jobs (kind, args, state, run_at, attempt, max_attempts) SELECT kind, args, state, run_at, 1, 25 FROM jobs
		WHERE id = (SELECT max(id) FROM jobs)`, duplicate},
}

// find damages the book, has it checked, and takes the damage back.
func (d damage) find(t *testing.T, ledger *faults.Ledger, databaseURL string) {
	t.Helper()

	driver := "sqlite"
	if strings.HasPrefix(databaseURL, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for statement := range strings.SplitSeq(d.statements, ";") {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	verdict, err := ledger.CheckIn(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	if d.counter(verdict) == 0 {
		t.Errorf("nobody noticed: %v", verdict)
	}
}
