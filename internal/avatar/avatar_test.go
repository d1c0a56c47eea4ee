package avatar_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/png"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// cleaned returns what is made of the file, read back.
func cleaned(t *testing.T, data []byte) *image.NRGBA {
	t.Helper()
	return readBack(t, clean(t, data))
}

func clean(t *testing.T, data []byte) *avatar.Picture {
	t.Helper()
	picture, err := avatar.Clean(data)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func readBack(t *testing.T, picture *avatar.Picture) *image.NRGBA {
	t.Helper()

	decoded, err := png.Decode(bytes.NewReader(picture.PNG))
	if err != nil {
		t.Fatal(err)
	}
	if got := decoded.Bounds(); got != image.Rect(0, 0, picture.Width, picture.Height) {
		t.Errorf("the PNG is %v, and said to be %d by %d", got, picture.Width, picture.Height)
	}
	out := image.NewNRGBA(decoded.Bounds())
	for y := range picture.Height {
		for x := range picture.Width {
			out.Set(x, y, decoded.At(x, y))
		}
	}
	return out
}

// near says whether two colours look the same; JPEG and WebP lose a little.
func near(x, y color.NRGBA) bool {
	far := func(a, b uint8) bool { return max(a, b)-min(a, b) > 24 }
	return !far(x.R, y.R) && !far(x.G, y.G) && !far(x.B, y.B) && !far(x.A, y.A)
}

// code returns the stable code of a refusal: the field's, if it is about one.
func code(err error) string {
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok:
		return ""
	case len(f.Fields) == 1 && f.Kind == fault.Invalid && f.Fields[0].Field == "avatar":
		return f.Fields[0].Code
	case f.Kind == fault.TooLarge:
		return f.Code
	}
	return "unexpected: " + f.Error()
}

func TestEveryFormatBecomesAPNG(t *testing.T) {
	t.Parallel()

	deep := image.NewNRGBA64(image.Rect(0, 0, 4, 2))
	for i := range deep.Pix {
		deep.Pix[i] = 0xff
	}
	halfRed := color.NRGBA{0xff, 0, 0, 0x80}
	for _, tc := range []struct {
		name   string
		file   []byte
		size   image.Point
		first  color.NRGBA
		second color.NRGBA // at the bottom right
	}{
		{"PNG", pngOf(t, quarters(6, 4)), image.Pt(6, 4), red, white},
		{"PNG of 16 bits", pngOf(t, deep), image.Pt(4, 2), white, white},
		{"PNG with a palette", pngOf(t, image.NewPaletted(image.Rect(0, 0, 3, 3), color.Palette{green})), image.Pt(3, 3), green, green},
		{"JPEG", jpegOf(t, quarters(64, 32)), image.Pt(64, 32), red, white},
		{"grey JPEG", jpegOf(t, image.NewGray(image.Rect(0, 0, 9, 9))), image.Pt(9, 9), color.NRGBA{A: 0xff}, color.NRGBA{A: 0xff}},
		{"CMYK JPEG", cmyk(t, [4]uint8{0, 255, 255, 255}), image.Pt(8, 8), cyan, cyan},
		{"GIF", gifOf(t, 5, 5, []color.Color{blue}, image.Rect(0, 0, 5, 5)), image.Pt(5, 5), blue, blue},
		{"animated GIF", gifOf(t, 5, 5, []color.Color{blue, red}, image.Rect(0, 0, 5, 5), image.Rect(0, 0, 5, 5)), image.Pt(5, 5), blue, blue},
		{"GIF frame on a larger screen", gifOf(t, 6, 6, []color.Color{blue}, image.Rect(2, 2, 6, 6)), image.Pt(6, 6), nobody, blue},
		{"lossy WebP", webpOf("VP8 ", unhex(t, webpLossy)), image.Pt(3, 2), red, red},
		{"lossless WebP", webpOf("VP8L", unhex(t, webpLossless)), image.Pt(3, 2), red, blue},
		{
			"WebP with alpha", webpOf("VP8X", extended(webpHasAlpha, 3, 2), "ALPH", unhex(t, webpAlpha), "VP8 ", unhex(t, webpLossy)),
			image.Pt(3, 2), halfRed, halfRed,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			got := cleaned(t, tc.file)
			if got.Bounds().Size() != tc.size {
				t.Fatalf("it is %v, want %v", got.Bounds(), tc.size)
			}
			if first := got.NRGBAAt(0, 0); !near(first, tc.first) {
				t.Errorf("top left is %v, want %v", first, tc.first)
			}
			if last := got.NRGBAAt(tc.size.X-1, tc.size.Y-1); !near(last, tc.second) {
				t.Errorf("bottom right is %v, want %v", last, tc.second)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	small := pngOf(t, quarters(4, 4))
	outside := gifOf(t, 6, 6, []color.Color{blue}, image.Rect(2, 2, 6, 6))
	outside[6] = 5 // the screen is now narrower than what its frame reaches
	emptyJPEG := jpegOf(t, quarters(8, 8))
	frame := bytes.Index(emptyJPEG, []byte{0xff, 0xc0})
	emptyJPEG[frame+5], emptyJPEG[frame+6] = 0, 0
	bomb := append(header(1, 1), chunk("IDAT", deflated(t, 1<<20))...)
	for _, tc := range []struct {
		name, code string
		file       []byte
	}{
		{"nothing", "unsupported_type", nil},
		{"text", "unsupported_type", []byte("hello")},
		{"SVG", "unsupported_type", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)},
		{"BMP", "unsupported_type", []byte("BM\x3a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00")},
		{"animated WebP", "unsupported_type", webpOf("VP8X", extended(webpAnimated, 3, 2), "ANIM", "\xff\xff\xff\xff\x00\x00")},
		{"a byte too many", "avatar_too_large", append(small, make([]byte, avatar.MaxBytes+1-len(small))...)},
		{"a signature alone", "bad_image", []byte("\x89PNG\r\n\x1a\n")},
		{"half a PNG", "bad_image", small[:len(small)/2]},
		{"half a JPEG", "bad_image", halved(jpegOf(t, quarters(64, 64)))},
		{"half a GIF", "bad_image", halved(gifOf(t, 64, 64, []color.Color{blue}, image.Rect(0, 0, 64, 64)))},
		{"half a lossy WebP", "bad_image", halved(webpOf("VP8 ", unhex(t, webpLossy)))},
		{"half a lossless WebP", "bad_image", halved(webpOf("VP8L", unhex(t, webpLossless)))},
		{"a damaged PNG", "bad_image", slices.Concat(small[:len(small)-20], []byte("xxxx"), small[len(small)-16:])},
		{"a PNG without width", "bad_image", header(0, 9)},
		{"a JPEG without height", "bad_image", emptyJPEG},
		{"a JPEG of four planes that does not say which", "bad_image", bytes.Replace(cmyk(t, [4]uint8{}), []byte("Adobe"), []byte("Other"), 1)},
		{"a JPEG of many scans", "bad_image", append(jpegOf(t, quarters(8, 8)), strings.Repeat("\xff\xda", 65)...)},
		{"a GIF screen without pixels", "bad_image", []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00;")},
		{"a GIF without a frame", "bad_image", []byte("GIF89a\x05\x00\x05\x00\x00\x00\x00;")},
		{"a GIF frame outside of its screen", "bad_image", outside},
		{"a WebP frame larger than its header says", "bad_image", webpOf("VP8X", extended(0, 2, 2), "VP8L", unhex(t, webpLossless))},
		{"more pixels than the header says", "bad_image", append(bomb, chunk("IEND", "")...)},
		{"too many pixels", "too_many_pixels", pngOf(t, image.NewGray(image.Rect(0, 0, 2001, 2000)))},
		{"too long a side", "too_many_pixels", pngOf(t, image.NewGray(image.Rect(0, 0, avatar.MaxSide+1, 1)))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			picture, err := avatar.Clean(tc.file)
			if picture != nil || code(err) != tc.code {
				t.Errorf("Clean = %+v, %v; want the code %q, not %q", picture, err, tc.code, code(err))
			}
		})
	}
}

func halved(data []byte) []byte { return data[:len(data)/2] }

// deflated returns n zeros, compressed.
func deflated(t *testing.T, n int) string {
	t.Helper()
	out := &bytes.Buffer{}
	w, err := zlib.NewWriterLevel(out, zlib.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLargePicturesAreMadeSmall(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ from, to image.Point }{
		{image.Pt(512, 512), image.Pt(512, 512)},
		{image.Pt(513, 512), image.Pt(512, 511)},
		{image.Pt(800, 600), image.Pt(512, 384)},
		{image.Pt(200, 800), image.Pt(128, 512)},
		{image.Pt(avatar.MaxSide, 2), image.Pt(512, 1)},
		{image.Pt(1, 600), image.Pt(1, 512)},
		{image.Pt(1, 1), image.Pt(1, 1)},
	} {
		got := cleaned(t, pngOf(t, image.NewGray(image.Rectangle{Max: tc.from})))
		if got.Bounds().Size() != tc.to {
			t.Errorf("%v became %v, want %v", tc.from, got.Bounds().Size(), tc.to)
		}
	}
	if got := cleaned(t, pngOf(t, quarters(600, 600))); corners(got) != "rgbw" {
		t.Errorf("made small, the corners are %q", corners(got))
	}
}

// corners names the colours of the corners: left to right, top to bottom.
func corners(picture *image.NRGBA) string {
	right, bottom := picture.Bounds().Max.X-1, picture.Bounds().Max.Y-1
	names := &strings.Builder{}
	for _, at := range []image.Point{{}, {X: right}, {Y: bottom}, {X: right, Y: bottom}} {
		name := "?"
		for letter, colour := range map[string]color.NRGBA{"r": red, "g": green, "b": blue, "w": white} {
			if near(picture.NRGBAAt(at.X, at.Y), colour) {
				name = letter
			}
		}
		names.WriteString(name)
	}
	return names.String()
}

func TestOrientation(t *testing.T) {
	t.Parallel()

	plain := jpegOf(t, quarters(64, 32))
	for orientation, want := range []string{"rgbw", "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb", "rgbw"} {
		got := cleaned(t, withSegment(plain, 0xe1, "Exif\x00\x00"+tiff(byte(orientation))))
		size := image.Pt(64, 32)
		if orientation >= 5 && orientation <= 8 {
			size = image.Pt(32, 64)
		}
		if corners(got) != want || got.Bounds().Size() != size {
			t.Errorf("orientation %d: the corners are %q of %v, want %q of %v", orientation, corners(got), got.Bounds().Size(), want, size)
		}
	}
	if got := cleaned(t, withSegment(plain, 0xe1, "Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff")); corners(got) != "rgbw" {
		t.Errorf("with EXIF that cannot be read, the corners are %q", corners(got))
	}
	for name, file := range map[string][]byte{
		"PNG":  withChunk(pngOf(t, quarters(3, 2)), "eXIf", tiff(6)),
		"WebP": webpOf("VP8X", extended(webpEXIF, 3, 2), "VP8L", unhex(t, webpLossless), "EXIF", tiff(6)),
	} {
		if got := cleaned(t, file).Bounds().Size(); got != image.Pt(2, 3) {
			t.Errorf("%s is not turned: %v", name, got)
		}
	}
}

func TestNothingButPixelsIsKept(t *testing.T) {
	t.Parallel()

	const secret = "<script>where the photo was taken</script>"
	plain, photo := pngOf(t, quarters(6, 4)), jpegOf(t, quarters(64, 32))
	for name, files := range map[string][2][]byte{
		"PNG text":         {plain, withChunk(plain, "tEXt", "Comment\x00"+secret)},
		"after a PNG":      {plain, append(slices.Clone(plain), secret...)},
		"animated PNG":     {plain, withChunk(plain, "acTL", "\x00\x00\x00\x02\x00\x00\x00\x00")},
		"JPEG EXIF":        {photo, withSegment(photo, 0xe1, "Exif\x00\x00"+tiff(1)+secret)},
		"JPEG comment":     {photo, withSegment(photo, 0xfe, secret)},
		"after a JPEG":     {photo, append(slices.Clone(photo), secret...)},
		"to the full size": {plain, append(slices.Clone(plain), make([]byte, avatar.MaxBytes-len(plain))...)},
	} {
		want, got := clean(t, files[0]), clean(t, files[1])
		if !bytes.Equal(got.PNG, want.PNG) || got.Hash != want.Hash {
			t.Errorf("%s changes what is made", name)
		}
		if got.Hash != sha256.Sum256(got.PNG) {
			t.Errorf("%s: the hash is not that of the PNG", name)
		}
		if names := strings.Join(slices.Compact(chunkNames(got.PNG)), " "); names != "IHDR IDAT IEND" {
			t.Errorf("%s: the PNG is made of %s", name, names)
		}
	}
}

// A few bytes that claim to be much cost next to nothing. It is not parallel, so that nobody else allocates.
func TestClaimsCostNothing(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	plain := pngOf(t, quarters(6, 4))
	wide := jpegOf(t, quarters(8, 8))
	frame := bytes.Index(wide, []byte{0xff, 0xc0})
	copy(wide[frame+5:], "\xff\xff\xff\xff")
	for _, tc := range []struct {
		name  string
		file  []byte
		code  string
		bytes uint64
	}{
		{"a GIF of 34 bytes", append([]byte("GIF89a\x80\x3e\x80\x3e\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x80\x3e\x80\x3e\x00\x02\x01"), 0x44), "too_many_pixels", 64 << 10},
		{"a PNG header", header(1<<31-1, 1), "too_many_pixels", 64 << 10},
		{"a JPEG", wide, "too_many_pixels", 64 << 10},
		{"a WebP", webpOf("VP8X", extended(0, 16000, 16000)), "too_many_pixels", 64 << 10},
		{"a compressed chunk of 10 MB", withChunk(plain, "iCCP", "x\x00\x00"+deflated(t, 10<<20)), "", 1 << 20},
		{"a quarter of what is allowed, 16 bits deep", pngOf(t, image.NewNRGBA64(image.Rect(0, 0, 1000, 1000))), "", 50 << 20},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := avatar.Clean(tc.file)
		runtime.ReadMemStats(&after)
		if code(err) != tc.code {
			t.Errorf("%s: Clean says %v, want the code %q", tc.name, err, tc.code)
		}
		if cost := after.TotalAlloc - before.TotalAlloc; cost > tc.bytes {
			t.Errorf("%s, %d bytes, cost %d bytes", tc.name, len(tc.file), cost)
		}
	}
}
