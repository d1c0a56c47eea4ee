package badge

// The social style is a button and a balloon, with colours of its own: those of light and of dark surroundings.
const (
	socialLight = `.acc-b{fill:#f6f4f0;stroke:#cfc9bd}.acc-m{fill:#fff;stroke:#cfc9bd}.acc-t{fill:#23211d}`
	socialDark  = `.acc-b{fill:#2e2b27;stroke:#57524a}.acc-m{fill:#1b1a18;stroke:#57524a}.acc-t{fill:#efece6}`
)

// social draws the badge as a button with a balloon beside it.
func (b Badge) social() []byte {
	const height, size, padding, gap = 20, 11, 7, 6
	label, message := line{b.Label, bold(), size, 0}.fit(maxWidth), line{b.Message, bold(), size, 0}.fit(maxWidth)
	left, start := 0.0, 0.0
	if label.text != "" {
		left = roundUp(label.width()) + 2*padding
		start = left + gap
	}
	right := roundUp(message.width()) + 2*padding

	d := &drawing{make([]byte, 0, 2048)}
	d.open(start+right, height, b.alt())
	switch b.Theme {
	case "light":
		d.raw("<style>", socialLight, "</style>")
	case "dark":
		d.raw("<style>", socialDark, "</style>")
	default:
		d.raw("<style>", socialLight, "@media (prefers-color-scheme:dark){", socialDark, "}</style>")
	}
	if label.text != "" {
		d.raw(`<rect class="acc-b" x=".5" y=".5"`).attr("width", left-1).raw(` height="19" rx="3.5"/>`)
		// The balloon points at the button, without a line between its tip and itself.
		d.raw(`<path class="acc-m" d="M`).num(start + 3.5).raw(" .5H").num(start + right - 4).raw("a3.5 3.5 0 0 1 3.5 3.5v12a3.5 3.5 0 0 1-3.5 3.5H").num(start + 3.5)
		d.raw("a3 3 0 0 1-3-3V13l-3.5-3 3.5-3V3.5a3 3 0 0 1 3-3z").raw(`"/>`)
	} else {
		d.raw(`<rect class="acc-m" x=".5" y=".5"`).attr("width", right-1).raw(` height="19" rx="3.5"/>`)
	}
	d.raw(`<g class="acc-t" font-family="`, fonts, `" font-size="11" font-weight="bold" text-rendering="geometricPrecision">`)
	d.set(label, padding, 14)
	d.set(message, start+padding, 14)
	return d.raw("</g></svg>").out
}
