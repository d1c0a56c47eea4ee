package rule

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// layout writes trees.
type layout struct {
	strings.Builder
}

func (w *layout) document(t *tree, s *shape) {
	w.comments(t.head, 0)
	t.flow = t.flow && (len(t.entries) == 0 || utf8.RuneCountInString(t.inline()) <= maxLine)
	if t.holds() {
		w.entries(t, s, 0, "", true)
	} else {
		w.value(&entry{value: t}, s, 0, "")
		w.comments(t.foot, 0)
	}
}

func (w *layout) comments(lines []string, indent int) {
	for _, line := range lines {
		if line != "" {
			w.WriteString(strings.Repeat(" ", indent))
		}
		w.WriteString(line + "\n")
	}
}

// entries writes the entries of a mapping or a list. What stands in the first line already is begin.
func (w *layout) entries(t *tree, s *shape, indent int, begin string, root bool) {
	margin := strings.Repeat(" ", indent)
	for i, e := range t.entries {
		prefix := margin
		if i == 0 && begin != "" {
			prefix = begin
		} else {
			if i > 0 && w.parted(t, s, i, indent, root) {
				w.WriteByte('\n')
			}
			w.comments(w.headOf(e, t, s, indent), indent)
		}
		if t.kind == aMapping {
			w.value(e, s.in(t, e), indent, prefix+e.key+":")
		} else {
			w.value(e, s.in(t, e), indent, prefix+"-")
		}
	}
	w.comments(t.foot, indent)
}

// parted reports whether a blank line stands before an entry.
func (w *layout) parted(t *tree, s *shape, i, indent int, root bool) bool {
	e, last := t.entries[i], t.entries[i-1]
	spread := e.spread(indent, t.kind, s.in(t, e)) || last.spread(indent, t.kind, s.in(t, last))
	switch {
	case t.kind == aMapping:
		return root && spread
	case s != nil && s.spaced && spread:
		return true
	default:
		return e.gap
	}
}

// headOf returns the comments above an entry: those of what begins in its line are among them.
func (w *layout) headOf(e *entry, t *tree, s *shape, indent int) []string {
	head, inner := e.head, s.in(t, e)
	if t.kind != aList || !e.spread(indent, t.kind, inner) {
		return head
	}
	if e.tail != "" {
		head = append(head, e.tail)
		e.tail = ""
	}
	return append(head, w.headOf(e.value.entries[0], e.value, inner, indent+2)...)
}

// spread reports whether the entry takes lines of its own for what it holds.
func (e *entry) spread(indent int, in treeKind, s *shape) bool {
	if e.value.kind == aScalar || len(e.value.entries) == 0 {
		return false
	}
	width := indent + 1
	if in == aMapping {
		width = indent + utf8.RuneCountInString(e.key) + 1
	}
	return !e.value.flow || width+1+utf8.RuneCountInString(e.value.inline()) > s.maxLine()
}

// value writes the value of an entry after what stands before it in its line.
func (w *layout) value(e *entry, s *shape, indent int, before string) {
	in := aMapping
	if strings.HasSuffix(before, "-") {
		in = aList
	}
	tail := e.tail
	if tail != "" {
		tail = " " + tail
	}
	v := e.value
	switch {
	case e.spread(indent, in, s) && in == aList:
		w.entries(v, s, indent+2, before+" ", false)
	case e.spread(indent, in, s):
		w.WriteString(before + tail + "\n")
		w.entries(v, s, indent+2, "", false)
	case v.kind != aScalar:
		w.line(before, v.inline(), tail)
	case v.style == nothing:
		w.line(before, "", tail)
	case v.style == block:
		w.line(before, v.text, tail)
		for _, line := range v.lines {
			if line != "" {
				line = strings.Repeat(" ", indent+2) + line
			}
			w.WriteString(line + "\n")
		}
	default:
		w.line(before, v.scalar(false), tail)
	}
}

func (w *layout) line(before, text, tail string) {
	if before != "" && text != "" {
		before += " "
	}
	w.WriteString(before + text + tail + "\n")
}

// inline returns the tree in one line.
func (t *tree) inline() string {
	if t.kind == aScalar {
		return t.scalar(true)
	}
	parts := make([]string, len(t.entries))
	for i, e := range t.entries {
		parts[i] = e.value.inline()
		if t.kind == aMapping {
			parts[i] = e.key + ": " + parts[i]
		}
	}
	if t.kind == aMapping {
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// scalar returns a text in one line, in quotes if it needs them.
func (t *tree) scalar(flow bool) string {
	if t.style != quoted || bare(t.text, flow) {
		return t.text
	}
	odd := strings.ContainsFunc(t.text, func(r rune) bool { return !unicode.IsPrint(r) })
	if !odd && strings.ContainsAny(t.text, `"\`) {
		return "'" + strings.ReplaceAll(t.text, "'", "''") + "'"
	}
	return inDoubleQuotes(t.text)
}

// bare reports whether a text needs no quotes: neither for YAML, in braces or outside of them, nor for
// readers, who are not to wonder whether a text with a colon or a number is one.
func bare(text string, flow bool) bool {
	first, _ := utf8.DecodeRuneInString(text)
	if !unicode.IsLetter(first) || strings.HasSuffix(text, " ") || strings.Contains(text, "  ") || token.IsNeedQuoted(text) {
		return false
	}
	marks := " _./()=<>&|+-;!"
	if !flow {
		marks += `,"'[]{}*?`
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(marks, r)
	})
}

func inDoubleQuotes(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case unicode.IsPrint(r):
			out.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
	}
	out.WriteByte('"')
	return out.String()
}
