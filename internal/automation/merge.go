package automation

import (
	"context"
	"fmt"
	"strconv"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Merger is what Merge does.
type Merger struct {
	// People returns who is merged into whom, locked, or a fault when that may not be.
	People func(ctx context.Context, tx *store.Tx) (from, into *achievement.User, err error)
	// Note is called at the end of the transaction.
	Note func(ctx context.Context, tx *store.Tx, merged store.Merged) error
}

// Merge makes one person of two users: accounts, awards and progress of the one become the other's, awards that
// both have become one, and what both have reached together is granted. Nobody judges meanwhile, and later
// events of either's accounts find the one person.
func (a *Automation) Merge(ctx context.Context, in Merger) (store.Merged, error) {
	var merged store.Merged
	err := a.withRules(ctx, true, func(ctx context.Context, tx *store.Tx, w *work) error {
		from, into, err := in.People(ctx, tx)
		if err != nil {
			return err
		}
		hits, err := w.mergeProgress(ctx, tx, from.ID, into.ID)
		if err != nil {
			return err
		}
		if merged, err = tx.MergeUser(ctx, from.ID, into.ID, a.now()); err != nil {
			return err
		}
		if err := w.recheck(ctx, tx, hits, into.ID); err != nil {
			return err
		}
		return in.Note(ctx, tx, merged)
	})
	if err != nil {
		return merged, fmt.Errorf("merging users: %w", err)
	}
	return merged, nil
}

// mergeProgress adds one person's states to another's, and returns what then has to be looked at again. States but counts
// of rules that no longer judge stay with whom they were of, unless nobody else has them.
func (w *work) mergeProgress(ctx context.Context, tx *store.Tx, from, into int64) ([]rule.Hit, error) {
	measures := map[int64]*rule.Measure{}
	var shared []int64
	for _, measure := range w.rules.set.Measures() {
		id := w.rules.measures[measure.ID()]
		measures[id] = measure
		if measure.Shared() {
			shared = append(shared, id)
		}
	}
	states, err := tx.AllProgress(ctx, []int64{from, into}, shared)
	if err != nil {
		return nil, err
	}
	changed := map[store.ProgressKey]store.Progress{}
	var slots []rule.Slot
	for key, state := range states {
		measure := measures[key.MeasureID]
		there := store.ProgressKey{MeasureID: key.MeasureID, UserID: into, Bucket: key.Bucket}
		own, both := states[there]
		switch {
		case key.UserID == achievement.HouseUserID:
			renamed := measure.Rename(rule.State(state), strconv.FormatInt(from, 10), strconv.FormatInt(into, 10))
			if !renamed.Equal(rule.State(state)) {
				changed[key] = store.Progress(renamed)
			}
		case key.UserID != from || measure == nil && both:
		case measure == nil:
			changed[there] = state
		default:
			changed[there] = store.Progress(measure.Merge(rule.State(own), rule.State(state)))
			slots = append(slots, rule.Slot{Measure: measure, Bucket: key.Bucket})
		}
	}
	if err := tx.DeleteProgress(ctx, from); err != nil {
		return nil, err
	}
	if err := tx.SaveProgress(ctx, changed, w.now()); err != nil {
		return nil, err
	}
	counted, err := tx.MergeSheets(ctx, from, into, w.now())
	if err != nil {
		return nil, err
	}
	for _, key := range counted {
		if measure := measures[key.MeasureID]; measure != nil {
			slots = append(slots, rule.Slot{Measure: measure, Bucket: key.Bucket})
		}
	}
	return w.rules.set.Rechecks(slots, event.Account{Source: event.Self, ID: strconv.FormatInt(into, 10)}, w.now()), nil
}

// recheck folds hits that no event led to.
func (w *work) recheck(ctx context.Context, tx *store.Tx, hits []rule.Hit, userID int64) error {
	if len(hits) == 0 {
		return nil
	}
	nothing := &judged{event: &event.Event{Source: event.Self, Time: w.now(), Private: true}}
	nothing.matched.Hits = hits
	w.users[store.AccountRef{Source: event.Self, ForgeUserID: strconv.FormatInt(userID, 10)}] = userID
	if err := w.judge(ctx, tx, []*judged{nothing}); err != nil {
		return err
	}
	return w.decide(ctx, tx)
}
