package avatar_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/seed-504bad89/accolade/internal/avatar"
)

// thumbnail returns what is made of the picture, and its bytes.
func thumbnail(t *testing.T, picture image.Image, side int) (image.Image, []byte) {
	t.Helper()

	data, err := avatar.Thumbnail(pngOf(t, picture), side)
	if err != nil {
		t.Fatal(err)
	}
	small, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return small, data
}

func TestThumbnailsAreSmallAndKeepTheirProportions(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ width, height, wantWidth, wantHeight int }{
		{512, 512, 128, 128}, {512, 256, 128, 64}, {3, 512, 1, 128}, {40, 20, 40, 20},
	} {
		small, _ := thumbnail(t, quarters(tc.width, tc.height), 128)
		if got := small.Bounds().Size(); got != image.Pt(tc.wantWidth, tc.wantHeight) {
			t.Errorf("%dx%d becomes %v", tc.width, tc.height, got)
		}
	}
	if small, _ := thumbnail(t, quarters(512, 512), 128); corners(toNRGBA(small)) != corners(quarters(512, 512)) {
		t.Errorf("the corners are %s, and were %s", corners(toNRGBA(small)), corners(quarters(512, 512)))
	}
	if _, err := avatar.Thumbnail([]byte("no picture"), 128); err == nil {
		t.Error("what is no picture becomes one")
	}
}

func toNRGBA(picture image.Image) *image.NRGBA {
	copied := image.NewNRGBA(picture.Bounds())
	for y := range picture.Bounds().Max.Y {
		for x := range picture.Bounds().Max.X {
			copied.Set(x, y, picture.At(x, y))
		}
	}
	return copied
}

func TestThumbnailsOfDrawingsHaveFewColoursAndPhotographsAll(t *testing.T) {
	t.Parallel()

	drawing, photograph := image.NewNRGBA(image.Rect(0, 0, 300, 300)), image.NewNRGBA(image.Rect(0, 0, 128, 128))
	for y := range 300 {
		for x := range 300 {
			if (x-150)*(x-150)+(y-150)*(y-150) < 140*140 {
				drawing.Set(x, y, color.NRGBA{200, 80, 30, 255})
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for y := range 128 {
		for x := range 128 {
			photograph.Set(x, y, color.NRGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255})
		}
	}
	small, data := thumbnail(t, drawing, 128)
	if _, few := small.(*image.Paletted); !few || len(data) > 3<<10 {
		t.Errorf("a drawing becomes %T of %d bytes", small, len(data))
	}
	if _, again := thumbnail(t, drawing, 128); !bytes.Equal(data, again) {
		t.Error("the same picture becomes another one")
	}
	small, data = thumbnail(t, photograph, 128)
	if at := color.NRGBAModel.Convert(small.At(5, 7)); at != photograph.At(5, 7) || len(data) > 72<<10 {
		t.Errorf("a photograph becomes %d bytes, with %v for %v", len(data), at, photograph.At(5, 7))
	}
}
