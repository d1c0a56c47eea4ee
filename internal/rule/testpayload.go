package rule

import (
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// json returns what a field holds, as JSON would.
func (l *testLoader) json(f field) any {
	switch node := f.value.(type) {
	case *ast.MappingNode:
		object := map[string]any{}
		for name, inner := range l.mapping(f) {
			object[name] = l.json(inner)
		}
		return object
	case *ast.SequenceNode:
		list := make([]any, len(node.Values))
		for i, item := range node.Values {
			list[i] = l.json(field{f.key, at(item), item})
		}
		return list
	case *ast.NullNode:
		return nil
	case *ast.BoolNode:
		return node.Value
	case *ast.IntegerNode:
		number, _ := strconv.ParseFloat(node.GetToken().Value, 64)
		return number
	case *ast.FloatNode:
		return node.Value
	default:
		text, _ := l.text(field{f.key, at(node), node})
		return text
	}
}

// namesIn returns every text that a payload holds: any of them may be the id of a person.
func namesIn(value any) []string {
	var names []string
	switch value := value.(type) {
	case string:
		names = append(names, value)
	case map[string]any:
		for _, inner := range value {
			names = append(names, namesIn(inner)...)
		}
	case []any:
		for _, inner := range value {
			names = append(names, namesIn(inner)...)
		}
	}
	return names
}
