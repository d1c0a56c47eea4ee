package badge

import "testing"

// It looks inside, because the contrast of every colour would be a page of SVG.
func TestTextIsLegibleOnEveryColour(t *testing.T) {
	t.Parallel()

	for r := 0; r < 256; r += 5 {
		for g := 0; g < 256; g += 5 {
			for b := 0; b < 256; b += 5 {
				wanted := rgb{uint8(r), uint8(g), uint8(b)}
				ink, ground := under(wanted)
				if got := contrast(ink, ground); got < legible {
					t.Fatalf("%s on %s for %s has a contrast of %.2f", ink.hex(), ground.hex(), wanted.hex(), got)
				}
				if ground != wanted && contrast(ground, wanted) > 1.35 {
					t.Fatalf("%s is not %s any more", ground.hex(), wanted.hex())
				}
			}
		}
	}
	for name, of := range map[string]tint{"light": lightTint, "dark": darkTint} {
		for what, colour := range map[string]rgb{"title": of.title, "text": of.text, "name": of.name} {
			if got := contrast(colour, of.background); got < legible {
				t.Errorf("%s: the %s has a contrast of %.2f", name, what, got)
			}
		}
	}
	for _, pair := range [][2]rgb{{darkInk, paleGrey}, {paleInk, deepGrey}, {white, grey}, {quiet, paper}, {darkInk, paper}} {
		if got := contrast(pair[0], pair[1]); got < legible {
			t.Errorf("%s on %s has a contrast of %.2f", pair[0].hex(), pair[1].hex(), got)
		}
	}
}

func TestLargeTextIsLegible(t *testing.T) {
	t.Parallel()

	if got := contrast(accent, paper); got < 3 {
		t.Errorf("the name on a link's picture has a contrast of %.2f", got)
	}
}

func TestTransparentCardsAreLegibleOnTheUsualGrounds(t *testing.T) {
	t.Parallel()

	for ground, of := range map[rgb]tint{white: lightTint, {0xf6, 0xf8, 0xfa}: lightTint, {0x0d, 0x11, 0x17}: darkTint, {0x1f, 0x1e, 0x24}: darkTint} {
		for _, colour := range []rgb{of.title, of.text, of.name} {
			if got := contrast(colour, ground); got < legible {
				t.Errorf("%s on %s has a contrast of %.2f", colour.hex(), ground.hex(), got)
			}
		}
	}
}
