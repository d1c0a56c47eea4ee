// Package job does durable work: what a transaction put into the outbox, some time after its commit.
//
// A job exists if and only if the transaction that enqueued it committed. It is leased, done, and
// marked as done; when the process dies in between, another one does it after the lease, so that
// every handler must bear to run twice. A job that keeps failing is tried less and less often and
// finally parked, where an operator finds it. The package may import store and trace.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// Config bounds a worker. The zero value of a field means its default.
type Config struct {
	// Batch is how many jobs are claimed at once; default 100.
	Batch int
	// Lease is how long claimed jobs are left to their worker, and how long the handlers may take;
	// default 30 s.
	Lease time.Duration
	// Poll is how long an idle worker sleeps when nobody wakes it; default 1 s.
	Poll time.Duration
	// Gather is how long a worker that is woken lets more work come together; default 100 ms. Each claim and each note
	// of the end is a transaction, which would otherwise cost about as much as what left the work.
	Gather time.Duration
	// FirstRetry is the pause after the first failure; every further one doubles it, up to
	// LastRetry. Defaults 5 s and 1 h.
	FirstRetry, LastRetry time.Duration
	// Keep is how long finished jobs are kept; default 7 days.
	Keep time.Duration
	// Traces makes a span of each kind of work that is done; nil for none.
	Traces *trace.Tracer
}

func (c Config) withDefaults() Config {
	if c.Batch == 0 {
		c.Batch = 100
	}
	defaults := []struct {
		to    *time.Duration
		value time.Duration
	}{
		{&c.Lease, 30 * time.Second}, {&c.Poll, time.Second}, {&c.Gather, 100 * time.Millisecond}, {&c.FirstRetry, 5 * time.Second},
		{&c.LastRetry, time.Hour}, {&c.Keep, 7 * 24 * time.Hour},
	}
	for _, d := range defaults {
		if *d.to == 0 {
			*d.to = d.value
		}
	}
	return c
}

// Handler does jobs of one kind and returns the error of each by its id; a job without one is done.
// It may be handed the same job again.
type Handler func(ctx context.Context, jobs []store.Job) map[int64]error

// permanent is an error that no further attempt will mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanently marks an error that no further attempt will mend: the job is parked at once.
func Permanently(err error) error { return permanent{err} }

// parks reports whether the job is not tried again after the failure.
func parks(job store.Job, failure error) bool {
	_, final := errors.AsType[permanent](failure)
	return final || job.Attempt >= job.MaxAttempts
}

// Worker takes jobs out of the book and does them, many at once.
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

// Run does jobs until ctx is done and the jobs in hand are finished. A book that is away is waited for.
func (w *Worker) Run(ctx context.Context) {
	lastCleanup := time.Time{}
	for ctx.Err() == nil {
		claimed, err := w.claimAndDo(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.WarnContext(ctx, "jobs cannot be claimed", "error", err)
		}
		if now := w.now(); now.Sub(lastCleanup) > time.Hour {
			lastCleanup = now
			w.cleanUp(ctx, now)
		}
		if claimed == w.cfg.Batch && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
			select {
			case <-ctx.Done():
			case <-time.After(w.cfg.Gather):
			}
		case <-time.After(w.cfg.Poll):
		}
	}
}

// RunOnce claims what is due, at most a batch, and does it. It reports whether there was anything.
func (w *Worker) RunOnce(ctx context.Context) (bool, error) {
	claimed, err := w.claimAndDo(ctx)
	return claimed > 0, err
}

func (w *Worker) claimAndDo(ctx context.Context) (claimed int, err error) {
	var jobs []store.Job
	err = w.book.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		jobs, err = tx.ClaimJobs(ctx, w.kinds, w.cfg.Batch, w.now(), w.now().Add(w.cfg.Lease))
		return err
	})
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	w.do(context.WithoutCancel(ctx), jobs)
	return len(jobs), nil
}

// do runs the handlers within the lease and notes the end of every job, all in one transaction.
func (w *Worker) do(ctx context.Context, jobs []store.Job) {
	limited, cancel := context.WithTimeout(ctx, jobs[0].LeasedUntil.Sub(w.now()))
	defer cancel()
	failures := map[int64]error{}
	byKind := map[string][]store.Job{}
	for _, job := range jobs {
		byKind[job.Kind] = append(byKind[job.Kind], job)
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		maps.Copy(failures, w.call(limited, kind, byKind[kind]))
	}
	for i := range jobs {
		if failure := failures[jobs[i].ID]; failure != nil {
			w.log.WarnContext(ctx, "a job failed", "job", jobs[i].ID, "kind", jobs[i].Kind, "attempt", jobs[i].Attempt,
				"parked", parks(jobs[i], failure), "error", failure)
		}
	}
	err := w.book.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return w.note(ctx, tx, jobs, failures) })
	if err != nil {
		w.log.ErrorContext(ctx, "the end of jobs was not noted; they will run again", "jobs", len(jobs), "error", err)
	}
}

// note writes down what became of the jobs.
func (w *Worker) note(ctx context.Context, tx *store.Tx, jobs []store.Job, failures map[int64]error) error {
	var done []store.Job
	for _, job := range jobs {
		failure := failures[job.ID]
		var err error
		switch {
		case failure == nil:
			done = append(done, job)
		case parks(job, failure):
			err = tx.ParkJob(ctx, job, failure.Error(), w.now())
		default:
			err = tx.RetryJob(ctx, job, w.now().Add(w.backoff(job.Attempt)), failure.Error())
		}
		if err != nil {
			return err
		}
	}
	return tx.FinishJobs(ctx, done, w.now())
}

// call runs the kind's handler. When it panics, the jobs are done one by one, so that the one that
// is to blame fails alone.
func (w *Worker) call(ctx context.Context, kind string, jobs []store.Job) (failures map[int64]error) {
	ctx, span := w.cfg.Traces.Work(ctx, "process "+kind, len(jobs))
	defer func() { span.End(anyOf(failures)) }()
	defer func() {
		panicked := recover()
		switch {
		case panicked == nil:
		case len(jobs) == 1:
			w.log.ErrorContext(ctx, "a job panicked", "job", jobs[0].ID, "panic", panicked, "stack", string(debug.Stack()))
			failures = map[int64]error{jobs[0].ID: fmt.Errorf("panicked: %v", panicked)}
		default:
			failures = map[int64]error{}
			for i := range jobs {
				maps.Copy(failures, w.call(ctx, kind, jobs[i:i+1]))
			}
		}
	}()
	return w.handlers[kind](ctx, jobs)
}

// anyOf returns one of the failures, nil if there is none.
func anyOf(failures map[int64]error) error {
	for _, failure := range failures {
		return failure
	}
	return nil
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
