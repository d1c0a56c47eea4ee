package badge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	ellipsis        = "…"
	zeroWidthJoiner = '\u200d'
	// maxMarks is how many marks may be piled on one character.
	maxMarks = 3
)

// clean makes one line of text that XML can hold and that stays in its place: at most so many characters, no control
// characters, nothing that turns the direction of what stands around it, and no piles of marks.
func clean(text string, most int) string {
	var out strings.Builder
	space, marks, taken := false, 0, 0
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = out.Len() > 0
			continue
		case invisible(r):
			continue
		case r >= 0x300 && unicode.Is(unicode.M, r):
			marks++
			if marks > maxMarks {
				continue
			}
		default:
			marks = 0
		}
		taken++
		if taken > most {
			out.WriteString(ellipsis)
			break
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteRune(r) // what was no UTF-8 comes as the replacement character
	}
	return out.String()
}

// invisible are characters that turn the direction of text, and those that are no characters: XML has no place for
// U+FFFE and U+FFFF, and other formats none for the rest.
func invisible(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case unicode.Is(unicode.Bidi_Control, r), r == '\ufeff', r == '\u00ad', r == '\u200b', r == '\u2060':
		return true
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
		return true
	case r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// attached are characters that stand on the one before.
func attached(r rune) bool {
	return r >= 0x300 && (unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) || unicode.Is(unicode.Cf, r) || r >= 0x1f3fb && r <= 0x1f3ff)
}

func regionalIndicator(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// emoji are pictures, which are wider than what is written.
func emoji(r rune) bool { return r >= 0x1f000 && r <= 0x1faff }

// square are the characters of scripts that are written into squares.
func square(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff01 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 ||
		r >= 0x20000 && r <= 0x3fffd
}

// shaped are the characters of scripts that join or reorder what they write, from Hebrew to the scripts of India and
// beyond, and marks that have to be placed.
func shaped(r rune) bool {
	return r >= 0x0590 && r < 0x10a0 || r >= 0x1780 && r < 0x1ab0 || r >= 0x1b00 && r < 0x1c80 || r >= 0x300 && unicode.Is(unicode.Mn, r)
}

// rightToLeft reports whether the text has letters that are written from right to left.
func rightToLeft(text string) bool {
	for _, r := range text {
		if r >= 0x0590 && r < 0x0900 || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc || r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff {
			return true
		}
	}
	return false
}

// isolated keeps a text's direction from reaching what stands beside it in one line.
func isolated(text string) string {
	if rightToLeft(text) {
		return "\u2068" + text + "\u2069"
	}
	return text
}

// wrap breaks the text into at most so many lines, between words where it can, and shortens the last one.
func (f *typeface) wrap(text string, size, width float64, most int) []string {
	var lines []string
	for text != "" {
		if len(lines) == most-1 {
			return append(lines, line{text, f, size, 0}.fit(width).text)
		}
		end := f.breakAt(text, size, width)
		lines = append(lines, strings.TrimRight(text[:end], " "))
		text = strings.TrimLeft(text[end:], " ")
	}
	return lines
}

// breakAt is where the first line of the text ends.
func (f *typeface) breakAt(text string, size, width float64) int {
	m := ruler{face: f}
	limit := int(width * 1000 / size)
	word, letter := 0, 0
	for i, r := range text {
		joined := m.joined || attached(r)
		if i > 0 && !joined {
			letter = i
			if r == ' ' || square(r) || m.last == '-' {
				word = i
			}
		}
		m.add(r)
		if m.width <= limit || r == ' ' {
			continue
		}
		switch {
		case word > 0:
			return word
		case letter > 0:
			return letter
		default:
			_, first := utf8.DecodeRuneInString(text)
			return first
		}
	}
	return len(text)
}

// Plain is the text as badges show it: one line, bounded, without control characters and what turns its direction.
func Plain(text string) string { return clean(text, maxText) }
