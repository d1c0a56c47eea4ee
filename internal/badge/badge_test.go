package badge_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-504bad89/accolade/internal/badge"
)

var styles = []string{"flat", "flat-square", "plastic", "for-the-badge", "social"}

// han is "Bruce Lee's achievement" in Chinese.
const han = "\u674e\u5c0f\u9f8d\u7684\u6210\u5c31"

// hostile are texts that somebody may have as a name, or write into an address.
var hostile = []string{
	"", " ", `"><script>alert(1)</script>`, "</style><script>", "</title></svg>", "]]>", "<!--", "&amp;&#0;", "color=red;}", "' onload='x",
	"\x00\x01\x1b[31m", "\xff\xfe\xed\xa0\x80", "a\u202eb\u2066c", "\ufffe\uffff\U0001ffff", "line\nbreak\ttab\r\u2028\u2029",
	strings.Repeat("😀", 255), strings.Repeat("👩‍👩‍👧", 80), "🇩🇪🇫🇷", strings.Repeat("e\u0301\u0302\u0303\u0304\u0305", 50), strings.Repeat("W", 1000),
	han, "שלום עולם", "مرحبا بالعالم", "हिन्दी", strings.Repeat("\u0301", 500), "{{.}}${x}%s", "url(http://example.com/x)", "javascript:alert(1)",
}

// document is what is looked at in an SVG.
type document struct {
	width, height    float64
	role, label, alt string
	// texts are what is written, without shadows.
	texts []string
	// fills are the colours of the texts by what is written.
	fills map[string]string
}

// read parses an SVG strictly, and fails the test for everything that does not belong into one of ours.
func read(t *testing.T, svg []byte) document {
	t.Helper()

	doc := document{fills: map[string]string{}}
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	var path []string
	var text *string
	fill := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			attributes := innocent(t, token)
			switch {
			case len(path) == 1:
				doc.width, _ = strconv.ParseFloat(attributes["width"], 64)
				doc.height, _ = strconv.ParseFloat(attributes["height"], 64)
				doc.role, doc.label = attributes["role"], attributes["aria-label"]
			case token.Name.Local == "title" && len(path) == 2:
				text = &doc.alt
			case token.Name.Local == "text" && attributes["aria-hidden"] == "":
				doc.texts = append(doc.texts, "")
				text, fill = &doc.texts[len(doc.texts)-1], attributes["fill"]
			}
		case xml.CharData:
			if path[len(path)-1] == "style" && strings.ContainsAny(string(token), "<&\\") || strings.Contains(string(token), "@import") && path[len(path)-1] == "style" {
				t.Errorf("the style is %s", token)
			}
			if text != nil {
				*text += string(token)
				doc.fills[*text] = fill
			}
		case xml.EndElement:
			path, text = path[:len(path)-1], nil
		default:
			t.Errorf("%T has no place in it", token)
		}
	}
	return doc
}

// innocent fails the test for elements and attributes that could do something.
func innocent(t *testing.T, element xml.StartElement) map[string]string {
	t.Helper()

	known := []string{"svg", "title", "style", "linearGradient", "stop", "path", "g", "text", "rect", "image", "use", "defs", "circle"}
	if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+element.Name.Local+" ") || element.Name.Space != "http://www.w3.org/2000/svg" {
		t.Errorf("<%s> has no place in it", element.Name.Local)
	}
	attributes := map[string]string{}
	for _, attribute := range element.Attr {
		name, value := attribute.Name.Local, attribute.Value
		if _, twice := attributes[name]; twice {
			t.Errorf("<%s> has %s twice", element.Name.Local, name)
		}
		attributes[name] = value
		switch {
		case strings.HasPrefix(name, "on"), name == "style":
			t.Errorf("<%s> has %s=%q", element.Name.Local, name, value)
		case name == "href" && !strings.HasPrefix(value, "data:image/png;base64,") && !strings.HasPrefix(value, "#"):
			t.Errorf("it refers to %q", value)
		case name == "fill" && strings.Contains(value, "url(") && value != "url(#shine)":
			t.Errorf("it refers to %q", value)
		}
		for _, r := range value {
			if unicode.IsControl(r) {
				t.Errorf("%s holds %q", name, value)
			}
		}
	}
	return attributes
}

func TestABadgeSaysWhatItIsToldTo(t *testing.T) {
	t.Parallel()

	for _, style := range append(styles, "", "nonsense") {
		got := read(t, badge.Badge{Label: "ada", Message: "12 achievements", Style: style}.SVG())
		want := []string{"ada", "12 achievements"}
		if style == "for-the-badge" {
			want = []string{"ADA", "12 ACHIEVEMENTS"}
		}
		if fmt.Sprint(got.texts) != fmt.Sprint(want) {
			t.Errorf("%s: it says %q", style, got.texts)
		}
		if got.role != "img" || got.alt != "ada: 12 achievements" || got.label != got.alt {
			t.Errorf("%s: role %q, title %q, label %q", style, got.role, got.alt, got.label)
		}
		height := map[string]float64{"plastic": 18, "for-the-badge": 28}[style]
		if height == 0 {
			height = 20
		}
		if got.height != height || got.width < 100 || got.width > 250 {
			t.Errorf("%s: it is %gx%g", style, got.width, got.height)
		}
		alone := read(t, badge.Badge{Message: "12 achievements", Style: style}.SVG())
		if alone.alt != "12 achievements" || len(alone.texts) != 1 || alone.width >= got.width {
			t.Errorf("%s: without a label it is %+v", style, alone)
		}
	}
}

func TestHostileTextsMakeBadgesLikeOthers(t *testing.T) {
	t.Parallel()

	for _, style := range styles {
		for _, theme := range []string{"", "auto", "light", "dark", "transparent", "x"} {
			for _, text := range hostile {
				svg := badge.Badge{Label: text, Message: text, Style: style, Theme: theme, Color: text, LabelColor: text}.SVG()
				got := read(t, svg)
				if len(svg) > 8<<10 || got.width > 800 {
					t.Errorf("%s: %.40q makes %d bytes, %g pixels wide", style, text, len(svg), got.width)
				}
				if strings.ContainsAny(got.alt, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067") {
					t.Errorf("%q turns the direction", got.alt)
				}
			}
		}
	}
}

func TestLongTextsEndInAnEllipsis(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		strings.Repeat("m", 60):        "mmm…",
		strings.Repeat("😀", 60):        "😀…",
		strings.Repeat("👍🏽", 60):       "👍🏽…",
		strings.Repeat("e\u0301", 100): "e\u0301…",
	} {
		got := read(t, badge.Badge{Message: text}.SVG())
		if !strings.HasSuffix(got.texts[0], want) || got.width > 375 {
			t.Errorf("it says %q, %g pixels wide", got.texts[0], got.width)
		}
	}
}

func TestDirectionsDoNotMix(t *testing.T) {
	t.Parallel()

	got := read(t, badge.Badge{Label: "שלום", Message: "3 \u202egnp.exe"}.SVG())
	if got.alt != "\u2068שלום\u2069: 3 gnp.exe" {
		t.Errorf("the title is %q", got.alt)
	}
}

func TestTextsAreSetInTheirOwnDirection(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ text, want string }{
		{"Ada (the first)!", "Ada (the first)!"},
		{"أفضل مساهم (2026)!", "\u2068أفضل مساهم (2026)!\u2069"},
		{"Ada שלום!", "\u2068Ada שלום!\u2069"}, // the first letter decides
	} {
		for _, style := range []string{"flat", "for-the-badge", "social"} {
			if got := read(t, badge.Badge{Label: tc.text, Message: tc.text, Style: style}.SVG()); !strings.EqualFold(got.texts[0], tc.want) || !strings.EqualFold(got.texts[1], tc.want) {
				t.Errorf("%s says %q", style, got.texts)
			}
		}
		got := read(t, badge.Card{Name: tc.text, Items: []badge.Item{{Name: tc.text}}}.SVG())
		if got.texts[0] != tc.want {
			t.Errorf("a card says %q", got.texts)
		}
	}
	// What is cut off is missing at the end of the text, which is on its left.
	if got := read(t, badge.Badge{Message: strings.Repeat("مرحبا ", 40)}.SVG()).texts[0]; !strings.HasPrefix(got, "\u2068م") || !strings.HasSuffix(got, "…\u2069") {
		t.Errorf("it says %q", got)
	}
}

func TestColoursThatAreNoneAreTheDefault(t *testing.T) {
	t.Parallel()

	plain := string(badge.Badge{Label: "a", Message: "b"}.SVG())
	for _, none := range append(hostile, "#12", "#12345", "#ggg", "rgb(1,2,3)", "0x123", "-12", "+123", "blue2") {
		if got := string(badge.Badge{Label: "a", Message: "b", Color: none, LabelColor: none}.SVG()); got != plain {
			t.Errorf("%.40q is a colour", none)
		}
	}
	for text, want := range map[string]string{"#fff": "#ffffff", "fff": "#ffffff", "0A0b0C": "#0a0b0c", "BrightGreen": "#44cc11", "gray": "#555555", "": "#b3541e"} {
		if got := badge.ColorOf(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func BenchmarkBadge(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		badge.Badge{Label: "ada", Message: "12 achievements"}.SVG()
	}
}
