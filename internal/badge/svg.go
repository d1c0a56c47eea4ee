package badge

import (
	"math"
	"strconv"
	"strings"
)

// fonts are what a viewer looks for, the first that it has. DejaVu Sans, whose measures are used, is as wide as Verdana.
const fonts = "Verdana,Geneva,DejaVu Sans,sans-serif"

// drawing is an SVG that is being written. Texts are escaped, numbers rounded; what else is written is our own.
type drawing struct{ out []byte }

// raw writes what is markup already.
func (d *drawing) raw(parts ...string) *drawing {
	for _, part := range parts {
		d.out = append(d.out, part...)
	}
	return d
}

// num writes a number with at most two decimals.
func (d *drawing) num(x float64) *drawing {
	hundredths := int64(math.Round(x * 100))
	if hundredths < 0 {
		d.out = append(d.out, '-')
		hundredths = -hundredths
	}
	d.out = strconv.AppendInt(d.out, hundredths/100, 10)
	if rest := byte(hundredths % 100); rest != 0 { //nolint:gosec // it is below 100
		d.out = append(d.out, '.', '0'+rest/10)
		if rest%10 != 0 {
			d.out = append(d.out, '0'+rest%10)
		}
	}
	return d
}

// text writes cleaned text for an element or an attribute.
func (d *drawing) text(text string) *drawing {
	for i := range len(text) {
		switch c := text[i]; c {
		case '<':
			d.out = append(d.out, "&lt;"...)
		case '>':
			d.out = append(d.out, "&gt;"...)
		case '&':
			d.out = append(d.out, "&amp;"...)
		case '"':
			d.out = append(d.out, "&#34;"...)
		case '\'':
			d.out = append(d.out, "&#39;"...)
		default:
			d.out = append(d.out, c)
		}
	}
	return d
}

// attr writes a number as an attribute.
func (d *drawing) attr(name string, x float64) *drawing {
	return d.raw(" ", name, `="`).num(x).raw(`"`)
}

// open begins a picture that says in words what it shows.
func (d *drawing) open(width, height float64, alt string) {
	d.raw(`<svg xmlns="http://www.w3.org/2000/svg"`).attr("width", width).attr("height", height)
	d.raw(` viewBox="0 0 `).num(width).raw(" ").num(height).raw(`" role="img" aria-label="`).text(alt)
	d.raw(`"><title>`).text(alt).raw(`</title>`)
}

// line is a text as it is set.
type line struct {
	text string
	face *typeface
	size float64
	// spacing is what stands after each letter.
	spacing float64
}

func (l line) ruler() ruler { return ruler{face: l.face, extra: int(l.spacing * 1000 / l.size)} }

// width is how wide the text is, with what stands after its last letter.
func (l line) width() float64 {
	m := l.ruler()
	for _, r := range l.text {
		m.add(r)
	}
	return float64(m.width) * l.size / 1000
}

// fit shortens the text with an ellipsis until it is at most so wide.
func (l line) fit(width float64) line {
	m := l.ruler()
	most := int(width * 1000 / l.size)
	dots := l.face.advance('…') + m.extra
	fits := 0
	for i, r := range l.text {
		if !m.joined && !attached(r) && m.width+dots <= most {
			fits = i
		}
		m.add(r)
		if m.width > most {
			l.text = strings.TrimRight(l.text[:fits], " ") + ellipsis
			return l
		}
	}
	return l
}

// set writes the text at a place, as wide as it was measured, whatever font the viewer has, and in its own direction: where
// it ends is what decides on which side its last characters are. The attributes are markup.
func (d *drawing) set(l line, x, y float64, attributes ...string) {
	if l.text == "" {
		return
	}
	d.raw("<text").attr("x", x).attr("y", y).attr("textLength", l.width())
	if !l.face.plain(l.text) {
		d.raw(` lengthAdjust="spacingAndGlyphs"`)
	}
	if l.spacing != 0 {
		d.attr("letter-spacing", l.spacing)
	}
	d.raw(attributes...).raw(">").text(isolated(l.text)).raw("</text>")
}

// Count is how many achievements there are, in words.
func Count(n int) string {
	switch n {
	case 0:
		return "no achievements yet"
	case 1:
		return "1 achievement"
	}
	return strconv.Itoa(n) + " achievements"
}

// listed reports whether the comma-separated list names the word.
func listed(list, word string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(item), word) {
			return true
		}
	}
	return false
}
