package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// doors are the answers whose status is not the kind's: what problem.WriteStatus is given.
type doors struct {
	nodes map[ast.Node]int
	codes map[string]int
}

var errWhich = errors.New("which codes have this status? Give the fault itself, or stand in: if f.Code == code, or: if err := check(); err != nil")

func (h *house) doors() (*doors, error) {
	d := &doors{map[ast.Node]int{}, map[string]int{}}
	var failed error
	for _, room := range h.rooms {
		for _, fn := range room.all {
			fn.inspect(func(node ast.Node, around []ast.Node) {
				call, ok := node.(*ast.CallExpr)
				if !ok || len(call.Args) != 3 || !h.isWriteStatus(fn, call) {
					return
				}
				if err := h.door(d, fn, call, around); err != nil && failed == nil {
					failed = fmt.Errorf("%s: %w", h.positions.Position(call.Pos()), err)
				}
			})
		}
	}
	return d, failed
}

func (h *house) isWriteStatus(fn *function, call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "WriteStatus" && h.rooms[problemRoom] != nil && h.imported(fn.imports, selector.X) == h.rooms[problemRoom]
}

// door notes the status of what one call of WriteStatus is given.
func (h *house) door(d *doors, fn *function, call *ast.CallExpr, around []ast.Node) error {
	selector, ok := call.Args[1].(*ast.SelectorExpr)
	status := 0
	if ok {
		status = named(selector.Sel.Name)
	}
	if status == 0 {
		return errors.New("the status is not one of net/http's names")
	}
	given := original(call.Args[2])
	if len(h.made(fn, given)) > 0 {
		d.nodes[given] = status
		return nil
	}
	codes := h.codesAround(fn, given, around)
	if len(codes) == 0 {
		return errWhich
	}
	for _, code := range codes {
		d.codes[code] = status
	}
	return nil
}

// original returns the fault that Because wraps, or the error that fault.As unwraps.
func original(expr ast.Expr) ast.Expr {
	call, ok := expr.(*ast.CallExpr)
	if !ok {
		return expr
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	switch {
	case ok && selector.Sel.Name == "Because":
		return original(selector.X)
	case ok && selector.Sel.Name == "As" && len(call.Args) == 1:
		return original(call.Args[0])
	}
	return expr
}

// codesAround returns the codes that a variable's fault can have, from the nearest "if" that says so: by
// comparing its code, or by taking it from a function of the room.
func (h *house) codesAround(fn *function, given ast.Expr, around []ast.Node) []string {
	name, ok := given.(*ast.Ident)
	if !ok {
		return nil
	}
	for _, outside := range slices.Backward(around) {
		branch, ok := outside.(*ast.IfStmt)
		if !ok {
			continue
		}
		if compared, ok := branch.Cond.(*ast.BinaryExpr); ok && compared.Op == token.EQL {
			left, isCode := compared.X.(*ast.SelectorExpr)
			if code := h.operand(fn, compared.Y); isCode && left.Sel.Name == "Code" && code.known {
				return []string{code.text}
			}
		}
		if defined, ok := branch.Init.(*ast.AssignStmt); ok && defines(defined, name.Name) {
			if call, ok := defined.Rhs[0].(*ast.CallExpr); ok {
				return h.codesIn(h.callee(fn, call))
			}
		}
	}
	return nil
}

func defines(assigned *ast.AssignStmt, name string) bool {
	for _, left := range assigned.Lhs {
		if defined, ok := left.(*ast.Ident); ok && defined.Name == name {
			return true
		}
	}
	return false
}

// codesIn returns the codes that a function makes faults of, itself.
func (h *house) codesIn(fn *function) (codes []string) {
	if fn == nil {
		return nil
	}
	fn.inspect(func(node ast.Node, _ []ast.Node) {
		for _, made := range h.made(fn, node) {
			if made.code.known {
				codes = append(codes, made.code.text)
			}
		}
	})
	return codes
}

// named returns the status of a name such as StatusMethodNotAllowed, and 0 when there is none.
func named(name string) int {
	for status := 400; status < 600; status++ {
		title := strings.NewReplacer(" ", "", "-", "", "'", "").Replace(problem.Title(status))
		if title != "" && name == "Status"+title {
			return status
		}
	}
	return 0
}
