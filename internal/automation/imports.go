package automation

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
	"github.com/seed-504bad89/accolade/internal/store"
)

// The purposes of reading a forge.
const (
	// Importing takes over what happened before the first webhook; nobody is sent a mail for it.
	Importing = "import"
	// Reconciling finds what webhooks have lost since the last time.
	Reconciling = "reconcile"
)

const (
	// readPoll is how often it is looked whether there is something to read.
	readPoll = 5 * time.Second
	// readClaim is for how long one step keeps other servers away. It only saves work: should a step take longer, the
	// position of the part lets one of them win.
	readClaim = 10 * time.Minute
	// readOverlap is how far before the last reading a reconciliation begins: forges' lists may lag, and clocks differ.
	readOverlap = 10 * time.Minute
	// readPause is the pause after a failure; every further one doubles it, up to readPauseMost.
	readPause, readPauseMost = time.Minute, time.Hour
	// reconciledFor is how long finished reconciliations are shown.
	reconciledFor = 30 * 24 * time.Hour
)

// reader reads what the forge of one source lists, for this process. It is for one goroutine at a time.
type reader struct {
	*Automation

	src    source
	claim  string
	api    *forgeapi.API
	wake   chan struct{}
	trials map[int64]*trial
	// due is when the next reconciliation is, as far as is known.
	due time.Time
	mu  sync.Mutex
}

func newReaders(a *Automation) map[string]*reader {
	readers := map[string]*reader{}
	for name, src := range a.sources {
		readers[name] = &reader{Automation: a, src: src, claim: rand.Text(), wake: make(chan struct{}, 1), trials: map[int64]*trial{}}
	}
	return readers
}

// StartImport begins to read a source's forge; a server does so in the background, on and on until it is finished. An
// import takes the place of a reconciliation that is running.
// Faults: NotFound; Conflict import_running, source_on_trial, source_without_token, source_without_projects,
// source_without_api, source_without_address.
func (a *Automation) StartImport(ctx context.Context, tx *store.Tx, im *store.Import) error {
	r, ok := a.readers[im.Source]
	switch {
	case !ok:
		return fault.NotFoundFor("source")
	case r.src.DryRun && !im.DryRun:
		return fault.New(fault.Conflict, "source_on_trial", "the source %q is configured with dry_run", im.Source)
	case len(r.src.Projects) == 0:
		return forgeapi.NoProjects(r.src.Source)
	}
	if _, err := forgeapi.New(r.src.Source, a.forges); err != nil {
		return err
	}
	im.StartedAt = a.now()
	running, err := tx.RunningImport(ctx, im.Source)
	if err != nil {
		return err
	}
	if running != nil && running.Purpose == Reconciling && im.Purpose == Importing {
		if _, err := a.CancelImport(ctx, tx, running); err != nil {
			return err
		}
	}
	return tx.AddImport(ctx, im)
}

// WakeImports lets this process look at once for what is to be read of the source.
func (a *Automation) WakeImports(name string) {
	if r, ok := a.readers[name]; ok {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// RunImports reads what is to be read of forges until ctx is done. Any number of servers may run it.
func (a *Automation) RunImports(ctx context.Context) {
	var readers sync.WaitGroup
	for name, r := range a.readers {
		if r.src.Token == "" || len(r.src.Projects) == 0 {
			continue
		}
		readers.Go(func() {
			for ctx.Err() == nil {
				busy, err := a.ImportStep(ctx, name)
				if err != nil && ctx.Err() == nil {
					a.log.WarnContext(ctx, "reading a forge failed", "source", name, "error", err)
				}
				if busy && err == nil {
					continue
				}
				select {
				case <-ctx.Done():
				case <-r.wake:
				case <-time.After(readPoll):
				}
			}
		})
	}
	readers.Wait()
}

// ImportStep does the next step of what is to be read of the source, and reports whether there was one.
func (a *Automation) ImportStep(ctx context.Context, name string) (busy bool, err error) {
	r, ok := a.readers[name]
	if !ok {
		return false, fault.NotFoundFor("source")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	im, claimed, err := r.claimed(ctx)
	if err != nil || !claimed {
		return false, err
	}
	within, span := a.traces.Work(ctx, "import", 1)
	err = r.step(within, im)
	span.End(err)
	if err != nil {
		return true, r.recover(ctx, im, err)
	}
	return true, nil
}

// claimed returns the import that this process is to go on with, if there is one.
func (r *reader) claimed(ctx context.Context) (im *store.Import, claimed bool, err error) {
	now := r.now()
	err = r.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		im, err = tx.RunningImport(ctx, r.src.Name)
		return err
	})
	switch {
	case err != nil:
		return nil, false, err
	case im == nil:
		clear(r.trials) // Those that were cancelled.
		return nil, false, r.schedule(ctx, now)
	case im.WaitUntil.After(now):
		return im, false, nil
	}
	err = r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		claimed, err = tx.ClaimImport(ctx, im.ID, r.claim, now, now.Add(readClaim))
		return err
	})
	return im, claimed, err
}

// schedule begins a reconciliation when one is due.
func (r *reader) schedule(ctx context.Context, now time.Time) error {
	if r.reconcileEvery == 0 || r.src.DryRun || len(r.src.Projects) == 0 {
		return nil
	}
	if now.Before(r.due) {
		return nil
	}
	begun := false
	err := r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		begun = false
		last, _, err := tx.ListImports(ctx, r.src.Name, store.Page{Limit: 1})
		if err != nil {
			return err
		}
		if len(last) > 0 && now.Before(last[0].StartedAt.Add(r.reconcileEvery)) {
			r.due = last[0].StartedAt.Add(r.reconcileEvery)
			return nil
		}
		if err := tx.ForgetImports(ctx, r.src.Name, Reconciling, now.Add(-reconciledFor)); err != nil {
			return err
		}
		err = r.StartImport(ctx, tx, &store.Import{Source: r.src.Name, Purpose: Reconciling})
		begun = err == nil
		return err
	})
	if begun {
		r.WakeImports(r.src.Name)
	}
	if fault.Is(err, fault.Conflict) { // Another server has begun it.
		return nil
	}
	return err
}

// step reads the next page of an import and takes it in.
func (r *reader) step(ctx context.Context, im *store.Import) error {
	if r.api == nil {
		var err error
		if r.api, err = forgeapi.New(r.src.Source, r.forges); err != nil {
			return err
		}
	}
	if im.DryRun && !r.trials[im.ID].whole(im) {
		if err := r.rehearseAnew(ctx, im); err != nil {
			return err
		}
	}
	if len(im.Parts) == 0 {
		return r.divide(ctx, im)
	}
	for _, part := range im.Parts {
		if part.FinishedAt.IsZero() {
			return r.readPage(ctx, im, part)
		}
	}
	return r.finish(ctx, im, "")
}

// divide finds out which lists there are to read, and since when.
func (r *reader) divide(ctx context.Context, im *store.Import) error {
	found, err := r.api.Parts(ctx)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return r.finish(ctx, im, "nothing that is configured in projects is to be seen with the token")
	}
	return r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		marks, err := tx.Watermarks(ctx, im.Source)
		if err != nil {
			return err
		}
		parts := make([]store.ImportPart, len(found))
		for i, part := range found {
			since := im.Since
			if im.Purpose == Reconciling {
				mark, known := marks[store.Watermark(part.Place, part.Listing)]
				if !known {
					mark = marks[""]
				}
				since = mark.Add(-readOverlap)
			}
			parts[i] = store.ImportPart{Number: i + 1, Place: part.Place, Group: part.Group, Listing: part.Listing, Since: since}
		}
		return tx.AddImportParts(ctx, im.ID, parts)
	})
}

// readPage reads one page of a part and takes it in. What the forge refuses is given up, and the rest goes on.
func (r *reader) readPage(ctx context.Context, im *store.Import, part store.ImportPart) error {
	began := r.now()
	page, err := r.api.Page(ctx, forgeapi.Part{Place: part.Place, Group: part.Group, Listing: part.Listing}, part.Since, part.Position)
	if _, wait := errors.AsType[*forgeapi.WaitError](err); wait || fault.Is(err, fault.Unavailable) || forgeapi.IsTokenRefused(err) || ctx.Err() != nil {
		return err
	}
	to := part
	to.Steps, to.Events, to.NewEvents, to.Unreadable = 0, 0, 0, 0
	if err != nil {
		return r.giveUp(ctx, im, part.Position, to, err)
	}
	if page.Unseen != nil {
		return r.passOver(ctx, im, part.Position, to, page)
	}
	events, err := r.told(ctx, im, page, began)
	if err != nil {
		return err
	}
	to.Position, to.Steps, to.Events, to.Unreadable = page.Next, 1, int64(len(events)), int64(page.Unreadable)
	if page.Next == "" {
		to.FinishedAt = r.now()
	}
	if im.DryRun {
		return r.rehearsePage(ctx, im, part.Position, to, events)
	}
	return r.takeIn(ctx, im, part.Position, to, events)
}

// giveUp ends a part that cannot be read.
func (r *reader) giveUp(ctx context.Context, im *store.Import, from string, to store.ImportPart, cause error) error {
	r.log.WarnContext(ctx, "a part of a forge cannot be read", "source", im.Source, "place", to.Place, "listing", to.Listing, "error", cause)
	to.Problem, to.FinishedAt = fault.As(forgeapi.Explain(cause)).Text, r.now()
	return r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.MoveImport(ctx, im.ID, from, to)
	})
}

// passOver ends a part whose list is not there or hidden from the token, without a page of it, so that its watermark stays. Most
// such lists never could be seen, and nothing is wrong; but one of which something was read, now or earlier, is lost.
func (r *reader) passOver(ctx context.Context, im *store.Import, from string, to store.ImportPart, page *forgeapi.Page) error {
	lost := from != ""
	if !lost && page.Refused {
		err := r.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
			marks, err := tx.Watermarks(ctx, im.Source)
			_, lost = marks[store.Watermark(to.Place, to.Listing)]
			return err
		})
		if err != nil {
			return err
		}
	}
	if lost {
		return r.giveUp(ctx, im, from, to, page.Unseen)
	}
	to.FinishedAt = r.now()
	return r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.MoveImport(ctx, im.ID, from, to); err != nil {
			return err
		}
		return tx.CountImported(ctx, im.ID, 0, 0)
	})
}

// recover notes why an import does not go on, and when it is tried again; what cannot be mended ends it.
func (r *reader) recover(ctx context.Context, im *store.Import, cause error) error {
	if ctx.Err() != nil || store.IsMoved(cause) {
		return nil //nolint:nilerr // The import is gone on with, here after the next start or there where it was read further.
	}
	wait, limited := errors.AsType[*forgeapi.WaitError](cause)
	passing := limited || fault.Is(cause, fault.Unavailable) || forgeapi.IsTokenRefused(cause) || fault.As(cause).Kind == fault.Internal
	shown := fault.As(forgeapi.Explain(cause)).Text
	if !passing {
		return r.finish(ctx, im, shown)
	}
	until, failures := r.now().Add(min(readPause<<min(im.Failures, 6), readPauseMost)), im.Failures+1
	if limited {
		until, failures = wait.Until, im.Failures
	} else {
		r.metrics.importFailures.WithLabelValues(im.Source).Inc()
		r.log.WarnContext(ctx, "reading a forge does not go on", "source", im.Source, "until", until, "error", cause)
	}
	return r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.PauseImport(ctx, im.ID, until, failures, shown)
	})
}

// finish ends an import.
func (r *reader) finish(ctx context.Context, im *store.Import, problem string) error {
	im.FinishedAt, im.Problem, im.Failed = r.now(), problem, problem != ""
	failed := slices.DeleteFunc(slices.Clone(im.Parts), func(p store.ImportPart) bool { return p.Problem == "" })
	if problem == "" && len(failed) > 0 {
		im.Problem = fmt.Sprintf("%d of %d lists could not be read: %s of %s: %s", len(failed), len(im.Parts), failed[0].Listing, failed[0].Place, failed[0].Problem)
	}
	if im.DryRun {
		if err := r.foretell(ctx, im); err != nil {
			return err
		}
		delete(r.trials, im.ID)
	}
	r.api = nil // Names may have changed until the next time.
	return r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.FinishImport(ctx, im)
		return err
	})
}

// CancelImport ends an import where it is; what it has taken in stays. Ending a finished one changes nothing.
func (a *Automation) CancelImport(ctx context.Context, tx *store.Tx, im *store.Import) (bool, error) {
	im.FinishedAt, im.Cancelled = cmp.Or(im.FinishedAt, a.now()), true
	return tx.FinishImport(ctx, im)
}
