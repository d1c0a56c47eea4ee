// Package badge draws what people show elsewhere: badges and cards as SVG, and the picture that goes with a link to an
// award, as PNG.
//
// It is pure: no clock, no database, no network. Everything that comes in may be hostile: what comes out is always
// well-formed, bounded, without scripts and without references to anything outside. Texts are measured with the real
// advances of DejaVu Sans. It imports golang.org/x/image, golang.org/x/text and the fonts alone.
package badge

import "strings"

const (
	// maxText is how many characters of a badge's text are looked at, and maxWidth how wide each may become.
	maxText  = 120
	maxWidth = 360
)

// Badge is a label with a message. Style, Theme and the colours are as they were asked for: what is none is the default.
type Badge struct {
	Label, Message string
	// Style is flat, flat-square, plastic, for-the-badge or social; flat is the default.
	Style string
	// Theme is auto, light, dark or transparent, for the ground of the label; the default is grey on either.
	Theme string
	// Color and LabelColor are names of shields.io, rgb or rrggbb. LabelColor goes before the theme.
	Color, LabelColor string
}

// accent is the colour of the house.
var accent = rgb{0xb3, 0x54, 0x1e}

// style is how a badge is built.
type style struct {
	height, size, baseline, padding, spacing float64
	radius                                   float64
	// shine are the stops of what lies over the colours.
	shine  string
	shadow bool
	loud   bool
}

var styles = map[string]style{
	"flat": {
		height: 20, size: 11, baseline: 14, padding: 6, radius: 3, shadow: true,
		shine: `<stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/>`,
	},
	"flat-square": {height: 20, size: 11, baseline: 14, padding: 6},
	"plastic": {
		height: 18, size: 11, baseline: 13, padding: 6, radius: 4, shadow: true,
		shine: `<stop offset="0" stop-color="#fff" stop-opacity=".3"/><stop offset=".1" stop-color="#aaa" stop-opacity=".1"/>` +
			`<stop offset=".9" stop-opacity=".15"/><stop offset="1" stop-opacity=".3"/>`,
	},
	"for-the-badge": {height: 28, size: 10, baseline: 17.6, padding: 12, spacing: 1.2, loud: true},
}

// SVG draws the badge.
func (b Badge) SVG() []byte {
	b.Label, b.Message = clean(b.Label, maxText), clean(b.Message, maxText)
	if b.Style == "social" {
		return b.social()
	}
	look, ok := styles[b.Style]
	if !ok {
		look = styles["flat"]
	}
	label, message := look.line(b.Label, regular()), look.line(b.Message, regular())
	if look.loud {
		message = look.line(b.Message, bold())
	}
	left := 0.0
	if label.text != "" {
		left = roundUp(label.width() + 2*look.padding - label.spacing)
	}
	right := roundUp(message.width() + 2*look.padding - message.spacing)

	d := &drawing{make([]byte, 0, 2048)}
	d.open(left+right, look.height, b.alt())
	ground := b.ground()
	ground.styles(d)
	if look.shine != "" {
		d.raw(`<linearGradient id="shine" x2="0" y2="100%">`, look.shine, `</linearGradient>`)
	}
	ink, colour := under(colorOr(b.Color, accent))
	d.boxes(left, right, look, ground, colour)
	d.raw(`<g font-family="`, fonts, `"`).attr("font-size", look.size).raw(` text-rendering="geometricPrecision">`)
	d.shadowed(label, look.padding, look, ground.attribute("t", ground.ink), ground.shade())
	attribute := ` fill="` + ink.hex() + `"`
	if look.loud {
		attribute += ` font-weight="bold"`
	}
	d.shadowed(message, left+look.padding, look, attribute, shadeOf(ink))
	return d.raw("</g></svg>").out
}

// line makes the text one of the style, as wide as a badge's may be. Letters are spaced out where they do not join.
func (s style) line(text string, face *typeface) line {
	if s.loud {
		text = strings.ToUpper(text)
	}
	spacing := s.spacing
	if !face.plain(text) {
		spacing = 0
	}
	return line{text, face, s.size, spacing}.fit(maxWidth)
}

// boxes draws what lies under the texts.
func (d *drawing) boxes(left, right float64, look style, ground ground, colour rgb) {
	if left > 0 && !ground.none {
		d.box(0, left, look.height, look.radius, 0).raw(ground.attribute("g", ground.light), "/>")
	}
	first := 0.0
	if left == 0 || ground.none {
		first = look.radius
	}
	d.box(left, left+right, look.height, first, look.radius).raw(` fill="`, colour.hex(), `"/>`)
	if look.shine == "" {
		return
	}
	from := 0.0
	if ground.none {
		from = left
	}
	d.box(from, left+right, look.height, look.radius, look.radius).raw(` fill="url(#shine)"/>`)
}

// box begins a path with corners of its own on both sides.
func (d *drawing) box(x0, x1, height, before, after float64) *drawing {
	d.raw(`<path d="M`).num(x0 + before).raw(" 0H").num(x1 - after)
	corner := func(radius, dx, dy float64) {
		if radius > 0 {
			d.raw("a").num(radius).raw(" ").num(radius).raw(" 0 0 1 ").num(dx).raw(" ").num(dy)
		}
	}
	corner(after, after, after)
	d.raw("V").num(height - after)
	corner(after, -after, after)
	d.raw("H").num(x0 + before)
	corner(before, -before, -before)
	d.raw("V").num(before)
	corner(before, before, -before)
	return d.raw(`z"`)
}

// shadowed sets a text with its shadow, if the style has one and the text a colour for it.
func (d *drawing) shadowed(l line, x float64, look style, attribute, shade string) {
	if look.shadow && shade != "" {
		d.set(l, x, look.baseline+1, ` aria-hidden="true" fill="`, shade, `" fill-opacity=".3"`)
	}
	d.set(l, x, look.baseline, attribute)
}

// shadeOf is what text in the ink throws.
func shadeOf(ink rgb) string {
	if ink == white {
		return "#010101"
	}
	return "#ccc"
}

// alt is the badge in words.
func (b Badge) alt() string {
	if b.Label == "" {
		return b.Message
	}
	return isolated(b.Label) + ": " + isolated(b.Message)
}

func roundUp(x float64) float64 {
	whole := float64(int(x))
	if whole < x {
		whole++
	}
	return whole
}

// ground is what a label stands on, in light and in dark surroundings.
type ground struct {
	light, dark rgb
	// ink is of the text in light surroundings, inkDark of that in dark ones.
	ink, inkDark rgb
	// both says that the viewer's preference decides; none that there is no ground at all.
	both, none bool
}

var (
	grey     = rgb{0x55, 0x55, 0x55}
	paleGrey = rgb{0xe4, 0xe2, 0xdd}
	deepGrey = rgb{0x3a, 0x37, 0x32}
	darkInk  = rgb{0x23, 0x21, 0x1d}
	paleInk  = rgb{0xef, 0xec, 0xe6}
)

func (b Badge) ground() ground {
	if named, ok := parseColor(b.LabelColor); ok {
		ink, colour := under(named)
		return ground{light: colour, ink: ink}
	}
	switch b.Theme {
	case "light":
		return ground{light: paleGrey, ink: darkInk}
	case "dark":
		return ground{light: deepGrey, ink: paleInk}
	case "auto":
		return ground{light: paleGrey, dark: deepGrey, ink: darkInk, inkDark: paleInk, both: true}
	case "transparent":
		return ground{ink: darkInk, inkDark: paleInk, both: true, none: true}
	default:
		return ground{light: grey, ink: white}
	}
}

// styles writes the rules for dark surroundings. Their names are long, because inside of a page they hold for all of it.
func (g ground) styles(d *drawing) {
	if !g.both {
		return
	}
	d.raw(`<style>.acc-g{fill:`, g.light.hex(), `}.acc-t{fill:`, g.ink.hex(), `}@media (prefers-color-scheme:dark){.acc-g{fill:`,
		g.dark.hex(), `}.acc-t{fill:`, g.inkDark.hex(), `}}</style>`)
}

// attribute colours what is the ground (g) or the text on it (t).
func (g ground) attribute(name string, colour rgb) string {
	if g.both {
		return ` class="acc-` + name + `"`
	}
	return ` fill="` + colour.hex() + `"`
}

// shade is what the label's text throws; none where its colour is for the viewer to decide.
func (g ground) shade() string {
	if g.both || g.ink != white {
		return ""
	}
	return shadeOf(g.ink)
}
