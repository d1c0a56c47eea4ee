package store_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
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

func TestProgress(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada, bob := user(t, book, "ada"), user(t, book, "bob")
		measures := map[string]int64{}
		for range 2 {
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				ids, err := tx.EnsureMeasures(ctx, []string{"one", "two", "one"}, noon)
				for hash, id := range ids {
					if before, known := measures[hash]; known && before != id {
						t.Errorf("measure %s was %d and is %d", hash, before, id)
					}
					measures[hash] = id
				}
				return err
			})
		}
		same(t, "how many measures there are", len(measures), 2)

		key := func(hash string, userID int64, bucket string) store.ProgressKey {
			return store.ProgressKey{MeasureID: measures[hash], UserID: userID, Bucket: bucket}
		}
		count := func(keys ...store.ProgressKey) map[store.ProgressKey]int64 {
			var states map[store.ProgressKey]int64
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				var err error
				if states, err = tx.LockProgress(ctx, keys); err != nil {
					return err
				}
				for key := range states {
					states[key]++
				}
				return tx.SaveProgress(ctx, states, noon)
			})
			return states
		}
		a, b, c := key("one", ada.ID, ""), key("one", ada.ID, "2026-11 'x'"), key("two", bob.ID, "")
		same(t, "the first counts", count(a, b), map[store.ProgressKey]int64{a: 1, b: 1})
		same(t, "the next counts", count(c, a), map[store.ProgressKey]int64{a: 2, c: 1})

		// Eight count the same states at once, in orders of their own; new ones among them.
		var counting sync.WaitGroup
		for server := range 8 {
			counting.Go(func() {
				for i := range 10 {
					keys := []store.ProgressKey{a, key("two", ada.ID, strconv.Itoa(i)), c, b}
					keys[0], keys[server%4] = keys[server%4], keys[0]
					count(keys...)
				}
			})
		}
		counting.Wait()
		fresh := key("two", ada.ID, "9")
		same(t, "the counts in the end", count(a, b, c, fresh), map[store.ProgressKey]int64{a: 83, b: 82, c: 82, fresh: 9})
	})
}

func TestRevisions(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.LatestRevision(ctx)
			return err
		})
		ensure := func(hash string, at time.Time) *store.Revision {
			var revision *store.Revision
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				var err error
				revision, err = tx.EnsureRevision(ctx, hash, []byte(`["`+hash+`"]`), at)
				return err
			})
			same(t, "the latest revision", read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Revision, error) {
				return tx.LatestRevision(ctx)
			}), revision)
			return revision
		}
		one := ensure("one", noon)
		ensure("two", noon.Add(time.Second))
		same(t, "the first one applied again", ensure("one", noon.Add(time.Minute)), one)
	})
}

func TestJobs(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		enqueue := func(jobs ...store.Job) {
			do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.EnqueueJobs(ctx, jobs) })
		}
		claim := func(now time.Time) []store.Job {
			var jobs []store.Job
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				var err error
				jobs, err = tx.ClaimJobs(ctx, []string{"mail"}, 10, now, now.Add(time.Minute))
				return err
			})
			return jobs
		}
		enqueue(
			store.Job{Kind: "mail", UniqueKey: "mail:1", Args: []byte(`{"a":1}`), RunAt: noon},
			store.Job{Kind: "mail", UniqueKey: "mail:1", Args: []byte(`{"a":2}`), RunAt: noon},
			store.Job{Kind: "mail", Args: []byte(`{}`), RunAt: noon.Add(time.Hour)},
			store.Job{Kind: "other", Args: []byte(`{}`), RunAt: noon},
		)
		enqueue(store.Job{Kind: "mail", UniqueKey: "mail:1", Args: []byte(`{}`), RunAt: noon})

		jobs := claim(noon)
		if len(jobs) != 1 || string(jobs[0].Args) != `{"a":1}` || jobs[0].Attempt != 1 || !jobs[0].LeasedUntil.Equal(noon.Add(time.Minute)) {
			t.Fatalf("claimed %+v", jobs)
		}
		same(t, "what is claimed while it is leased", claim(noon.Add(59*time.Second)), []store.Job{})
		again := claim(noon.Add(time.Minute))
		if len(again) != 1 || again[0].Attempt != 2 {
			t.Fatalf("claimed after the lease: %+v", again)
		}
		end := func(change func(ctx context.Context, tx *store.Tx) error, want string) {
			do(t, book, change)
			state := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Job, error) { return tx.JobByID(ctx, jobs[0].ID) })
			same(t, "the job's state", state.State+" "+state.LastError, want)
		}
		// The first claim is void by now: whoever held it may end nothing.
		end(func(ctx context.Context, tx *store.Tx) error { return tx.FinishJob(ctx, jobs[0], noon) }, "ready ")
		end(func(ctx context.Context, tx *store.Tx) error {
			return tx.RetryJob(ctx, again[0], noon.Add(2*time.Minute), "oops")
		}, "ready oops")
		same(t, "what is claimed before its time", claim(noon.Add(119*time.Second)), []store.Job{})
		third := claim(noon.Add(2 * time.Minute))
		end(func(ctx context.Context, tx *store.Tx) error { return tx.FinishJob(ctx, third[0], noon) }, "done ")
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteFinishedJobs(ctx, noon) })
		end(func(ctx context.Context, tx *store.Tx) error { return tx.ParkJob(ctx, third[0], "no", noon) }, "done ")
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteFinishedJobs(ctx, noon.Add(time.Microsecond))
		})
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.JobByID(ctx, jobs[0].ID)
			return err
		})
	})
}

func TestJobThatKillsItsWorkersIsParked(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.EnqueueJobs(ctx, []store.Job{{Kind: "mail", Args: []byte(`{}`), RunAt: noon, MaxAttempts: 2}})
		})
		now := noon
		var id int64
		for _, want := range []int{1, 1, 0, 0} {
			var jobs []store.Job
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				var err error
				jobs, err = tx.ClaimJobs(ctx, []string{"mail"}, 10, now, now.Add(time.Minute))
				return err
			})
			if len(jobs) != want {
				t.Fatalf("claimed %d jobs, want %d", len(jobs), want)
			}
			if want == 1 {
				id = jobs[0].ID
			}
			now = now.Add(time.Minute)
		}
		job := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Job, error) { return tx.JobByID(ctx, id) })
		if job.State != store.JobParked || !strings.Contains(job.LastError, "worker") {
			t.Errorf("the job is %s, %q", job.State, job.LastError)
		}
	})
}

func TestJobsAreClaimedOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		var jobs []store.Job
		for range 100 {
			jobs = append(jobs, store.Job{Kind: "mail", Args: []byte(`{}`), RunAt: noon})
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.EnqueueJobs(ctx, jobs) })
		var claiming sync.WaitGroup
		var mutex sync.Mutex
		claimed := map[int64]int{}
		for range 8 {
			claiming.Go(func() {
				for {
					var mine []store.Job
					err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
						var err error
						mine, err = tx.ClaimJobs(ctx, []string{"mail"}, 7, noon, noon.Add(time.Hour))
						return err
					})
					if err != nil && !fault.Is(err, fault.Unavailable) {
						t.Error(err)
					}
					if len(mine) == 0 {
						return
					}
					mutex.Lock()
					for _, job := range mine {
						claimed[job.ID]++
					}
					mutex.Unlock()
				}
			})
		}
		claiming.Wait()
		same(t, "how many jobs were claimed", len(claimed), 100)
		for id, times := range claimed {
			if times != 1 {
				t.Errorf("job %d was claimed %d times", id, times)
			}
		}
	})
}
