package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// oldKeys are natural keys of every sort that there is.
var oldKeys = []string{
	"merge_request:77:9:merged", "merge_request:77:10:merged", "merge_request:{5f2e}:12:labeled:7:2026-11-02T09:47:13Z",
	"branch:77:main:pushed:abc:def", "commit:77:0123456789:comment:5:created", "pipeline:12345678901234567890:success",
	"award.granted:17", "repository:77:star:8:added", "snippet:x", "", "::", "7", "7:8:9:10", "a:", "Ünïcode:٣:4:x", "a\nb:5:c",
}

// oldBook makes a database as it was before events had months, with the keys in it, and returns it.
func oldBook(t *testing.T, databaseURL string) *bun.DB {
	t.Helper()

	db := plainly(t, databaseURL)
	migrateBelow(t, db, "0012")
	for _, key := range oldKeys {
		if _, err := db.ExecContext(t.Context(), `INSERT INTO events (source, key, kind, object, happened_at, delivery_id, data)
			VALUES ('forge', ?, 'merge_request.merged', 'o', '2026-10-02 12:00:00+00:00', 1, '{"kind":"merge_request.merged"}')`, key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO waiting (event_id, settle, due_at) VALUES (2, 5, '2026-10-02 12:00:00+00:00')"); err != nil {
		t.Fatal(err)
	}
	return db
}

func storeAll(t *testing.T, book *store.Store, keys ...string) []*store.EventRow {
	t.Helper()

	rows := make([]*store.EventRow, len(keys))
	for i, key := range keys {
		rows[i] = happened("forge", key)
	}
	do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.InsertEvents(ctx, rows) })
	return rows
}

// turn begins the month of a time, and reports how many transactions that took.
func turn(t *testing.T, book *store.Store, now time.Time) (times int) {
	t.Helper()

	for begun := false; !begun; times++ {
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			var err error
			begun, err = tx.BeginMonth(ctx, now)
			return err
		})
	}
	return times
}

func forget(t *testing.T, book *store.Store, before time.Time) (times int) {
	t.Helper()

	for some := true; some; times++ {
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			var err error
			some, err = tx.ForgetEvents(ctx, before, 3)
			return err
		})
	}
	return times
}

func since(t *testing.T, book *store.Store) time.Time {
	t.Helper()
	return read(t, book, func(ctx context.Context, tx *store.Tx) (time.Time, error) { return tx.EventsSince(ctx) })
}

func TestOldBooksGetMonths(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		old := oldBook(t, databaseURL)
		book := testkit.Open(t, databaseURL)
		for i, row := range storeAll(t, book, oldKeys...) {
			if row.New {
				t.Errorf("the key %q is not known any more", oldKeys[i])
			}
		}
		if fresh := storeAll(t, book, "merge_request:77:11:merged")[0]; !fresh.New || fresh.ID <= int64(len(oldKeys)) {
			t.Errorf("a new event gets the id %d", fresh.ID)
		}
		ids := read(t, book, func(ctx context.Context, tx *store.Tx) (map[string]int64, error) {
			return tx.EventIDs(ctx, "forge", oldKeys)
		})
		for i, key := range oldKeys {
			same(t, "the id of "+key, ids[key], int64(i+1))
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			due, err := tx.TakeDue(ctx, noon, 10)
			same(t, "what waits", len(due), 1)
			return err
		})
		told := read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.EventRow, error) { return tx.EventsTold(ctx, 1) })
		same(t, "the events", len(told), len(oldKeys)+1)

		// What is older than all months goes with the first of them.
		turn(t, book, noon)
		same(t, "ids in a month", storeAll(t, book, "branch:1:main:x")[0].ID, int64(322_000_000_000_000))
		forget(t, book, noon)
		told = read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.EventRow, error) { return tx.EventsTold(ctx, 1) })
		same(t, "the events while their month is kept", len(told), len(oldKeys)+2)
		turn(t, book, noon.AddDate(0, 1, 0))
		forget(t, book, noon.AddDate(0, 1, 0))
		told = read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.EventRow, error) { return tx.EventsTold(ctx, 1) })
		same(t, "the events when their month is forgotten", len(told), 0)
		for i, row := range storeAll(t, book, oldKeys...) {
			if row.New {
				t.Errorf("the key %q is forgotten with its event", oldKeys[i])
			}
		}
		_ = old.Close()
	})
}

func TestEventsOfMonths(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		postgres := !book.Exclusive()
		same(t, "transactions of the first turn", turn(t, book, noon), map[bool]int{true: 2, false: 1}[postgres])
		same(t, "transactions of another", turn(t, book, noon), 1)
		november := storeAll(t, book, "merge_request:1:1:merged", "merge_request:1:2:merged")[1]
		turn(t, book, noon.AddDate(0, 0, 29))
		december := storeAll(t, book, "merge_request:1:1:merged", "merge_request:1:3:merged")
		same(t, "what is new", []bool{december[0].New, december[1].New}, []bool{false, true})
		// A clock that goes back takes nothing back.
		turn(t, book, noon.AddDate(0, -3, 0))
		same(t, "the id after it", storeAll(t, book, "merge_request:1:4:merged")[0].ID > december[1].ID, true)
		turn(t, book, noon.AddDate(0, 4, 0))
		march := storeAll(t, book, "merge_request:1:5:merged")[0]
		same(t, "ids of months", []int64{november.ID / 1e12, december[1].ID / 1e12, march.ID / 1e12}, []int64{322, 323, 326})

		same(t, "since when there are events", since(t, book), time.Time{})
		forget(t, book, noon.AddDate(0, 1, 0))
		refused(t, book, "event_expired", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.EventByID(ctx, november.ID)
			return err
		})
		for _, id := range []int64{0, march.ID + 1} {
			refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.EventByID(ctx, id)
				return err
			})
		}
		same(t, "since when there are events", since(t, book), time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC))
		newest := read(t, book, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.LastEventID(ctx) })
		same(t, "the newest event", newest, march.ID)
		same(t, "what is known of what is gone", read(t, book, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.EventID(ctx, "forge", "merge_request:1:2:merged")
		}), november.ID)
	})
}

// Months begin and end while events come in, and no event is lost, counted twice or kept waiting.
func TestMonthsTurnUnderLoad(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		turn(t, book, noon)
		var senders sync.WaitGroup
		counts := make([]int, 3)
		stop := make(chan struct{})
		for s := range counts {
			senders.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					// Each key is sent by two senders.
					rows := []*store.EventRow{happened("forge", fmt.Sprintf("merge_request:%d:%d", s%2, i))}
					if err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertEvents(ctx, rows) }); err != nil {
						t.Error(err)
						return
					}
					if rows[0].New {
						counts[s]++
					}
				}
			})
		}
		for months := range 12 {
			turn(t, book, noon.AddDate(0, months, 0))
			forget(t, book, noon.AddDate(0, months-6, 0))
			time.Sleep(20 * time.Millisecond)
		}
		close(stop)
		senders.Wait()
		told := read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.EventRow, error) { return tx.EventsTold(ctx, 1) })
		known := read(t, book, func(ctx context.Context, tx *store.Tx) (int, error) {
			keys := make([]string, 0, 2*counts[1])
			for i := range counts[0] + counts[1] + counts[2] {
				keys = append(keys, fmt.Sprintf("merge_request:0:%d", i), fmt.Sprintf("merge_request:1:%d", i))
			}
			ids, err := tx.EventIDs(ctx, "forge", keys)
			return len(ids), err
		})
		same(t, "how many keys are known", known, counts[0]+counts[1]+counts[2])
		if len(told) == 0 || len(told) >= known {
			t.Errorf("%d of %d events are kept", len(told), known)
		}
	})
}
