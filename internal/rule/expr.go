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
		anOccurrence: "a text or a whole number, or a list of them", aText: "a text",
		anAmount: "a whole number", aValue: "a text, a whole number or an account, or a list of them",
	}[w]
}

var (
	accountType = cel.ObjectType("event.Account")
	accepted    = map[wanted][]*cel.Type{
		aBool:        {cel.BoolType},
		anAccount:    {accountType, cel.ListType(accountType), cel.NullType},
		anOccurrence: {cel.StringType, cel.IntType, cel.ListType(cel.StringType), cel.ListType(cel.IntType)},
		aText:        {cel.StringType},
		anAmount:     {cel.IntType},
		aValue:       {cel.StringType, cel.IntType, accountType, cel.ListType(cel.StringType), cel.ListType(cel.IntType), cel.ListType(accountType)},
	}
)

// environment is what expressions are written in: the variable event, typed, the facts about it, and
// CEL's standard functions with those on texts and lists. It is made once.
var environment = sync.OnceValue(func() *cel.Env {
	env, err := cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[event.Event](), ext.ParseStructTag("cel")),
		ext.NativeTypes(reflect.TypeFor[Recipient](), ext.ParseStructTag("cel")),
		cel.Variable("event", cel.ObjectType("event.Event")),
		cel.Variable("history", cel.ListType(cel.ObjectType("event.Event"))),
		cel.Variable("recipient", cel.ObjectType("rule.Recipient")),
		cel.Variable("payload", cel.DynType),
		ext.Strings(), ext.Lists(), ext.Sets(), ext.Math(),
		functions(),
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
	// needs are the facts that it asks for, and fields those of a custom event that it knows.
	needs  needs
	fields customKind
	// env is what it was compiled in, and file and where say where it stands first.
	env   *cel.Env
	file  string
	where *source
	// cover, unless nil, notes what its parts came to.
	cover *cover
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

func (e *expr) eval(s *scope) (ref.Val, error) {
	s.fields = e.fields
	if e.cover != nil {
		e.cover.note(s)
	}
	value, _, err := e.program.Eval(s)
	if s.err != nil {
		err, s.err = s.err, nil
	}
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

// occurrences returns the texts that tell one award of a person from the next, each once and with the
// suffix, at most 100 of them.
func (e *expr) occurrences(s *scope, suffix string) ([]string, error) {
	value, err := e.eval(s)
	if err != nil {
		return nil, err
	}
	var texts []string
	err = each(value, func(value ref.Val) error {
		text, err := e.occurrence(value)
		if text = join(text, suffix); err == nil && !slices.Contains(texts, text) && len(texts) < maxValues {
			texts = append(texts, text)
		}
		return err
	})
	return texts, err
}

// each calls fn with the items of a list, or with what is no list.
func each(value ref.Val, fn func(ref.Val) error) error {
	list, ok := value.(traits.Lister)
	if !ok {
		return fn(value)
	}
	for items := list.Iterator(); items.HasNext() == types.True; {
		if err := fn(items.Next()); err != nil {
			return err
		}
	}
	return nil
}

func (e *expr) occurrence(value ref.Val) (string, error) {
	converted, ok := value.ConvertToType(types.StringType).(types.String)
	text := string(converted)
	switch {
	case !ok:
		return "", fmt.Errorf("%s: gives no text", e.text)
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
	err = each(value, func(value ref.Val) error {
		account, err := accountOf(value)
		if err != nil {
			return fmt.Errorf("%s: %w", e.text, err)
		}
		same := func(known event.Account) bool { return known.ID == account.ID && known.Source == account.Source }
		if account.ID != "" && !slices.ContainsFunc(found, same) {
			found = append(found, account)
		}
		return nil
	})
	return found, err
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
