package rule

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The keys of an achievement's rules.
const (
	awardKey    = "award"
	measuresKey = "measures"
	eventsKey   = "events"
	revokeKey   = "revoke"
)

// use is an expression where it is used.
type use struct {
	report *report
	source *source
	want   wanted
	kinds  []string
	expr   *expr
}

// outline is a file of rules as it is written, for what looks at places and not at meaning.
type outline struct {
	report *report
	root   map[string]field
	// achievements are in the order of the file.
	achievements []outlined
}

// outlined is an achievement as it is written.
type outlined struct {
	key    string
	at     place
	fields map[string]field
}

// outlineOf reads a file that loads.
func outlineOf(r *report) outline {
	o := outline{report: r}
	root := parse(File{Name: r.file, Text: strings.Join(r.lines, "\n")}, &report{})
	o.root = pairsOf(root)
	for _, item := range itemsOf(o.root["achievements"].value) {
		fields := pairsOf(item)
		o.achievements = append(o.achievements, outlined{textOf(fields["key"].value), at(item), fields})
	}
	return o
}

// clauses returns the rules of an achievement, and the measures inside of them that say themselves what they
// are about.
func (a *outlined) clauses() []map[string]field {
	var found []map[string]field
	for _, word := range []string{awardKey, revokeKey} {
		clause := pairsOf(a.fields[word].value)
		if clause == nil {
			continue
		}
		found = append(found, clause)
		for _, part := range pairsOf(clause[measuresKey].value) {
			found = append(found, pairsOf(part.value))
		}
	}
	return found
}

// pairsOf returns the keys of a mapping; nil of anything else.
func pairsOf(node ast.Node) map[string]field {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return nil
	}
	pairs := make(map[string]field, len(mapping.Values))
	for _, pair := range mapping.Values {
		key := pair.Key.GetToken()
		pairs[key.Value] = field{key.Value, placeOf(key), pair.Value}
	}
	return pairs
}

// itemsOf returns the items of a list; a scalar is a list of itself, as in "on".
func itemsOf(node ast.Node) []ast.Node {
	switch n := node.(type) {
	case nil, *ast.NullNode, *ast.MappingNode:
		return nil
	case *ast.SequenceNode:
		return n.Values
	default:
		return []ast.Node{node}
	}
}

// textOf returns the text of a scalar; "" of anything else.
func textOf(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value
	default:
		return ""
	}
}
