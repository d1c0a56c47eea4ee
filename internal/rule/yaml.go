package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A document is walked node by node instead of being decoded, so that all of its faults are found
// in one go and each has its place.

// parse returns the one document of a file, and nil when it cannot be read.
func parse(f File, r *report) ast.Node {
	switch {
	case len(f.Text) > MaxFile:
		r.addf(place{}, "", "the file is larger than %d KiB", MaxFile>>10)
		return nil
	case !isText(f.Text):
		r.addf(place{}, "", "the file is not text in UTF-8")
		return nil
	}
	parsed, err := parseYAML(strings.TrimPrefix(f.Text, byteOrderMark))
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		r.addf(placeOf(syntax.Token), "", "%s", syntax.Message)
		return nil
	}
	if err != nil {
		r.addf(place{}, "", "the file is not YAML: %v", err)
		return nil
	}
	if len(parsed.Docs) > 1 {
		r.addf(placeOf(parsed.Docs[1].Start), "", "a file holds one document")
		return nil
	}
	if len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil {
		r.addf(place{}, "", "the file is empty")
		return nil
	}
	return parsed.Docs[0].Body
}

// parseYAML keeps a parser that panics on odd input from ending the process.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the parser gave up")
		}
	}()
	// The lexer makes 200 bytes of one. What is excessive nearly always is so from the beginning, and then is not taken apart
	// as a whole.
	if len(text) > 2*sampleSize {
		if err := excessive(lexer.Tokenize(text[:sampleSize])); err != nil {
			return nil, err
		}
	}
	tokens := lexer.Tokenize(text)
	if err := excessive(tokens); err != nil {
		return nil, err
	}
	return parser.Parse(tokens, 0)
}

// byteOrderMark begins the files of some editors.
const byteOrderMark = "\ufeff"

// sampleSize is how much of a large file is looked at first.
const sampleSize = 32 << 10

// The time that the parser takes grows with the square of these.
const (
	maxNesting = 32
	maxKeys    = 1_000
)

// excessive says where a file is built in a way that no rules are and that would take the parser
// minutes.
func excessive(tokens token.Tokens) error {
	var nesting, inLine, keys, line int
	for _, t := range tokens {
		if t.Position.Line != line {
			line, inLine = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			nesting++
			keys = 0
		case token.SequenceEndType, token.MappingEndType:
			nesting--
		case token.SequenceEntryType:
			inLine++
			keys = 0
		case token.MappingValueType:
			keys++
		default:
		}
		switch {
		case nesting > maxNesting || inLine > maxNesting:
			return &yaml.SyntaxError{Message: fmt.Sprintf("the file is nested more than %d deep", maxNesting), Token: t}
		case keys > maxKeys:
			return &yaml.SyntaxError{Message: fmt.Sprintf("a mapping has more than %d keys", maxKeys), Token: t}
		}
	}
	return nil
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

// at returns where a node begins.
func at(node ast.Node) place {
	if node == nil {
		return place{}
	}
	// The token of a block mapping is its first colon.
	if mapping, ok := node.(*ast.MappingNode); ok && !mapping.IsFlowStyle && len(mapping.Values) > 0 {
		return at(mapping.Values[0].Key)
	}
	return placeOf(node.GetToken())
}

// field is a key of a mapping with its value.
type field struct {
	key   string
	at    place
	value ast.Node
}

// fields returns the keys of a mapping that are among the known ones. Others are problems, as is a
// node that is no mapping.
func (r *report) fields(node ast.Node, what string, known []string) map[string]field {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		r.addf(at(node), "", "%s must be a mapping of keys to values", what)
		return nil
	}
	found := make(map[string]field, len(mapping.Values))
	for _, pair := range mapping.Values {
		key, ok := pair.Key.(ast.Node).(*ast.StringNode)
		if !ok {
			r.addf(placeOf(pair.Key.GetToken()), "", "a key must be a plain word")
			continue
		}
		if !slices.Contains(known, key.Value) {
			r.addf(at(key), key.Value, "%s has no such key%s", what, nearest(key.Value, known))
			continue
		}
		found[key.Value] = field{key.Value, at(key), pair.Value}
	}
	return found
}

// text returns the text of a scalar, whatever type YAML takes it for.
func (r *report) text(f field) (string, bool) {
	switch node := f.value.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return node.GetToken().Value, true
	case *ast.NullNode:
		r.addf(f.at, f.key, "has no value")
	default:
		r.addf(at(f.value), f.key, "must be a text")
	}
	return "", false
}

// maxThreshold is the largest number that a rules file may hold.
const maxThreshold = 1 << 53

// number returns the value of a positive integer.
func (r *report) number(f field) (int64, bool) {
	node, ok := f.value.(*ast.IntegerNode)
	if ok {
		if n, fits := node.Value.(uint64); fits && n >= 1 && n <= maxThreshold {
			return int64(n), true
		}
	}
	r.addf(at(f.value), f.key, "must be a whole number, 1 or more")
	return 0, false
}

// list returns the items of a sequence.
func (r *report) list(f field) []ast.Node {
	sequence, ok := f.value.(*ast.SequenceNode)
	if !ok {
		r.addf(at(f.value), f.key, "must be a list")
		return nil
	}
	return sequence.Values
}

// words returns the texts of a list, or of a single text.
func (r *report) words(f field) []field {
	if _, ok := f.value.(*ast.SequenceNode); !ok {
		return []field{f}
	}
	items := r.list(f)
	words := make([]field, len(items))
	for i, item := range items {
		words[i] = field{f.key, at(item), item}
	}
	return words
}

// source is the text of an expression and where it stands.
type source struct {
	text string
	key  string
	at   place
	// exact says that the file has the expression's first line at this place as it is, and block
	// that its other lines follow in the same column. What is escaped or folded is neither.
	exact, block bool
}

// expression returns a scalar that holds an expression.
func (r *report) expression(f field) *source {
	text, ok := r.text(f)
	if !ok {
		return nil
	}
	src := &source{text: strings.TrimSpace(text), key: f.key, at: at(f.value)}
	switch {
	case src.text == "":
		r.addf(at(f.value), f.key, "is empty")
		return nil
	case len(src.text) > MaxExpression:
		r.addf(at(f.value), f.key, "is longer than %d bytes", MaxExpression)
		return nil
	}
	begin := src.at
	switch node := f.value.(type) {
	case *ast.LiteralNode:
		src.block = node.Start.Type == token.LiteralType
		begin = place{begin.line + 1, 1 + r.indent(begin.line+1)}
	case *ast.StringNode:
		if node.Token.Type == token.SingleQuoteType || node.Token.Type == token.DoubleQuoteType {
			begin.column++
		}
	}
	line, _, _ := strings.Cut(src.text, "\n")
	src.exact = r.reads(begin, line)
	if word, _, _ := strings.Cut(line, " "); r.reads(begin, word) {
		src.at = begin
	}
	return src
}

// reads reports whether the file has the text at the place.
func (r *report) reads(at place, text string) bool {
	if at.line < 1 || at.line > len(r.lines) {
		return false
	}
	line := []rune(r.lines[at.line-1])
	return at.column <= len(line) && strings.HasPrefix(string(line[at.column-1:]), text)
}

func (r *report) indent(line int) int {
	if line > len(r.lines) {
		return 0
	}
	return len(r.lines[line-1]) - len(strings.TrimLeft(r.lines[line-1], " "))
}

// locate returns where in the file the place in the expression is; lines count from 1 and columns
// from 0, as CEL's do. Where that cannot be told, it is where the expression begins.
func (s *source) locate(line, column int) place {
	switch {
	case s.exact && line <= 1:
		return place{s.at.line, s.at.column + column}
	case s.exact && s.block:
		return place{s.at.line + line - 1, s.at.column + column}
	default:
		return s.at
	}
}
