package badge

import (
	"sync"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

const (
	// measured is how far the tables of advances go: alphabets, punctuation and symbols. What lies beyond is as wide as
	// it is high, or nobody knows.
	measured = 0x2c00
	// firstKerned and kerned are the characters whose pairs are kerned: those of ASCII that one sees.
	firstKerned, kerned = ' ', '~' - ' ' + 1
	// missing marks a character that the font lacks.
	missing = -1
)

// typeface is a font with its measures, in thousandths of its size.
type typeface struct {
	*sfnt.Font

	advances [measured]int16
	kerns    [kerned][kerned]int16
}

// The fonts are DejaVu Sans, whose advances are those of Verdana, which most viewers have.
var (
	regular = sync.OnceValue(func() *typeface { return measure(dejavusans.TTF) })
	bold    = sync.OnceValue(func() *typeface { return measure(dejavusansbold.TTF) })
)

// measure reads a font's tables once, because asking the font takes a thousand times as long.
func measure(data []byte) *typeface {
	parsed, err := sfnt.Parse(data)
	if err != nil {
		panic(err) // it is embedded
	}
	face := &typeface{Font: parsed}
	var buffer sfnt.Buffer
	ppem := fixed.I(1000)
	var indexes [kerned]sfnt.GlyphIndex
	for r := range rune(measured) {
		face.advances[r] = missing
		index, err := parsed.GlyphIndex(&buffer, r)
		if err != nil || index == 0 {
			continue
		}
		if r >= firstKerned && r < firstKerned+kerned {
			indexes[r-firstKerned] = index //nolint:gosec // the condition keeps it within
		}
		if advance, err := parsed.GlyphAdvance(&buffer, index, ppem, font.HintingNone); err == nil {
			face.advances[r] = int16(advance.Round()) //nolint:gosec // a glyph is a few thousand wide
		}
	}
	for i, left := range indexes {
		for j, right := range indexes {
			if kern, err := parsed.Kern(&buffer, left, right, ppem, font.HintingNone); err == nil {
				face.kerns[i][j] = int16(kern.Round()) //nolint:gosec // as above
			}
		}
	}
	return face
}

// ruler adds up a text, character by character.
type ruler struct {
	face *typeface
	last rune
	// joined says that the last character joins the next one to itself, as in an emoji of several.
	joined bool
	// flag says that the last character was the first half of a flag.
	flag bool
	// width is in thousandths of the font's size, and so is extra, which stands after each character.
	width, extra int
}

func (m *ruler) add(r rune) {
	joined, last, flag := m.joined, m.last, m.flag
	m.last, m.joined, m.flag = r, r == zeroWidthJoiner, false
	if regionalIndicator(r) {
		m.flag = !flag
		joined = joined || flag
	}
	if joined || attached(r) {
		return
	}
	m.width += m.face.advance(r) + m.extra
	if last >= firstKerned && last < firstKerned+kerned && r >= firstKerned && r < firstKerned+kerned {
		m.width += int(m.face.kerns[last-firstKerned][r-firstKerned])
	}
}

// advance is how wide a character stands, in thousandths; what the font lacks is taken to be as other fonts have it.
func (f *typeface) advance(r rune) int {
	switch {
	case r >= 0 && r < measured && f.advances[r] != missing:
		return int(f.advances[r])
	case emoji(r):
		return 1250
	case square(r):
		return 1000
	default:
		return 650
	}
}

// has reports whether the font has a glyph for the character and sets it as it stands, without shaping.
func (f *typeface) has(r rune) bool {
	return r >= 0 && r < measured && f.advances[r] != missing && !shaped(r)
}

// plain reports whether every character of the text was really measured: only then may its letters be spaced out.
func (f *typeface) plain(text string) bool {
	for _, r := range text {
		if !f.has(r) {
			return false
		}
	}
	return true
}
