package main

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Every limit of docs/limits.md is the constant in the sources or the default of the setting, and the tests that it names exist.
func TestLimitsAreThoseOfTheSources(t *testing.T) {
	t.Parallel()

	const root = "../.."
	tests, err := findTests(root)
	if err != nil {
		t.Fatal(err)
	}
	defaults := settingsOf(t, root)
	named := 0
	for _, line := range tableRows(t, filepath.Join(root, "docs", "limits.md")) {
		if len(line) != 5 || line[0] == "what" || strings.HasPrefix(line[0], "---") {
			continue
		}
		what, bound, setting, name, tried := line[0], line[1], line[2], line[3], line[4]
		if _, ok := tests[tried]; tried != "" && !ok {
			t.Errorf("%s: there is no test %s", what, tried)
		}
		if setting == "" && name == "" {
			continue
		}
		named++
		want, ok := amount(bound)
		if !ok {
			t.Errorf("%s: %q is no amount", what, bound)
			continue
		}
		if setting != "" {
			got, ok := amountOfSetting(defaults[setting])
			if !ok || got != want {
				t.Errorf("%s is %s, but the default of %s is %q", what, bound, setting, defaults[setting])
			}
		}
		if name != "" {
			if got, ok := constantOf(t, root, name); !ok || got != want {
				t.Errorf("%s is %s, but %s is %d (found: %t)", what, bound, name, got, ok)
			}
		}
	}
	if named < 50 {
		t.Errorf("%d limits were read", named)
	}
}

// tableRows returns the cells of every table of a page, without the marks of code.
func tableRows(t *testing.T, path string) [][]string {
	t.Helper()

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.SplitSeq(string(text), "\n") {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.Trim(cell, " `"))
		}
		rows = append(rows, cells)
	}
	return rows
}

// settingsOf returns the default of every setting, from the page that is made of them.
func settingsOf(t *testing.T, root string) map[string]string {
	t.Helper()

	found := map[string]string{}
	for _, line := range tableRows(t, filepath.Join(root, "docs", "configuration.md")) {
		if len(line) >= 4 {
			found[line[0]] = line[2]
		}
	}
	return found
}

var (
	amounts = regexp.MustCompile(`^([\d,]+)(?: (KiB|MiB|GiB|ms|s|min|h))?(?:, no bound)?$`)
	units   = map[string]int64{
		"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
		"ms": int64(time.Millisecond), "s": int64(time.Second), "min": int64(time.Minute), "h": int64(time.Hour),
	}
)

// amount reads "25 MiB", "10 min" or "1,000"; times are in nanoseconds.
func amount(text string) (int64, bool) {
	match := amounts.FindStringSubmatch(text)
	if match == nil {
		return 0, false
	}
	number := constant.MakeFromLiteral(strings.ReplaceAll(match[1], ",", ""), token.INT, 0)
	value, exact := constant.Int64Val(number)
	return value * units[match[2]], exact
}

// amountOfSetting reads a number or a time as settings are written.
func amountOfSetting(text string) (int64, bool) {
	if value, ok := amount(text); ok {
		return value, true
	}
	value, err := time.ParseDuration(text)
	return int64(value), err == nil
}

// constantOf returns the value of the constant that a name as server/hook.maxBody means.
func constantOf(t *testing.T, root, name string) (int64, bool) {
	t.Helper()

	room, word, _ := strings.Cut(name, ".")
	paths, err := filepath.Glob(filepath.Join(root, "internal", room, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		syntax, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range syntax.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				values, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for i, ident := range values.Names {
					if ident.Name == word && i < len(values.Values) {
						value := evaluate(values.Values[i])
						number, exact := constant.Int64Val(value)
						return number, exact
					}
				}
			}
		}
	}
	return 0, false
}

// evaluate works out an expression of numbers and units of time. What is anything else is unknown.
func evaluate(expression ast.Expr) constant.Value {
	switch e := expression.(type) {
	case *ast.BasicLit:
		return constant.ToInt(constant.MakeFromLiteral(e.Value, e.Kind, 0))
	case *ast.ParenExpr:
		return evaluate(e.X)
	case *ast.SelectorExpr:
		return constant.MakeInt64(units[map[string]string{"Millisecond": "ms", "Second": "s", "Minute": "min", "Hour": "h"}[e.Sel.Name]])
	case *ast.BinaryExpr:
		if e.Op == token.SHL {
			by, _ := constant.Uint64Val(evaluate(e.Y))
			return constant.Shift(evaluate(e.X), e.Op, uint(by))
		}
		return constant.BinaryOp(evaluate(e.X), e.Op, evaluate(e.Y))
	default:
		return constant.MakeUnknown()
	}
}
