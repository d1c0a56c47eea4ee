package automation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// importBatch is how many events one transaction takes in.
	importBatch = 200
	// trialMost is how many new events a rehearsal plays to the rules, and trialShown how many gains and losses it shows.
	trialMost, trialShown = 20000, 100
	// rehearsalKeys is how many events a rehearsal knows again when they are read a second time, with some 64 bytes each.
	rehearsalKeys = 1_000_000
)

// told returns the events that a page is to be taken for, oldest first: those since the time asked for, and of a roster
// who has come or gone.
func (r *reader) told(ctx context.Context, im *store.Import, page *forgeapi.Page, at time.Time) ([]event.Event, error) {
	events := slices.DeleteFunc(slices.Clone(page.Events), func(ev event.Event) bool {
		return im.Purpose == Importing && ev.Time.Before(im.Since)
	})
	if page.Roster != nil {
		moved, err := r.moved(ctx, page.Roster, at)
		if err != nil {
			return nil, err
		}
		events = append(events, moved...)
	}
	slices.SortStableFunc(events, func(x, y event.Event) int {
		return cmp.Or(x.Time.Compare(y.Time), strings.Compare(x.Key, y.Key))
	})
	return slices.CompactFunc(events, func(x, y event.Event) bool { return x.Key == y.Key }), nil
}

// moved returns what a roster that was read at a time says beyond what the book holds. What happened after that time,
// webhooks tell.
func (r *reader) moved(ctx context.Context, roster *forgeapi.Roster, at time.Time) ([]event.Event, error) {
	var known map[string]event.Event
	err := r.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		known, err = tx.LatestMemberships(ctx, r.src.Name, roster.Prefix)
		return err
	})
	if err != nil {
		return nil, err
	}
	var events []event.Event
	present := map[string]bool{}
	for _, joined := range roster.Present {
		present[joined.Object] = true
		if before, met := known[joined.Object]; !met || before.Kind == event.MemberRemoved && before.Time.Before(at) {
			events = append(events, joined)
		}
	}
	if roster.Partial {
		return events, nil
	}
	for _, object := range slices.Sorted(maps.Keys(known)) {
		last := known[object]
		if present[object] || last.Kind == event.MemberRemoved || !last.Time.Before(at) {
			continue
		}
		left := last
		left.Kind, left.Time, left.Actor = event.MemberRemoved, at, nil
		left.Key = object + ":removed:listed-" + at.UTC().Format(time.RFC3339)
		left.RoleBefore, left.RoleAfter = cmp.Or(last.RoleAfter, last.RoleBefore), ""
		events = append(events, left)
	}
	return events, nil
}

// takeIn stores and judges the events of a page, and moves the part from its position with the last of them. When the
// server dies in between, the page is read again, and what is known of it changes nothing.
func (r *reader) takeIn(ctx context.Context, im *store.Import, from string, to store.ImportPart, events []event.Event) error {
	ctx = context.WithoutCancel(ctx) // A page that was read is soon taken in.
	for len(events) > importBatch {
		between := store.ImportPart{Number: to.Number, Position: from}
		if err := r.takeBatch(ctx, im, from, between, events[:importBatch]); err != nil {
			return err
		}
		events = events[importBatch:]
	}
	return r.takeBatch(ctx, im, from, to, events)
}

// takeBatch takes events in as one transaction. One that cannot be judged hinders no other: it is found by halving.
func (r *reader) takeBatch(ctx context.Context, im *store.Import, from string, to store.ImportPart, events []event.Event) error {
	err := r.judgeImported(ctx, im, from, to, events)
	switch {
	case err == nil || fault.Is(err, fault.Unavailable) || store.IsMoved(err) || len(events) == 0:
		return err
	case len(events) == 1:
		r.log.ErrorContext(ctx, "an imported event cannot be judged", "source", im.Source, "key", events[0].Key, "error", err)
		to.Unreadable++
		return r.judgeImported(ctx, im, from, to, nil)
	}
	half := len(events) / 2
	between := store.ImportPart{Number: to.Number, Position: from}
	if err := r.takeBatch(ctx, im, from, between, events[:half]); err != nil {
		return err
	}
	return r.takeBatch(ctx, im, from, to, events[half:])
}

func (r *reader) judgeImported(ctx context.Context, im *store.Import, from string, to store.ImportPart, events []event.Event) error {
	var fresh []*judged
	err := r.alone(ctx, func(ctx context.Context, tx *store.Tx, w *work) error {
		judging := *w.rules
		judging.quiet = im.Purpose == Importing
		w.rules = &judging
		rows := make([]*store.EventRow, len(events))
		told := make([]*judged, len(events))
		for i := range events {
			ev := &judged{event: &events[i], matched: w.rules.match(&events[i])}
			ev.row = store.EventRow{RevisionID: w.rules.revisionID, Event: events[i], Failures: describe(ev.matched.Failures)}
			rows[i], told[i] = &ev.row, ev
		}
		if len(rows) > 0 {
			if err := tx.InsertEvents(ctx, rows); err != nil {
				return err
			}
		}
		fresh = slices.DeleteFunc(told, func(ev *judged) bool { return !ev.row.New })
		if err := w.consider(ctx, tx, fresh); err != nil {
			return err
		}
		given, taken := int64(0), int64(0)
		for _, change := range w.unasked {
			if change.kind == event.AwardRevoked {
				taken++
			} else {
				given++
			}
		}
		moved := to
		moved.NewEvents += int64(len(fresh))
		if err := tx.MoveImport(ctx, im.ID, from, moved); err != nil {
			return err
		}
		return tx.CountImported(ctx, im.ID, given, taken)
	})
	if err != nil {
		return err
	}
	for _, ev := range fresh {
		r.metrics.events.WithLabelValues(im.Source, ev.event.Kind).Inc()
		r.metrics.match(ev.hits())
	}
	if im.Purpose == Reconciling {
		r.metrics.reconciled.WithLabelValues(im.Source).Add(float64(len(fresh)))
	}
	return nil
}

// keyDigest stands for a natural key. Half a hash is enough to tell a million apart.
type keyDigest [sha256.Size / 2]byte

func digestOf(key string) keyDigest {
	whole := sha256.Sum256([]byte(key))
	return keyDigest(whole[:len(keyDigest{})])
}

// trial is what a rehearsal has read. It is kept in memory alone: it is begun anew by a server that has not read all of it.
type trial struct {
	events []event.Event
	// steps is how many pages it has read.
	steps int64
	// before are digests of the natural keys, as many as are remembered: some things are read twice.
	before map[keyDigest]struct{}
	found  Found
}

// whole reports whether the trial has all that was read of an import.
func (t *trial) whole(im *store.Import) bool {
	if t == nil {
		return false
	}
	var steps int64
	for i := range im.Parts {
		steps += im.Parts[i].Steps
	}
	return steps == t.steps
}

// Found is what a rehearsed import found.
type Found struct {
	// New is how many events of each kind are not known, and Known how many of each are.
	New   map[string]int64 `json:"new"`
	Known map[string]int64 `json:"known"`
	// Gains and Losses are the first of what would be given and taken away, of GainsTotal and LossesTotal.
	Gains       []Effect `json:"gains"`
	Losses      []Effect `json:"losses"`
	GainsTotal  int      `json:"gains_total"`
	LossesTotal int      `json:"losses_total"`
	// Truncated says that there are more events than the gains and losses are of.
	Truncated bool `json:"truncated"`
	// Approximate says that there were more events than are remembered, of which some may be counted twice.
	Approximate bool `json:"approximate"`
}

// rehearseAnew begins a rehearsal at its beginning.
func (r *reader) rehearseAnew(ctx context.Context, im *store.Import) error {
	r.trials[im.ID] = &trial{before: map[keyDigest]struct{}{}, found: Found{New: map[string]int64{}, Known: map[string]int64{}}}
	for i := range im.Parts {
		if im.Parts[i].Steps > 0 {
			im.Parts = nil
			return r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.DropImportParts(ctx, im.ID) })
		}
	}
	return nil
}

// rehearsePage notes what of a page is new, and changes nothing else.
func (r *reader) rehearsePage(ctx context.Context, im *store.Import, from string, to store.ImportPart, events []event.Event) error {
	seen := r.trials[im.ID]
	events = slices.DeleteFunc(slices.Clone(events), func(ev event.Event) bool {
		_, before := seen.before[digestOf(ev.Key)]
		return before
	})
	keys := make([]string, len(events))
	for i := range events {
		keys[i] = events[i].Key
	}
	var known map[string]bool
	err := r.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if known, err = tx.KnownEvents(ctx, im.Source, keys); err != nil {
			return err
		}
		moved := to
		for _, key := range keys {
			if !known[key] {
				moved.NewEvents++
			}
		}
		if err := tx.MoveImport(ctx, im.ID, from, moved); err != nil {
			return err
		}
		return tx.CountImported(ctx, im.ID, 0, 0)
	})
	if err != nil {
		return err
	}
	seen.steps += to.Steps
	for i := range events {
		if len(seen.before) < r.rehearsalKeys {
			seen.before[digestOf(events[i].Key)] = struct{}{}
		} else {
			seen.found.Approximate = true
		}
		switch {
		case known[events[i].Key]:
			seen.found.Known[events[i].Kind]++
			continue
		case len(seen.events) == trialMost:
			seen.found.Truncated = true
		default:
			seen.events = append(seen.events, events[i])
		}
		seen.found.New[events[i].Kind]++
	}
	return nil
}

// foretell finds out what the rules would make of what a rehearsal has read.
func (r *reader) foretell(ctx context.Context, im *store.Import) error {
	seen := r.trials[im.ID]
	if seen == nil {
		return nil
	}
	plan := &plan{Diff: &Diff{}}
	err := r.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		return r.foreseeWith(ctx, tx, r.current.Load().set, seen.events, plan)
	})
	if err != nil {
		return err
	}
	found := seen.found
	found.Truncated = found.Truncated || !plan.ForeseenUntil.IsZero()
	found.GainsTotal, found.LossesTotal = len(plan.Gains), len(plan.Losses)
	found.Gains, found.Losses = plan.Gains[:min(len(plan.Gains), trialShown)], plan.Losses[:min(len(plan.Losses), trialShown)]
	im.Found, err = json.Marshal(found)
	return err
}
