package forge

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// scanner goes through JSON, and reports false where it is none (RFC 8259) or nests deeper than is read.
type scanner struct {
	body  []byte
	at    int
	depth int
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.body) {
		return s.body[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.body) {
		switch s.body[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// take passes over a byte, if it comes next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// open passes over what begins an object or an array, and close over what ends it.
func (s *scanner) open() bool {
	s.at++
	s.depth++
	s.space()
	return s.depth <= maxDepth
}

func (s *scanner) close(closing byte) bool {
	s.depth--
	return s.take(closing)
}

// skip passes over a value.
func (s *scanner) skip() bool {
	switch c := s.peek(); {
	case c == '"':
		_, ok := s.quoted()
		return ok
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == '{':
		return s.skipParts('}')
	case c == '[':
		return s.skipParts(']')
	default:
		return s.word("true") || s.word("false") || s.word("null")
	}
}

func (s *scanner) skipParts(closing byte) bool {
	if !s.open() {
		return false
	}
	for more := s.peek() != closing; more; more = s.take(',') {
		s.space()
		if closing == '}' {
			if _, _, ok := s.name(); !ok {
				return false
			}
		}
		if !s.skip() {
			return false
		}
		s.space()
	}
	return s.close(closing)
}

// name passes over the name of a member and the colon. It returns the name as it is written, and whether that is what it
// is: ASCII without escapes.
func (s *scanner) name() (name []byte, plain, ok bool) {
	from := s.at + 1
	escapes, ok := s.quoted()
	if !ok {
		return nil, false, false
	}
	name = s.body[from : s.at-1]
	s.space()
	if !s.take(':') {
		return nil, false, false
	}
	s.space()
	return name, !escapes && isASCII(name), true
}

const ones, highs = 0x0101010101010101, 0x8080808080808080

// zeros has the high bit of each byte that is 0; of those above the lowest one that is, it may err.
func zeros(eight uint64) uint64 { return (eight - ones) &^ eight & highs }

func isASCII(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if binary.LittleEndian.Uint64(text)&highs != 0 {
			return false
		}
	}
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// quoted passes over a string, and reports whether there are escapes in it.
func (s *scanner) quoted() (escapes, ok bool) {
	if !s.take('"') {
		return false, false
	}
	for {
		s.plain()
		switch s.peek() {
		case '"':
			s.at++
			return escapes, true
		case '\\':
			escapes = true
			s.at++
			if !s.escape() {
				return escapes, false
			}
		default: // a control character, or the end
			return escapes, false
		}
	}
}

// plain passes over text up to a quote, a backslash or a control character, eight bytes at a time.
func (s *scanner) plain() {
	for ; s.at+8 <= len(s.body); s.at += 8 {
		eight := binary.LittleEndian.Uint64(s.body[s.at:])
		control := (eight - ones*' ') &^ eight & highs
		if found := zeros(eight^ones*'"') | zeros(eight^ones*'\\') | control; found != 0 {
			s.at += bits.TrailingZeros64(found) / 8
			return
		}
	}
	for ; s.at < len(s.body); s.at++ {
		if c := s.body[s.at]; c == '"' || c == '\\' || c < ' ' {
			return
		}
	}
}

// escape passes over an escape, whose backslash is behind.
func (s *scanner) escape() bool {
	c := s.peek()
	s.at++
	if c != 'u' {
		return strings.IndexByte(`"\/bfnrt`, c) >= 0
	}
	if len(s.body)-s.at < 4 {
		return false
	}
	for _, c := range s.body[s.at : s.at+4] {
		if ('0' > c || c > '9') && ('a' > c|0x20 || c|0x20 > 'f') {
			return false
		}
	}
	s.at += 4
	return true
}

// number passes over a number (section 6).
func (s *scanner) number() bool {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return false
	}
	if s.take('.') && !s.digits() {
		return false
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	from := s.at
	for '0' <= s.peek() && s.peek() <= '9' {
		s.at++
	}
	return s.at > from
}

func (s *scanner) word(word string) bool {
	if !bytes.HasPrefix(s.body[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}
