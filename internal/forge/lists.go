package forge

import (
	"bytes"
	"encoding/json"
	"iter"
)

// list is the beginning of an array, at most maxItems of it: however long the array is, the rest takes no memory.
// A value that is no array leaves it empty.
type list[T any] []T

func (*list[T]) decodesItems() {}

// UnmarshalJSON never fails.
func (l *list[T]) UnmarshalJSON(raw []byte) error {
	*l = firstItems[T](raw, maxItems)
	return nil
}

// firstItems decodes at most so many items of a valid array, leniently; it returns nil for what is no array.
func firstItems[T any](raw []byte, limit int) []T {
	count, end := 0, 0
	for at := range itemEnds(raw, '[') {
		count++
		if count == limit {
			end = at
		}
	}
	if len(raw) == 0 || raw[0] != '[' {
		return nil
	}
	if count > limit {
		raw = append(bytes.Clone(raw[:end]), ']')
	}
	items := make([]T, 0, min(count, limit))
	_ = json.Unmarshal(raw, &items) // What has another type stays zero.
	return items
}

// countItems returns how many items a valid array has; 0 for what is no array.
func countItems(raw []byte) int64 {
	var count int64
	for range itemEnds(raw, '[') {
		count++
	}
	return count
}

// itemEnds goes through the items of a valid array, or of a valid object if it opens with '{': it yields the place
// behind each. It takes no memory.
func itemEnds(raw []byte, opening byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		if len(raw) == 0 || raw[0] != opening {
			return
		}
		depth, inString, empty := 0, false, true
		for i := 0; i < len(raw); i++ {
			switch c := raw[i]; {
			case inString && c == '\\':
				i++
			case c == '"':
				inString, empty = !inString, false
			case inString || c <= ' ':
			case c == ']' || c == '}':
				depth--
				if depth == 0 && !empty {
					yield(i)
				}
			case c == ',' && depth == 1:
				if !yield(i) {
					return
				}
			case c == '[' || c == '{':
				depth++
				empty = empty && depth == 1
			default:
				empty = false
			}
		}
	}
}

// names are the names of an object's fields, at most maxItems of them.
type names []text

// UnmarshalJSON never fails.
func (n *names) UnmarshalJSON(raw []byte) error {
	*n = firstNames(raw, maxItems)
	return nil
}

// firstNames returns at most so many names of the fields of a valid object; none of what is no object.
func firstNames(raw []byte, limit int) names {
	var found names
	start := 1
	for end := range itemEnds(raw, '{') {
		if len(found) == limit {
			break
		}
		field := bytes.TrimLeft(raw[start:end], " \t\r\n")
		start = end + 1
		var name text
		_ = json.Unmarshal(field[:quotedEnd(field)], &name)
		found = append(found, name)
	}
	return found
}
