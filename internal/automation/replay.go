package automation

import (
	"context"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// replayBatch is how many stored events one transaction replays.
const replayBatch = 200

// replay shows the next stored events to what has not seen them, in the order of when they happened, and
// reports whether there were any. The position moves in the same transaction as the states, so that a server
// that dies loses nothing and counts nothing twice. Which events were judged live, their revisions say.
func (a *Automation) replay(ctx context.Context) (some bool, err error) {
	err = a.alone(ctx, func(ctx context.Context, tx *store.Tx, w *work) error {
		some = false
		pass, err := w.nextPass(ctx, tx)
		if err != nil || len(pass) == 0 {
			return err
		}
		some = true
		part := w.partOf(pass)
		events, last, err := w.order.next(ctx, tx, pass[0], kindsOf(part))
		if err != nil {
			return err
		}
		if err := w.show(ctx, tx, pass, part, events); err != nil {
			return err
		}
		return w.move(ctx, tx, pass, part, events, last)
	})
	return some, err
}

// nextPass returns the running replays that have come as far as the oldest one: they see the same events.
func (w *work) nextPass(ctx context.Context, tx *store.Tx) ([]store.Replay, error) {
	matchings := w.rules.set.Matchings()
	ids := make([]string, len(matchings))
	for i := range matchings {
		ids[i] = matchings[i].ID
	}
	running, err := tx.RunningReplays(ctx, ids, true)
	if err != nil || len(running) == 0 {
		return nil, err
	}
	first := running[0]
	return slices.DeleteFunc(running, func(r store.Replay) bool {
		return r.Afresh != first.Afresh || r.Loud != first.Loud || r.FromID != first.FromID || r.UptoID != first.UptoID ||
			r.PositionID != first.PositionID || !r.PositionAt.Equal(first.PositionAt)
	}), nil
}

// partOf returns the rules that a pass is for.
func (w *work) partOf(pass []store.Replay) *rule.Set {
	targets := make(map[string][]string, len(pass))
	ids := make([]string, len(pass))
	for i, r := range pass {
		ids[i], targets[r.Matcher] = r.Matcher, r.Targets
	}
	if pass[0].Afresh != "" {
		return w.rules.set.Afresh(pass[0].Afresh, targets)
	}
	return w.rules.set.Part(ids)
}

// show judges the events by the part of the rules, but for what has judged them already.
func (w *work) show(ctx context.Context, tx *store.Tx, pass []store.Replay, part *rule.Set, events []store.EventRow) error {
	measures, err := tx.EnsureMeasures(ctx, measuresOf(part), w.now())
	if err != nil {
		return err
	}
	w.rules = &ruleset{set: part, revisionID: w.rules.revisionID, achievements: w.rules.achievements, measures: measures, quiet: !pass[0].Loud}
	unseen, err := w.unseen(ctx, tx, pass, events)
	if err != nil {
		return err
	}
	shown := make([]*judged, 0, len(events))
	whole := w.rules
	for i := range events {
		ids := unseen[events[i].RevisionID]
		if len(ids) == 0 {
			continue
		}
		ev := &judged{event: &events[i].Event, row: events[i]}
		ev.rules = whole
		if len(ids) < len(pass) {
			ev.rules = &ruleset{set: part.Part(ids), revisionID: whole.revisionID, achievements: whole.achievements, measures: measures, quiet: whole.quiet}
		}
		ev.matched = ev.rules.match(ev.event)
		shown = append(shown, ev)
	}
	return w.consider(ctx, tx, shown)
}

// unseen returns, for each revision of the events, the questions of the pass that it did not ask.
func (w *work) unseen(ctx context.Context, tx *store.Tx, pass []store.Replay, events []store.EventRow) (map[int64][]string, error) {
	var revisions []int64
	for i := range events {
		revisions = append(revisions, events[i].RevisionID)
	}
	asked, err := tx.MatchersOf(ctx, revisions)
	if err != nil {
		return nil, err
	}
	unseen := map[int64][]string{}
	for _, revision := range revisions {
		if _, known := unseen[revision]; known {
			continue
		}
		unseen[revision] = []string{}
		for _, r := range pass {
			if _, did := asked[revision][r.Matcher]; !did || r.Afresh != "" {
				unseen[revision] = append(unseen[revision], r.Matcher)
			}
		}
	}
	return unseen, nil
}

// move notes how far the pass has come; at the end, memories that were only for it are forgotten.
func (w *work) move(ctx context.Context, tx *store.Tx, pass []store.Replay, part *rule.Set, events []store.EventRow, over bool) error {
	for _, r := range pass {
		r.Done = min(r.Done+int64(len(events)), r.Total)
		if len(events) > 0 {
			newest := events[len(events)-1]
			r.PositionAt, r.PositionID = newest.Event.Time, newest.ID
		}
		if over {
			r.Done, r.FinishedAt = r.Total, w.now()
		}
		if err := tx.SaveReplay(ctx, r); err != nil {
			return err
		}
	}
	if !over || pass[0].Afresh == "" {
		return nil
	}
	var fresh []string
	own := measuresOf(w.current.Load().set)
	for _, measure := range measuresOf(part) {
		if !slices.Contains(own, measure) && !strings.Contains(measure.Hash, " ") {
			fresh = append(fresh, measure.Hash)
		}
	}
	return tx.ForgetMeasures(ctx, fresh)
}
