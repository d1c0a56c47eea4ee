package badge

// tint is a card's colours in light or in dark surroundings.
type tint struct {
	background, border, title, text, name rgb
	// medal, ribbon and pill are of what is coloured; ink is on the pill.
	medal, ribbon, pill, ink rgb
}

var (
	lightTint = tint{
		background: white, border: rgb{0xdd, 0xd7, 0xcb}, title: rgb{0x23, 0x21, 0x1d}, text: rgb{0x6b, 0x65, 0x5a}, name: rgb{0x45, 0x41, 0x39},
	}
	darkTint = tint{
		background: rgb{0x1b, 0x1a, 0x18}, border: rgb{0x3a, 0x37, 0x32}, title: rgb{0xef, 0xec, 0xe6}, text: rgb{0xa8, 0xa2, 0x96}, name: rgb{0xcf, 0xca, 0xc0},
	}
)

// tints are a card's colours in whatever surroundings it has to stand.
type tints struct {
	light, dark tint
	// both says that the viewer's preference decides; ground that there is a background.
	both, ground bool
	// stroke says that the border is drawn.
	stroke bool
}

// tints works out what was asked for.
func (l Look) tints() tints {
	out := tints{light: lightTint, dark: darkTint, ground: true, stroke: !l.hides("border")}
	_, filled := parseColor(l.Background)
	switch l.Theme {
	case "light":
	case "dark":
		out.light = darkTint
	case "transparent":
		out.both, out.ground = true, filled
	default:
		out.both = true
	}
	out.light, out.dark = l.applied(out.light), l.applied(out.dark)
	return out
}

// applied puts the colours that were asked for in place of the theme's. On a background that was asked for stand
// colours that can be read on it, unless they were asked for, too.
func (l Look) applied(t tint) tint {
	if named, ok := parseColor(l.Background); ok {
		t.background = named
		ink := black
		if contrast(white, named) > contrast(black, named) {
			ink = white
		}
		t.title, t.text, t.name, t.border = ink, ink, ink, mixed(ink, named, 0.25)
	}
	t.border = colorOr(l.Border, t.border)
	t.title = colorOr(l.Title, t.title)
	if named, ok := parseColor(l.Text); ok {
		t.text, t.name = named, named
	}
	t.medal = colorOr(l.Color, accent)
	t.ribbon = mixed(t.medal, t.background, 0.55)
	t.ink, t.pill = under(t.medal)
	return t
}

// styles writes the rules. Their names are long, because inside of a page they hold for all of it.
func (t tints) styles(d *drawing) {
	d.raw("<style>")
	t.light.rules(d, t.stroke)
	if t.both {
		d.raw("@media (prefers-color-scheme:dark){")
		t.dark.rules(d, t.stroke)
		d.raw("}")
	}
	d.raw("</style>")
}

func (t tint) rules(d *drawing, stroke bool) {
	d.raw(".acc-bg{fill:", t.background.hex())
	if stroke {
		d.raw(";stroke:", t.border.hex())
	}
	d.raw("}.acc-h{fill:", t.title.hex(), "}.acc-x{fill:", t.text.hex(), "}.acc-n{fill:", t.name.hex(), "}.acc-m{fill:", t.medal.hex(),
		"}.acc-r{fill:", t.ribbon.hex(), "}.acc-p{fill:", t.pill.hex(), "}.acc-c{fill:", t.ink.hex(), "}")
}
