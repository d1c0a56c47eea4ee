package automation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
)

// RuleState is how a rule fares.
type RuleState struct {
	// Rule is "namespace/key".
	Rule string
	// LastAwarded is when it gave something last, by the time of the event; zero for never.
	LastAwarded time.Time
	// FailedOn is the newest event that it failed on, 0 for none of the latest, and Failure how.
	FailedOn int64
	Failure  string
}

// latestFailures is how many of the newest failures are looked at.
const latestFailures = 1_000

// States returns how each rule fares, by name.
func (a *Automation) States(ctx context.Context, tx *store.Tx) ([]RuleState, error) {
	rules := a.current.Load()
	byRule := map[string][]int64{}
	var ids []int64
	for _, d := range rules.set.Declared() {
		id := rules.achievements[achievementRef{d.Namespace, d.Key}].ID
		key := d.Key
		if d.Series != "" {
			key = d.Series
		}
		byRule[d.Namespace+"/"+key] = append(byRule[d.Namespace+"/"+key], id)
		ids = append(ids, id)
	}
	last, err := tx.LastAwarded(ctx, ids)
	if err != nil {
		return nil, err
	}
	failed, err := tx.FailedEvents(ctx, latestFailures)
	if err != nil {
		return nil, err
	}
	states := []RuleState{}
	judging := map[string]bool{}
	for _, m := range rules.set.Matchings() {
		for _, name := range m.Rules {
			judging[name] = true
		}
	}
	for name := range judging {
		state := RuleState{Rule: name}
		for _, id := range byRule[name] {
			state.LastAwarded = latest(state.LastAwarded, last[id])
		}
		state.FailedOn, state.Failure = failureOf(name, failed)
		states = append(states, state)
	}
	slices.SortFunc(states, func(x, y RuleState) int { return strings.Compare(x.Rule, y.Rule) })
	return states, nil
}

// failureOf returns the newest event that a rule failed on, and how.
func failureOf(rule string, failed []store.EventRow) (int64, string) {
	for i := range failed {
		for line := range strings.Lines(failed[i].Failures) {
			if text, ok := strings.CutPrefix(line, rule+": "); ok {
				return failed[i].ID, strings.TrimSpace(text)
			}
		}
	}
	return 0, ""
}
