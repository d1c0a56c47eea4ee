package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Explanation says what one event means to one rule, in the order of the language's ideas.
type Explanation struct {
	// Rule is "namespace/key", and Revokes says that it takes away.
	Rule    string
	Revokes bool
	Steps   []Step
	// Hits are the people whom the event is about by the rule; none when a step did not pass.
	Hits []Hit
}

// Step is one thing that was asked of the event.
type Step struct {
	// Idea is match, measure, reach, occurrence or hold.
	Idea   string
	Passed bool
	// Text says what was asked and what the event has.
	Text string
}

const (
	ideaMatch      = "match"
	ideaMeasure    = "measure"
	ideaOccurrence = "occurrence"
)

// Explain says what the event means to each rule that gives or takes the achievement, step by step until one
// that does not pass. It works as if the rules saw the event now, with these facts.
func (s *Set) Explain(ev *event.Event, of Ref, facts *Facts) []Explanation {
	var found []Explanation
	for _, m := range s.matchers {
		for i := range m.targets {
			t := &m.targets[i]
			if t.namespace != of.Namespace || t.key != of.Key {
				continue
			}
			e := explainer{matcher: m, ev: ev, facts: facts}
			e.explain()
			e.found.Rule, e.found.Revokes = t.rule, m.fold == leaving || m.fold == revoking
			found = append(found, e.found)
		}
	}
	return found
}

type explainer struct {
	*matcher

	ev    *event.Event
	facts *Facts
	found Explanation
}

// note adds a step and returns whether it passed.
func (e *explainer) note(idea string, passed bool, format string, args ...any) bool {
	e.found.Steps = append(e.found.Steps, Step{idea, passed, fmt.Sprintf(format, args...)})
	return passed
}

func (e *explainer) explain() {
	if !e.note(ideaMatch, slices.Contains(e.kinds, e.ev.Kind), "on %s; the event is %s", strings.Join(e.kinds, ", "), e.ev.Kind) || !e.inBounds() {
		return
	}
	evaluation := newEvaluation(e.ev, e.facts)
	if e.needs&needsRecipient == 0 && !e.conditions(evaluation, "") {
		return
	}
	people, err := e.people(evaluation)
	switch {
	case err != nil:
		e.note(ideaMatch, false, "to failed: %v", err)
		return
	case !e.note(ideaMatch, len(people) > 0, "to: %s", namesOf(people)):
		return
	}
	for _, person := range people {
		e.recipient(evaluation, person)
	}
}

func (e *explainer) inBounds() bool {
	if e.bounds.sources != nil && !e.note(ideaMatch, slices.Contains(e.bounds.sources, e.ev.Source),
		"sources are %s; the event is of %s", strings.Join(e.bounds.sources, ", "), e.ev.Source) {
		return false
	}
	if !e.bounds.from.IsZero() || !e.bounds.until.IsZero() {
		return e.note(ideaMatch, e.bounds.covers(e.ev), "active from %s until %s; the event is of %s",
			dayOr(e.bounds.from, "ever"), dayOr(e.bounds.until, "ever"), e.ev.Time.Format(time.RFC3339))
	}
	return true
}

func dayOr(t time.Time, never string) string {
	if t.IsZero() {
		return never
	}
	return t.Format(time.RFC3339)
}

// conditions notes each part of each condition, and stops at the first that is false.
func (e *explainer) conditions(evaluation *evaluation, who string) bool {
	for _, c := range []struct {
		key string
		of  *expr
	}{{"where", e.bounds.where}, {"when", e.when}, {"while", e.while}} {
		for _, part := range conjuncts(c.of) {
			holds, err := part.bool(evaluation.scope)
			if c.key == "while" && e.negated {
				holds = !holds
			}
			text := fmt.Sprintf("%s %s", c.key, part.text)
			if err != nil {
				text += fmt.Sprintf(" failed: %v", err)
			}
			if !e.note(ideaMatch, holds && err == nil, "%s%s", text, who) {
				return false
			}
		}
	}
	return true
}

func (e *explainer) recipient(evaluation *evaluation, person event.Account) {
	who := " for " + nameOf(person)
	if e.except.matches(person, e.ev.Actor) {
		e.note(ideaMatch, false, "except leaves out %s", nameOf(person))
		return
	}
	if e.needs&needsRecipient != 0 {
		if holds, err := e.holdsFor(evaluation, person); err != nil || e.except.optedOut && evaluation.recipient.OptedOut {
			e.note(ideaMatch, false, "except leaves out %s, or nothing is known of them", nameOf(person))
			return
		} else if !holds && !e.conditions(evaluation, who) {
			return
		}
	}
	var failed Matched
	effects, err := e.effects(evaluation, e.ev.Time, &failed)
	if err != nil {
		e.note(ideaMeasure, false, "what is measured failed%s: %v", who, err)
		return
	}
	if !e.note(ideaMeasure, len(effects) > 0, "%s%s", e.measures(effects), who) {
		return
	}
	for i := range effects {
		if occurrence := effects[i].occurrence; occurrence != "" {
			e.note(ideaOccurrence, true, "the occurrence is %q%s", occurrence, who)
		}
		e.found.Hits = append(e.found.Hits, Hit{&effects[i], &person})
	}
}

// measures says what the event adds.
func (e *explainer) measures(effects []effect) string {
	switch {
	case len(effects) == 0:
		return "the event adds nothing"
	case e.main == nil || len(effects[0].doses) == 0:
		return "each such event counts"
	case e.main.adds:
		return fmt.Sprintf("the event adds %d to the %s", effects[0].doses[0].amount, e.main.measure.meter.word())
	default:
		return "the event adds to the " + e.main.measure.meter.word()
	}
}

// word is what the language calls the measure.
func (m meter) word() string {
	switch m.kind {
	case distinctValues:
		return distinct
	case streaks:
		return streak
	case levels:
		return gauge
	case gaps:
		return gap
	default:
		return count
	}
}

func namesOf(people []event.Account) string {
	if len(people) == 0 {
		return "nobody"
	}
	names := make([]string, len(people))
	for i, person := range people {
		names[i] = nameOf(person)
	}
	return strings.Join(names, ", ")
}

func nameOf(person event.Account) string {
	if person.Login == "" {
		return "account " + person.ID
	}
	return person.Login
}

// conjuncts are the parts of a condition that must all hold, each to be evaluated by itself; the condition
// as a whole where it has none.
func conjuncts(e *expr) []*expr {
	if e == nil {
		return nil
	}
	native := e.checked.NativeRep()
	var parts []*expr
	var walk func(ast.Expr)
	walk = func(node ast.Expr) {
		if node.Kind() == ast.CallKind && node.AsCall().FunctionName() == operators.LogicalAnd {
			for _, arg := range node.AsCall().Args() {
				walk(arg)
			}
			return
		}
		text, err := parser.Unparse(node, native.SourceInfo())
		if err != nil {
			return
		}
		if part := recompiled(e, text); part != nil {
			parts = append(parts, part)
		}
	}
	walk(native.Expr())
	if parts == nil {
		return []*expr{e}
	}
	return parts
}

// recompiled returns a part of an expression as one of its own, and nil where that is not possible.
func recompiled(whole *expr, text string) *expr {
	env := environment()
	if whole.fields != nil {
		options := make([]cel.EnvOption, 0, len(whole.fields))
		for name, of := range whole.fields {
			options = append(options, cel.Variable("payload."+name, fieldTypes[of].cel))
		}
		extended, err := env.Extend(options...)
		if err != nil {
			return nil
		}
		env = extended
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil
	}
	program, err := env.Program(checked, cel.CostLimit(maxCost))
	if err != nil {
		return nil
	}
	return &expr{text: text, meaning: text, program: program, checked: checked, needs: asks(checked), fields: whole.fields}
}
