package web

// What holds of the catalogue is seen from inside: which keys templates and handlers name.

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// composed are the values of which templates make keys, by what the keys begin with. Of others there has to be one key.
func composed() map[string][]string {
	kinds := []string{}
	for _, kind := range achievement.Kinds() {
		kinds = append(kinds, string(kind))
	}
	visibilities := []string{string(achievement.Public), string(achievement.Internal), string(achievement.Private)}
	scopes := []string{string(achievement.ScopeRead), string(achievement.ScopeWrite), string(achievement.ScopeAdmin)}
	roles := []string{}
	for _, role := range []achievement.Role{
		achievement.Guest, achievement.Reporter, achievement.Developer, achievement.Maintainer, achievement.Owner,
	} {
		roles = append(roles, role.String())
	}
	return map[string][]string{
		"kind_": kinds, "kind_about_": kinds, "visibility_": visibilities, "visibility_about_": visibilities, "role_": roles,
		"scope_": scopes, "scope_about_": scopes,
	}
}

// mentions is what the sources name.
type mentions struct {
	// keys are named as keys, beginnings are what keys are made of, and texts are all constants.
	keys, beginnings, texts map[string]bool
}

func TestTheCatalogueHasWhatPagesSay(t *testing.T) {
	t.Parallel()

	m := mentions{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	p := New(Config{})
	for _, page := range p.renderer.templates {
		for _, part := range page().Templates() {
			if part.Tree != nil {
				m.list(part.Tree.Root)
			}
		}
	}
	m.handlers(t)
	known := p.renderer.words.known
	for key := range m.keys {
		if !known[key] {
			t.Errorf("the catalogue has no %q", key)
		}
	}
	values := composed()
	for beginning := range m.beginnings {
		if !m.begins(known, beginning) {
			t.Errorf("the catalogue has no key that begins with %q", beginning)
		}
		for _, value := range values[beginning] {
			if !known[beginning+value] {
				t.Errorf("the catalogue has no %q", beginning+value)
			}
		}
	}
	for key := range known {
		if !m.uses(t, key) {
			t.Errorf("nothing says %q", key)
		}
	}
}

// begins reports whether a key begins so.
func (m *mentions) begins(known map[string]bool, beginning string) bool {
	for key := range known {
		if strings.HasPrefix(key, beginning) {
			return true
		}
	}
	return false
}

// uses reports whether something says what the key stands for.
func (m *mentions) uses(t *testing.T, key string) bool {
	t.Helper()

	if m.texts[key] {
		return true
	}
	for beginning := range m.beginnings {
		value, made := strings.CutPrefix(key, beginning)
		if made && beginning != "done_" {
			return true
		}
		if made && m.texts[value] {
			return true
		}
	}
	if field, ok := strings.CutPrefix(key, "field_"); ok {
		return m.texts[field]
	}
	if code, ok := strings.CutPrefix(key, "problem_"); ok {
		errors, err := os.ReadFile("../../../docs/errors.md")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(errors), "`"+code+"`")
	}
	return false
}

// list looks through a part of a template.
func (m *mentions) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch node := node.(type) {
		case *parse.ActionNode:
			m.pipe(node.Pipe)
		case *parse.TemplateNode:
			m.pipe(node.Pipe)
		case *parse.IfNode:
			m.branch(&node.BranchNode)
		case *parse.WithNode:
			m.branch(&node.BranchNode)
		case *parse.RangeNode:
			m.branch(&node.BranchNode)
		}
	}
}

func (m *mentions) branch(branch *parse.BranchNode) {
	m.pipe(branch.Pipe)
	m.list(branch.List)
	m.list(branch.ElseList)
}

func (m *mentions) pipe(pipe *parse.PipeNode) {
	if pipe == nil {
		return
	}
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			switch arg := arg.(type) {
			case *parse.PipeNode:
				m.pipe(arg)
			case *parse.StringNode:
				m.texts[arg.Text] = true
			}
		}
		if name, ok := command.Args[0].(*parse.IdentifierNode); ok && len(command.Args) > 1 && (name.Ident == "t" || name.Ident == "n") {
			m.key(command.Args[1])
		}
	}
}

// key looks at what a template names as a key: a constant, or a beginning and a value.
func (m *mentions) key(arg parse.Node) {
	switch arg := arg.(type) {
	case *parse.StringNode:
		m.keys[arg.Text] = true
	case *parse.PipeNode:
		if args := arg.Cmds[0].Args; len(args) == 3 && args[0].String() == "print" {
			if beginning, ok := args[1].(*parse.StringNode); ok {
				m.beginnings[beginning.Text] = true
			}
		}
	}
}

// handlers looks through the package's own sources, and those of the doors that lead to pages.
func (m *mentions) handlers(t *testing.T) {
	t.Helper()

	var names []string
	for _, room := range []string{"*.go", "../*.go", "../signin/*.go"} {
		found, err := filepath.Glob(room)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.BasicLit:
				m.texts[constant(node)] = true
			case *ast.CallExpr:
				m.call(node)
			case *ast.KeyValueExpr:
				if field, ok := node.Key.(*ast.Ident); ok && field.Name == "done" {
					m.keys["done_"+constant(node.Value)] = true
				}
			}
			return true
		})
	}
}

// call looks at the arguments of calls that are keys, or what "done_" goes before.
func (m *mentions) call(call *ast.CallExpr) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	for i, arg := range call.Args {
		text := constant(arg)
		switch method := selector.Sel.Name; {
		case text == "":
		case (method == "worded" || method == "counted") && i == 0:
			m.keys[text] = true
		case method == "back" && i == 2, method == "backToAward" && i == 1:
			m.keys["done_"+text] = true
		}
	}
}

// constant returns the text of a constant, "" when it is none.
func constant(of ast.Expr) string {
	literal, ok := of.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(literal.Value)
	return text
}
