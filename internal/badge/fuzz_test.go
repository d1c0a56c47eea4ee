package badge_test

import (
	"testing"

	"github.com/seed-504bad89/accolade/internal/badge"
)

// FuzzBadge looks for what makes a badge that is no XML, or does more than show itself.
func FuzzBadge(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, text, styles[i%len(styles)], "auto", text, "#123")
	}
	f.Fuzz(func(t *testing.T, label, message, style, theme, color, labelColor string) {
		svg := badge.Badge{Label: label, Message: message, Style: style, Theme: theme, Color: color, LabelColor: labelColor}.SVG()
		if got := read(t, svg); len(svg) > 10<<10 || got.width > 800 || got.height > 28 {
			t.Errorf("it has %d bytes, %g x %g", len(svg), got.width, got.height)
		}
	})
}

// FuzzCard does the same for cards.
func FuzzCard(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, text, text, "auto", text, text, 3, 3, 7, []byte(text))
	}
	f.Fuzz(func(t *testing.T, name, item, label, theme, hide, color string, rows, columns, count int, png []byte) {
		items := []badge.Item{{Name: item, Count: count, PNG: png}, {Name: name}, {Name: label, Count: 2, PNG: png}}
		svg := badge.Card{Name: name, Total: count, Items: items, Look: badge.Look{
			Theme: theme, Rows: rows, Columns: columns, Hide: hide, Label: label, Color: color, Background: color, Title: color, Text: color, Border: color,
		}}.SVG()
		if got := read(t, svg); len(svg) > 32<<10+3*len(png) || got.width > 1160 || got.height > 1500 {
			t.Errorf("it has %d bytes, %g x %g", len(svg), got.width, got.height)
		}
	})
}

// FuzzPicture looks for names that the font cannot draw.
func FuzzPicture(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, text, []byte(text))
	}
	f.Fuzz(func(t *testing.T, name, who string, avatar []byte) {
		png, err := badge.Picture{Achievement: name, Name: who, Username: who, Namespace: name, Avatar: avatar, Place: "accolade.example"}.PNG(300)
		if err != nil || len(png) > 512<<10 {
			t.Errorf("%d bytes, %v", len(png), err)
		}
	})
}
