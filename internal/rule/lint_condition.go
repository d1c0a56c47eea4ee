package rule

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// lintedCondition is a condition of a rule that is looked at.
type lintedCondition struct {
	use

	info *ast.SourceInfo
}

// lintCondition warns of parts of a condition that decide nothing.
func lintCondition(u use) {
	native := u.expr.checked.NativeRep()
	c := &lintedCondition{u, native.SourceInfo()}
	if !c.constant(native.Expr()) {
		c.walk(native.Expr())
	}
}

// warnf adds a warning about a part of the condition.
func (c *lintedCondition) warnf(part ast.Expr, format string, args ...any) {
	c.report.warnf(c.place(part), c.source.key, format, args...)
}

// place returns where in the file a part of the condition begins.
func (u use) place(part ast.Expr) place {
	info := u.expr.checked.NativeRep().SourceInfo()
	begin := int32(-1)
	ast.PostOrderVisit(part, ast.NewExprVisitor(func(e ast.Expr) {
		if span, ok := info.GetOffsetRange(e.ID()); ok && (begin < 0 || span.Start < begin) {
			begin = span.Start
		}
	}))
	where := info.GetLocationByOffset(max(begin, 0))
	return u.source.locate(where.Line(), where.Column())
}

func (c *lintedCondition) text(part ast.Expr) string { return textOfExpr(part, c.info) }

// textOfExpr returns a part of an expression as it would be written.
func textOfExpr(part ast.Expr, info *ast.SourceInfo) string {
	text, err := cel.ExprToString(part, info)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(text, "\n", " ") // long ones are wrapped
}

// constant warns of a part that is the same for every event, and reports whether it is.
func (c *lintedCondition) constant(part ast.Expr) bool {
	value, known := c.truth(part)
	if known {
		c.warnf(part, "%s is always %t", c.text(part), value)
	}
	return known
}

func (c *lintedCondition) walk(part ast.Expr) {
	if part.Kind() != ast.CallKind {
		return
	}
	call := part.AsCall()
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		seen := map[string]bool{}
		for _, operand := range operands(part, call.FunctionName()) {
			if c.constant(operand) {
				continue
			}
			if text := c.text(operand); text != "" && seen[text] {
				c.warnf(operand, "%s stands here twice", text)
				continue
			}
			seen[c.text(operand)] = true
			c.walk(operand)
		}
	case operators.LogicalNot, operators.Conditional:
		for _, operand := range call.Args() {
			if !c.constant(operand) {
				c.walk(operand)
			}
		}
	case operators.Equals, operators.NotEquals, operators.In:
		c.kind(part)
	}
}

// operands returns what is joined by the operator, in the order of the text.
func operands(part ast.Expr, operator string) []ast.Expr {
	if part.Kind() != ast.CallKind || part.AsCall().FunctionName() != operator {
		return []ast.Expr{part}
	}
	var found []ast.Expr
	for _, arg := range part.AsCall().Args() {
		found = append(found, operands(arg, operator)...)
	}
	return found
}

// kind warns of a comparison of event.kind with a kind that the rule is not about.
func (c *lintedCondition) kind(part ast.Expr) {
	if c.source.key == "where" { // it is for rules of all kinds
		return
	}
	args := part.AsCall().Args()
	for i, arg := range args {
		if fieldPath(arg) != "kind" {
			continue
		}
		others := []ast.Expr{args[1-i]}
		if args[1-i].Kind() == ast.ListKind {
			others = args[1-i].AsList().Elements()
		}
		for _, other := range others {
			if other.Kind() != ast.LiteralKind {
				continue
			}
			if text, ok := other.AsLiteral().(types.String); ok && !slices.Contains(c.kinds, string(text)) {
				c.warnf(other, "event.kind is never %q here: on names %s", string(text), strings.Join(c.kinds, ", "))
			}
		}
	}
}

// truth returns what a part is for every event, if that can be told.
func (c *lintedCondition) truth(part ast.Expr) (value, known bool) {
	switch part.Kind() {
	case ast.LiteralKind:
		value, known := part.AsLiteral().(types.Bool)
		return bool(value), known
	case ast.CallKind:
	default:
		return false, false
	}
	args := part.AsCall().Args()
	switch part.AsCall().FunctionName() {
	case operators.LogicalNot:
		value, known := c.truth(args[0])
		return !value, known
	case operators.LogicalAnd:
		return c.either(args, false)
	case operators.LogicalOr:
		return c.either(args, true)
	case operators.Conditional:
		if value, known := c.truth(args[0]); known && value {
			return c.truth(args[1])
		} else if known {
			return c.truth(args[2])
		}
		yes, knownYes := c.truth(args[1])
		no, knownNo := c.truth(args[2])
		return yes, knownYes && knownNo && yes == no
	case operators.Equals, operators.LessEquals, operators.GreaterEquals, operators.NotEquals, operators.Less, operators.Greater:
		if x := c.text(args[0]); x != "" && x == c.text(args[1]) {
			switch part.AsCall().FunctionName() {
			case operators.Equals, operators.LessEquals, operators.GreaterEquals:
				return true, true
			default:
				return false, true
			}
		}
	}
	return c.evaluated(part)
}

// either returns the truth of operands of which one that has the value decides.
func (c *lintedCondition) either(args []ast.Expr, decides bool) (value, known bool) {
	all := true
	for _, arg := range args {
		value, known := c.truth(arg)
		if known && value == decides {
			return decides, true
		}
		all = all && known
	}
	return !decides, all
}

// evaluated returns what a part gives that asks nothing of the event.
func (c *lintedCondition) evaluated(part ast.Expr) (value, known bool) {
	asks := false
	ast.PostOrderVisit(part, ast.NewExprVisitor(func(e ast.Expr) {
		asks = asks || e.Kind() == ast.IdentKind || e.Kind() == ast.ComprehensionKind
	}))
	if asks {
		return false, false
	}
	checked, issues := c.expr.env.Compile(c.text(part))
	if issues.Err() != nil {
		return false, false
	}
	program, err := c.expr.env.Program(checked, cel.CostLimit(maxCost))
	if err != nil {
		return false, false
	}
	result, _, err := program.Eval(cel.NoVars())
	truth, ok := result.(types.Bool)
	return bool(truth), ok && err == nil
}
