//go:build faults

package faults_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Row 19: the process is killed while it writes SQLite, and a second one opens the same file.
func TestRow19SQLiteKilled(t *testing.T) {
	path := testkit.SQLitePath(t)
	chance := faults.Chance(t)
	s := faults.NewService(t, path)
	s.Start()
	second := faults.NewService(t, path)
	if err := second.Try(); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("a second process on the same file: %v", err)
	}
	second.Kill()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() {
		for range faults.Times(50, 4) {
			time.Sleep(between(chance, 200*time.Millisecond, 1500*time.Millisecond))
			s.Kill()
			s.Start()
		}
		time.Sleep(time.Second)
	})
	explained(t, d.Stats())
	d.MustBeClean(t, path, within)
	s.Stop()
	sound(t, path)
}

// sound fails the test unless SQLite says that the file is.
func sound(t *testing.T, path string) {
	t.Helper()

	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the file is not sound: %s, %v", verdict, err)
	}
}
