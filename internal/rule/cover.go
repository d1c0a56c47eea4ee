package rule

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// Coverage says which parts of the rules' conditions the tests have seen both true and false.
type Coverage struct {
	rules []covered
}

// covered is a rule with the parts of its conditions.
type covered struct {
	name  string
	parts []part
}

// part is a part of a condition that decides something, and what it was seen to be.
type part struct {
	text       string
	file       string
	at         place
	yes, no    bool
	expression int64
}

// Cover runs the tests that are wanted, all of them if wanted is nil, as Test and TestSome do, and returns what
// they have seen of the conditions, too.
func Cover(rules, tests []File, wanted func(name string) bool) (Report, Coverage, error) {
	set, loaded, err := load(rules)
	if err != nil {
		return Report{}, Coverage{}, err
	}
	watched, err := watch(set)
	if err != nil {
		return Report{}, Coverage{}, err
	}
	report, err := testSet(set, tests, wanted)
	if err != nil {
		return Report{}, Coverage{}, err
	}
	if wanted != nil && len(report.results) == 0 {
		return Report{}, Coverage{}, fault.New(fault.NotFound, "no_test", "no test has such a name")
	}
	return report, coverageOf(loaded, watched), nil
}

// watching is a program that notes what the parts of a condition were.
type watching struct {
	cel.Program

	matcher *matcher
	// of is the condition that it stands for.
	of   *expr
	seen map[int64]part
}

// watch makes the set note what its conditions were. Its index is dropped, for it spares conditions that
// cannot hold.
func watch(set *Set) ([]*watching, error) {
	var all []*watching
	set.index = index{}
	for _, m := range set.matchers {
		for _, kind := range m.kinds {
			if set.index[kind] == nil {
				set.index[kind] = &kindIndex{}
			}
			set.index[kind].always = append(set.index[kind].always, m)
		}
		if m.when == nil {
			continue
		}
		program, err := environment().Program(m.when.checked, cel.EvalOptions(cel.OptTrackState), cel.CostLimit(maxCost))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.when.text, err)
		}
		w := &watching{Program: program, matcher: m, of: m.when, seen: map[int64]part{}}
		when := *m.when
		when.program = w
		m.when = &when
		all = append(all, w)
	}
	return all, nil
}

// Eval implements cel.Program.
func (w *watching) Eval(input any) (ref.Val, *cel.EvalDetails, error) {
	value, details, err := w.Program.Eval(input)
	w.note(details)
	return value, details, err
}

// ContextEval implements cel.Program.
func (w *watching) ContextEval(ctx context.Context, input any) (ref.Val, *cel.EvalDetails, error) {
	value, details, err := w.Program.ContextEval(ctx, input)
	w.note(details)
	return value, details, err
}

func (w *watching) note(details *cel.EvalDetails) {
	if details == nil {
		return
	}
	state := details.State()
	for _, id := range state.IDs() {
		value, _ := state.Value(id)
		truth, ok := value.(types.Bool)
		if !ok {
			continue
		}
		seen := w.seen[id]
		seen.yes, seen.no = seen.yes || bool(truth), seen.no || !bool(truth)
		w.seen[id] = seen
	}
}

// is reports whether the condition is the one of a rule, where it is used.
func (w *watching) is(u use, rule string, revokes bool) bool {
	m := w.matcher
	takes := m.fold == leaving || m.fold == revoking
	return w.of == u.expr && takes == revokes && slices.Equal(m.kinds, u.kinds) &&
		slices.ContainsFunc(m.targets, func(t target) bool { return t.rule == rule })
}

// coverageOf puts together what was seen, rule by rule in the order of the files.
func coverageOf(l *loader, all []*watching) Coverage {
	var c Coverage
	for _, r := range l.reports {
		c.rules = append(c.rules, coverageIn(outlineOf(r), l.uses, all)...)
	}
	return c
}

// coverageIn returns the rules of a file.
func coverageIn(o outline, uses []use, all []*watching) []covered {
	var found []covered
	rules := map[string]int{}
	for _, a := range o.achievements {
		for _, word := range []string{awardKey, revokeKey} {
			if _, ok := a.fields[word]; ok {
				name := nameOf(a.key, word == revokeKey)
				rules[name] = len(found)
				found = append(found, covered{name: name})
			}
		}
	}
	for _, u := range uses {
		if u.report != o.report || u.source.key != "when" {
			continue
		}
		a, revokes := o.owner(u.source.at)
		if a == nil {
			continue
		}
		parts := partsOf(u)
		for _, w := range all {
			if w.is(u, textOf(o.root["namespace"].value)+"/"+a.key, revokes) {
				w.tell(parts)
			}
		}
		i := rules[nameOf(a.key, revokes)]
		found[i].parts = append(found[i].parts, parts...)
	}
	return found
}

// tell adds what was seen to the parts of a condition.
func (w *watching) tell(parts []part) {
	for i := range parts {
		seen := w.seen[parts[i].expression]
		parts[i].yes, parts[i].no = parts[i].yes || seen.yes, parts[i].no || seen.no
	}
}

func nameOf(key string, revokes bool) string {
	if revokes {
		return "revoke of " + key
	}
	return key
}

// partsOf returns the condition and whatever in it is joined by &&, || and ?:. What is negated is looked at
// before it is; what is asked of each item of a list is none of it.
func partsOf(u use) []part {
	info := u.expr.checked.NativeRep().SourceInfo()
	var parts []part
	var walk func(ast.Expr)
	walk = func(e ast.Expr) {
		function := ""
		if e.Kind() == ast.CallKind {
			function = e.AsCall().FunctionName()
		}
		if function != operators.LogicalNot {
			parts = append(parts, part{text: textOfExpr(e, info), file: u.report.file, at: u.place(e), expression: e.ID()})
		}
		var inner []ast.Expr
		switch function {
		case operators.LogicalAnd, operators.LogicalOr:
			inner = operands(e, function)
		case operators.LogicalNot, operators.Conditional:
			inner = e.AsCall().Args()
		}
		for _, operand := range inner {
			walk(operand)
		}
	}
	walk(u.expr.checked.NativeRep().Expr())
	return parts
}

// branches returns how many of all branches were seen: each part has two.
func (c *covered) branches() (seen, all int) {
	for _, p := range c.parts {
		all += 2
		if p.yes {
			seen++
		}
		if p.no {
			seen++
		}
	}
	return seen, all
}

func (c Coverage) branches() (seen, all int) {
	for i := range c.rules {
		some, of := c.rules[i].branches()
		seen, all = seen+some, all+of
	}
	return seen, all
}

// Percent returns how many of a hundred branches were seen, rounded down; 100 if there are none.
func (c Coverage) Percent() int {
	seen, all := c.branches()
	if all == 0 {
		return 100
	}
	return seen * 100 / all
}

// Write prints a line for each rule, and one for all of them.
func (c Coverage) Write(out io.Writer) {
	for i := range c.rules {
		seen, all := c.rules[i].branches()
		var line strings.Builder
		fmt.Fprintf(&line, "%s: %d of %d branches", c.rules[i].name, seen, all)
		for _, p := range c.rules[i].parts {
			for _, missing := range p.missing() {
				fmt.Fprintf(&line, "; never %s: %s (%s:%d:%d)", missing, p.text, p.file, p.at.line, p.at.column)
			}
		}
		fmt.Fprintln(out, line.String())
	}
	seen, all := c.branches()
	fmt.Fprintf(out, "coverage: %d%%, %d of %d branches\n", c.Percent(), seen, all)
}

func (p part) missing() []string {
	var missing []string
	if !p.yes {
		missing = append(missing, "true")
	}
	if !p.no {
		missing = append(missing, "false")
	}
	return missing
}
