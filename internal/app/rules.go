package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// errNoRules is a fault of the files as any other: a directory without rules is a volume that was not mounted, or the wrong
// one, and must not retire everything.
var errNoRules = errors.New("there are no rules files (*.yaml, *.yml) in the directory of rules; is it the right one, and mounted?")

// startRules applies the configured directory, unless it is as it was when it was applied last: what was
// applied since by other means goes on judging. Faulty files never replace good rules: when the book knows a
// revision, that one goes on judging and the faults are logged; without one there is nothing to judge by, and
// the start fails.
func (a *App) startRules(ctx context.Context) error {
	err := a.applyRules(ctx, false)
	if _, faulty := errors.AsType[rule.Problems](err); err != nil && !faulty && !errors.Is(err, errNoRules) {
		return err
	}
	if refreshErr := a.automation.Refresh(ctx); refreshErr != nil {
		return errors.Join(err, refreshErr)
	}
	if err == nil {
		return nil
	}
	known := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CurrentRevision(ctx)
		return err
	})
	if fault.Is(known, fault.NotFound) {
		return err
	}
	a.log.ErrorContext(ctx, "the rules files are faulty; the last good revision goes on judging", "error", err)
	return known
}

// Reload reads the rules files again and applies them; faulty ones change nothing.
func (a *App) Reload(ctx context.Context) error {
	if !a.furnished.Load() {
		return fault.UnavailableFor("the database", 0)
	}
	return a.applyRules(ctx, true)
}

// RulesFiles returns the rules files of a directory, which is at fault when it has none.
func RulesFiles(directory fs.FS) ([]rule.File, error) {
	files, _, err := rule.ReadFiles(directory)
	if err != nil {
		return nil, fmt.Errorf("reading the rules: %w", err)
	}
	if len(files) == 0 {
		return nil, errNoRules
	}
	return files, nil
}

// applyRules applies the configured directory. Unless again is set, one that is as it was is left alone.
func (a *App) applyRules(ctx context.Context, again bool) error {
	if a.cfg.Rules == nil {
		return nil
	}
	files, err := RulesFiles(a.cfg.Rules)
	if err != nil {
		return err
	}
	set, err := rule.Load(files)
	if err != nil {
		return err
	}
	var last string
	err = a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		last, err = tx.DirectoryHash(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	if last == set.Hash() && !again {
		a.log.InfoContext(ctx, "the rules files are as they were")
		return nil
	}
	diff, err := a.automation.Apply(ctx, automation.Application{Set: set, Files: files, MakeNamespaces: true, Directory: true})
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "rules applied", "revision", diff.RevisionID,
		"achievements", len(set.Declared()), "changes", len(diff.Achievements), "replayed_events", diff.Events)
	return nil
}
