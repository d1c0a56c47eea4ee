package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// startRules applies the configured rules. Faulty files never replace good rules: when the book
// knows an earlier revision, that one goes on judging and the faults are logged; without one
// there is nothing to judge by, and the start fails.
func (a *App) startRules(ctx context.Context) error {
	if a.cfg.Rules == nil {
		a.log.InfoContext(ctx, "no rules are configured; events are stored and nothing is awarded by rule")
		return nil
	}
	err := a.applyRules(ctx)
	if _, faulty := errors.AsType[rule.Problems](err); !faulty {
		return err
	}
	found, lastErr := a.automation.ApplyLast(ctx)
	if lastErr != nil || !found {
		return errors.Join(err, lastErr)
	}
	a.log.ErrorContext(ctx, "the rules files are faulty; the last good revision goes on judging", "error", err)
	return nil
}

// Reload reads the rules files again and applies them; faulty ones change nothing.
func (a *App) Reload(ctx context.Context) error {
	if a.cfg.Rules == nil {
		return nil
	}
	return a.applyRules(ctx)
}

func (a *App) applyRules(ctx context.Context) error {
	files, _, err := rule.ReadFiles(a.cfg.Rules)
	if err != nil {
		return fmt.Errorf("reading the rules: %w", err)
	}
	set, err := rule.Load(files)
	if err != nil {
		return err
	}
	applied, err := a.automation.Apply(ctx, set, files)
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "rules applied", "revision", applied.RevisionID,
		"achievements", len(set.Declared()), "created", len(applied.Created), "retired", applied.Retired)
	return nil
}
