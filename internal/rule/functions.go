package rule

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/seed-504bad89/accolade/internal/event"
)

// The functions that expressions have besides CEL's own. Each gives the same for the same
// arguments, and costs what it works, so that the limit on an expression's cost holds for it, too.

// coAuthors is what co_authors(text) becomes, with the address of the event beside the text.
const coAuthors = "@co_authors"

// zoneCost is what finding a time zone costs, in units of CEL's cost model.
const zoneCost = 20

// functions returns the functions as one option of an environment.
func functions() cel.EnvOption { return cel.Lib(library{&zones{}}) }

type library struct{ zones *zones }

// CompileOptions implements cel.Library.
func (l library) CompileOptions() []cel.EnvOption {
	instant := []*cel.Type{cel.TimestampType, cel.StringType}
	return []cel.EnvOption{
		cel.Function("glob", cel.Overload("glob_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(glob))),
		cel.Function("weekday", cel.Overload("weekday_timestamp_string", instant, cel.StringType,
			cel.BinaryBinding(l.inZone(func(t time.Time) string { return strings.ToLower(t.Weekday().String()) })))),
		cel.Function("date", cel.Overload("date_timestamp_string", instant, cel.StringType,
			cel.BinaryBinding(l.inZone(func(t time.Time) string { return t.Format(time.DateOnly) })))),
		cel.Function("years", cel.Overload("years_timestamp_timestamp", []*cel.Type{cel.TimestampType, cel.TimestampType}, cel.IntType,
			cel.BinaryBinding(years))),
		length("hours", time.Hour), length("days", day), length("weeks", 7*day),
		cel.Macros(cel.GlobalMacro("co_authors", 1, withAddress)),
		cel.Function(coAuthors, cel.Overload("co_authors_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.ListType(accountType),
			cel.BinaryBinding(findCoAuthors))),
		cel.CostModel(
			cost.Overload("glob_string_string", cost.EvalCost(cost.Sum(cost.Const(cost.CallCost),
				cost.StringScan(cost.Mul(cost.Length(cost.Arg(0)), cost.Length(cost.Arg(1))))))),
			cost.Overload("weekday_timestamp_string", cost.EvalCost(cost.Const(zoneCost))),
			cost.Overload("date_timestamp_string", cost.EvalCost(cost.Const(zoneCost))),
			cost.Overload("co_authors_string_string", cost.EvalCost(cost.Sum(cost.Const(zoneCost), cost.Length(cost.Arg(0)), cost.Length(cost.Arg(1))))),
		),
		cel.ASTValidators(literalZones(l), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals()),
	}
}

// ProgramOptions implements cel.Library.
func (library) ProgramOptions() []cel.ProgramOption { return nil }

// day is a length of time; those of the calendar may be an hour shorter or longer.
const day = 24 * time.Hour

// length is a function that gives so many units as a duration.
func length(name string, unit time.Duration) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_int", []*cel.Type{cel.IntType}, cel.DurationType,
		cel.UnaryBinding(func(value ref.Val) ref.Val {
			number, ok := value.(types.Int)
			if !ok {
				return types.MaybeNoSuchOverloadErr(value)
			}
			if most := types.Int(math.MaxInt64 / unit); number > most || number < -most {
				return types.NewErr("%s(%d) is out of range", name, number)
			}
			return types.Duration{Duration: time.Duration(number) * unit}
		})))
}

// years gives how many years of the calendar (UTC) have passed from one time until another. What began on
// 29 February has its year full on 1 March in years without that day.
func years(from, until ref.Val) ref.Val {
	begin, ok := from.(types.Timestamp)
	if !ok {
		return types.MaybeNoSuchOverloadErr(from)
	}
	end, ok := until.(types.Timestamp)
	if !ok {
		return types.MaybeNoSuchOverloadErr(until)
	}
	n := end.UTC().Year() - begin.UTC().Year()
	if begin.UTC().AddDate(n, 0, 0).After(end.UTC()) {
		n--
	}
	return types.Int(max(n, 0))
}

func glob(text, pattern ref.Val) ref.Val {
	t, ok := text.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(text)
	}
	p, ok := pattern.(types.String)
	switch {
	case !ok:
		return types.MaybeNoSuchOverloadErr(pattern)
	case len(p) > maxGlobPattern:
		return types.NewErr("the pattern of glob is longer than %d bytes", maxGlobPattern)
	case len(t) > maxGlobText:
		return types.NewErr("the text of glob is longer than %d bytes", maxGlobText)
	}
	return types.Bool(matchGlob(string(t), string(p)))
}

func (l library) inZone(format func(time.Time) string) func(instant, zone ref.Val) ref.Val {
	return func(instant, zone ref.Val) ref.Val {
		at, ok := instant.(types.Timestamp)
		if !ok {
			return types.MaybeNoSuchOverloadErr(instant)
		}
		name, ok := zone.(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(zone)
		}
		location, err := l.zones.find(string(name))
		if err != nil {
			return types.WrapErr(err)
		}
		return types.String(format(at.In(location)))
	}
}

// zones are the time zones that expressions have named. There are no more than the database has.
type zones struct{ found sync.Map }

func (z *zones) find(name string) (*time.Location, error) {
	if known, ok := z.found.Load(name); ok {
		location, _ := known.(*time.Location)
		return location, nil
	}
	// The machine's own zone would make an expression mean different things on two servers. A name that
	// is no clean path is one of endless ways to write another.
	if name == "Local" || !fs.ValidPath(name) {
		return nil, errors.New("a time zone must be named, such as UTC or Europe/Berlin")
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	z.found.Store(name, location)
	return location, nil
}

// literalZones finds misspelt time zones when a file is read.
type literalZones struct{ zones *zones }

// Name implements cel.ASTValidator.
func (literalZones) Name() string { return "accolade.zones" }

// Validate implements cel.ASTValidator.
func (v literalZones) Validate(_ *cel.Env, _ cel.ValidatorConfig, checked *ast.AST, issues *cel.Issues) {
	root := ast.NavigateAST(checked)
	for _, name := range []string{"weekday", "date"} {
		for _, call := range ast.MatchDescendants(root, ast.FunctionMatcher(name)) {
			zone := call.AsCall().Args()[1]
			if zone.Kind() != ast.LiteralKind {
				continue
			}
			text, _ := zone.AsLiteral().Value().(string)
			if _, err := v.zones.find(text); err != nil {
				issues.ReportErrorAtID(zone.ID(), "%v", err)
			}
		}
	}
}

// withAddress gives co_authors the address of the event: the ids in a text are those of one forge, and mean
// other people on another.
func withAddress(factory cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	return factory.NewCall(coAuthors, args[0], factory.NewSelect(factory.NewIdent("event"), "url")), nil
}

func findCoAuthors(text, address ref.Val) ref.Val {
	t, ok := text.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(text)
	}
	a, ok := address.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(address)
	}
	return listOfAccounts(event.ParseCoAuthors(string(t), string(a)))
}
