package forge

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Most of a body are members that no event needs, such as the many addresses of everything. What a struct does not take is
// left out before encoding/json sees it, which looks at every byte twice. What is left out is checked no less.

// maxPruned is how large a body is pruned at most: larger ones are rare, and may not take the memory twice.
const maxPruned = 64 << 10

// shape is what a type takes of a JSON value; nil is all of it.
type shape struct {
	// members are those of an object by their names in small letters, items what is taken of each item of an array.
	members map[string]*shape
	items   *shape
}

var shapes sync.Map // reflect.Type to *shape

// shapeOf returns what a type takes.
func shapeOf(t reflect.Type) *shape {
	if known, ok := shapes.Load(t); ok {
		s, _ := known.(*shape)
		return s
	}
	s := newShape(t, map[reflect.Type]bool{})
	shapes.Store(t, s)
	return s
}

// lister is a list that decodes its items as its element does.
type lister interface{ decodesItems() }

func newShape(t reflect.Type, within map[reflect.Type]bool) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	behind := reflect.PointerTo(t)
	decodes := behind.Implements(reflect.TypeFor[json.Unmarshaler]()) || behind.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	if decodes && !behind.Implements(reflect.TypeFor[lister]()) || within[t] {
		return nil
	}
	within[t] = true
	defer delete(within, t)
	switch t.Kind() {
	case reflect.Slice:
		if items := newShape(t.Elem(), within); items != nil {
			return &shape{items: items}
		}
	case reflect.Struct:
		s := &shape{members: map[string]*shape{}}
		s.addFields(t, within)
		return s
	default:
	}
	return nil
}

func (s *shape) addFields(t reflect.Type, within map[reflect.Type]bool) {
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && field.Anonymous && field.Type.Kind() == reflect.Struct {
			s.addFields(field.Type, within)
			continue
		}
		if name == "" {
			name = field.Name
		}
		taken := newShape(field.Type, within)
		name = strings.ToLower(name)
		if _, twice := s.members[name]; twice {
			taken = nil
		}
		s.members[name] = taken
	}
}

// prune returns the JSON of a body, which must be UTF-8, without what the shape does not take. It reports false for what
// is no JSON object, nests deeper than is read, or is too large.
func prune(body []byte, s *shape) ([]byte, bool) {
	if s == nil || len(body) > maxPruned {
		return nil, false
	}
	p := pruning{body: body, kept: make([]byte, 0, min(len(body), 2<<10))}
	p.space()
	if p.peek() != '{' || !p.value(s, true) {
		return nil, false
	}
	p.space()
	return p.kept, p.at == len(body)
}

// pruning is one body on its way.
type pruning struct {
	body  []byte
	at    int
	depth int
	kept  []byte
}

// peek returns the next byte, 0 at the end.
func (p *pruning) peek() byte {
	if p.at < len(p.body) {
		return p.body[p.at]
	}
	return 0
}

func (p *pruning) space() {
	for p.at < len(p.body) {
		switch p.body[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// take passes over a byte, if it comes next.
func (p *pruning) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

// value passes over a value and keeps of it what the shape takes, or nothing.
func (p *pruning) value(s *shape, keep bool) bool {
	from := p.at
	var ok bool
	switch c := p.peek(); {
	case c == '{' && keep && s != nil && s.members != nil:
		return p.nested('}', func() bool { return p.member(s) })
	case c == '[' && keep && s != nil && s.items != nil:
		return p.nested(']', func() bool { return p.value(s.items, true) })
	case c == '{':
		ok = p.nestedUnkept('}')
	case c == '[':
		ok = p.nestedUnkept(']')
	case c == '"':
		ok = p.text()
	case c == '-' || '0' <= c && c <= '9':
		ok = p.number()
	default:
		ok = p.word("true") || p.word("false") || p.word("null")
	}
	if keep {
		p.kept = append(p.kept, p.body[from:p.at]...)
	}
	return ok
}

// nested passes over an object or an array and keeps it, with those of its parts that part keeps.
func (p *pruning) nested(closing byte, part func() bool) bool {
	p.kept = append(p.kept, p.body[p.at])
	first := len(p.kept)
	ok := p.parts(closing, func() bool {
		before := len(p.kept)
		if before > first {
			p.kept = append(p.kept, ',')
		}
		began := len(p.kept)
		ok := part()
		if len(p.kept) == began {
			p.kept = p.kept[:before]
		}
		return ok
	})
	p.kept = append(p.kept, closing)
	return ok
}

func (p *pruning) nestedUnkept(closing byte) bool {
	return p.parts(closing, func() bool {
		return (closing == ']' || p.text() && p.colon()) && p.value(nil, false)
	})
}

// parts passes over an object or an array, and part over each of its parts.
func (p *pruning) parts(closing byte, part func() bool) bool {
	p.at++
	p.depth++
	if p.depth > maxDepth {
		return false
	}
	p.space()
	for more := p.peek() != closing; more; more = p.take(',') {
		p.space()
		if !part() {
			return false
		}
		p.space()
	}
	p.depth--
	return p.take(closing)
}

func (p *pruning) colon() bool {
	p.space()
	colon := p.take(':')
	p.space()
	return colon
}

// member passes over a member of an object, and keeps it if the shape has it. A name that is not plain is kept: which
// it is, encoding/json shall say.
func (p *pruning) member(s *shape) bool {
	from := p.at
	if !p.text() {
		return false
	}
	name := p.body[from:p.at]
	if !p.colon() {
		return false
	}
	taken, known := s.member(name[1 : len(name)-1])
	if !known {
		return p.value(nil, false)
	}
	p.kept = append(append(p.kept, name...), ':')
	return p.value(taken, true)
}

func (s *shape) member(name []byte) (taken *shape, known bool) {
	if !isPlain(name) {
		if slices.ContainsFunc(name, func(c byte) bool { return c == '\\' || c >= utf8.RuneSelf }) {
			return nil, true
		}
		name = bytes.ToLower(name)
	}
	taken, known = s.members[string(name)]
	return taken, known
}

// text passes over a string.
func (p *pruning) text() bool {
	if !p.take('"') {
		return false
	}
	for {
		end := bytes.IndexByte(p.body[p.at:], '"')
		if end < 0 {
			return false
		}
		part := p.body[p.at : p.at+end]
		escape := bytes.IndexByte(part, '\\')
		if escape >= 0 {
			part = part[:escape]
		}
		if hasControl(part) {
			return false
		}
		p.at += len(part) + 1
		if escape < 0 {
			return true
		}
		if !p.escape() {
			return false
		}
	}
}

// escape passes over an escape, whose backslash is behind.
func (p *pruning) escape() bool {
	c := p.peek()
	p.at++
	if c != 'u' {
		return strings.IndexByte(`"\/bfnrt`, c) >= 0
	}
	if len(p.body)-p.at < 4 {
		return false
	}
	for _, c := range p.body[p.at : p.at+4] {
		if ('0' > c || c > '9') && ('a' > c|0x20 || c|0x20 > 'f') {
			return false
		}
	}
	p.at += 4
	return true
}

// hasControl reports whether a byte is less than a blank, eight at a time.
func hasControl(text []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		if eight := binary.LittleEndian.Uint64(text); (eight-ones*' ')&^eight&highs != 0 {
			return true
		}
	}
	for _, c := range text {
		if c < ' ' {
			return true
		}
	}
	return false
}

// number passes over a number (RFC 8259, section 6).
func (p *pruning) number() bool {
	p.take('-')
	if !p.take('0') && !p.digits() {
		return false
	}
	if p.take('.') && !p.digits() {
		return false
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		return p.digits()
	}
	return true
}

func (p *pruning) digits() bool {
	from := p.at
	for '0' <= p.peek() && p.peek() <= '9' {
		p.at++
	}
	return p.at > from
}

func (p *pruning) word(word string) bool {
	if !bytes.HasPrefix(p.body[p.at:], []byte(word)) {
		return false
	}
	p.at += len(word)
	return true
}
