package app_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// migrate does what "accolade migrate" does.
func migrate(t *testing.T, databaseURL string) {
	t.Helper()

	book, err := store.Open(t.Context(), store.Config{URL: databaseURL})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if err := book.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// migrations counts those that there are.
func migrations(t *testing.T, dialect string) int {
	t.Helper()

	files, err := filepath.Glob(filepath.Join("..", "store", "migrations", dialect, "*.up.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no migrations: %v", err)
	}
	return len(files)
}

// A service that may not migrate waits until somebody else does, and says what it waits for.
func TestMigrationsAreWaitedFor(t *testing.T) {
	t.Parallel()

	for name, withSpool := range map[string]bool{"without a spool": false, "with a spool": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cfg := configuration(testkit.PostgresURL(t), hotRules)
			cfg.AutoMigrate = false
			if withSpool {
				cfg.SpoolDirectory, cfg.SpoolMax = t.TempDir(), 64<<20
			}
			address := start(t, cfg)
			body := testkit.MergedPullRequest(1, 583231, "ada")

			missing := fmt.Sprintf("%d migrations are not applied; run accolade migrate", migrations(t, "postgres"))
			status, answer := exchange(t, plain(t, address+"/readyz"))
			mustBe(t, "the status of /readyz", status, http.StatusServiceUnavailable)
			mustBe(t, "the code of /readyz", answer["code"], "not_migrated")
			want := missing
			if withSpool {
				want += "; deliveries are kept in the spool until they are"
			}
			mustBe(t, "what /readyz says", answer["detail"], want)
			status, answer = exchange(t, plain(t, address+"/api/v1/users/ada"))
			mustBe(t, "the status of a page", status, http.StatusServiceUnavailable)
			mustBe(t, "what it says", answer["detail"], missing)
			status, answer = deliver(t, address, "pull_request", body)
			if withSpool {
				mustBe(t, "the outcome of a delivery", answer["outcome"], "spooled")
			} else {
				mustBe(t, "the status of a delivery", status, http.StatusServiceUnavailable)
				mustBe(t, "what it says", answer["detail"], missing)
			}

			migrate(t, cfg.Store.URL)
			ready(t, address)
			if withSpool {
				drained(t, address)
			} else {
				status, _ = deliver(t, address, "pull_request", body)
				mustBe(t, "the status of a delivery afterwards", status, http.StatusAccepted)
			}
			mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 2)
		})
	}
}

// ready waits until the service can do all of its work.
func ready(t *testing.T, address string) {
	t.Helper()

	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, answer := exchange(t, plain(t, address+"/api/v1/users/accolade"))
		if status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the service does not become ready: %d %v", status, answer)
		}
	}
}

// Nobody else can migrate a SQLite file while the service has it: waiting would never end.
func TestMissingMigrationsOfSQLiteEndTheStart(t *testing.T) {
	t.Parallel()

	path := testkit.SQLitePath(t)
	refused := func(want string) {
		t.Helper()
		cfg := configuration(path, hotRules)
		cfg.AutoMigrate = false
		service, err := app.New(t.Context(), cfg)
		if err == nil {
			t.Fatalf("the service started: %v", service.Close())
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the start ends with %q, want %q in it", err, want)
		}
	}
	refused(fmt.Sprintf("%d migrations are not applied; run accolade migrate", migrations(t, "sqlite")))
	migrate(t, path)
	cfg := configuration(path, hotRules)
	cfg.AutoMigrate = false
	service, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "DELETE FROM bun_migrations WHERE name = (SELECT max(name) FROM bun_migrations)"); err != nil {
		t.Fatal(err)
	}
	refused("1 migrations are not applied; run accolade migrate")
}
