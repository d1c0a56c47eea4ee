package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// house is the parsed rooms, by what their import paths end with: "server/problem".
type house struct {
	positions *token.FileSet
	rooms     map[string]*room
}

// room is one package.
type room struct {
	path      string
	constants map[string]definition
	// functions are those of the package, by name; methods are in all only.
	functions map[string]*function
	// all are the functions in their order, with the functions inside of them.
	all []*function
}

// definition is the expression of a constant, and the imports of its file.
type definition struct {
	value   ast.Expr
	imports map[string]string
}

// function is a function or a method, or one written inside of another.
type function struct {
	room    *room
	name    string
	imports map[string]string
	body    *ast.BlockStmt
	params  []string
	// outer is nil for what is no function inside of another; anonymous ones cannot be called by a name.
	outer     *function
	anonymous bool
	constants map[string]definition
	locals    map[string]*function
	makers    []maker
	// called says that calls of it say more than it knows itself.
	called bool
}

// read parses the rooms below the directory, without tests and generated files.
func read(root string) (*house, error) {
	h := &house{positions: token.NewFileSet(), rooms: map[string]*room{}}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return fmt.Errorf("placing %s: %w", name, err)
		}
		return h.add(name, filepath.ToSlash(relative))
	})
	if err != nil {
		return nil, fmt.Errorf("reading the sources: %w", err)
	}
	return h, nil
}

// add parses one file; positions name it as it is called below the root.
func (h *house) add(name, relative string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(h.positions, relative, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if place := path.Dir(relative); !ast.IsGenerated(syntax) && !skipped[place] {
		if h.rooms[place] == nil {
			h.rooms[place] = &room{path: place, constants: map[string]definition{}, functions: map[string]*function{}}
		}
		h.rooms[place].read(syntax)
	}
	return nil
}

func (r *room) read(syntax *ast.File) {
	imports := map[string]string{}
	for _, spec := range syntax.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has checked it
		}
		name := path.Base(target)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = target
	}
	for _, declaration := range syntax.Decls {
		switch declaration := declaration.(type) {
		case *ast.GenDecl:
			addConstants(r.constants, declaration, imports)
		case *ast.FuncDecl:
			if declaration.Body == nil || atStart[path.Base(r.path)+"."+declaration.Name.Name] {
				continue
			}
			fn := &function{room: r, name: declaration.Name.Name, imports: imports, body: declaration.Body, params: names(declaration.Type)}
			if declaration.Recv == nil {
				r.functions[fn.name] = fn
			}
			fn.prepare()
		}
	}
}

func addConstants(to map[string]definition, declaration *ast.GenDecl, imports map[string]string) {
	if declaration.Tok != token.CONST {
		return
	}
	for _, spec := range declaration.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, value := range values.Values {
			to[values.Names[i].Name] = definition{value, imports}
		}
	}
}

// names returns the names of the parameters, in their order.
func names(signature *ast.FuncType) (params []string) {
	for _, field := range signature.Params.List {
		for _, name := range field.Names {
			params = append(params, name.Name)
		}
		if len(field.Names) == 0 {
			params = append(params, "_")
		}
	}
	return params
}

// prepare finds what is declared inside of the function: constants, and functions.
func (fn *function) prepare() {
	fn.room.all = append(fn.room.all, fn)
	fn.constants, fn.locals = map[string]definition{}, map[string]*function{}
	named := map[*ast.FuncLit]string{}
	ast.Inspect(fn.body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GenDecl:
			addConstants(fn.constants, node, fn.imports)
		case *ast.AssignStmt:
			for i, left := range node.Lhs {
				name, isName := left.(*ast.Ident)
				if literal, ok := node.Rhs[min(i, len(node.Rhs)-1)].(*ast.FuncLit); ok && isName {
					named[literal] = name.Name
				}
			}
		case *ast.FuncLit:
			name := named[node]
			inner := &function{
				room: fn.room, name: fn.name, imports: fn.imports, body: node.Body, params: names(node.Type), outer: fn, anonymous: name == "",
			}
			if name != "" {
				fn.locals[name] = inner
			}
			inner.prepare()
			return false
		}
		return true
	})
}

// inspect calls visit for every node of the function that is not inside of another function, with
// the nodes that it stands in, the outermost first.
func (fn *function) inspect(visit func(node ast.Node, around []ast.Node)) {
	var around []ast.Node
	ast.Inspect(fn.body, func(node ast.Node) bool {
		if node == nil {
			around = around[:len(around)-1]
			return true
		}
		if _, inner := node.(*ast.FuncLit); inner {
			return false
		}
		visit(node, around)
		around = append(around, node)
		return true
	})
}
