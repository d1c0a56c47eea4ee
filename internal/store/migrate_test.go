package store_test

import (
	"context"
	"database/sql"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/migrate"
	_ "modernc.org/sqlite"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// plainly opens a database as it is.
func plainly(t *testing.T, databaseURL string) *bun.DB {
	t.Helper()

	driver := "sqlite"
	if strings.HasPrefix(databaseURL, "postgres") {
		driver = "pgx"
	}
	pool, err := sql.Open(driver, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	if driver == "pgx" {
		return bun.NewDB(pool, pgdialect.New())
	}
	return bun.NewDB(pool, sqlitedialect.New())
}

// migrationFiles returns where the migrations of a database are, and the names of those that make something, in order.
func migrationFiles(t *testing.T, db *bun.DB) (place string, ups []string) {
	t.Helper()

	place = "migrations/sqlite"
	if db.Dialect().Name() == pgdialect.New().Name() {
		place = "migrations/postgres"
	}
	listed, err := os.ReadDir(place)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range listed {
		if strings.HasSuffix(file.Name(), ".up.sql") {
			ups = append(ups, file.Name())
		}
	}
	return place, ups
}

// migrateBelow applies the migrations whose numbers are less.
func migrateBelow(t *testing.T, db *bun.DB, number string) {
	t.Helper()

	place, ups := migrationFiles(t, db)
	before := fstest.MapFS{}
	for _, name := range ups {
		if name < number {
			data, err := os.ReadFile(path.Join(place, name))
			if err != nil {
				t.Fatal(err)
			}
			before[name] = &fstest.MapFile{Data: data}
		}
	}
	migrations := migrate.NewMigrations()
	if err := migrations.Discover(before); err != nil {
		t.Fatal(err)
	}
	migrator := migrate.NewMigrator(db, migrations, migrate.WithTableName("bun_migrations"), migrate.WithMarkAppliedOnSuccess(true))
	if err := migrator.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What the tables look like, but for those of months, which are made when somebody finds time.
const (
	shapeOfPostgres = `SELECT line FROM (
		SELECT format('%s.%s %s %s %s %s', table_name, column_name, data_type, is_nullable, column_default, is_identity) AS line
			FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT proname || ' ' || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT relname || ' ' || relkind::text || ' ' || coalesce(reloptions::text, '') FROM pg_class WHERE relnamespace = 'public'::regnamespace
		) lines WHERE line !~ 'bun_|events_\d{4}_\d{2}' ORDER BY line`
	shapeOfSQLite = `SELECT line FROM (
		SELECT m.name || '.' || p.name || ' ' || p.type || ' ' || p."notnull" || ' ' || coalesce(p.dflt_value, '') || ' ' || p.pk AS line
			FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table'
		UNION ALL SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master WHERE type <> 'table'
		UNION ALL SELECT name || ' counts' FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'
		UNION ALL SELECT m.name || ' ' || f."from" || ' of ' || f."table" || ' ' || f.on_delete
			FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'
		) WHERE line NOT LIKE '%sqlite_%' AND line NOT LIKE '%bun_%' ORDER BY line`
)

func shapeOf(t *testing.T, db *bun.DB) string {
	t.Helper()

	query := shapeOfSQLite
	if db.Dialect().Name() == pgdialect.New().Name() {
		query = shapeOfPostgres
	}
	var lines []string
	if err := db.NewRaw(query).Scan(t.Context(), &lines); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// differing returns the lines that only the first of two texts has.
func differing(one, other string) string {
	var found []string
	for line := range strings.SplitSeq(one, "\n") {
		if !slices.Contains(strings.Split(other, "\n"), line) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}

// one returns what a query asks for.
func one[T any](t *testing.T, db *bun.DB, query string) (value T) {
	t.Helper()

	if err := db.NewRaw(query).Scan(t.Context(), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// growth returns the names of the migrations of a database, and what the tables look like after each.
func growth(t *testing.T, databaseURL string) (names, shapes []string) {
	t.Helper()

	another := testkit.SQLitePath(t)
	if strings.HasPrefix(databaseURL, "postgres") {
		another = testkit.PostgresURL(t)
	}
	db := plainly(t, another)
	_, ups := migrationFiles(t, db)
	for _, up := range ups {
		migrateBelow(t, db, up+"~")
		name, _, _ := strings.Cut(up, ".")
		names, shapes = append(names, name), append(shapes, shapeOf(t, db))
	}
	return names, shapes
}

func mustLook(t *testing.T, when string, db *bun.DB, want string) {
	t.Helper()

	if got := shapeOf(t, db); got != want {
		t.Fatalf("%s, the tables have\n%s\ninstead of\n%s", when, differing(got, want), differing(want, got))
	}
}

// Each migration can be undone: then the tables are as they were before it, and it can be applied again. What both forms can hold is
// kept on the way.
func TestMigrationsCanBeUndone(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		names, shapes := growth(t, databaseURL)
		book, db := testkit.Open(t, databaseURL), plainly(t, databaseURL)
		award := give(t, book, badge(t, book, namespace(t, book, "town").ID, "Merged", achievement.Irrevocable), user(t, book, "ada"), "")
		packed := tellOfOne(t, book)
		events := read(t, book, func(ctx context.Context, tx *store.Tx) ([]string, error) { return tx.EventData(ctx) })
		for i := len(names) - 1; i > 0; i-- {
			undone, err := book.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			same(t, "what was undone", undone, names[i])
			mustLook(t, "without "+undone, db, shapes[i-1])
			if undone == "0015_bases" {
				same(t, "those whose bodies nobody can read now", one[int64](t, db, "SELECT id FROM deliveries WHERE body_expired_at IS NOT NULL"), packed)
			}
			if err := book.Ready(t.Context()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("without %s the book is ready: %v", undone, err)
			}
		}
		if _, err := book.MigrateDown(t.Context()); fault.As(err).Code != "first_migration" {
			t.Errorf("the first migration was undone: %v", err)
		}
		if err := book.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustLook(t, "migrated again", db, shapes[len(shapes)-1])
		kept := read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.Award, error) {
			return tx.AwardByID(ctx, award.ID)
		})
		same(t, "whose the award is", kept.UserID, award.UserID)
		same(t, "the events", read(t, book, func(ctx context.Context, tx *store.Tx) ([]string, error) { return tx.EventData(ctx) }), events)
	})
}

// tellOfOne stores a delivery that is packed on another one and tells of an event, and returns its id.
func tellOfOne(t *testing.T, book *store.Store) int64 {
	t.Helper()

	base, packed, told := delivery("a", 1), delivery("a", 2), happened("a", "1")
	do(t, book, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertDeliveries(ctx, []*store.Delivery{base}); err != nil {
			return err
		}
		packed.BaseID = base.ID
		if err := tx.InsertDeliveries(ctx, []*store.Delivery{packed}); err != nil {
			return err
		}
		told.DeliveryID = packed.ID
		return tx.InsertEvents(ctx, []*store.EventRow{told})
	})
	return packed.ID
}

// What a newer program has applied, this one lists and cannot undo.
func TestMigrationsOfNewerPrograms(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.Exec(ctx, "INSERT INTO bun_migrations (name, group_id) VALUES ('9999', 99)")
		})
		if _, err := book.MigrateDown(t.Context()); fault.As(err).Code != "unknown_migration" {
			t.Errorf("a migration that this program does not know was undone: %v", err)
		}
		all, err := book.Migrations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range all {
			last := i == len(all)-1
			if m.AppliedAt.IsZero() || m.Unknown != last || last != (m.Name == "9999") {
				t.Errorf("%d of %d is %+v", i, len(all), m)
			}
		}
		if err := book.Ready(t.Context()); err != nil {
			t.Errorf("a book that a newer program has migrated is not ready: %v", err)
		}
	})
}
