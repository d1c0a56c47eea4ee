package automation

import (
	"context"
	"slices"

	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Progress is how far a user has come towards an achievement that a rule gives.
type Progress struct {
	rule.Goal

	AchievementID int64
	// Numbers are those of the goal's parts, in order.
	Numbers []int64
	Reached bool
	// Held says that an award stands.
	Held bool
	// Occurrence is the one that has come farthest, where each is measured by itself.
	Occurrence string
	// Missing are the achievements that must be held besides.
	Missing []rule.Ref
}

// Progress returns how far a user has come, by namespace and key.
func (a *Automation) Progress(ctx context.Context, tx *store.Tx, userID int64) ([]Progress, error) {
	rules := a.current.Load()
	goals := rules.set.Goals()
	var ids []int64
	for i := range goals {
		for _, part := range goals[i].Parts {
			ids = append(ids, rules.measures[part.Measure.ID()])
		}
	}
	states, err := tx.ProgressOf(ctx, userID, ids)
	if err != nil {
		return nil, err
	}
	holdings, err := tx.Holdings(ctx, []int64{userID})
	if err != nil {
		return nil, err
	}
	held := map[rule.Ref]bool{}
	for _, holding := range holdings {
		held[rule.Ref{Namespace: holding.Namespace, Key: holding.Key}] = true
	}
	progress := make([]Progress, len(goals))
	for i := range goals {
		progress[i] = a.progress(rules, goals[i], states, held)
	}
	return progress, nil
}

func (a *Automation) progress(rules *ruleset, goal rule.Goal, states []store.Standing, held map[rule.Ref]bool) Progress {
	p := Progress{
		Goal: goal, AchievementID: rules.achievements[achievementRef{goal.Namespace, goal.Key}].ID, Held: held[goal.Ref],
		Occurrence: goal.Bucket(a.now()), Numbers: make([]int64, len(goal.Parts)),
	}
	if goal.Each {
		p.Occurrence = farthest(rules.measures[goal.Parts[0].Measure.ID()], states)
	}
	for i, part := range goal.Parts {
		at := slices.IndexFunc(states, func(s store.Standing) bool {
			return s.MeasureID == rules.measures[part.Measure.ID()] && s.Bucket == p.Occurrence
		})
		if at >= 0 {
			p.Numbers[i] = states[at].N
		}
	}
	for _, ref := range goal.Requires {
		if !held[ref] {
			p.Missing = append(p.Missing, ref)
		}
	}
	p.Reached = goal.Reached(p.Numbers) && len(p.Missing) == 0
	return p
}

// farthest returns the bucket in which a measure has come farthest.
func farthest(measure int64, states []store.Standing) string {
	best, bucket := int64(0), ""
	for _, s := range states {
		if s.MeasureID == measure && s.N > best {
			best, bucket = s.N, s.Bucket
		}
	}
	return bucket
}

// Explain says what an event means now to the rules that give or take an achievement. Fault: NotFound for
// the event.
func (a *Automation) Explain(ctx context.Context, tx *store.Tx, eventID int64, of rule.Ref) (*store.EventRow, []rule.Explanation, error) {
	row, err := tx.EventByID(ctx, eventID)
	if err != nil {
		return nil, nil, err
	}
	rules := a.current.Load()
	w := newWork(a, rules, nil)
	w.looks = true
	ev := &judged{event: &row.Event, row: *row}
	var found []rule.Explanation
	_, err = w.late(ctx, tx, ev, func(facts *rule.Facts) rule.Matched {
		found = rules.set.Explain(ev.event, of, facts)
		return rule.Matched{}
	}, 0)
	return row, found, err
}
