package forge

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

// Most of a body are members that no event needs, such as the many addresses of everything. encoding/json looks at every byte
// twice, and for each value asks its type what it is; here a body is gone through once, and what is known of a type is known before.
// What is not taken is checked no less.

// maxFilled is how large a body is filled in at most: larger ones are rare, and the items of their lists may not take the memory twice.
const maxFilled = 64 << 10

// filling is one body on its way into a struct.
type filling struct {
	scanner

	// kept is what is taken of the items of a list.
	kept []byte
}

// fill decodes a body, which must be UTF-8, into a struct as decode does, which is behind the pointer. It reports false, and leaves the struct
// empty, for what is no JSON object, nests deeper than is read, is too large, or has to be left to encoding/json.
func fill(body []byte, into any) bool {
	whole := reflect.ValueOf(into).Elem()
	s := shapeOf(whole.Type())
	if s.kind != object || len(body) > maxFilled {
		return false
	}
	f := filling{scanner: scanner{body: body}}
	f.space()
	if f.peek() == '{' && f.object(s, whole) {
		f.space()
		if f.at == len(body) {
			return true
		}
	}
	whole.SetZero()
	return false
}

func (f *filling) object(s *shape, into reflect.Value) bool {
	if !f.open() {
		return false
	}
	for more := f.peek() != '}'; more; more = f.take(',') {
		f.space()
		name, plain, ok := f.name()
		if !ok || !plain { // which member a name is that is not plain, encoding/json shall say
			return false
		}
		m := s.member(name)
		switch {
		case m == nil:
			ok = f.skip()
		case m.field == nil:
			ok = false
		default:
			ok = f.value(m.shape, into.FieldByIndex(m.field))
		}
		if !ok {
			return false
		}
		f.space()
	}
	return f.close('}')
}

// value fills a value in. One of another type than it should have leaves it zero, as does null.
func (f *filling) value(s *shape, into reflect.Value) bool {
	c := f.peek()
	if s.behind != nil {
		if c == 'n' {
			into.SetZero()
			return f.word("null")
		}
		if into.IsNil() {
			into.Set(reflect.New(s.behind))
		}
		into = into.Elem()
	}
	switch {
	case s.kind == object && c == '{':
		return f.object(s, into)
	case s.kind == textual && c == '"':
		return f.text(into)
	case s.kind == boolean && (c == 't' || c == 'f'):
		into.SetBool(c == 't')
		return f.skip()
	case s.kind == integer && (c == '-' || '0' <= c && c <= '9'):
		from := f.at
		ok := f.number()
		if n, err := strconv.ParseInt(string(f.body[from:f.at]), 10, 64); err == nil {
			into.SetInt(n)
		}
		return ok
	case s.kind == raw && s.items != nil:
		return f.list(s, into)
	case s.kind == raw || s.kind == other:
		return f.decode(s, into)
	default:
		return f.skip()
	}
}

// list fills in what a list takes of an array, and of anything else nothing.
func (f *filling) list(s *shape, into reflect.Value) bool {
	into.SetZero()
	if f.peek() != '[' {
		return f.skip()
	}
	into.Set(reflect.MakeSlice(into.Type(), 0, 0))
	if !f.open() {
		return false
	}
	for more := f.peek() != ']'; more; more = f.take(',') {
		f.space()
		if n := into.Len(); n == maxItems {
			if !f.skip() {
				return false
			}
		} else {
			into.Grow(1)
			into.SetLen(n + 1)
			into.Index(n).SetZero()
			if !f.value(s.items, into.Index(n)) {
				return false
			}
		}
		f.space()
	}
	return f.close(']')
}

// text hands a string to what decodes itself of it.
func (f *filling) text(into reflect.Value) bool {
	from := f.at
	escapes, ok := f.quoted()
	if !ok {
		return false
	}
	meant := f.body[from+1 : f.at-1]
	if escapes {
		var read string
		if json.Unmarshal(f.body[from:f.at], &read) != nil {
			return false
		}
		meant = []byte(read)
	}
	decoder, ok := reflect.TypeAssert[encoding.TextUnmarshaler](into.Addr())
	return ok && decoder.UnmarshalText(meant) == nil
}

// decode hands a value to what decodes itself of JSON, or to encoding/json. A list gets of its items only what they take.
func (f *filling) decode(s *shape, into reflect.Value) bool {
	var written []byte
	if s.items != nil {
		f.kept = f.kept[:0]
		if !f.keep(s) {
			return false
		}
		written = f.kept
	} else {
		from := f.at
		if !f.skip() {
			return false
		}
		written = f.body[from:f.at]
	}
	target := into.Addr().Interface()
	if decoder, decodes := target.(json.Unmarshaler); decodes {
		return decoder.UnmarshalJSON(written) == nil
	}
	err := json.Unmarshal(written, target)
	return err == nil || isTypeError(err)
}

// keep passes over a value and keeps of it what the shape takes.
func (f *filling) keep(s *shape) bool {
	switch c := f.peek(); {
	case c == '{' && s.members != nil:
		return f.keepParts('}', s)
	case c == '[' && s.items != nil:
		return f.keepParts(']', s)
	}
	from := f.at
	ok := f.skip()
	f.kept = append(f.kept, f.body[from:f.at]...)
	return ok
}

// keepParts passes over an object or an array and keeps it, with what the shape takes of its parts.
func (f *filling) keepParts(closing byte, s *shape) bool {
	f.kept = append(f.kept, f.peek())
	first := len(f.kept)
	if !f.open() {
		return false
	}
	for more := f.peek() != closing; more; more = f.take(',') {
		f.space()
		before := len(f.kept)
		if before > first {
			f.kept = append(f.kept, ',')
		}
		began := len(f.kept)
		if ok := closing == '}' && f.keepMember(s) || closing == ']' && f.keep(s.items); !ok {
			return false
		}
		if len(f.kept) == began {
			f.kept = f.kept[:before]
		}
		f.space()
	}
	f.kept = append(f.kept, closing)
	return f.close(closing)
}

// keepMember passes over a member of an object, and keeps it if the shape has it, or if only encoding/json knows that.
func (f *filling) keepMember(s *shape) bool {
	name, plain, ok := f.name()
	if !ok {
		return false
	}
	taken := &shape{}
	if plain {
		m := s.member(name)
		if m == nil {
			return f.skip()
		}
		taken = m.shape
	}
	f.kept = append(append(append(f.kept, '"'), name...), '"', ':')
	return f.keep(taken)
}
