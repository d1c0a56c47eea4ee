package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// An operator sees which migrations a database has, applies them, and undoes one to run an older version.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestMigrationsOnTheCommandLine(t *testing.T) {
	files, err := filepath.Glob("../../internal/store/migrations/sqlite/*.up.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no migrations: %v", err)
	}
	last, _, _ := strings.Cut(filepath.Base(files[len(files)-1]), ".")
	t.Setenv("ACCOLADE_DATABASE_URL", filepath.Join(t.TempDir(), "accolade.db"))
	for _, step := range []struct {
		arguments          []string
		said, wrong        string
		applied, unapplied int
	}{
		{[]string{"migrate", "status"}, "0001_tables", "are not applied; run accolade migrate", 0, len(files)},
		{[]string{"migrate"}, "The database's schema is up to date.", "", 0, 0},
		{[]string{"migrate", "status"}, last, "", len(files), 0},
		{[]string{"migrate", "down"}, "", "nothing was changed", 0, 0},
		{[]string{"migrate", "down", "--yes"}, last + " is undone", "", 0, 0},
		{[]string{"migrate", "status"}, last, "1 migrations are not applied", len(files) - 1, 1},
		{[]string{"migrate", "up"}, "The database's schema is up to date.", "", 0, 0},
	} {
		out, err := accolade(t, step.arguments...)
		wrong := ""
		if err != nil {
			wrong = err.Error()
		}
		if !strings.Contains(out, step.said) || !strings.Contains(wrong, step.wrong) || step.wrong == "" && err != nil {
			t.Errorf("%v says %q, %v", step.arguments, out, err)
		}
		if strings.Count(out, "  applied 2") != step.applied || strings.Count(out, "  not applied") != step.unapplied {
			t.Errorf("%v lists %s", step.arguments, out)
		}
	}
}
