package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// errStale says that another server has applied other rules since a batch was matched, or somebody changed what they declare.
var errStale = errors.New("the rules are others by now")

// hold keeps the rules that judge from changing until the transaction ends. When they are not those of the
// work, the error is errStale. With exclusive set, nobody else judges by them meanwhile.
func (w *work) hold(ctx context.Context, tx *store.Tx, exclusive bool) error {
	held, err := tx.HoldRevision(ctx, exclusive)
	if err != nil {
		return err
	}
	return w.holds(held)
}

// holds refuses to judge by rules that are no longer those of the book.
func (w *work) holds(held store.Held) error {
	if held.RevisionID != w.rules.revisionID || held.Changes != w.changes {
		return errStale
	}
	return nil
}

// Refresh makes the rules that judge those of the book's current revision, which another server may have
// applied, with what they declare as it is in the book.
func (a *Automation) Refresh(ctx context.Context) error {
	var next *ruleset
	err := a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		held, err := tx.HoldRevision(ctx, false)
		if err != nil {
			return err
		}
		if next, err = a.rulesAt(ctx, tx, held); err == nil {
			next.changes = held.Changes
		}
		return err
	})
	if err == nil {
		a.current.Store(next)
	}
	return err
}

// rulesAt returns the rules of the book as it is held.
func (a *Automation) rulesAt(ctx context.Context, tx *store.Tx, held store.Held) (*ruleset, error) {
	if held.RevisionID == 0 {
		return noRules(), nil
	}
	if current := a.current.Load(); held.RevisionID == current.revisionID {
		next := *current
		if held.Changes == current.changes {
			return &next, nil
		}
		return &next, a.find(ctx, tx, &next)
	}
	revision, err := tx.CurrentRevision(ctx)
	if err != nil {
		return nil, err
	}
	return a.rulesOf(ctx, tx, revision)
}

// rulesOf loads a revision.
func (a *Automation) rulesOf(ctx context.Context, tx *store.Tx, revision *store.Revision) (*ruleset, error) {
	var files []rule.File
	if err := json.Unmarshal(revision.Files, &files); err != nil {
		return nil, fmt.Errorf("reading revision %d: %w", revision.ID, err)
	}
	set, err := rule.Load(files)
	if err != nil {
		return nil, fmt.Errorf("loading revision %d: %w", revision.ID, err)
	}
	rules := &ruleset{set: set, revisionID: revision.ID}
	if rules.measures, err = tx.EnsureMeasures(ctx, measuresOf(set), a.now()); err != nil {
		return nil, err
	}
	return rules, a.find(ctx, tx, rules)
}

// find looks up what the rules declare; what was deleted by hand is not there, and nobody is given it.
func (a *Automation) find(ctx context.Context, tx *store.Tx, rules *ruleset) error {
	declared, err := a.declared(ctx, tx)
	if err != nil {
		return err
	}
	rules.achievements = map[achievementRef]achievement.Achievement{}
	for _, d := range rules.set.Declared() {
		ref := achievementRef{d.Namespace, d.Key}
		if row, ok := declared[ref]; ok {
			rules.achievements[ref] = row
		}
	}
	return nil
}

// declared returns the achievements that rules declare or have declared.
func (a *Automation) declared(ctx context.Context, tx *store.Tx) (map[achievementRef]achievement.Achievement, error) {
	rows, err := tx.Declared(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].NamespaceID
	}
	namespaces, err := tx.NamespacesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[achievementRef]achievement.Achievement, len(rows))
	for i := range rows {
		found[achievementRef{namespaces[rows[i].NamespaceID].FullPath, rows[i].Key}] = rows[i]
	}
	return found, nil
}
