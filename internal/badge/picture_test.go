package badge_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/badge"
)

// drawn returns the picture and its bytes.
func drawn(t *testing.T, p badge.Picture, width int) (image.Image, []byte) {
	t.Helper()

	data, err := p.PNG(width)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture, data
}

func example(t *testing.T) badge.Picture {
	t.Helper()

	avatar, err := os.ReadFile("../../rules/avatars/commits-3.png")
	if err != nil {
		t.Fatal(err)
	}
	return badge.Picture{
		Achievement: "Commits", Name: "Ada Lovelace", Username: "ada", Namespace: "Acme", At: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC),
		Avatar: avatar, Place: "accolade.example",
	}
}

func TestAPictureHasTheSizeThatIsWanted(t *testing.T) {
	t.Parallel()

	for width, want := range map[int]image.Point{0: {1200, 630}, 1200: {1200, 630}, 5000: {1200, 630}, -1: {1200, 630}, 600: {600, 315}, 300: {300, 158}} {
		picture, data := drawn(t, example(t), width)
		if picture.Bounds().Size() != want || len(data) > 300<<10 {
			t.Errorf("%d: it is %v, %d bytes", width, picture.Bounds().Size(), len(data))
		}
	}
}

func TestEverythingOfAPictureIsDrawn(t *testing.T) {
	t.Parallel()

	_, whole := drawn(t, example(t), 0)
	for what, change := range map[string]func(*badge.Picture){
		"achievement": func(p *badge.Picture) { p.Achievement = "Other" },
		"name":        func(p *badge.Picture) { p.Name = "Grace" },
		"namespace":   func(p *badge.Picture) { p.Namespace = "" },
		"date":        func(p *badge.Picture) { p.At = p.At.AddDate(0, 0, 1) },
		"avatar":      func(p *badge.Picture) { p.Avatar = nil },
		"place":       func(p *badge.Picture) { p.Place = "elsewhere.example" },
	} {
		other := example(t)
		change(&other)
		if _, data := drawn(t, other, 0); bytes.Equal(data, whole) {
			t.Errorf("the %s makes no difference", what)
		}
	}
	if _, data := drawn(t, example(t), 0); !bytes.Equal(data, whole) {
		t.Error("the same makes another picture")
	}
}

func TestAPictureFallsBackOnNamesThatTheFontCanWrite(t *testing.T) {
	t.Parallel()

	same := func(what string, first, second badge.Picture) {
		_, one := drawn(t, first, 300)
		_, two := drawn(t, second, 300)
		if !bytes.Equal(one, two) {
			t.Errorf("%s is drawn in another way", what)
		}
	}
	with := func(change func(*badge.Picture)) badge.Picture {
		p := example(t)
		change(&p)
		return p
	}
	same("a name in Chinese", with(func(p *badge.Picture) { p.Name = han }), with(func(p *badge.Picture) { p.Name = "ada" }))
	same("a name in Hebrew", with(func(p *badge.Picture) { p.Name = "עדה" }), with(func(p *badge.Picture) { p.Name = "ada" }))
	same("a name in Vietnamese whose accents stand by themselves", with(func(p *badge.Picture) { p.Name = "Trần Hiê\u0301u" }),
		with(func(p *badge.Picture) { p.Name = "Trần Hi\u1ebfu" }))
	same("an emoji", with(func(p *badge.Picture) { p.Achievement = "Commits 🎉" }), with(func(*badge.Picture) {}))
	same("an achievement in Chinese", with(func(p *badge.Picture) { p.Achievement = han }), with(func(p *badge.Picture) { p.Achievement = "Achievement" }))
	same("an override", with(func(p *badge.Picture) { p.Name = "Ada \u202eLovelace" }), example(t))
	same("an avatar that is none", with(func(p *badge.Picture) { p.Avatar = []byte("\x89PNG\r\n\x1a\nnot") }), with(func(p *badge.Picture) { p.Avatar = nil }))
}

func BenchmarkPicture(b *testing.B) {
	p := badge.Picture{Achievement: "Commits", Name: "Ada Lovelace", At: time.Unix(0, 0)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.PNG(0); err != nil {
			b.Fatal(err)
		}
	}
}
