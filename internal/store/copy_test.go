package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// tableColumn is a column of a table, with its type in small letters.
type tableColumn struct {
	Name, Type string
	Nullable   bool
}

// tables returns the columns of all tables but those of migrations and those of months.
func tables(t *testing.T, db *bun.DB) map[string][]tableColumn {
	t.Helper()

	query := `SELECT m.name AS "table", p.name, lower(p.type) AS type, NOT p."notnull" AND p.pk = 0 AS nullable
		FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table'`
	if db.Dialect().Name() == pgdialect.New().Name() {
		query = `SELECT table_name AS "table", column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable
			FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
			WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	}
	var rows []struct {
		tableColumn

		Table string
	}
	if err := db.NewRaw(query).Scan(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	found := map[string][]tableColumn{}
	for _, row := range rows {
		if !strings.HasPrefix(row.Table, "bun_") && !strings.HasPrefix(row.Table, "sqlite_") && !strings.HasPrefix(row.Table, "events_") {
			found[row.Table] = append(found[row.Table], row.tableColumn)
		}
	}
	return found
}

// fixed are values that a table asks for.
var fixed = map[string]any{
	"users.merged_into": 1, "achievements.kind": "revocable", "awards.kind": "revocable", "namespaces.visibility": "public", "jobs.state": "ready", "awards.occurrence": "", "members.role": 40,
	"events.id": 323_000_000_000_005, "event_keys.id": 323_000_000_000_005, "waiting.event_id": 323_000_000_000_005, "imports.purpose": "import",
	"events.data": someJSON, "deliveries.headers": someJSON,
}

const someJSON = `{"kind": "it's \"\\?0", "n": 1.0}`

// value is one of a column that is as hard to copy as can be.
func value(table string, c tableColumn) any {
	if v, ok := fixed[table+"."+c.Name]; ok {
		return v
	}
	switch kind := c.Type; {
	case strings.HasPrefix(kind, "timestamp"):
		return time.Date(2026, 11, 2, 23, 34, 56, 123_456_000, time.FixedZone("", -5*3600))
	case kind == "boolean":
		return true
	case kind == "json":
		return someJSON
	case kind == "text":
		return "ä'\\\n\"?0 " + table + "." + c.Name
	case kind == "blob", kind == "bytea":
		bytes := []byte("\x00'\\\xff" + strings.Repeat(".", 28))
		if c.Name == "digest" {
			return bytes[:20]
		}
		return bytes
	case c.Name == "id" && (table == "users" || table == "accounts"):
		return 2
	default:
		return 1
	}
}

// fill makes a row in every table that has none, in which every column has a value.
func fill(t *testing.T, db *bun.DB, all map[string][]tableColumn) {
	t.Helper()

	var left []string
	for table := range all {
		left = append(left, table)
	}
	slices.Sort(left)
	for tries := 0; len(left) > 0; tries++ {
		var refused []string
		var problems []string
		for _, table := range left {
			row := map[string]any{}
			for _, c := range all[table] {
				row[c.Name] = value(table, c)
			}
			insert := db.NewInsert().Model(&row).TableExpr("?", bun.Ident(table))
			if table == "book" {
				continue
			}
			if _, err := insert.Exec(t.Context()); err != nil { // of another table that it refers to
				refused, problems = append(refused, table), append(problems, table+": "+err.Error())
			}
		}
		if left = refused; tries == 5 && len(left) > 0 {
			t.Fatalf("these tables have no row:\n%s", strings.Join(problems, "\n"))
		}
	}
}

// contents returns what the tables hold, a line for each row.
func contents(t *testing.T, db *bun.DB, all map[string][]tableColumn) string {
	t.Helper()

	var lines []string
	for table, columns := range all {
		var names []string
		for _, c := range columns {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		lines = append(lines, linesOf(t, db, table, names)...)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func linesOf(t *testing.T, db *bun.DB, table string, names []string) (lines []string) {
	t.Helper()

	rows, err := db.NewSelect().TableExpr("?", bun.Ident(table)).Column(names...).Rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		line := []string{table}
		for i, v := range values {
			switch known := v.(type) {
			case time.Time:
				v = known.UTC().Format(time.RFC3339Nano)
			case []byte:
				if v = string(known); types[i].DatabaseTypeName() != "JSON" {
					v = hex.EncodeToString(known)
				}
			case bool: // which SQLite keeps as a number
				v = map[bool]int{true: 1}[known]
			}
			line = append(line, fmt.Sprintf("%s=%q", names[i], fmt.Sprint(v)))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// another returns the address of an empty database of the other kind.
func another(t *testing.T, databaseURL string) string {
	t.Helper()

	if strings.HasPrefix(databaseURL, "postgres") {
		return testkit.SQLitePath(t)
	}
	return testkit.PostgresURL(t)
}

// A book is copied into another database, with every table and every kind of value, and goes on there.
func TestBookIsCopied(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		from, db := testkit.Open(t, databaseURL), plainly(t, databaseURL)
		all := tables(t, db)
		turn(t, from, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		user(t, from, "first")
		last := user(t, from, "last")
		do(t, from, func(ctx context.Context, tx *store.Tx) error {
			return tx.Exec(ctx, fmt.Sprintf("DELETE FROM users WHERE id > %d", achievement.HouseUserID))
		})
		fill(t, db, all)
		before := contents(t, db, all)

		otherURL := another(t, databaseURL)
		to := testkit.Open(t, otherURL)
		told := map[string]int64{}
		if err := to.Copy(t.Context(), from, func(table string, rows int64) { told[table] = rows }); err != nil {
			t.Fatal(err)
		}
		if len(told) != len(all) || told["users"] != 2 || told["book"] != 1 {
			t.Errorf("of %d tables was told %v", len(all), told)
		}
		if after := contents(t, plainly(t, otherURL), all); after != before {
			t.Errorf("the copy holds\n%s\ninstead of\n%s", differing(after, before), differing(before, after))
		}
		if next := user(t, to, "next"); next.ID != last.ID+1 {
			t.Errorf("after the id %d comes %d", last.ID, next.ID)
		}
		next := happened("a", "1")
		do(t, to, func(ctx context.Context, tx *store.Tx) error { return tx.InsertEvents(ctx, []*store.EventRow{next}) })
		same(t, "the id of the next event", next.ID, int64(323_000_000_000_006))

		err := to.Copy(t.Context(), from, func(string, int64) {})
		if fault.As(err).Code != "book_not_empty" {
			t.Errorf("a book that holds something was filled: %v", err)
		}
	})
}

// What cannot be copied leaves nothing behind.
func TestCopyingIsOneTransaction(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		from, to := testkit.Open(t, another(t, databaseURL)), testkit.Open(t, databaseURL)
		give(t, from, badge(t, from, namespace(t, from, "town").ID, "Merged", achievement.Irrevocable), user(t, from, "ada"), "")
		do(t, from, func(ctx context.Context, tx *store.Tx) error {
			return tx.Exec(ctx, "UPDATE awards SET rule = 'town/merged'")
		})
		db := plainly(t, databaseURL)
		all := tables(t, db)
		before := contents(t, db, all)
		testkit.Refuse(t, databaseURL, "town/merged")
		if err := to.Copy(t.Context(), from, func(string, int64) {}); err == nil || !strings.Contains(err.Error(), "the test refuses it") {
			t.Errorf("copying what the database refuses ended with %v", err)
		}
		if after := contents(t, db, all); after != before {
			t.Errorf("after it failed, the book holds\n%s", differing(after, before))
		}
	})
}

// A book that lacks migrations is not copied: its tables are not those of this program.
func TestOnlyMigratedBooksAreCopied(t *testing.T) {
	t.Parallel()

	from, to := testkit.SQLite(t), testkit.SQLite(t)
	if _, err := from.MigrateDown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := to.Copy(t.Context(), from, func(string, int64) {}); !store.IsNotMigrated(err) {
		t.Errorf("copying it ended with %v", err)
	}
}
