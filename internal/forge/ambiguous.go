package forge

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"slices"
	"unicode/utf8"
)

// maxNames bounds the names of one object that are compared with each other, and fewNames those that are compared one by
// one where a filter cannot tell that a name is new, which is faster than a map.
const (
	maxNames = 4096
	fewNames = 256
)

// Ambiguous reports whether some object of a delivery's JSON has a name twice, or in two ways of writing large and small
// letters: decoders disagree on which of the values counts (RFC 8259, section 4), so that the forge and this package may
// understand different things. Here the last one counts. Of what is not JSON, or nests deeper than is read, it says nothing.
// Names are known by a hash: that it takes two different ones for the same does not happen by chance.
func Ambiguous(req Request) bool {
	body := jsonBody(req)
	open := make([]objectNames, 0, 16)
	names := make([]uint64, 0, fewNames) // those of all objects that are open, one behind the other
	key := false
	for i := 0; i < len(body); i++ {
		last := len(open) - 1
		switch body[i] {
		case '{', '[':
			if len(open) == maxDepth {
				return false
			}
			key = body[i] == '{'
			open = append(open, objectNames{isObject: key, from: len(names)})
		case '}', ']':
			if last < 0 {
				return false
			}
			names, open, key = names[:open[last].from], open[:last], false
		case ',':
			key = last >= 0 && open[last].isObject
		case '"':
			end := i + quotedEnd(body[i:])
			if key {
				var known bool
				if names, known = open[last].add(names, nameHash(body[i:end])); known {
					return true
				}
			}
			i, key = end-1, false
		}
	}
	return false
}

// quotedEnd returns the length of the string that raw begins with, and that of raw where it does not end.
func quotedEnd(raw []byte) int {
	for i := 1; i < len(raw); {
		next := bytes.IndexByte(raw[i:], '"')
		if next < 0 {
			return len(raw)
		}
		i += next + 1
		slashes := 0
		for at := i - 2; at > 0 && raw[at] == '\\'; at-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return len(raw)
}

var nameSeed = maphash.MakeSeed()

// nameHash returns a hash of a quoted name in small letters.
func nameHash(quoted []byte) uint64 {
	name := quoted[1:max(len(quoted)-1, 1)]
	if !isPlain(name) {
		var read string
		if json.Unmarshal(quoted, &read) == nil {
			name = []byte(read)
		}
		name = bytes.ToLower(name)
	}
	return maphash.Bytes(nameSeed, name)
}

// isPlain reports whether a name is ASCII without large letters and escapes, which nearly all are.
func isPlain(name []byte) bool {
	for _, c := range name {
		if c >= utf8.RuneSelf || c == '\\' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// objectNames are the names of an object so far: the first of them in a list, and further ones in a map.
type objectNames struct {
	isObject bool
	from     int
	// filter has a bit for each name in the list; several may share one.
	filter  [16]uint64
	further map[uint64]bool
}

// add notes a name, and reports whether it was there.
func (n *objectNames) add(names []uint64, name uint64) ([]uint64, bool) {
	word, bit := &n.filter[name>>6%16], uint64(1)<<(name%64)
	switch {
	case *word&bit != 0 && slices.Contains(names[n.from:], name):
		return names, true
	case len(names)-n.from < fewNames:
		*word |= bit
		return append(names, name), false
	case len(n.further) >= maxNames:
		return names, false
	case n.further == nil:
		n.further = map[uint64]bool{}
	}
	known := n.further[name]
	n.further[name] = true
	return names, known
}
