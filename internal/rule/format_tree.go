package rule

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// tree is a node of a file that is being laid out, with the comments that belong to it.
type tree struct {
	kind treeKind
	// text is what a scalar says; style is how it is written.
	text  string
	style style
	// lines are those of a text that is written as a block.
	lines []string
	// flow says that a mapping or a list stands in braces or brackets.
	flow    bool
	entries []*entry
	// head are comments before a file's first key, and foot those after the last entry; "" is a blank line.
	head, foot []string
	from, to   place
}

type treeKind int

const (
	aScalar treeKind = iota
	aMapping
	aList
)

type style int

const (
	// plain is without quotes, quoted with some, block after | or >, and nothing not written at all.
	plain style = iota
	quoted
	block
	nothing
)

// entry is a key with its value, or an item of a list.
type entry struct {
	// name is the key, and key how it is written; "" for an item.
	name, key string
	at        place
	value     *tree
	// head are the comments above, tail is the one behind; gap says that a blank line comes before.
	head []string
	tail string
	gap  bool
	// above is the line of the last comment of head that stands above.
	above int
}

// holds reports whether the tree is entries in lines of their own.
func (t *tree) holds() bool { return t.kind != aScalar && !t.flow && len(t.entries) > 0 }

// draft makes trees of a file's nodes.
type draft struct {
	*report
}

func (d *draft) tree(node ast.Node) *tree {
	t := &tree{from: at(node), to: at(node)}
	switch n := node.(type) {
	case *ast.MappingNode:
		t.kind, t.flow = aMapping, n.IsFlowStyle || len(n.Values) == 0
		if n.End != nil {
			t.to = placeOf(n.End)
		}
		for _, pair := range n.Values {
			t.entries = append(t.entries, d.pair(pair))
		}
	case *ast.SequenceNode:
		t.kind, t.flow = aList, n.IsFlowStyle || len(n.Values) == 0
		if n.End != nil {
			t.to = placeOf(n.End)
		}
		for i, item := range n.Values {
			e := &entry{at: at(item), value: d.tree(item)}
			if !n.IsFlowStyle && i < len(n.Entries) && n.Entries[i].Start != nil {
				e.at = placeOf(n.Entries[i].Start)
			}
			t.entries = append(t.entries, e)
		}
	case *ast.StringNode:
		t.text = n.Value
		if n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType || strings.Contains(n.Value, "\n") {
			t.style = quoted
		}
	case *ast.LiteralNode:
		// What ends in blank lines, or begins with spaces, is clearer in quotes.
		t.text, t.style = n.Value.Value, quoted
		if lines := d.block(t.from.line + 1); len(lines) > 0 && slices.Contains([]string{"|", "|-", ">", ">-"}, n.Start.Value) {
			t.text, t.style, t.lines = n.Start.Value, block, lines
		}
	case *ast.NullNode:
		if t.text = n.GetToken().Value; n.GetToken().Type == token.ImplicitNullType {
			t.text, t.style = "null", nothing
		}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		t.text = n.GetToken().Value
	default:
		d.addf(at(node), "", "anchors, aliases and tags cannot be formatted")
	}
	return t
}

func (d *draft) pair(pair *ast.MappingValueNode) *entry {
	e := &entry{at: placeOf(pair.Key.GetToken())}
	key, ok := pair.Key.(ast.Node).(*ast.StringNode)
	if !ok {
		d.addf(e.at, "", "a key that is no plain word cannot be formatted")
		e.value = &tree{}
		return e
	}
	e.name, e.key = key.Value, d.tree(key).scalar(true)
	e.value = d.tree(pair.Value)
	return e
}

// block returns the lines of a text after | or >, without what they are indented by.
func (d *draft) block(line int) []string {
	var lines []string
	indent := 0
	for ; line <= len(d.lines); line++ {
		text := d.lines[line-1]
		blank := strings.Trim(text, " ") == ""
		if indent == 0 && !blank {
			indent = d.indent(line)
		}
		if !blank && (indent == 0 || d.indent(line) < indent) {
			break
		}
		lines = append(lines, text[min(indent, len(text)):])
		if blank && indent == 0 {
			lines[len(lines)-1] = ""
		}
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
