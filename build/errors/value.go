package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"regexp"
	"strings"
)

// operand is what is given for a code, a kind or a field.
type operand struct {
	// text is what it is, when it is known.
	text string
	// param is 1 and more for a parameter of the function, and 0 for what is no parameter.
	param int
	known bool
}

// piece is a part of a text: words, or what a parameter will say.
type piece struct {
	words  string
	param  int
	format bool // the parameter is a format, and those after it are what it shows
	quoted bool
}

// gap stands for what only the single answer knows.
const gap = "..."

// operand finds out what an expression in the function says.
func (h *house) operand(fn *function, expr ast.Expr) operand {
	if value := h.evaluate(fn.room, fn, fn.imports, expr); value != nil {
		return operand{text: shown(value), known: true}
	}
	if name, ok := expr.(*ast.Ident); ok {
		return operand{param: fn.param(name.Name)}
	}
	return operand{}
}

// param returns which parameter of the nearest function with a name has the name: 1 and more.
func (fn *function) param(name string) int {
	for i, param := range fn.params {
		if param == name && !fn.anonymous {
			return i + 1
		} else if param == name {
			return 0
		}
	}
	if fn.anonymous && fn.outer != nil {
		return fn.outer.param(name)
	}
	return 0
}

// owner is the function whose parameters param counts.
func (fn *function) owner() *function {
	for fn.anonymous && fn.outer != nil {
		fn = fn.outer
	}
	return fn
}

// evaluate returns the value of a constant expression, and nil for any other.
func (h *house) evaluate(in *room, fn *function, imports map[string]string, expr ast.Expr) constant.Value {
	switch expr := expr.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(expr.Value, expr.Kind, 0)
	case *ast.ParenExpr:
		return h.evaluate(in, fn, imports, expr.X)
	case *ast.Ident:
		for ; fn != nil; fn = fn.outer {
			if found, ok := fn.constants[expr.Name]; ok {
				return h.evaluate(in, fn, found.imports, found.value)
			}
			if fn.param(expr.Name) > 0 {
				return nil
			}
		}
		if found, ok := in.constants[expr.Name]; ok {
			return h.evaluate(in, nil, found.imports, found.value)
		}
	case *ast.SelectorExpr:
		if other := h.imported(imports, expr.X); other != nil {
			if found, ok := other.constants[expr.Sel.Name]; ok {
				return h.evaluate(other, nil, found.imports, found.value)
			}
		}
	case *ast.BinaryExpr:
		return h.combine(in, fn, imports, expr)
	}
	return nil
}

func (h *house) combine(in *room, fn *function, imports map[string]string, expr *ast.BinaryExpr) constant.Value {
	x, y := h.evaluate(in, fn, imports, expr.X), h.evaluate(in, fn, imports, expr.Y)
	if x == nil || y == nil || x.Kind() != y.Kind() {
		return nil
	}
	switch expr.Op {
	case token.SHL, token.SHR:
		if by, exact := constant.Uint64Val(y); exact && by < 64 {
			return constant.Shift(x, expr.Op, uint(by))
		}
	case token.ADD, token.SUB, token.MUL:
		return constant.BinaryOp(x, expr.Op, y)
	default:
	}
	return nil
}

// imported returns the room that a name of an import stands for, and nil when it is none of the house.
func (h *house) imported(imports map[string]string, expr ast.Expr) *room {
	if name, ok := expr.(*ast.Ident); ok {
		if place, ours := strings.CutPrefix(imports[name.Name], module); ours {
			return h.rooms[place]
		}
	}
	return nil
}

func shown(value constant.Value) string {
	if value.Kind() == constant.String {
		return constant.StringVal(value)
	}
	return value.ExactString()
}

var verb = regexp.MustCompile(`%[-+# 0]*\d*(?:\.\d+)?(?:\[\d+\])?[a-zA-Z%]`)

// format returns what a format and its arguments say.
func (h *house) format(fn *function, format ast.Expr, arguments []ast.Expr) []piece {
	template := h.operand(fn, format)
	if !template.known {
		if template.param > 0 {
			return []piece{{param: template.param, format: true}}
		}
		return []piece{{words: gap}}
	}
	var pieces []piece
	at := 0
	for _, place := range verb.FindAllStringIndex(template.text, -1) {
		pieces = append(pieces, piece{words: template.text[at:place[0]]})
		at = place[1]
		kind := template.text[place[1]-1]
		if kind == '%' {
			pieces = append(pieces, piece{words: "%"})
			continue
		}
		shown := piece{words: gap, quoted: kind == 'q'}
		if len(arguments) > 0 {
			if argument := h.operand(fn, arguments[0]); argument.known {
				shown.words = argument.text
			} else {
				shown.param = argument.param
			}
			arguments = arguments[1:]
		}
		pieces = append(pieces, shown)
	}
	return append(pieces, piece{words: template.text[at:]})
}

// text returns what an expression says that is shown to people.
func (h *house) text(fn *function, expr ast.Expr) []piece {
	if call, ok := expr.(*ast.CallExpr); ok {
		if callee, ok := call.Fun.(*ast.SelectorExpr); ok && callee.Sel.Name == "Sprintf" && len(call.Args) > 0 {
			return h.format(fn, call.Args[0], call.Args[1:])
		}
	}
	words := h.operand(fn, expr)
	if !words.known && words.param == 0 {
		words.text = gap
	}
	return []piece{{words: words.text, param: words.param}}
}

// join returns the words, with gaps for what parameters say.
func join(pieces []piece) string {
	out := &strings.Builder{}
	for _, piece := range pieces {
		words := piece.words
		if piece.param > 0 {
			words = gap
		}
		if piece.quoted {
			words = `"` + words + `"`
		}
		out.WriteString(words)
	}
	return out.String()
}
