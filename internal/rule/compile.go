package rule

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/seed-504bad89/accolade/internal/event"
)

// compiler compiles each text once, however many rules have it.
type compiler struct {
	compiled map[string]*expr
	// custom are the declared kinds of event, and envs the environments for them.
	custom map[string]customKind
	envs   map[string]*cel.Env
	// uses are the expressions with their places, for tools.
	uses []use
}

// compile checks the expression of a rule over events of the kinds. Its problems go to r; with
// any, it returns nil.
func (c *compiler) compile(r *report, src *source, want wanted, kinds []string) *expr {
	if src == nil {
		return nil
	}
	env, name, err := c.envOf(kinds)
	if err != nil {
		r.addf(src.locate(1, 0), src.key, "%s", tidy(err.Error()))
		return nil
	}
	key := fmt.Sprintf("%d %s %s", want, name, src.text)
	e := c.compiled[key]
	if e == nil {
		if e = compileExpr(r, src, want, env); e == nil {
			return nil
		}
		if name != "" {
			e.fields, _ = c.payloadOf(kinds)
			e.needs &^= needsPayload
		}
		// Those that differ in layout alone are one, which is evaluated once for each event.
		alike := fmt.Sprintf("%d %s %s", want, name, e.meaning)
		if c.compiled[alike] == nil {
			c.compiled[alike] = e
		}
		e = c.compiled[alike]
		c.compiled[key] = e
	}
	if len(kinds) > 0 && !checkFields(r, src, e.checked, kinds) {
		return nil
	}
	c.uses = append(c.uses, use{r, src, want, kinds, e})
	return e
}

func compileExpr(r *report, src *source, want wanted, env *cel.Env) *expr {
	checked, issues := env.Compile(src.text)
	if issues.Err() != nil {
		for _, issue := range issues.Errors() {
			r.addf(src.locate(issue.Location.Line(), issue.Location.Column()), src.key, "%s", tidy(issue.Message))
		}
		return nil
	}
	if makes(checked) {
		r.addf(src.locate(1, 0), src.key, "may only use what the event has, and makes up an object")
		return nil
	}
	if !slices.ContainsFunc(accepted[want], checked.OutputType().IsExactType) {
		r.addf(src.locate(1, 0), src.key, "must give %s, and gives %s", want, checked.OutputType())
		return nil
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if !compares(checked) {
		options = append(options, cel.CostLimit(maxCost))
	}
	program, err := env.Program(checked, options...)
	if err != nil {
		r.addf(src.locate(1, 0), src.key, "%s", tidy(err.Error()))
		return nil
	}
	meaning, err := cel.AstToString(checked)
	if err != nil {
		meaning = src.text
	}
	return &expr{text: src.text, meaning: meaning, program: program, checked: checked, needs: asks(checked), env: env, file: r.file, where: src}
}

// comparing are the operators whose work is bounded by the text of an expression and what it compares, as often as they are written.
var comparing = []string{
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
	operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional, operators.In,
}

// compares reports whether an expression does nothing but compare what the event has: nothing is repeated and nothing grows. Most do no more, and
// adding up what each step of it costs would cost as much as the steps.
func compares(checked *cel.Ast) bool {
	only := true
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.CallKind:
			only = only && slices.Contains(comparing, e.AsCall().FunctionName())
		case ast.IdentKind, ast.SelectKind, ast.LiteralKind, ast.ListKind:
		default:
			only = false
		}
	}))
	return only
}

// asks returns the facts that an expression names.
func asks(checked *cel.Ast) needs {
	var found needs
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			found |= facts[e.AsIdent()]
		}
	}))
	return found
}

// compileReach checks a condition on measures by their names.
func (c *compiler) compileReach(r *report, src *source, names []string) *expr {
	if src == nil {
		return nil
	}
	options := []cel.EnvOption{
		cel.ParserExpressionSizeLimit(MaxExpression), cel.ParserRecursionLimit(64), cel.EnableMacroCallTracking(),
	}
	for _, name := range names {
		options = append(options, cel.Variable(name, cel.IntType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		r.addf(src.locate(1, 0), src.key, "%s", tidy(err.Error()))
		return nil
	}
	return compileExpr(r, src, aBool, env)
}

// over evaluates a condition on measures.
func (e *expr) over(numbers map[string]any) (bool, error) {
	value, _, err := e.program.Eval(numbers)
	if err != nil {
		return false, fmt.Errorf("%s: %w", e.text, err)
	}
	return value == types.True, nil
}

// makes reports whether the expression constructs an event or an account, which would let a rule
// award to somebody who does not exist.
func makes(checked *cel.Ast) bool {
	found := false
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.StructKind
	}))
	return found
}

// tidy takes what only those who know CEL's inside understand out of its messages.
func tidy(message string) string {
	return strings.NewReplacer("\n", " ", " (in container '')", "", coAuthors, coAuthors[1:]).Replace(message)
}

// checkFields refuses fields of the event that none of the kinds has: they would always be empty.
func checkFields(r *report, src *source, checked *cel.Ast, kinds []string) bool {
	native := checked.NativeRep()
	good := true
	ast.PostOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.SelectKind || e.AsSelect().Operand().Kind() != ast.IdentKind || e.AsSelect().Operand().AsIdent() != "event" {
			return
		}
		name := e.AsSelect().FieldName()
		if slices.ContainsFunc(kinds, func(kind string) bool { return event.Carries(kind, name) }) {
			return
		}
		good = false
		where := native.SourceInfo().GetStartLocation(e.ID())
		var has []string
		for _, kind := range kinds {
			has = append(has, event.Fields(kind)...)
		}
		r.addf(src.locate(where.Line(), where.Column()), src.key, "%s has no field %q%s",
			strings.Join(kinds, ", "), name, nearest(name, has))
	}))
	return good
}
