// Package testkit gives tests what they run on: books, caches, clocks, relays, deliveries and providers.
//
// The book on Postgres and the cache in Redis are real servers, whose addresses come from the
// environment: build/services starts them and sets ACCOLADE_TEST_POSTGRES_URL and
// ACCOLADE_TEST_REDIS_URL. Without them the tests that need them are skipped and say so, unless
// ACCOLADE_TEST_REQUIRE is set. Only tests import the package; it may import store and forge.
package testkit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/seed-504bad89/accolade/internal/store"
)

// EachStore runs the test on an empty, migrated book in SQLite and on one in Postgres.
func EachStore(t *testing.T, run func(t *testing.T, book *store.Store)) {
	t.Helper()
	EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()
		run(t, Open(t, databaseURL))
	})
}

// EachDatabase runs the test on the address of an empty SQLite database and of one in Postgres.
func EachDatabase(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, SQLitePath(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, PostgresURL(t))
	})
}

// SQLite returns an empty, migrated book in SQLite.
func SQLite(t *testing.T) *store.Store {
	t.Helper()
	return Open(t, SQLitePath(t))
}

// SQLitePath returns the path of a SQLite database that does not exist yet.
func SQLitePath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "accolade.db")
}

// Open opens and migrates the book at the address until the test ends.
func Open(t *testing.T, databaseURL string) *store.Store {
	t.Helper()
	return OpenWith(t, store.Config{URL: databaseURL, MaxConns: 8})
}

// OpenWith opens and migrates the configured book until the test ends.
func OpenWith(t *testing.T, cfg store.Config) *store.Store {
	t.Helper()

	book, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := book.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return book
}

// PostgresURL returns the address of an empty database in Postgres, which is dropped when the
// test ends.
func PostgresURL(t *testing.T) string {
	t.Helper()

	server := need(t, "ACCOLADE_TEST_POSTGRES_URL")
	name := "test_" + strings.ToLower(rand.Text())
	execute(t.Context(), t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(context.WithoutCancel(t.Context()), t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	address.Path = "/" + name
	return address.String()
}

// Refuse makes the database refuse to store awards of the rule ("namespace/key") from now on.
func Refuse(t *testing.T, databaseURL, rule string) {
	t.Helper()

	if strings.HasPrefix(databaseURL, "postgres") {
		execute(t.Context(), t, databaseURL, `CREATE FUNCTION refuse() RETURNS trigger AS
			$$ BEGIN RAISE EXCEPTION 'the test refuses it'; END $$ LANGUAGE plpgsql`)
		execute(t.Context(), t, databaseURL, `CREATE TRIGGER refuse BEFORE INSERT ON awards
			FOR EACH ROW WHEN (NEW.rule = '`+rule+`') EXECUTE FUNCTION refuse()`)
		return
	}
	db, err := sql.Open("sqlite", databaseURL+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	statement := strings.Replace(`CREATE TRIGGER refuse BEFORE INSERT ON awards
		WHEN NEW.rule = 'RULE' BEGIN SELECT RAISE(ABORT, 'the test refuses it'); END`, "RULE", rule, 1)
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// Permit takes back what Refuse did.
func Permit(t *testing.T, databaseURL string) {
	t.Helper()

	if strings.HasPrefix(databaseURL, "postgres") {
		execute(t.Context(), t, databaseURL, `DROP FUNCTION refuse CASCADE`)
		return
	}
	db, err := sql.Open("sqlite", databaseURL+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `DROP TRIGGER refuse`); err != nil {
		t.Fatal(err)
	}
}

func execute(ctx context.Context, t *testing.T, server, statement string) {
	t.Helper()

	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Error(err)
	}
}

// RedisURL returns the address of the Redis of the test run. Tests share it: use Prefix.
func RedisURL(t *testing.T) string {
	t.Helper()
	return need(t, "ACCOLADE_TEST_REDIS_URL")
}

// Prefix returns what the test's keys in Redis begin with; they are deleted when the test ends.
func Prefix(t *testing.T) string {
	t.Helper()

	prefix := "test:" + rand.Text() + ":"
	options, err := redis.ParseURL(RedisURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client := redis.NewClient(options)
		defer client.Close()
		ctx := context.WithoutCancel(t.Context())
		for keys := client.Scan(ctx, 0, prefix+"*", 1000).Iterator(); keys.Next(ctx); {
			if err := client.Del(ctx, keys.Val()).Err(); err != nil {
				t.Error(err)
			}
		}
	})
	return prefix
}

// need returns the environment variable. Without it the test is skipped, and fails where tests
// must not be skipped.
func need(t *testing.T, variable string) string {
	t.Helper()

	value := os.Getenv(variable)
	switch {
	case value != "":
	case os.Getenv("ACCOLADE_TEST_REQUIRE") != "":
		t.Fatalf("%s is not set, and ACCOLADE_TEST_REQUIRE is", variable)
	default:
		t.Skipf("%s is not set; make test sets it", variable)
	}
	return value
}

// Clock is a clock that stands until it is advanced. It is safe for concurrent use.
type Clock struct {
	mutex sync.Mutex
	now   time.Time
}

// NewClock returns a clock that shows 2026-11-02 10:00 UTC, a Monday.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.November, 2, 10, 0, 0, 0, time.UTC)}
}

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Advance puts the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}
