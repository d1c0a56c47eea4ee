package badge_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/badge"
)

// wall returns so many achievements: every third with a picture, every fourth given several times.
func wall(tb testing.TB, n int) []badge.Item {
	tb.Helper()

	picture, err := os.ReadFile("../../rules/avatars/commits-3.png")
	if err != nil {
		tb.Fatal(err)
	}
	items := make([]badge.Item, n)
	for i := range items {
		items[i] = badge.Item{Name: fmt.Sprintf("Badge %d", i), Count: 1 + i%4}
		if i%3 == 0 {
			items[i].PNG = picture
		}
	}
	return items
}

func TestACardShowsAPersonAndWhatTheyHave(t *testing.T) {
	t.Parallel()

	svg := badge.Card{Name: "Ada Lovelace", Total: 30, Items: wall(t, 4)}.SVG()
	got := read(t, svg)
	if want := "[Ada Lovelace 30 achievements Badge 0 ×2 Badge 1 ×3 Badge 2 ×4 Badge 3]"; fmt.Sprint(got.texts) != want {
		t.Errorf("it says %q", got.texts)
	}
	if want := "Ada Lovelace: 30 achievements: Badge 0, Badge 1 ×2, Badge 2 ×3, Badge 3 ×4"; got.alt != want {
		t.Errorf("the title is %q, want %q", got.alt, want)
	}
	if images, medals := bytes.Count(svg, []byte("<image")), bytes.Count(svg, []byte("<use")); images != 2 || medals != 2 {
		t.Errorf("it has %d pictures and %d medals", images, medals)
	}
	empty := read(t, badge.Card{Name: "Grace"}.SVG())
	if fmt.Sprint(empty.texts) != "[Grace no achievements yet]" || empty.height > 120 {
		t.Errorf("an empty card is %+v", empty)
	}
}

func TestACardIsAsLargeAsItHasToBe(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		items, rows, columns int
		wantShown            int
		wantWidth            float64
	}{
		{4, 0, 0, 4, 488},
		{6, 0, 0, 6, 712},
		{100, 0, 0, 18, 712},
		{100, 2, 3, 6, 376},
		{200, 10, 10, 100, 1160},
		{200, 1 << 40, 99, 100, 1160},
		{200, -1, -5, 18, 712},
		{1, 5, 5, 1, 264},
		{0, 5, 5, 0, 264},
	} {
		look := badge.Look{Rows: tc.rows, Columns: tc.columns, Hide: "counts"}
		got := read(t, badge.Card{Name: "Ada", Total: tc.items, Items: wall(t, tc.items), Look: look}.SVG())
		if shown := len(got.texts) - 2; shown != tc.wantShown || got.width != tc.wantWidth {
			t.Errorf("%+v: it shows %d and is %g wide", tc, shown, got.width)
		}
		if _, _, width, height := look.Size(tc.items); width != got.width || height != got.height {
			t.Errorf("%+v: it was to be %gx%g, and is %gx%g", tc, width, height, got.width, got.height)
		}
	}
}

func TestPartsOfACardAreHidden(t *testing.T) {
	t.Parallel()

	whole := read(t, badge.Card{Name: "Ada", Total: 3, Items: wall(t, 3)}.SVG())
	for hide, want := range map[string][]string{
		"title":                   {"3 achievements", "Badge 0", "×2", "Badge 1", "×3", "Badge 2"},
		"x,TOTAL,":                {"Ada", "Badge 0", "×2", "Badge 1", "×3", "Badge 2"},
		"names":                   {"Ada", "3 achievements", "×2", "×3"},
		"counts,nonsense,":        {"Ada", "3 achievements", "Badge 0", "Badge 1", "Badge 2"},
		"title,total,names":       {"×2", "×3"},
		"border":                  whole.texts,
		"title;total":             whole.texts,
		strings.Repeat(",", 9999): whole.texts,
	} {
		svg := badge.Card{Name: "Ada", Total: 3, Items: wall(t, 3), Look: badge.Look{Hide: hide}}.SVG()
		if got := read(t, svg); !slices.Equal(got.texts, want) || got.height > whole.height {
			t.Errorf("without %.20q it says %q", hide, got.texts)
		}
		if strings.Contains(string(svg), "stroke:#") == (hide == "border") {
			t.Errorf("without %.20q the border is wrong", hide)
		}
	}
	labelled := read(t, badge.Card{Name: "Ada", Look: badge.Look{Label: "My shelf"}}.SVG())
	if labelled.texts[0] != "My shelf" {
		t.Errorf("the label is %q", labelled.texts)
	}
}

func TestThemesOfACard(t *testing.T) {
	t.Parallel()

	card := func(look badge.Look) string {
		return string(badge.Card{Name: "Ada", Items: wall(t, 2), Look: look}.SVG())
	}
	const preference = "@media (prefers-color-scheme:dark)"
	for theme, want := range map[string]struct{ preference, ground bool }{
		"": {true, true}, "auto": {true, true}, "nonsense": {true, true}, "light": {false, true}, "dark": {false, true}, "transparent": {true, false},
	} {
		svg := card(badge.Look{Theme: theme})
		if strings.Contains(svg, preference) != want.preference || strings.Contains(svg, "<rect class=\"acc-bg\"") != want.ground {
			t.Errorf("the theme %q is\n%.600s", theme, svg)
		}
	}
	if card(badge.Look{Theme: "light"}) == card(badge.Look{Theme: "dark"}) {
		t.Error("light is dark")
	}
	svg := card(badge.Look{Theme: "light", Color: "0a0", Background: "#123456", Title: "red", Text: "yellow", Border: "blue"})
	for _, want := range []string{
		".acc-bg{fill:#123456;stroke:#007ec6}", ".acc-h{fill:#e05d44}", ".acc-x{fill:#dfb317}", ".acc-n{fill:#dfb317}", ".acc-m{fill:#00aa00}",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("it lacks %s: %.500s", want, svg)
		}
	}
	for _, background := range []string{"000", "fff", "07c", "9f9f9f"} {
		if svg := card(badge.Look{Background: background}); !strings.Contains(svg, ".acc-h{fill:#000000}") && !strings.Contains(svg, ".acc-h{fill:#ffffff}") {
			t.Errorf("on %s stands %.300s", background, svg)
		}
	}
}

func TestHostileTextsMakeCardsLikeOthers(t *testing.T) {
	t.Parallel()

	for _, text := range hostile {
		items := wall(t, 5)
		for i := range items {
			items[i].Name = text
		}
		svg := badge.Card{Name: text, Total: -1 << 62, Items: items, Look: badge.Look{
			Theme: text, Hide: text, Label: text, Color: text, Background: text, Title: text, Text: text, Border: text,
		}}.SVG()
		if got := read(t, svg); got.width != 600 || len(svg) > 64<<10 {
			t.Errorf("%.40q makes %d bytes, %g pixels wide", text, len(svg), got.width)
		}
	}
}

func TestACardIsNeverTooLarge(t *testing.T) {
	t.Parallel()

	items := make([]badge.Item, 500)
	for i := range items {
		items[i] = badge.Item{Name: strings.Repeat("\"", 255), Count: 1 << 40, PNG: make([]byte, 70<<10)}
	}
	items[0].PNG = make([]byte, 1<<20)
	svg := badge.Card{Name: strings.Repeat("&", 255), Total: 500, Items: items, Look: badge.Look{Rows: 10, Columns: 10}}.SVG()
	read(t, svg)
	if len(svg) > 5<<20 {
		t.Errorf("it has %d bytes, which image proxies refuse", len(svg))
	}
}

func BenchmarkCard(b *testing.B) {
	card := badge.Card{Name: "Ada Lovelace", Total: 24, Items: wall(b, 18)}
	b.ReportAllocs()
	for b.Loop() {
		card.SVG()
	}
}
