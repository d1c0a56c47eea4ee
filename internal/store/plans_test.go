package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// What was planned while a table was empty goes on being used when it is not any more, until Postgres looks at the table anew.
func TestBasesAreLookedUpByTheirIDs(t *testing.T) {
	t.Parallel()

	databaseURL := testkit.PostgresURL(t)
	testkit.Open(t, databaseURL)
	book, err := store.Open(t.Context(), store.Config{URL: databaseURL, MaxConns: 1}) // which plans each statement once
	if err != nil {
		t.Fatal(err)
	}
	packed := func(key byte, on int64) error {
		in := delivery("a", key)
		in.BaseID = on
		return book.TakeIn(t.Context(), func() *store.Intake {
			return &store.Intake{Deliveries: []*store.Delivery{in}, Events: make([][]*store.EventRow, 1), Now: noon}
		}, func(context.Context, *store.Tx, *store.Intake) error { return nil })
	}
	for range 10 {
		if err := packed(0, 1); !errors.Is(err, store.ErrBaseGone) {
			t.Fatal(err)
		}
	}
	ask(t, databaseURL, `INSERT INTO deliveries (source, key, transport_id, event_name, content_type, body, body_size, received_at, outcome)
		SELECT 'b', int4send(n), '', '', '', '', 0, now(), 'judged' FROM generate_series(1, 1000) AS n`)
	last, _ := ask(t, databaseURL, "SELECT max(id) FROM deliveries")[0].(int64)
	if err := packed(1, last); err != nil {
		t.Fatal(err)
	}
	if err := book.Close(); err != nil { // what its connection has read is known from then on
		t.Fatal(err)
	}
	const entries = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = $1"
	for deadline := time.Now().Add(10 * time.Second); ask(t, databaseURL, entries, "deliveries_pkey")[0] == int64(0); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the base was not looked up")
		}
	}
	same(t, "entries read of the index of other columns", ask(t, databaseURL, entries, "deliveries_kept"), []any{int64(0)})
}

// Servers that count the same people at once wait for each other in the order of the sheets, and never in circles, for which
// each would have to wait a second until Postgres finds out. That holds whatever Postgres knows of the table.
func TestSheetsAheadAreLockedInOrder(t *testing.T) {
	t.Parallel()

	for name, known := range map[string]string{"nothing is known": "SELECT 1", "the table is small": "ANALYZE sheets"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			databaseURL := testkit.PostgresURL(t)
			book := testkit.Open(t, databaseURL)
			keys := counts(t, book)
			ask(t, databaseURL, known)
			want := raiseAtOnce(t, book, keys)
			same(t, "the counts in the end", raised(t, book, keys...), want)
			found := ask(t, databaseURL, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
			same(t, "circles that Postgres found", found, []any{int64(0)})
		})
	}
}

// counts makes some counts of some people on several sheets, each of which is 1 then.
func counts(t *testing.T, book *store.Store) (keys []store.ProgressKey) {
	t.Helper()

	for _, name := range []string{"ada", "ben", "cleo", "dan", "eve", "fay"} {
		person := user(t, book, name).ID
		for _, id := range []int64{1, 200, 400, 600} {
			keys = append(keys, store.ProgressKey{MeasureID: id, UserID: person})
		}
	}
	for _, key := range slices.Backward(keys) { // so that they stand in another order in the table
		raised(t, book, key)
	}
	return keys
}

// raiseAtOnce has servers take in deliveries that raise most of the counts, each others, and returns what raised says then.
func raiseAtOnce(t *testing.T, book *store.Store, keys []store.ProgressKey) map[store.ProgressKey]int64 {
	t.Helper()

	want := map[store.ProgressKey]int64{}
	for _, key := range keys {
		want[key] = 2
	}
	var taking sync.WaitGroup
	for server := range 6 {
		raises := make([][]store.ProgressKey, 30)
		for batch := range raises {
			for i, key := range keys {
				if (i*7+batch*5+server)%3 != 0 {
					raises[batch] = append(raises[batch], key)
					want[key]++
				}
			}
		}
		taking.Go(func() {
			for batch, some := range raises {
				in := takeInCounting(t, book, &store.Intake{
					Sheets: sheetsOf(some...), Now: noon, Events: make([][]*store.EventRow, 1),
					Deliveries: []*store.Delivery{delivery(fmt.Sprint("server-", server), byte(batch))},
				}, some...)
				if len(in.Locked) != len(some) {
					t.Errorf("%d of %d sheets were locked", len(in.Locked), len(some))
				}
			}
		})
	}
	taking.Wait()
	return want
}

// ask returns the row that Postgres answers with, if any.
func ask(t *testing.T, databaseURL, question string, args ...any) (row []any) {
	t.Helper()

	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), question, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		row, err = rows.Values()
	}
	if err = errors.Join(err, rows.Err()); err != nil {
		t.Fatal(err)
	}
	return row
}
