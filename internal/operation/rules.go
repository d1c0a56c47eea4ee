package operation

import (
	"context"
	"errors"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// RevisionView is a set of rules that was applied.
type RevisionView struct {
	ID   int64
	Hash string
	// AppliedAt is when it was applied last, and AppliedBy by which user; 0 for the server itself.
	AppliedAt time.Time
	AppliedBy int64
}

func viewRevision(r *store.Revision) RevisionView {
	return RevisionView{ID: r.ID, Hash: r.Hash, AppliedAt: r.AppliedAt, AppliedBy: r.AppliedBy}
}

// RulesView is what judges.
type RulesView struct {
	RevisionView

	Files  []rule.File
	Replay automation.ReplayProgress
}

// GetRules returns the rules that judge. Role: admin. Fault: NotFound before anything was applied.
func (o *Operations) GetRules(ctx context.Context, caller Caller) (*RulesView, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	view := &RulesView{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		revision, files, replay, err := o.automation.Rules(ctx, tx)
		if err == nil {
			view.RevisionView, view.Files, view.Replay = viewRevision(revision), files, replay
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return view, nil
}

// ListRevisions returns a page of the rules that were applied, the newest first, without their files. Role: admin.
func (o *Operations) ListRevisions(ctx context.Context, caller Caller, page Page) (*Listing[RevisionView], error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	listing := &Listing[RevisionView]{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		items, next, err := tx.ListRevisions(ctx, page.inStore())
		listing.Items, listing.Next = make([]RevisionView, len(items)), next
		for i := range items {
			listing.Items[i] = viewRevision(&items[i])
		}
		return err
	})
	return listing, err
}

// NewRules is what ApplyRules applies.
type NewRules struct {
	Files []rule.File
	// DryRun changes nothing, and says who would gain and lose what.
	DryRun bool
	// Notify says that people are sent mails for what they did before the rules.
	Notify bool
	// Match says by their hash whether the rules that judge are those that the caller means to change; nil for any.
	Match func(hash string) bool
}

// ApplyRules makes the files the rules that judge. Role: admin. Faults: bad_rules, which names each fault of
// the files; changed.
func (o *Operations) ApplyRules(ctx context.Context, caller Caller, in NewRules) (*automation.Diff, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	diff, err := o.applyRules(ctx, caller, in)
	if problems, faulty := errors.AsType[rule.Problems](err); faulty {
		return nil, badRules(problems)
	}
	return diff, err
}

func (o *Operations) applyRules(ctx context.Context, caller Caller, in NewRules) (*automation.Diff, error) {
	set, err := rule.Load(in.Files)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return o.automation.Diff(ctx, set, true)
	}
	return o.automation.Apply(ctx, automation.Application{
		Set: set, Files: in.Files, By: caller.ID(), Loud: in.Notify, Match: in.Match, MakeNamespaces: true,
		Note: func(ctx context.Context, tx *store.Tx, diff *automation.Diff) error {
			return o.note(ctx, tx, caller, deed{
				action: "rules.applied", object: "revision", objectID: diff.RevisionID, details: map[string]any{"hash": diff.Hash},
			})
		},
	})
}

// maxProblems is how many faults of rules files one answer names.
const maxProblems = 200

func badRules(problems rule.Problems) error {
	f := fault.New(fault.Invalid, "bad_rules", "the rules have %d problems", len(problems))
	for i := range problems[:min(len(problems), maxProblems)] {
		f.Fields = append(f.Fields, fault.Field{Field: problems[i].Place(), Code: "bad_rule", Detail: problems[i].Text()})
	}
	return f
}

// RuleStates returns how each rule fares, by name. Role: admin.
func (o *Operations) RuleStates(ctx context.Context, caller Caller) ([]automation.RuleState, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	var states []automation.RuleState
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := o.automation.States(ctx, tx)
		states = found
		return err
	})
	return states, err
}
