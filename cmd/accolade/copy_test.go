package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Who has outgrown the file that the service keeps everything in moves to Postgres, and everything is as it was: what was earned, who
// may do what, and that an event which is told of once more is known.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestFromSQLiteToPostgres(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accolade.db")
	t.Run("on SQLite", func(t *testing.T) {
		serve(t, func(cfg *app.Config) { cfg.Store.URL = file })
		if _, err := accolade(t, "apply", write(t, map[string]string{"r.yaml": someRules})); err != nil {
			t.Fatal(err)
		}
		deliver(t, "pull_request", testkit.MergedPullRequest(7, 815, "ada"))
		mustHaveOne(t, "ada")
	})

	postgres := testkit.PostgresURL(t)
	t.Setenv("ACCOLADE_DATABASE_URL", postgres)
	if _, err := accolade(t, "copy", filepath.Join(t.TempDir(), "nowhere.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there was copied: %v", err)
	}
	out, err := accolade(t, "copy", file)
	if err != nil || !strings.Contains(out, "awards             1\n") || !strings.Contains(out, "All of it is copied.") {
		t.Fatalf("copying prints %q, %v", out, err)
	}
	if _, err := accolade(t, "copy", file); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("copying it twice ends with %v", err)
	}

	serve(t, func(cfg *app.Config) { cfg.Store.URL = postgres })
	mustHaveOne(t, "ada")
	deliver(t, "pull_request", testkit.MergedPullRequest(7, 815, "ada"))
	deliver(t, "pull_request", testkit.MergedPullRequest(8, 816, "hedy"))
	mustHaveOne(t, "ada")
	mustHaveOne(t, "hedy")
	if listed, err := accolade(t, "deliveries", "list"); err != nil || strings.Count(listed, "\n") != 3 {
		t.Errorf("the deliveries are %q, %v", listed, err)
	}
}
