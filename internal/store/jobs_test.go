package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

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
		end(func(ctx context.Context, tx *store.Tx) error { return tx.FinishJobs(ctx, jobs[:1], noon) }, "ready ")
		end(func(ctx context.Context, tx *store.Tx) error {
			return tx.RetryJob(ctx, again[0], noon.Add(2*time.Minute), "oops")
		}, "ready oops")
		same(t, "what is claimed before its time", claim(noon.Add(119*time.Second)), []store.Job{})
		third := claim(noon.Add(2 * time.Minute))
		end(func(ctx context.Context, tx *store.Tx) error { return tx.FinishJobs(ctx, third, noon) }, "done ")
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
