package badge

import (
	"math"
	"strconv"
	"strings"
)

// rgb is a colour.
type rgb struct{ r, g, b uint8 }

// colorNames are those of shields.io.
var colorNames = map[string]rgb{
	"brightgreen": {0x44, 0xcc, 0x11}, "green": {0x97, 0xca, 0x00}, "yellow": {0xdf, 0xb3, 0x17}, "yellowgreen": {0xa4, 0xa6, 0x1d},
	"orange": {0xfe, 0x7d, 0x37}, "red": {0xe0, 0x5d, 0x44}, "blue": {0x00, 0x7e, 0xc6}, "grey": {0x55, 0x55, 0x55}, "gray": {0x55, 0x55, 0x55},
	"lightgrey": {0x9f, 0x9f, 0x9f}, "lightgray": {0x9f, 0x9f, 0x9f}, "success": {0x44, 0xcc, 0x11}, "important": {0xfe, 0x7d, 0x37},
	"critical": {0xe0, 0x5d, 0x44}, "informational": {0x00, 0x7e, 0xc6}, "inactive": {0x9f, 0x9f, 0x9f},
}

var (
	white = rgb{0xff, 0xff, 0xff}
	black = rgb{}
)

// parseColor reads a name of shields.io, rgb or rrggbb, with or without # before it, because that ends a URL's query.
func parseColor(text string) (rgb, bool) {
	text = strings.TrimSpace(text)
	if len(text) > len("informational") {
		return rgb{}, false
	}
	if named, ok := colorNames[strings.ToLower(text)]; ok {
		return named, true
	}
	text = strings.TrimPrefix(text, "#")
	if len(text) == 3 {
		text = string([]byte{text[0], text[0], text[1], text[1], text[2], text[2]})
	}
	if len(text) != 6 {
		return rgb{}, false
	}
	number, err := strconv.ParseUint(text, 16, 32)
	if err != nil {
		return rgb{}, false
	}
	return rgb{uint8(number >> 16), uint8(number >> 8), uint8(number)}, true //nolint:gosec // the byte that is wanted
}

// IsColor reports whether the text names a colour as the queries of badges and cards take it: a name of shields.io, rgb or
// rrggbb, with or without # before it.
func IsColor(text string) bool {
	_, ok := parseColor(text)
	return ok
}

// colorOr is the colour that the text names, or the other one.
func colorOr(text string, other rgb) rgb {
	if named, ok := parseColor(text); ok {
		return named
	}
	return other
}

// hex is the colour as CSS writes it.
func (c rgb) hex() string {
	const digits = "0123456789abcdef"
	return string([]byte{'#', digits[c.r>>4], digits[c.r&15], digits[c.g>>4], digits[c.g&15], digits[c.b>>4], digits[c.b&15]})
}

// luminance is as WCAG 2.2 defines it.
func (c rgb) luminance() float64 {
	return 0.2126*linear[c.r] + 0.7152*linear[c.g] + 0.0722*linear[c.b]
}

// linear are the intensities of a channel's values.
var linear = func() (table [256]float64) {
	for i := range table {
		if s := float64(i) / 255; s <= 0.04045 {
			table[i] = s / 12.92
		} else {
			table[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return table
}()

// contrast is the contrast ratio of WCAG 2.2.
func contrast(a, b rgb) float64 {
	first, second := a.luminance(), b.luminance()
	return (max(first, second) + 0.05) / (min(first, second) + 0.05)
}

const (
	// legible is the contrast that WCAG 2.2 AA asks of small text.
	legible = 4.5
	// nearly is a contrast from which a slightly darker shade makes white text legible.
	nearly = 3.5
)

// under returns what text is written in on a background, and the background: a shade darker where white text is nearly
// legible, because that looks better than black.
func under(background rgb) (ink, ground rgb) {
	if contrast(white, background) < nearly {
		return black, background
	}
	for contrast(white, background) < legible {
		background = rgb{darker(background.r), darker(background.g), darker(background.b)}
	}
	return white, background
}

func darker(channel uint8) uint8 { return uint8(int(channel) * 49 / 50) } //nolint:gosec // it becomes less

// mixed is so much of the one colour, from 0 to 1, and the rest of the other.
func mixed(of, with rgb, share float64) rgb {
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*share + float64(b)*(1-share))) }
	return rgb{mix(of.r, with.r), mix(of.g, with.g), mix(of.b, with.b)}
}

// ColorOf is the colour of a badge's message as CSS writes it: the one that the text names, or the default.
func ColorOf(text string) string { return colorOr(text, accent).hex() }

// LabelColorOf is the colour of a badge's label as CSS writes it; "" for the default.
func LabelColorOf(text string) string {
	if named, ok := parseColor(text); ok {
		return named.hex()
	}
	return ""
}
