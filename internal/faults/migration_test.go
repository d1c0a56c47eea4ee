//go:build faults

package faults_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// haltAfter counts the statements that make tables, also those whose transaction is rolled back, and halts after one of them.
const haltAfter = `
CREATE SEQUENCE IF NOT EXISTS halt_statements;
CREATE OR REPLACE FUNCTION halt() RETURNS event_trigger AS $$
BEGIN IF nextval('public.halt_statements') = %d THEN PERFORM pg_sleep(600); END IF; END $$ LANGUAGE plpgsql;
CREATE EVENT TRIGGER halt ON ddl_command_end EXECUTE FUNCTION halt();
ALTER SEQUENCE halt_statements RESTART;`

const goOn = `DROP EVENT TRIGGER halt; DROP FUNCTION halt; DROP SEQUENCE halt_statements;`

// shape is what the tables look like.
const shape = `SELECT string_agg(line, E'\n' ORDER BY line) FROM (
	SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line FROM information_schema.columns WHERE table_schema = 'public'
	UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
	UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT name FROM bun_migrations) lines
	WHERE line !~ 'events_\d{4}_\d{2}' -- a month's table is made when somebody finds time`

// Row 3: the process is killed after statements of migrations, whichever they are: the next start finishes it, as if nothing had been.
func TestRow03KilledInsideAMigration(t *testing.T) {
	cluster := testkit.NewCluster(t)
	chance := faults.Chance(t)
	ask(t, cluster.URL(), "CREATE DATABASE undisturbed")
	undisturbed := strings.Replace(cluster.URL(), "/postgres?", "/undisturbed?", 1)
	ask(t, undisturbed, fmt.Sprintf(haltAfter, 1_000_000))
	s := faults.NewService(t, undisturbed)
	s.Start()
	s.Stop()
	var statements int
	if _, err := fmt.Sscan(ask(t, undisturbed, "SELECT last_value FROM halt_statements"), &statements); err != nil {
		t.Fatal(err)
	}
	ask(t, undisturbed, goOn)
	want := ask(t, undisturbed, shape)

	for round := range faults.Times(40, 5) {
		at := chance.IntN(statements) + 1
		name := fmt.Sprintf("round%d", round)
		ask(t, cluster.URL(), "CREATE DATABASE "+name)
		databaseURL := strings.Replace(cluster.URL(), "/postgres?", "/"+name+"?", 1)
		t.Logf("round %d: killed after statement %d of %d", round, at, statements)
		killedAt(t, databaseURL, at)
		if got := ask(t, databaseURL, shape); got != want {
			t.Errorf("killed after statement %d of %d, the tables became others:\n%s", at, statements, firstDifference(want, got))
		}
		ask(t, cluster.URL(), "DROP DATABASE "+name+" WITH (FORCE)")
	}
}

// killedAt kills a service after the statement of its migrations, and starts it again.
func killedAt(t *testing.T, databaseURL string, statement int) {
	t.Helper()

	ask(t, databaseURL, fmt.Sprintf(haltAfter, statement))
	s := faults.NewService(t, databaseURL)
	if err := s.Launch(); err != nil {
		t.Fatal(err)
	}
	const halted = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
	for deadline := time.Now().Add(time.Minute); ask(t, databaseURL, halted) == "0"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came to statement %d: %s", statement, s.Log())
		}
	}
	s.Kill()
	// Postgres finds out late that nobody is there any more.
	ask(t, databaseURL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()")
	ask(t, databaseURL, goOn)
	s.Start()
	s.Until("/readyz", 200, 10*time.Second)
	s.Stop()
}

// ask runs statements and returns the first value of the last one as text.
func ask(t *testing.T, databaseURL, statements string) string {
	t.Helper()

	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	results, err := conn.PgConn().Exec(t.Context(), statements).ReadAll()
	if err != nil {
		t.Fatalf("%v: %s", err, statements)
	}
	if len(results) == 0 {
		return ""
	}
	if last := results[len(results)-1]; len(last.Rows) > 0 {
		return string(last.Rows[0][0])
	}
	return ""
}

func firstDifference(want, got string) string {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		if wants[i] != gots[i] {
			return fmt.Sprintf("want %s\ngot  %s", wants[i], gots[i])
		}
	}
	return fmt.Sprintf("want %d lines, got %d", len(wants), len(gots))
}

// The same on SQLite, where the process is killed whenever it happens to be.
func TestRow03KilledInsideAMigrationOfSQLite(t *testing.T) {
	chance := faults.Chance(t)
	path := testkit.SQLitePath(t)
	for range faults.Times(30, 5) {
		s := faults.NewService(t, path)
		if err := s.Launch(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(between(chance, 10*time.Millisecond, 700*time.Millisecond))
		s.Kill()
		if chance.IntN(3) > 0 {
			for _, name := range []string{path, path + "-wal", path + "-shm"} {
				_ = os.Remove(name)
			}
		}
	}
	s := faults.NewService(t, path)
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() { time.Sleep(2 * time.Second) })
	d.MustBeClean(t, path, within)
	s.Stop()
	sound(t, path)
}
