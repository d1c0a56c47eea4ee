package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// faultRoom is where faults are made in the end, problemRoom what knows the statuses.
const (
	faultRoom   = "fault"
	problemRoom = "server/problem"
)

// maker is one way in which a function makes a fault, or a fault of a field.
type maker struct {
	kind, code, field operand
	text              []piece
	ofField           bool
}

func (m maker) open() bool {
	for _, piece := range m.text {
		if piece.param > 0 {
			return true
		}
	}
	return m.kind.param > 0 || m.code.param > 0 || m.field.param > 0
}

// found is one code, and what is said of it at one place.
type found struct {
	status  int
	code    string
	ofField bool
	field   string
	text    string
	// place is the file, below the rooms' directory.
	place string
}

// roots are the functions of package fault that everything else goes through, by their parameters.
var roots = map[string]maker{
	"New": {kind: operand{param: 1}, code: operand{param: 2}, text: []piece{{param: 3, format: true}}},
	"InvalidField": {
		kind: operand{text: "Invalid", known: true}, field: operand{param: 1}, code: operand{param: 2},
		text: []piece{{param: 3, format: true}}, ofField: true,
	},
}

// faults returns everything that the rooms make faults of.
func (h *house) faults() ([]found, error) {
	for name, root := range roots {
		fn := h.rooms[faultRoom].functions[name]
		if fn == nil {
			return nil, fmt.Errorf("package fault has no function %s", name)
		}
		fn.makers, fn.body = []maker{root}, &ast.BlockStmt{}
	}
	h.spread()
	doors, err := h.doors()
	if err != nil {
		return nil, err
	}
	var all []found
	for _, room := range h.rooms {
		for _, fn := range room.all {
			some, err := h.said(fn, doors)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	return all, nil
}

// spread makes makers of the functions that hand their own parameters to makers, until there are no more.
func (h *house) spread() {
	for changed := true; changed; {
		changed = false
		for _, room := range h.rooms {
			for _, fn := range room.all {
				fn.inspect(func(node ast.Node, _ []ast.Node) {
					for _, made := range h.made(fn, node) {
						changed = made.open() && fn.owner().learn(made) || changed
					}
				})
			}
		}
	}
}

// learn says whether the way is new to the function.
func (fn *function) learn(m maker) bool {
	for _, known := range fn.makers {
		if fmt.Sprint(known) == fmt.Sprint(m) {
			return false
		}
	}
	fn.makers = append(fn.makers, m)
	return true
}

// made returns the faults that a node makes: a call of a maker, or a fault that is written out.
func (h *house) made(fn *function, node ast.Node) (all []maker) {
	switch node := node.(type) {
	case *ast.CallExpr:
		callee := h.callee(fn, node)
		if callee == nil {
			return nil
		}
		for _, m := range callee.makers {
			callee.called = true
			all = append(all, h.filled(fn, m, node.Args))
		}
	case *ast.CompositeLit:
		return h.written(fn, node)
	}
	return all
}

// callee returns the function of the house that is called. Methods are not known: they make their faults of
// what they know themselves.
func (h *house) callee(fn *function, call *ast.CallExpr) *function {
	switch name := call.Fun.(type) {
	case *ast.Ident:
		for in := fn; in != nil; in = in.outer {
			if local := in.locals[name.Name]; local != nil {
				return local
			}
		}
		return fn.room.functions[name.Name]
	case *ast.SelectorExpr:
		if other := h.imported(fn.imports, name.X); other != nil {
			return other.functions[name.Sel.Name]
		}
	}
	return nil
}

// filled puts the arguments of a call into the places of parameters.
func (h *house) filled(fn *function, m maker, arguments []ast.Expr) maker {
	fill := func(o operand) operand {
		switch {
		case o.param == 0:
			return o
		case o.param > len(arguments):
			return operand{}
		}
		argument := arguments[o.param-1]
		if selector, ok := argument.(*ast.SelectorExpr); ok && h.imported(fn.imports, selector.X) == h.rooms[faultRoom] {
			return operand{text: selector.Sel.Name, known: true}
		}
		if name, ok := argument.(*ast.Ident); ok && fn.room.path == faultRoom {
			if _, isKind := kindNamed(name.Name); isKind {
				return operand{text: name.Name, known: true}
			}
		}
		return h.operand(fn, argument)
	}
	out := maker{kind: fill(m.kind), code: fill(m.code), field: fill(m.field), ofField: m.ofField}
	for _, p := range m.text {
		switch {
		case p.param == 0:
			out.text = append(out.text, p)
		case p.param > len(arguments):
			out.text = append(out.text, piece{words: gap, quoted: p.quoted})
		case p.format:
			out.text = append(out.text, h.format(fn, arguments[p.param-1], arguments[p.param:])...)
		default:
			for _, filled := range h.text(fn, arguments[p.param-1]) {
				filled.quoted = p.quoted
				out.text = append(out.text, filled)
			}
		}
	}
	return out
}

// written returns the faults of a literal: fault.Field{...}, []fault.Field{{...}} or fault.Error{...}.
func (h *house) written(fn *function, literal *ast.CompositeLit) []maker {
	kind := literal.Type
	list, isList := kind.(*ast.ArrayType)
	if isList {
		kind = list.Elt
	}
	selector, ok := kind.(*ast.SelectorExpr)
	if !ok || h.imported(fn.imports, selector.X) != h.rooms[faultRoom] {
		return nil
	}
	if isList {
		var all []maker
		for _, element := range literal.Elts {
			if inner, ok := element.(*ast.CompositeLit); ok && inner.Type == nil {
				all = append(all, h.written(fn, &ast.CompositeLit{Type: kind, Elts: inner.Elts})...)
			}
		}
		return all
	}
	made := maker{kind: operand{text: "Invalid", known: true}, ofField: selector.Sel.Name == "Field"}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch name, _ := pair.Key.(*ast.Ident); name.Name {
		case "Code":
			made.code = h.operand(fn, pair.Value)
		case "Kind":
			made.kind = h.filled(fn, maker{kind: operand{param: 1}}, []ast.Expr{pair.Value}).kind
		case "Field":
			made.field = h.operand(fn, pair.Value)
		case "Text", "Detail":
			made.text = h.text(fn, pair.Value)
		}
	}
	return []maker{made}
}

const uncertain = "the code is neither a literal nor a constant, and nobody could look it up"

// said returns what the function makes faults of, with all that calls of it would say.
func (h *house) said(fn *function, doors *doors) (all []found, err error) {
	place := func(node ast.Node) string { return h.positions.Position(node.Pos()).Filename }
	fail := func(node ast.Node, what string) {
		if err == nil {
			err = fmt.Errorf("%s: %s", h.positions.Position(node.Pos()), what)
		}
	}
	fn.inspect(func(node ast.Node, _ []ast.Node) {
		if assigned, ok := node.(*ast.AssignStmt); ok {
			made, ok := h.recoded(fn, assigned)
			if ok && !made.code.known {
				fail(node, uncertain)
			} else if ok {
				all = append(all, doors.answer(made, nil, place(node)))
			}
		}
		for _, made := range h.made(fn, node) {
			_, isKind := kindNamed(made.kind.text)
			switch {
			case made.open() && (fn.owner().called || fn.room.path == faultRoom), !made.code.known && copies(node):
			case !made.code.known && made.code.param == 0:
				fail(node, uncertain)
			case !made.kind.known && made.kind.param == 0:
				fail(node, "the kind is neither named nor a parameter")
			case made.code.known && made.kind.known && !isKind:
				fail(node, "there is no kind "+made.kind.text)
			case made.code.known && made.kind.known:
				all = append(all, doors.answer(made, node, place(node)))
			}
		}
	})
	return all, err
}

// copies says that a call gives the code of another fault, which is listed where that one is made.
func copies(node ast.Node) bool {
	call, ok := node.(*ast.CallExpr)
	if !ok || len(call.Args) < 2 {
		return false
	}
	selector, ok := call.Args[1].(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "Code"
}

// recoded returns the fault whose code is replaced: bad := fault.InvalidField(...); bad.Code = "bad_cursor".
func (h *house) recoded(fn *function, assigned *ast.AssignStmt) (made maker, ok bool) {
	selector, isField := assigned.Lhs[0].(*ast.SelectorExpr)
	if !isField || selector.Sel.Name != "Code" || assigned.Tok != token.ASSIGN {
		return made, false
	}
	variable, isName := selector.X.(*ast.Ident)
	code := h.operand(fn, assigned.Rhs[0])
	if !isName {
		return made, false
	}
	fn.inspect(func(node ast.Node, _ []ast.Node) {
		defined, isAssignment := node.(*ast.AssignStmt)
		if !isAssignment || len(defined.Lhs) != 1 || defined.Tok != token.DEFINE {
			return
		}
		if name, isName := defined.Lhs[0].(*ast.Ident); isName && name.Name == variable.Name {
			for _, made = range h.made(fn, defined.Rhs[0]) {
				made.code, made.ofField, ok = code, false, true
			}
		}
	})
	return made, ok
}

// kindNamed returns the kind of fault that has the name in Go.
func kindNamed(name string) (fault.Kind, bool) {
	for kind := fault.Internal; kind == fault.Internal || kind.String() != fault.Internal.String(); kind++ {
		words := strings.Fields(kind.String())
		for i, word := range words {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
		if strings.Join(words, "") == name {
			return kind, true
		}
	}
	return fault.Internal, false
}

// answer says what a caller gets.
func (d *doors) answer(made maker, node ast.Node, place string) found {
	status, ok := d.nodes[node]
	if !ok {
		status, ok = d.codes[made.code.text]
	}
	if !ok || made.ofField {
		kind, _ := kindNamed(made.kind.text) // faults have found it
		status = problem.Status(kind)
	}
	field := ""
	if made.field.known {
		field = made.field.text
	}
	return found{status, made.code.text, made.ofField, field, join(made.text), place}
}
