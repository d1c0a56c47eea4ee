package forge

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// kind is how a value is decoded.
type kind byte

const (
	// other values are for encoding/json.
	other kind = iota
	// object is a struct that does not decode itself.
	object
	// textual and raw decode themselves: of the text that is meant, and of the JSON.
	textual
	raw
	boolean
	integer
)

// shape is what a type takes of a JSON value.
type shape struct {
	kind kind
	// behind is what a pointer points to; nil for what is none.
	behind reflect.Type
	// members are those of an object by their names in small letters, items what is taken of each item of an array; nil is all.
	members map[string]*member
	items   *shape
	// begins has a bit for each length of the names that begin with a byte, 63 standing for longer ones. Most of a body are members that
	// nobody takes, and most of those it tells.
	begins *[256]uint64
}

// member is one of an object.
type member struct {
	*shape

	// field is which of the struct's it is; nil where only encoding/json knows.
	field []int
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
	if t.Kind() == reflect.Pointer && t.Elem().Kind() != reflect.Pointer {
		s := *newShape(t.Elem(), within)
		s.behind = t.Elem()
		return &s
	}
	if within[t] {
		return &shape{}
	}
	within[t] = true
	defer delete(within, t)
	s := &shape{}
	behind := reflect.PointerTo(t)
	switch {
	case behind.Implements(reflect.TypeFor[json.Unmarshaler]()):
		s.kind = raw
		if behind.Implements(reflect.TypeFor[lister]()) {
			s.items = newShape(t.Elem(), within)
		}
	case behind.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		s.kind = textual
	case t.Kind() == reflect.Bool:
		s.kind = boolean
	case t.Kind() == reflect.Int64:
		s.kind = integer
	case t.Kind() == reflect.Slice:
		s.items = newShape(t.Elem(), within)
	case t.Kind() == reflect.Struct:
		whole := &shape{kind: object, members: map[string]*member{}, begins: new([256]uint64)}
		if whole.addFields(t, nil, within) {
			return whole
		}
	}
	return s
}

// addFields reports false for a struct that only encoding/json understands.
func (s *shape) addFields(t reflect.Type, at []int, within map[reflect.Type]bool) bool {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		index := slices.Concat(at, field.Index)
		if name == "" && field.Anonymous {
			if field.Type.Kind() != reflect.Struct || !s.addFields(field.Type, index, within) {
				return false
			}
			continue
		}
		if options != "" {
			return false
		}
		if name == "-" || !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		s.add(name, &member{newShape(field.Type, within), index})
	}
	return true
}

func (s *shape) add(name string, m *member) {
	name = strings.ToLower(name)
	if _, twice := s.members[name]; twice {
		m = &member{shape: &shape{}}
	}
	s.members[name] = m
	length := uint64(1) << min(len(name), 63)
	s.begins[name[0]] |= length
	s.begins[strings.ToUpper(name[:1])[0]] |= length
}

// member returns the one of that name, which must be ASCII; nil for one that is not taken.
func (s *shape) member(name []byte) *member {
	if len(name) == 0 || s.begins[name[0]]>>min(len(name), 63)&1 == 0 {
		return nil
	}
	if !isPlain(name) {
		name = bytes.ToLower(name)
	}
	return s.members[string(name)]
}
