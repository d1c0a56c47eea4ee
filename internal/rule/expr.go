package rule

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"github.com/seed-504bad89/accolade/internal/event"
)

// wanted is what an expression must give.
type wanted int

const (
	aBool wanted = iota
	anAccount
	anOccurrence
	aText
	anAmount
	aValue
)

func (w wanted) String() string {
	return [...]string{
		aBool: "true or false", anAccount: "an account or a list of accounts",
		anOccurrence: "a text or a whole number", aText: "a text",
		anAmount: "a whole number", aValue: "a text, a whole number or an account",
	}[w]
}

var (
	accountType = cel.ObjectType("event.Account")
	accepted    = map[wanted][]*cel.Type{
		aBool:        {cel.BoolType},
		anAccount:    {accountType, cel.ListType(accountType), cel.NullType},
		anOccurrence: {cel.StringType, cel.IntType},
		aText:        {cel.StringType},
		anAmount:     {cel.IntType},
		aValue:       {cel.StringType, cel.IntType, accountType},
	}
)

// environment is what expressions are written in: the variable event, typed, and CEL's standard
// functions with those on texts and lists. It is made once.
var environment = sync.OnceValue(func() *cel.Env {
	env, err := cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[event.Event](), ext.ParseStructTag("cel")),
		cel.Variable("event", cel.ObjectType("event.Event")),
		ext.Strings(), ext.Lists(), ext.Sets(), ext.Math(),
		cel.EnableMacroCallTracking(), cel.ParserExpressionSizeLimit(MaxExpression), cel.ParserRecursionLimit(64),
	)
	if err == nil {
		env, err = withAbsence(env)
	}
	if err != nil {
		panic("the environment of expressions is faulty: " + err.Error())
	}
	return env
})

// expr is a compiled expression. It may be used concurrently.
type expr struct {
	text string
	// meaning is the text without its layout, which no count may depend on.
	meaning string
	program cel.Program
	checked *cel.Ast
}

// compiler compiles each text once, however many rules have it.
type compiler struct {
	compiled map[string]*expr
	// uses are the expressions with their places, for tools.
	uses []use
}

// compile checks the expression of a rule over events of the kinds. Its problems go to r; with
// any, it returns nil.
func (c *compiler) compile(r *report, src *source, want wanted, kinds []string) *expr {
	if src == nil {
		return nil
	}
	key := fmt.Sprintf("%d %s", want, src.text)
	e := c.compiled[key]
	if e == nil {
		if e = compileExpr(r, src, want); e == nil {
			return nil
		}
		// Those that differ in layout alone are one, which is evaluated once for each event.
		alike := fmt.Sprintf("%d %s", want, e.meaning)
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

func compileExpr(r *report, src *source, want wanted) *expr {
	env := environment()
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
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		r.addf(src.locate(1, 0), src.key, "%s", tidy(err.Error()))
		return nil
	}
	meaning, err := cel.AstToString(checked)
	if err != nil {
		meaning = src.text
	}
	return &expr{text: src.text, meaning: meaning, program: program, checked: checked}
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
	return strings.NewReplacer("\n", " ", " (in container '')", "").Replace(message)
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

// literals returns the comparisons of a text field of the event with a literal that must all hold
// for the expression to: field path to text.
func literals(e *expr) map[string]string {
	found := map[string]string{}
	if e == nil {
		return found
	}
	var walk func(ast.Expr)
	walk = func(node ast.Expr) {
		if node.Kind() != ast.CallKind {
			return
		}
		call := node.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd:
			for _, arg := range call.Args() {
				walk(arg)
			}
		case operators.Equals:
			for i, arg := range call.Args() {
				other := call.Args()[1-i]
				if path := fieldPath(arg); path != "" && other.Kind() == ast.LiteralKind {
					if text, ok := other.AsLiteral().(types.String); ok {
						found[path] = string(text)
					}
				}
			}
		}
	}
	walk(e.checked.NativeRep().Expr())
	return found
}

// fieldPath returns "a.b" for event.a.b, and "" for anything else.
func fieldPath(node ast.Expr) string {
	if node.Kind() != ast.SelectKind || node.AsSelect().IsTestOnly() {
		return ""
	}
	selected := node.AsSelect()
	if selected.Operand().Kind() == ast.IdentKind && selected.Operand().AsIdent() == "event" {
		return selected.FieldName()
	}
	if base := fieldPath(selected.Operand()); base != "" {
		return base + "." + selected.FieldName()
	}
	return ""
}

// scope is what an expression sees while it is evaluated: one event.
type scope struct{ event ref.Val }

func scopeOf(ev *event.Event) *scope {
	return &scope{environment().CELTypeAdapter().NativeToValue(ev)}
}

// ResolveName implements cel.Activation.
func (s *scope) ResolveName(name string) (any, bool) { return s.event, name == "event" }

// Parent implements cel.Activation.
func (*scope) Parent() cel.Activation { return nil }

func (e *expr) eval(s *scope) (ref.Val, error) {
	value, _, err := e.program.Eval(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.text, err)
	}
	return value, nil
}

func (e *expr) bool(s *scope) (bool, error) {
	value, err := e.eval(s)
	if err != nil {
		return false, err
	}
	return value == types.True, nil
}

// text returns a text, or a whole number as text.
func (e *expr) string(s *scope) (string, error) {
	value, err := e.eval(s)
	if err != nil {
		return "", err
	}
	text, ok := value.ConvertToType(types.StringType).(types.String)
	if !ok {
		return "", fmt.Errorf("%s: gives no text", e.text)
	}
	return string(text), nil
}

// maxAmount bounds one addition, so that no sum leaves the numbers that every database keeps.
const maxAmount = 1 << 40

// amount returns how much an event adds to a sum: 0 to 2^40. A sum never shrinks, so that the order of
// events means nothing.
func (e *expr) amount(s *scope) (int64, error) {
	value, err := e.eval(s)
	if err != nil {
		return 0, err
	}
	amount, ok := value.(types.Int)
	if !ok || amount < 0 || amount > maxAmount {
		return 0, fmt.Errorf("%s: gives %v, which a sum cannot add", e.text, value)
	}
	return int64(amount), nil
}

// occurrence returns a text that tells one award of a person from the next.
func (e *expr) occurrence(s *scope) (string, error) {
	text, err := e.string(s)
	switch {
	case err != nil:
		return "", err
	case text == "":
		return "", fmt.Errorf("%s: gives an empty occurrence", e.text)
	case !isText(text):
		return "", fmt.Errorf("%s: gives an occurrence that is not UTF-8 without NUL", e.text)
	case utf8.RuneCountInString(text) > MaxOccurrence:
		return "", fmt.Errorf("%s: gives an occurrence of more than %d characters", e.text, MaxOccurrence)
	}
	return text, nil
}

// isText reports whether every store can keep the text.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// accounts returns the accounts that the expression gives, each once. Null, and accounts without
// an id, are nobody.
func (e *expr) accounts(s *scope) ([]event.Account, error) {
	value, err := e.eval(s)
	if err != nil {
		return nil, err
	}
	var found []event.Account
	add := func(value ref.Val) error {
		account, err := accountOf(value)
		if err != nil {
			return fmt.Errorf("%s: %w", e.text, err)
		}
		if account.ID != "" && !slices.ContainsFunc(found, func(known event.Account) bool { return known.ID == account.ID }) {
			found = append(found, account)
		}
		return nil
	}
	list, ok := value.(traits.Lister)
	if !ok {
		return found, add(value)
	}
	for items := list.Iterator(); items.HasNext() == types.True; {
		if err := add(items.Next()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func accountOf(value ref.Val) (event.Account, error) {
	if value == types.NullValue {
		return event.Account{}, nil
	}
	switch account := value.Value().(type) {
	case *event.Account:
		if account == nil {
			return event.Account{}, nil
		}
		return *account, nil
	case event.Account:
		return account, nil
	default:
		return event.Account{}, errors.New("gives no account")
	}
}
