package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Goal is what a rule asks for before it gives an achievement: what a progress bar shows.
type Goal struct {
	Ref

	// Rule is "namespace/key" of the declaration.
	Rule string
	// Text says in words what is asked for.
	Text string
	// At is what the measure must reach; 0 when Reach says it.
	At int64
	// Parts are the measures, by their names in Reach; a single one is called like its kind.
	Parts []GoalPart
	// Reach is the condition on several measures; "" for one.
	Reach string
	// Requires must be held besides.
	Requires []Ref
	// Each says that every occurrence is measured by itself.
	Each bool

	period period
	reach  *expr
}

// GoalPart is one measure of a goal.
type GoalPart struct {
	Name    string
	Measure *Measure
}

// Goals returns what the rules that measure something for each person ask for, by achievement. What is
// decided between people, such as who is best, is no goal.
func (s *Set) Goals() []Goal {
	byRef := map[Ref]*Goal{}
	for _, m := range s.matchers {
		if m.main == nil || m.awards != nil || m.fold != measuring && m.fold != entering {
			continue
		}
		for i := range m.targets {
			t := &m.targets[i]
			if t.closing && t.reach == nil {
				continue
			}
			ref := Ref{t.namespace, t.key}
			if byRef[ref] == nil {
				byRef[ref] = goalOf(m, t)
			}
		}
	}
	goals := make([]Goal, 0, len(byRef))
	for _, goal := range byRef {
		goals = append(goals, *goal)
	}
	slices.SortFunc(goals, func(x, y Goal) int {
		return cmp.Or(strings.Compare(x.Namespace, y.Namespace), strings.Compare(x.Key, y.Key))
	})
	return goals
}

func goalOf(m *matcher, t *target) *Goal {
	g := &Goal{Ref: Ref{t.namespace, t.key}, Rule: t.rule, Requires: t.requires, Each: m.per != nil, period: m.period, reach: t.reach}
	if t.reach != nil {
		g.Reach = t.reach.text
		for _, part := range t.parts {
			g.Parts = append(g.Parts, GoalPart{part.name, part.measure})
		}
	} else {
		g.At = t.at
		g.Parts = []GoalPart{{m.main.measure.meter.word(), m.main.measure}}
	}
	g.Text = m.text(t)
	return g
}

// text says in words what a rule asks for.
func (m *matcher) text(t *target) string {
	var words []string
	switch {
	case t.reach != nil:
		words = append(words, t.reach.text)
	case m.main.measure.meter.kind == gaps:
		words = append(words, fmt.Sprintf("nothing for %s before", time.Duration(t.at)*time.Second))
	case m.fold == entering:
		words = append(words, "until it is taken away")
	default:
		words = append(words, fmt.Sprintf("a %s of %d", m.main.measure.meter.word(), t.at))
	}
	if t.reach == nil {
		words = append(words, "on "+strings.Join(m.kinds, ", "))
		if m.when != nil {
			words = append(words, "when "+m.when.text)
		}
		if m.main.of != nil {
			words = append(words, "of "+m.main.of.text)
		}
	}
	if m.main.measure.meter.window > 0 {
		words = append(words, "within "+m.main.measure.meter.window.String())
	}
	if m.period.unit != "" {
		words = append(words, "every "+m.period.unit)
	}
	return strings.Join(words, ", ")
}

// Bucket returns the bucket of the states that count towards the goal at a time; "" when each occurrence has
// one of its own, which time does not tell.
func (g *Goal) Bucket(at time.Time) string {
	if g.Each {
		return ""
	}
	return g.period.name(at)
}

// Reached reports whether the numbers of the parts, in order, are enough.
func (g *Goal) Reached(numbers []int64) bool {
	if g.reach == nil {
		return len(numbers) > 0 && numbers[0] >= g.At
	}
	values := make(map[string]any, len(numbers))
	for i, n := range numbers {
		values[g.Parts[i].Name] = n
	}
	holds, err := g.reach.over(values)
	return err == nil && holds
}
