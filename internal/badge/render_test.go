package badge_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/badge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const (
	// zoom is how much larger pictures are compared than they are, so that edges, which everyone smooths in another way,
	// count less.
	zoom = 3
	// block is the side of what is compared at a time: about a letter.
	block = 8 * zoom
	// tolerance is how much a block may differ on average, of 255.
	tolerance = 18
)

// byChromium draws an SVG as an <img>, which is how badges are embedded.
func byChromium(ctx context.Context, t *testing.T, svg []byte) *image.RGBA {
	t.Helper()

	source, err := json.Marshal("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`(async () => {
		const img = new Image()
		img.src = %s
		await img.decode()
		const canvas = document.createElement("canvas")
		canvas.width = img.naturalWidth * %d
		canvas.height = img.naturalHeight * %[2]d
		canvas.getContext("2d").drawImage(img, 0, 0, canvas.width, canvas.height)
		return canvas.toDataURL("image/png")
	})()`, source, zoom), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(drawn, "data:image/png;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, data)
}

func decoded(t *testing.T, data []byte) *image.RGBA {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	copied := image.NewRGBA(picture.Bounds())
	draw.Draw(copied, copied.Bounds(), picture, image.Point{}, draw.Src)
	return copied
}

// difference is how much the blocks of two pictures differ on average: all of them, and the worst one.
func difference(t *testing.T, a, b *image.RGBA) (all, worst float64) {
	t.Helper()

	size := a.Bounds().Size()
	if b.Bounds().Size() != size {
		t.Fatalf("the one is %v large, the other %v", size, b.Bounds().Size())
	}
	across := size.X/block + 1
	blocks := make([]int, across*(size.Y/block+1))
	for y := range size.Y {
		for x := range size.X {
			at := a.PixOffset(x, y)
			blocks[y/block*across+x/block] += apart(a.Pix[at:at+4], b.Pix[at:at+4])
		}
	}
	for _, d := range blocks {
		worst = max(worst, float64(d)/(block*block))
		all += float64(d) / float64(size.X*size.Y)
	}
	return all, worst
}

// apart is the largest difference of a channel, of 255.
func apart(a, b []byte) int {
	d := 0
	for i := range a {
		d = max(d, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return d
}

// samples are pictures of every kind, in what the font that both renderers have can write.
func samples(t *testing.T) map[string][]byte {
	t.Helper()

	pictures := map[string][]byte{}
	for _, style := range styles {
		for _, theme := range []string{"", "auto"} {
			pictures[style+" "+theme] = badge.Badge{Label: "Ada & Grace", Message: "12 achievements", Style: style, Theme: theme}.SVG()
		}
		pictures[style+" green"] = badge.Badge{Label: "AV To", Message: "<Größe>", Style: style, Color: "brightgreen", LabelColor: "blue"}.SVG()
		pictures[style+" alone"] = badge.Badge{Message: strings.Repeat("long ", 40), Style: style}.SVG()
	}
	for _, theme := range []string{"dark", "transparent"} {
		pictures["card "+theme] = badge.Card{Name: "Ada Lovelace", Total: 24, Items: wall(t, 7), Look: badge.Look{Theme: theme, Columns: 4}}.SVG()
	}
	pictures["empty card"] = badge.Card{Name: "Ada Lovelace"}.SVG()
	pictures["coloured card"] = badge.Card{Name: "Ada", Total: 2, Items: wall(t, 2), Look: badge.Look{Background: "123456", Color: "yellow"}}.SVG()
	return pictures
}

var oneText = regexp.MustCompile(`<text[^>]*>[^<]*</text>`)

func TestBrowsersAndLibrsvgDrawTheSame(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	for name, svg := range samples(t) {
		browser := byChromium(ctx, t, svg)
		all, worst := difference(t, browser, decoded(t, testkit.RSVG(t, svg, zoom)))
		if worst > tolerance || all > tolerance/4 {
			t.Errorf("%s: they differ by %.1f, in one block by %.1f", name, all, worst)
		}
		// The comparison sees what is missing: the last text, which has no shadow under another one.
		texts := oneText.FindAllIndex(svg, -1)
		last := texts[len(texts)-1]
		mute := append(append([]byte{}, svg[:last[0]]...), svg[last[1]:]...)
		if _, worst := difference(t, browser, decoded(t, testkit.RSVG(t, mute, zoom))); worst <= tolerance {
			t.Errorf("%s: without the text %s they differ by %.1f, which is taken for the same", name, svg[last[0]:last[1]], worst)
		}
	}
}

func TestTextsAreAsWideAsBrowsersSetThem(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	// There is no ffi and the like among them: DejaVu Sans has ligatures, and Verdana, which it stands for, has none.
	for _, text := range []string{"12 achievements", "AVAToTa. WAVE, Ty", "a nice place", "Größe Ærø Žluťoučký", "Привет, мир", "Καλημέρα κόσμε", "iiiiii|||lll", "MWMWMW@@", "×3 – “best” …"} {
		for _, style := range []string{"flat", "social", "for-the-badge"} {
			page, err := json.Marshal(strings.ReplaceAll(string(badge.Badge{Message: text, Style: style}.SVG()), "Verdana,Geneva,", ""))
			if err != nil {
				t.Fatal(err)
			}
			widths, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`(() => {
				document.body.innerHTML = %s
				const text = [...document.querySelectorAll("text")].pop()
				const wanted = parseFloat(text.getAttribute("textLength"))
				text.removeAttribute("textLength")
				return [wanted, text.getComputedTextLength()]
			})()`, page)))
			if err != nil {
				t.Fatal(err)
			}
			if wanted, set := widths[0], widths[1]; wanted < set*0.99-0.2 || wanted > set*1.01+0.2 {
				t.Errorf("%s: %q was measured as %.2f, and is %.2f wide", style, text, wanted, set)
			}
		}
	}
}

func TestTheViewersPreferenceDecides(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	items := wall(t, 3)
	card := func(theme string) []byte {
		return badge.Card{Name: "Ada", Total: 3, Items: items, Look: badge.Look{Theme: theme}}.SVG()
	}
	label := func(theme string) []byte { return badge.Badge{Label: "ada", Message: "3", Theme: theme}.SVG() }
	for _, preference := range []string{"light", "dark"} {
		err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: preference}},
			})
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
		for what, draw := range map[string]func(string) []byte{"a card": card, "a badge": label} {
			auto, fixed := byChromium(ctx, t, draw("auto")), byChromium(ctx, t, draw(preference))
			if all, worst := difference(t, auto, fixed); worst > 0.01 {
				t.Errorf("%s of %s is another one by itself: %.1f, %.1f", what, preference, all, worst)
			}
		}
	}
}
