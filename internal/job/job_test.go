package job_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/job"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const mail = "mail"

// worker returns a worker of mail jobs, each of which goes to the handler alone.
func worker(book *store.Store, clock *testkit.Clock, handler func(context.Context, store.Job) error) *job.Worker {
	w := job.New(book, clock.Now, job.Config{}, slog.New(slog.DiscardHandler))
	w.Handle(mail, func(ctx context.Context, jobs []store.Job) map[int64]error {
		failures := map[int64]error{}
		for _, j := range jobs {
			if err := handler(ctx, j); err != nil {
				failures[j.ID] = err
			}
		}
		return failures
	})
	return w
}

// enqueue leaves jobs with the arguments 0, 1, 2 ...
func enqueue(t *testing.T, book *store.Store, clock *testkit.Clock, count, maxAttempts int) {
	t.Helper()

	jobs := make([]store.Job, count)
	for i := range jobs {
		jobs[i] = store.Job{Kind: mail, Args: []byte(strconv.Itoa(i)), RunAt: clock.Now(), MaxAttempts: maxAttempts}
	}
	err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.EnqueueJobs(ctx, jobs) })
	if err != nil {
		t.Fatal(err)
	}
}

func runOnce(t *testing.T, w *job.Worker) bool {
	t.Helper()

	busy, err := w.RunOnce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return busy
}

func state(t *testing.T, book *store.Store, id int64) *store.Job {
	t.Helper()

	var found *store.Job
	err := book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var err error
		found, err = tx.JobByID(ctx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestJobsAreDoneOnceAndInOrder(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		clock := testkit.NewClock()
		enqueue(t, book, clock, 3, 0)
		var done []string
		w := worker(book, clock, func(_ context.Context, j store.Job) error {
			done = append(done, string(j.Args))
			return nil
		})
		if !runOnce(t, w) || runOnce(t, w) {
			t.Error("the first run was idle, or the second one was not")
		}
		if diff := cmp.Diff([]string{"0", "1", "2"}, done); diff != "" {
			t.Errorf("the jobs done (-want +got):\n%s", diff)
		}
	})
}

func TestFailedJobIsTriedLessAndLessOftenAndParked(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		clock := testkit.NewClock()
		enqueue(t, book, clock, 1, 3)
		var id int64
		w := worker(book, clock, func(_ context.Context, j store.Job) error {
			id = j.ID
			if j.Attempt == 2 {
				panic("a defect")
			}
			return errors.New("the server is away")
		})
		for attempt, pause := range []time.Duration{5 * time.Second, 10 * time.Second} {
			if !runOnce(t, w) {
				t.Fatalf("attempt %d was not made", attempt+1)
			}
			clock.Advance(pause - time.Millisecond)
			if runOnce(t, w) {
				t.Errorf("attempt %d was made before its time", attempt+2)
			}
			clock.Advance(pause/5 + time.Millisecond)
		}
		if job := state(t, book, id); job.LastError != "panicked: a defect" {
			t.Errorf("the job's last error is %q", job.LastError)
		}
		if !runOnce(t, w) {
			t.Fatal("the last attempt was not made")
		}
		clock.Advance(24 * time.Hour)
		if runOnce(t, w) {
			t.Error("a parked job was tried again")
		}
		if job := state(t, book, id); job.State != store.JobParked || job.LastError != "the server is away" {
			t.Errorf("the job is %s with %q", job.State, job.LastError)
		}
	})
}

// A job that fails, or that makes the handler panic, fails alone.
func TestOneFailureDoesNotHurtOthers(t *testing.T) {
	t.Parallel()

	clock := testkit.NewClock()
	book := testkit.SQLite(t)
	enqueue(t, book, clock, 4, 0)
	states := map[string]string{}
	var ids []int64
	w := worker(book, clock, func(_ context.Context, j store.Job) error {
		if !slices.Contains(ids, j.ID) {
			ids = append(ids, j.ID)
		}
		switch string(j.Args) {
		case "1":
			return errors.New("no")
		case "2":
			panic("never")
		default:
			return nil
		}
	})
	runOnce(t, w)
	for _, id := range ids {
		job := state(t, book, id)
		states[string(job.Args)] = job.State + " " + job.LastError
	}
	want := map[string]string{"0": "done ", "1": "ready no", "2": "ready panicked: never", "3": "done "}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("the jobs' states (-want +got):\n%s", diff)
	}
}

// A worker that is told to stop finishes the jobs in hand and claims no others.
func TestStoppingFinishesTheJobsInHand(t *testing.T) {
	t.Parallel()

	clock := testkit.NewClock()
	book := testkit.SQLite(t)
	ctx, stop := context.WithCancel(t.Context())
	done := 0
	w := worker(book, clock, func(ctx context.Context, _ store.Job) error {
		done++
		if done == 1 {
			enqueue(t, book, clock, 1, 0)
			stop()
		}
		return ctx.Err()
	})
	enqueue(t, book, clock, 2, 0)
	w.Run(ctx)
	if done != 2 {
		t.Errorf("%d jobs were done, want the 2 in hand", done)
	}
	if !runOnce(t, w) {
		t.Error("the job that was enqueued last is not there")
	}
}

func TestWokenWorkerDoesNotWait(t *testing.T) {
	t.Parallel()

	clock := testkit.NewClock()
	book := testkit.SQLite(t)
	ctx, stop := context.WithCancel(t.Context())
	w := job.New(book, clock.Now, job.Config{Poll: time.Hour}, slog.New(slog.DiscardHandler))
	w.Handle(mail, func(context.Context, []store.Job) map[int64]error {
		stop()
		return nil
	})
	ended := make(chan struct{})
	go func() {
		w.Run(ctx)
		close(ended)
	}()
	enqueue(t, book, clock, 1, 0)
	w.Wake()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the job was not done although the worker was woken")
		stop()
	}
}

func TestJobThatNothingHandlesIsLeft(t *testing.T) {
	t.Parallel()

	clock := testkit.NewClock()
	book := testkit.SQLite(t)
	enqueue(t, book, clock, 1, 0)
	w := job.New(book, clock.Now, job.Config{}, slog.New(slog.DiscardHandler))
	w.Handle("other", func(context.Context, []store.Job) map[int64]error { panic("not mine") })
	if runOnce(t, w) {
		t.Error("a worker claimed a job that it does not handle")
	}
}
