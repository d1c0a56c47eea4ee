package rule

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// cover notes what the parts of a condition came to: each operand of &&, ||, ! and ?: that is no such
// operation itself, or the condition as a whole. What judges in the service has none.
type cover struct {
	program cel.Program
	parts   []*coveredPart
}

type coveredPart struct {
	id int64
	// text is the part, and where "file:line:col" where it stands.
	text, where         string
	seenTrue, seenFalse bool
}

// covered returns a cover of a condition; nil for one that cannot be tracked.
func covered(e *expr) *cover {
	program, err := e.env.Program(e.checked, cel.EvalOptions(cel.OptTrackState), cel.CostLimit(maxCost))
	if err != nil {
		return nil
	}
	c := &cover{program: program}
	native := e.checked.NativeRep()
	var walk func(ast.Expr)
	walk = func(node ast.Expr) {
		if node.Kind() == ast.CallKind {
			switch node.AsCall().FunctionName() {
			case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
				for _, arg := range node.AsCall().Args() {
					walk(arg)
				}
				return
			}
		}
		if node.Kind() == ast.LiteralKind {
			return
		}
		text, err := parser.Unparse(node, native.SourceInfo())
		if err != nil {
			text = e.text
		}
		at := native.SourceInfo().GetStartLocation(node.ID())
		where := e.where.locate(at.Line(), at.Column())
		c.parts = append(c.parts, &coveredPart{id: node.ID(), text: text, where: fmt.Sprintf("%s:%d:%d", e.file, where.line, where.column)})
	}
	walk(native.Expr())
	return c
}

// note evaluates the condition once more, for what its parts come to.
func (c *cover) note(s *scope) {
	_, details, err := c.program.Eval(s)
	s.err = nil
	if err != nil || details == nil {
		return
	}
	for _, part := range c.parts {
		switch value, _ := details.State().Value(part.id); value {
		case types.True:
			part.seenTrue = true
		case types.False:
			part.seenFalse = true
		}
	}
}

// track begins to note what the conditions of the set come to. Every event of their kinds then goes to them,
// also those for which an index would do without.
func (s *Set) track() {
	s.index = index{}
	for _, m := range s.matchers {
		s.index.put(m, "", "")
		for _, e := range m.conditions() {
			if e.cover == nil {
				e.cover = covered(e)
			}
		}
	}
}

// conditions are the expressions that decide whether an event matches.
func (m *matcher) conditions() []*expr {
	var found []*expr
	for _, e := range []*expr{m.bounds.where, m.when, m.while} {
		if e != nil {
			found = append(found, e)
		}
	}
	return found
}

// Coverage says which sides of its conditions a rule's tests have seen.
type Coverage struct {
	// Rule is "namespace/key".
	Rule string
	// Seen of Branches: each part of a condition has two, true and false.
	Seen, Branches int
	// Unseen are lines such as "never false: event.draft == false (file:line:col)".
	Unseen []string
}

// coverage returns that of every rule, by name.
func (s *Set) coverage() []Coverage {
	byRule := map[string]*Coverage{}
	counted := map[string]bool{}
	for _, m := range s.matchers {
		for _, t := range m.targets {
			if byRule[t.rule] == nil {
				byRule[t.rule] = &Coverage{Rule: t.rule}
			}
			for _, e := range m.conditions() {
				if id := t.rule + "\x00" + e.meaning; e.cover != nil && !counted[id] {
					counted[id] = true
					byRule[t.rule].add(e.cover)
				}
			}
		}
	}
	all := make([]Coverage, 0, len(byRule))
	for _, c := range byRule {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(x, y Coverage) int { return strings.Compare(x.Rule, y.Rule) })
	return all
}

func (c *Coverage) add(of *cover) {
	for _, part := range of.parts {
		c.Branches += 2
		for _, side := range []struct {
			word string
			seen bool
		}{{"true", part.seenTrue}, {"false", part.seenFalse}} {
			if side.seen {
				c.Seen++
				continue
			}
			c.Unseen = append(c.Unseen, fmt.Sprintf("never %s: %s (%s)", side.word, part.text, part.where))
		}
	}
}

// Covered is how many percent of all branches the tests have seen; 100 when there are none.
func (r Report) Covered() int {
	seen, branches := 0, 0
	for _, c := range r.coverage {
		seen, branches = seen+c.Seen, branches+c.Branches
	}
	if branches == 0 {
		return 100
	}
	return 100 * seen / branches
}

// WriteCoverage prints for each rule which branches of its conditions no test has seen.
func (r Report) WriteCoverage(out io.Writer) {
	for _, c := range r.coverage {
		fmt.Fprintf(out, "%s: %d of %d branches\n", c.Rule, c.Seen, c.Branches)
		for _, line := range c.Unseen {
			fmt.Fprintf(out, "          %s\n", line)
		}
	}
	fmt.Fprintf(out, "%d%% of all branches\n", r.Covered())
}
