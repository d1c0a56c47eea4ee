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
	// File and Line say where it is written.
	File string
	Line int
	// Gives is what it gives, and Awards how many of those it gave.
	Gives  []RuleGives
	Awards int64
	// LastAwarded is when it gave something last, by the time of the event; zero for never. Silent is for how long not.
	LastAwarded time.Time
	Silent      time.Duration
	// FailedOn is the newest event that it failed on, 0 for none of the latest, and Failure how.
	FailedOn int64
	Failure  string
}

// RuleGives is an achievement that a rule gives.
type RuleGives struct {
	ID        int64
	Key, Name string
}

// latestFailures is how many of the newest failures are looked at.
const latestFailures = 1_000

// States returns how each rule fares, by name.
func (a *Automation) States(ctx context.Context, tx *store.Tx) ([]RuleState, error) {
	rules := a.current.Load()
	byRule := map[string]*RuleState{}
	var ids []int64
	for _, d := range rules.set.Declared() {
		id := rules.achievements[achievementRef{d.Namespace, d.Key}].ID
		key := d.Key
		if d.Series != "" {
			key = d.Series
		}
		name := d.Namespace + "/" + key
		if byRule[name] == nil {
			byRule[name] = &RuleState{File: d.File, Line: d.Line}
		}
		byRule[name].Gives = append(byRule[name].Gives, RuleGives{ID: id, Key: d.Key, Name: d.Name})
		ids = append(ids, id)
	}
	given, err := tx.GivenByRules(ctx, ids)
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
		state := RuleState{}
		if declared := byRule[name]; declared != nil {
			state = *declared
		}
		state.Rule = name
		for _, gives := range state.Gives {
			state.Awards += given[gives.ID].Awards
			state.LastAwarded = latest(state.LastAwarded, given[gives.ID].Last)
		}
		if !state.LastAwarded.IsZero() {
			state.Silent = max(0, a.now().Sub(state.LastAwarded))
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
