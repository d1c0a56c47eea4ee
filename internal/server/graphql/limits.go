package graphql

import (
	"fmt"
	"strings"
	"unicode/utf8"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// The limits of a document, before anything of it runs. Complexity is counted as GitLab does.
const (
	maxCharacters = 10_000
	maxDepth      = 20
	// maxFields is how many fields a document asks for, with its fragments put in.
	maxFields = 500
	// maxNodes is how many objects its connections could hold at most.
	maxNodes = 20_000

	complexityAnonymous = 200
	complexityKnown     = 250
	// maxIntrospection is how many fields the queries of one request may ask of the schema, with their fragments put in: a tool
	// asks for about 200. They count for nothing else, but each of them is answered for every type or field there is.
	maxIntrospection = 300
	// pageSize is how many items a connection holds when nobody says.
	pageSize = operation.MaxWindow
)

// limits are what is left to the queries of one request.
type limits struct{ complexity, allowed, nodes, introspection int }

func limitsFor(caller operation.Caller) limits {
	allowed := complexityKnown
	if caller.Anonymous() {
		allowed = complexityAnonymous
	}
	return limits{complexity: allowed, allowed: allowed, nodes: maxNodes, introspection: maxIntrospection}
}

// fits refuses a document by what it looks like: validating a large one could take long by itself.
func (*limits) fits(query string) error {
	if utf8.RuneCountInString(query) > maxCharacters {
		return fmt.Errorf("Query too large: at most %d characters are read", maxCharacters)
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, maxCharacters)
	if err != nil {
		document = &ast.QueryDocument{} // the executor says what is wrong
	}
	w := walker{document: document}
	for _, operation := range document.Operations {
		if err := w.walk(operation.SelectionSet, 1); err != nil {
			return err
		}
	}
	return nil
}

// walker counts what a document asks for when its fragments are put in; one within itself asks for too much.
type walker struct {
	document *ast.QueryDocument
	fields   int
}

func (w *walker) walk(set ast.SelectionSet, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("Query has depth of more than %d, which exceeds max depth of %d", maxDepth, maxDepth)
	}
	for _, selection := range set {
		w.fields++
		if w.fields > maxFields {
			return fmt.Errorf("Query asks for more than %d fields", maxFields)
		}
		var within ast.SelectionSet
		deeper := depth
		switch selection := selection.(type) {
		case *ast.Field:
			within, deeper = selection.SelectionSet, depth+1
		case *ast.InlineFragment:
			within = selection.SelectionSet
		case *ast.FragmentSpread:
			if fragment := w.document.Fragments.ForName(selection.Name); fragment != nil {
				within = fragment.SelectionSet
			}
		}
		if err := w.walk(within, deeper); err != nil {
			return err
		}
	}
	return nil
}

// take counts what a query costs, and refuses it when less is left.
func (l *limits) take(prepared *gqlgen.OperationContext) error {
	c := coster{prepared.Variables}
	complexity, nodes := c.cost(prepared.Operation.SelectionSet, 1)
	l.complexity -= complexity
	l.nodes -= nodes
	l.introspection -= introspected(prepared.Operation.SelectionSet, false)
	if l.complexity < 0 {
		return fmt.Errorf("Query has complexity of %d, which exceeds max complexity of %d", l.allowed-l.complexity, l.allowed)
	}
	if l.nodes < 0 {
		return fmt.Errorf("Query could return %d objects, more than %d: ask for smaller pages (first, last)", maxNodes-l.nodes, maxNodes)
	}
	if l.introspection < 0 {
		return fmt.Errorf("Query asks for %d fields of introspection, more than %d in one request", maxIntrospection-l.introspection, maxIntrospection)
	}
	return nil
}

// introspected counts the fields that a query's selection asks of the schema, but for names of types; all of them within what
// the schema is asked for.
func introspected(set ast.SelectionSet, within bool) int {
	fields := 0
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if within || selection.Name == "__schema" || selection.Name == "__type" {
				fields += 1 + introspected(selection.SelectionSet, true)
			}
		case *ast.InlineFragment:
			fields += introspected(selection.SelectionSet, within)
		case *ast.FragmentSpread:
			fields += introspected(selection.Definition.SelectionSet, within)
		}
	}
	return fields
}

type coster struct{ variables map[string]any }

// cost returns a selection's complexity, by GitLab's rule: one for each field, and for a connection one in a hundred more of
// what is in it for each item that a page may hold. And how many objects there could be, when so many are around.
func (c coster) cost(set ast.SelectionSet, around int) (complexity, nodes int) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if strings.HasPrefix(selection.Name, "__") || selection.Definition == nil {
				continue
			}
			size, each := 0, around
			if strings.HasSuffix(selection.Definition.Type.Name(), "Connection") {
				size = c.page(selection)
				each = min(around*size, 2*maxNodes)
				nodes += each
			}
			within, more := c.cost(selection.SelectionSet, each)
			complexity += 1 + within + (1+within)*size/100
			nodes += more
		case *ast.InlineFragment:
			within, more := c.cost(selection.SelectionSet, around)
			complexity, nodes = complexity+within, nodes+more
		case *ast.FragmentSpread:
			within, more := c.cost(selection.Definition.SelectionSet, around)
			complexity, nodes = complexity+within, nodes+more
		}
	}
	return complexity, nodes
}

// page is how many items a connection holds at most.
func (c coster) page(field *ast.Field) int {
	size := pageSize
	arguments := field.ArgumentMap(c.variables)
	for _, name := range []string{"first", "last"} {
		if n, ok := number(arguments[name]); ok && n > 0 {
			size = min(size, n)
		}
	}
	if ids, ok := arguments["ids"].([]any); ok && len(ids) > 0 {
		size = min(size, len(ids))
	}
	return size
}

func number(value any) (int, bool) {
	switch value := value.(type) {
	case int64:
		return int(value), true
	case int:
		return value, true
	default:
		return 0, false
	}
}
