// Package job does durable work: what a transaction put into the outbox, some time after its commit.
//
// A job exists if and only if the transaction that enqueued it committed. It is leased, done, and
// marked as done; when the process dies in between, another one does it after the lease, so that
// every handler must bear to run twice. A job that keeps failing is tried less and less often and
// finally parked, where an operator finds it. The package may import store and fault.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
)

// Config bounds a worker. The zero value of a field means its default.
type Config struct {
	// Batch is how many jobs are claimed at once; default 32.
	Batch int
	// Lease is how long a claimed job is left to its worker, and how long its handler may take;
	// default 60 s.
	Lease time.Duration
	// Poll is how long an idle worker sleeps when nobody wakes it; default 1 s.
	Poll time.Duration
	// FirstRetry is the pause after the first failure; every further one doubles it, up to
	// LastRetry. Defaults 5 s and 1 h.
	FirstRetry, LastRetry time.Duration
	// Keep is how long finished jobs are kept; default 7 days.
	Keep time.Duration
}

func (c Config) withDefaults() Config {
	if c.Batch == 0 {
		c.Batch = 32
	}
	defaults := []struct {
		to    *time.Duration
		value time.Duration
	}{
		{&c.Lease, time.Minute}, {&c.Poll, time.Second}, {&c.FirstRetry, 5 * time.Second},
		{&c.LastRetry, time.Hour}, {&c.Keep, 7 * 24 * time.Hour},
	}
	for _, d := range defaults {
		if *d.to == 0 {
			*d.to = d.value
		}
	}
	return c
}

// Handler does one job. It may be handed the same job again.
type Handler func(ctx context.Context, job store.Job) error

// Worker takes jobs out of the book and does them, one after the other.
type Worker struct {
	book     *store.Store
	now      func() time.Time
	cfg      Config
	log      *slog.Logger
	handlers map[string]Handler
	kinds    []string
	wake     chan struct{}
}

// New returns a worker that handles nothing yet.
func New(book *store.Store, now func() time.Time, cfg Config, log *slog.Logger) *Worker {
	return &Worker{
		book: book, now: now, cfg: cfg.withDefaults(), log: log,
		handlers: map[string]Handler{}, wake: make(chan struct{}, 1),
	}
}

// Handle names the handler of a kind of job. Call it before Run.
func (w *Worker) Handle(kind string, handler Handler) {
	w.handlers[kind] = handler
	w.kinds = append(w.kinds, kind)
	slices.Sort(w.kinds)
}

// Wake tells an idle worker of this process that there is work. It never blocks.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run does jobs until ctx is done and the job in hand is finished. A book that is away is waited for.
func (w *Worker) Run(ctx context.Context) {
	lastCleanup := time.Time{}
	for ctx.Err() == nil {
		busy, err := w.RunOnce(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "jobs cannot be claimed", "error", err)
		}
		if now := w.now(); now.Sub(lastCleanup) > time.Hour {
			lastCleanup = now
			w.cleanUp(ctx, now)
		}
		if busy && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-time.After(w.cfg.Poll):
		}
	}
}

// RunOnce claims what is due, at most a batch, and does it. It reports whether there was anything.
func (w *Worker) RunOnce(ctx context.Context) (bool, error) {
	var jobs []store.Job
	err := w.book.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		jobs, err = tx.ClaimJobs(ctx, w.kinds, w.cfg.Batch, w.now(), w.now().Add(w.cfg.Lease))
		return err
	})
	if err != nil {
		return false, err
	}
	for i := range jobs {
		if stopping(ctx) {
			break // the lease runs out and somebody else does the rest
		}
		if !w.now().Before(jobs[i].LeasedUntil) {
			continue // too late: somebody else may have it by now
		}
		w.do(context.WithoutCancel(ctx), jobs[i])
	}
	return len(jobs) > 0, nil
}

func stopping(ctx context.Context) bool { return ctx.Err() != nil }

// do runs the handler within the lease and notes the end of it.
func (w *Worker) do(ctx context.Context, job store.Job) {
	limited, cancel := context.WithTimeout(ctx, job.LeasedUntil.Sub(w.now()))
	defer cancel()
	failure := w.call(limited, job)
	err := w.book.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		switch {
		case failure == nil:
			return tx.FinishJob(ctx, job, w.now())
		case job.Attempt >= job.MaxAttempts:
			return tx.ParkJob(ctx, job, failure.Error(), w.now())
		default:
			return tx.RetryJob(ctx, job, w.now().Add(w.backoff(job.Attempt)), failure.Error())
		}
	})
	if failure != nil {
		w.log.WarnContext(ctx, "a job failed", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt,
			"parked", job.Attempt >= job.MaxAttempts, "error", failure)
	}
	if err != nil {
		w.log.ErrorContext(ctx, "a job's end was not noted; it will run again", "job", job.ID, "error", err)
	}
}

func (w *Worker) call(ctx context.Context, job store.Job) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			w.log.ErrorContext(ctx, "a job panicked", "job", job.ID, "panic", panicked, "stack", string(debug.Stack()))
			err = fmt.Errorf("panicked: %v", panicked)
		}
	}()
	handler, ok := w.handlers[job.Kind]
	if !ok {
		return errors.New("nothing handles this kind of job")
	}
	return handler(ctx, job)
}

// backoff doubles with every attempt; up to a fifth more, by chance, keeps jobs that failed
// together from trying again together.
func (w *Worker) backoff(attempt int) time.Duration {
	pause := w.cfg.FirstRetry
	for range attempt - 1 {
		if pause *= 2; pause >= w.cfg.LastRetry {
			pause = w.cfg.LastRetry
			break
		}
	}
	return pause + rand.N(pause/5+1) //nolint:gosec // spreading work needs no secrecy
}

func (w *Worker) cleanUp(ctx context.Context, now time.Time) {
	err := w.book.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteFinishedJobs(ctx, now.Add(-w.cfg.Keep))
	})
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "old jobs were not deleted", "error", err)
	}
}
