package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Format returns the file's text in the one layout that rules files and files of tests have: keys in
// the order of the reference, two spaces a level, a blank line between achievements and between tests,
// quotes where they are needed, and what stands in braces or brackets in one line of up to 120
// characters (200 for an event of a test), or else spread. It keeps every comment, and never changes what a file means. The error is
// a Problems: a file that cannot be read, or that cannot be laid out without losing something, has none.
func Format(file File) (string, error) {
	r := newReport(file)
	root := parse(file, r)
	if root == nil {
		return "", gather([]*report{r})
	}
	text, err := laidOut(file)
	if err != nil {
		return "", err
	}
	again, err := laidOut(File{Name: file.Name, Text: text})
	if err != nil || again != text || !sameFile(file, text) {
		r.addf(at(root), "", "cannot be formatted without changing what it means; write it more simply")
		return "", gather([]*report{r})
	}
	return text, nil
}

// laidOut returns the file's text in the layout, unchecked.
func laidOut(file File) (string, error) {
	// Line breaks of other systems are none of what a file means.
	file.Text = strings.NewReplacer("\r\n", "\n", "\r", "\n", byteOrderMark, "").Replace(file.Text)
	d := &draft{newReport(file)}
	root := parse(file, d.report)
	if root == nil {
		return "", gather([]*report{d.report})
	}
	tree := d.tree(root)
	if len(d.problems) > 0 {
		return "", gather([]*report{d.report})
	}
	d.comments(commentsOf(file.Text), tree)
	shape := rulesShape
	if isTestFile(file.Name) {
		shape = testsShape
	}
	order(tree, shape)
	var w layout
	w.document(tree, shape)
	return w.String(), nil
}

// isTestFile reports whether a file of that name holds tests.
func isTestFile(name string) bool {
	stem, _, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	return strings.HasSuffix(stem, "_test")
}

// sameFile reports whether the text says what the file does, and has all of its comments.
func sameFile(before File, text string) bool {
	after := File{Name: before.Name, Text: text}
	words := func(f File) []string {
		var words []string
		for _, c := range commentsOf(strings.TrimPrefix(f.Text, byteOrderMark)) {
			words = append(words, c.text)
		}
		slices.Sort(words)
		return words
	}
	x, y := parse(before, newReport(before)), parse(after, newReport(after))
	return x != nil && y != nil && meaning(x) == meaning(y) && slices.Equal(words(before), words(after))
}

// meaning returns what a node says, whatever its layout and the order of its keys.
func meaning(node ast.Node) string {
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs := make([]string, len(n.Values))
		for i, pair := range n.Values {
			pairs[i] = meaning(pair.Key) + ": " + meaning(pair.Value)
		}
		slices.Sort(pairs)
		return "{" + strings.Join(pairs, ", ") + "}"
	case *ast.SequenceNode:
		items := make([]string, len(n.Values))
		for i, item := range n.Values {
			items[i] = meaning(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case *ast.StringNode:
		return fmt.Sprintf("%q", n.Value)
	case *ast.LiteralNode:
		return fmt.Sprintf("%q", n.Value.Value)
	case *ast.NullNode, nil:
		return "null"
	default:
		return n.Type().String() + " " + n.GetToken().Value
	}
}

// comment is one of a file's comments, with its sign.
type comment struct {
	text string
	at   place
	// alone says that nothing stands before it in its line.
	alone bool
}

func commentsOf(text string) []comment {
	var found []comment
	last := 0 // the line in which the token before ends
	for _, t := range lexer.Tokenize(text) {
		if t.Type != token.CommentType {
			last = t.Position.Line
			if t.Type == token.DoubleQuoteType || t.Type == token.SingleQuoteType || t.Type == token.StringType {
				last += strings.Count(strings.Trim(t.Origin, " \n\r"), "\n")
			}
			continue
		}
		found = append(found, comment{
			text: strings.TrimRight("#"+t.Value, " \t\r\n"), at: placeOf(t), alone: t.Position.Line > last,
		})
	}
	return found
}
