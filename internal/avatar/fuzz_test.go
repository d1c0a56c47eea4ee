package avatar_test

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/avatar"
)

// FuzzClean sends any bytes: they become a PNG within the limits, or are refused by a code.
func FuzzClean(f *testing.F) {
	for _, seed := range [][]byte{
		pngOf(f, quarters(6, 4)), withChunk(pngOf(f, quarters(6, 4)), "eXIf", tiff(6)),
		jpegOf(f, quarters(16, 8)), withSegment(jpegOf(f, quarters(16, 8)), 0xe1, "Exif\x00\x00"+tiff(8)), cmyk(f, [4]uint8{9, 99, 199, 0}),
		gifOf(f, 6, 6, []color.Color{blue, red}, image.Rect(2, 2, 6, 6), image.Rect(0, 0, 3, 3)),
		webpOf("VP8 ", unhex(f, webpLossy)), webpOf("VP8L", unhex(f, webpLossless)),
		webpOf("VP8X", extended(webpHasAlpha|webpEXIF, 3, 2), "ALPH", unhex(f, webpAlpha), "VP8 ", unhex(f, webpLossy), "EXIF", tiff(3)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		picture, err := avatar.Clean(data)
		if err != nil {
			if known := []string{"avatar_too_large", "unsupported_type", "bad_image", "too_many_pixels"}; !slices.Contains(known, code(err)) {
				t.Errorf("it is refused by %v", err)
			}
			return
		}
		decoded, err := png.Decode(bytes.NewReader(picture.PNG))
		if err != nil {
			t.Fatal(err)
		}
		if size := decoded.Bounds().Size(); size.X > avatar.Side || size.Y > avatar.Side || size != image.Pt(picture.Width, picture.Height) {
			t.Errorf("it became %v, and is said to be %d by %d", size, picture.Width, picture.Height)
		}
		if len(picture.PNG) > avatar.MaxPNG || picture.Hash != sha256.Sum256(picture.PNG) {
			t.Errorf("it became %d bytes with the hash %x", len(picture.PNG), picture.Hash)
		}
	})
}
