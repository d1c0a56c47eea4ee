package store_test

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func delivery(source string, key byte) *store.Delivery {
	return &store.Delivery{
		Source: source, Key: [16]byte{key}, TransportID: "t", EventName: "pull_request", ContentType: "application/json",
		Body: []byte{0, 1, '\'', 0xff, '\\'}, BodySize: 12, ReceivedAt: noon, Outcome: "judged", Problem: "none",
	}
}

func TestDeliveriesAreStoredOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		first, other, twice := delivery("a", 1), delivery("b", 1), delivery("a", 1)
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertDeliveries(ctx, []*store.Delivery{first, other, twice})
		})
		same(t, "which exist", []bool{first.Existing, other.Existing, twice.Existing}, []bool{false, false, true})
		same(t, "the id of the same one", twice.ID, first.ID)
		if first.ID == other.ID || first.ID == 0 {
			t.Errorf("two deliveries have the ids %d and %d", first.ID, other.ID)
		}
		later, fresh := delivery("a", 1), delivery("a", 2)
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertDeliveries(ctx, []*store.Delivery{later, fresh})
		})
		same(t, "which exist", []bool{later.Existing, fresh.Existing}, []bool{true, false})
		same(t, "the id of the same one", later.ID, first.ID)

		stored := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Delivery, error) {
			return tx.DeliveryByID(ctx, first.ID)
		})
		want := *first
		want.Existing = true
		same(t, "the delivery", stored, &want)
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeliveryByID(ctx, 999)
			return err
		})
	})
}

func happened(source, key string) *store.EventRow {
	return &store.EventRow{DeliveryID: 1, Event: event.Event{
		Kind: event.MergeRequestMerged, Time: noon, Source: source, Key: key, Object: "merge_request:1", Title: `it's "odd" \`,
	}}
}

func TestEventsAreStoredOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		insert := func(events ...*store.EventRow) []bool {
			do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.InsertEvents(ctx, events) })
			isNew := make([]bool, len(events))
			for i := range events {
				isNew[i] = events[i].New
				if events[i].New != (events[i].ID != 0) {
					t.Errorf("an event with new = %t has the id %d", events[i].New, events[i].ID)
				}
			}
			return isNew
		}
		same(t, "which are new", insert(happened("b", "2"), happened("a", "1"), happened("a", "2"), happened("a", "1")), []bool{true, true, true, false})
		same(t, "which are new later", insert(happened("a", "3"), happened("a", "1")), []bool{true, false})
	})
}

// Servers that store overlapping batches at once agree on who was first, and none fails.
func TestOverlappingBatches(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		var storing sync.WaitGroup
		var mutex sync.Mutex
		firsts := map[string]int{}
		for server := range 6 {
			storing.Go(func() {
				for batch := range 5 {
					var events []*store.EventRow
					for i := range 20 {
						key := (i*7 + server) % 20 // each server has an order of its own
						events = append(events, happened("a", fmt.Sprintf("%d-%d", batch, key)))
					}
					err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.InsertEvents(ctx, events) })
					if err != nil {
						t.Error(err)
					}
					mutex.Lock()
					for _, ev := range events {
						if ev.New {
							firsts[ev.Event.Key]++
						}
					}
					mutex.Unlock()
				}
			})
		}
		storing.Wait()
		for key, times := range firsts {
			if times != 1 {
				t.Errorf("event %s was new %d times", key, times)
			}
		}
		same(t, "how many events there are", len(firsts), 100)
	})
}

func TestMeasuresKeepTheirIDs(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		first := measures(t, book, "one", "two", "one")
		same(t, "how many measures there are", len(first), 2)
		same(t, "one of them later", measures(t, book, "two", "three")["two"], first["two"])
	})
}

// measures makes measures in the book.
func measures(t *testing.T, book *store.Store, hashes ...string) map[string]int64 {
	t.Helper()

	known := make([]store.Measure, len(hashes))
	for i, hash := range hashes {
		known[i].Hash = hash
	}
	var ids map[string]int64
	do(t, book, func(ctx context.Context, tx *store.Tx) error {
		var err error
		ids, err = tx.EnsureMeasures(ctx, known, noon)
		return err
	})
	return ids
}

// count adds 1 to the states under the keys, by reading and writing them, and returns them.
func count(t *testing.T, book *store.Store, keys ...store.ProgressKey) map[store.ProgressKey]int64 {
	t.Helper()

	counted := map[store.ProgressKey]int64{}
	do(t, book, func(ctx context.Context, tx *store.Tx) error {
		states, err := tx.LockProgress(ctx, keys)
		if err != nil {
			return err
		}
		for key, state := range states {
			state.N++
			states[key], counted[key] = state, state.N
		}
		return tx.SaveProgress(ctx, states, noon)
	})
	return counted
}

// What a measure remembers besides its number comes back as it was.
func TestProgressRemembers(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		key := store.ProgressKey{MeasureID: measures(t, book, "one")["one"], UserID: user(t, book, "ada").ID, Bucket: "x"}
		for _, want := range []store.Progress{{}, {N: 3, Data: []byte("\x00\xff'?")}, {N: 4, Data: bytes.Repeat([]byte{7}, 16<<10)}, {N: 5}} {
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.LockProgress(ctx, []store.ProgressKey{key}); err != nil {
					return err
				}
				return tx.SaveProgress(ctx, map[store.ProgressKey]store.Progress{key: want}, noon)
			})
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.LockProgress(ctx, []store.ProgressKey{key})
				same(t, "the state", got[key], want)
				return err
			})
		}
	})
}

func TestProgress(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada, bob := user(t, book, "ada").ID, user(t, book, "bob").ID
		ids := measures(t, book, "one", "two")
		a := store.ProgressKey{MeasureID: ids["one"], UserID: ada}
		b := store.ProgressKey{MeasureID: ids["one"], UserID: ada, Bucket: "2026-11 'x'"}
		c := store.ProgressKey{MeasureID: ids["two"], UserID: bob}
		type states = map[store.ProgressKey]int64
		same(t, "the first counts", count(t, book, a, b), states{a: 1, b: 1})
		same(t, "the next counts", count(t, book, c, a), states{a: 2, c: 1})
		same(t, "nothing", count(t, book), states{})
		same(t, "the counts in the end", count(t, book, a, b, c), states{a: 3, b: 2, c: 2})
	})
}

// Eight count the same states at once, in orders of their own, new ones among them.
func TestProgressAtOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := user(t, book, "ada").ID
		ids := measures(t, book, "one", "two")
		key := func(hash, bucket string) store.ProgressKey {
			return store.ProgressKey{MeasureID: ids[hash], UserID: ada, Bucket: bucket}
		}
		var counting sync.WaitGroup
		for server := range 8 {
			counting.Go(func() {
				for i := range 10 {
					keys := []store.ProgressKey{key("one", "a"), key("one", "b"), key("two", strconv.Itoa(i))}
					keys[0], keys[server%3] = keys[server%3], keys[0]
					count(t, book, keys...)
				}
			})
		}
		counting.Wait()
		same(t, "the counts in the end", count(t, book, key("one", "a"), key("one", "b"), key("two", "7")),
			map[store.ProgressKey]int64{key("one", "a"): 81, key("one", "b"): 81, key("two", "7"): 9})
	})
}

func TestRevisions(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.CurrentRevision(ctx)
			return err
		})
		ensure := func(hash string, at time.Time) *store.Revision {
			var revision *store.Revision
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.HoldRevision(ctx, true); err != nil {
					return err
				}
				made, err := tx.EnsureRevision(ctx, store.Revision{Hash: hash, Files: []byte(`["` + hash + `"]`), AppliedAt: at, AppliedBy: 7},
					map[string][]string{"asks " + hash: {"a", "b"}})
				revision = made
				return err
			})
			same(t, "the current revision", read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Revision, error) {
				return tx.CurrentRevision(ctx)
			}), revision)
			same(t, "the one that is held", read(t, book, func(ctx context.Context, tx *store.Tx) (store.Held, error) {
				return tx.HoldRevision(ctx, false)
			}), store.Held{RevisionID: revision.ID})
			return revision
		}
		one := ensure("one", noon)
		two := ensure("two", noon.Add(time.Second))
		again := ensure("one", noon.Add(time.Minute))
		same(t, "the first one applied again", []any{again.ID, again.CreatedAt, again.AppliedAt}, []any{one.ID, one.CreatedAt, noon.Add(time.Minute)})
		same(t, "what they judge by", read(t, book, func(ctx context.Context, tx *store.Tx) (map[int64]map[string][]string, error) {
			return tx.MatchersOf(ctx, []int64{one.ID, two.ID})
		}), map[int64]map[string][]string{one.ID: {"asks one": {"a", "b"}}, two.ID: {"asks two": {"a", "b"}}})
	})
}
