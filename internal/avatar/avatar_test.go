package avatar_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
)

var red, blue = color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 255, 255}

// painted is a picture in red, with a blue pixel in its upper left corner.
func painted(width, height int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := 0; i < len(picture.Pix); i += 4 {
		copy(picture.Pix[i:], []byte{255, 0, 0, 255})
	}
	picture.SetNRGBA(0, 0, blue)
	return picture
}

func asPNG(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func asJPEG(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// asGIF makes an animation of the frames on a screen.
func asGIF(tb testing.TB, width, height int, frames ...*image.Paletted) []byte {
	tb.Helper()
	var out bytes.Buffer
	animation := &gif.GIF{Image: frames, Delay: make([]int, len(frames)), Config: image.Config{Width: width, Height: height}}
	if err := gif.EncodeAll(&out, animation); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func frame(at image.Rectangle, index uint8) *image.Paletted {
	picture := image.NewPaletted(at, color.Palette{color.Transparent, red, blue})
	for i := range picture.Pix {
		picture.Pix[i] = index
	}
	return picture
}

// aWebP is a picture of 1 x 1 pixels, lossy.
var aWebP, _ = base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")

func clean(tb testing.TB, data []byte) image.Image {
	tb.Helper()
	picture, err := avatar.Clean(data)
	if err != nil {
		tb.Fatal(err)
	}
	if picture.Hash != sha256.Sum256(picture.PNG) {
		tb.Error("the hash is not that of the PNG")
	}
	decoded, err := png.Decode(bytes.NewReader(picture.PNG))
	if err != nil {
		tb.Fatal(err)
	}
	if size := decoded.Bounds().Size(); size != image.Pt(picture.Width, picture.Height) || size.X > avatar.MaxSide || size.Y > avatar.MaxSide {
		tb.Errorf("a picture of %v is said to have %d x %d", size, picture.Width, picture.Height)
	}
	return decoded
}

func TestEveryFormatBecomesPNG(t *testing.T) {
	t.Parallel()

	gray := image.NewGray16(image.Rect(0, 0, 3, 2))
	for name, tc := range map[string]struct {
		data []byte
		want image.Point
	}{
		"PNG":                  {asPNG(t, painted(3, 2)), image.Pt(3, 2)},
		"PNG of 16 bits":       {asPNG(t, gray), image.Pt(3, 2)},
		"JPEG":                 {asJPEG(t, painted(3, 2)), image.Pt(3, 2)},
		"GIF":                  {asGIF(t, 3, 2, frame(image.Rect(0, 0, 3, 2), 1)), image.Pt(3, 2)},
		"WebP":                 {aWebP, image.Pt(1, 1)},
		"as large as it may":   {asPNG(t, painted(512, 512)), image.Pt(512, 512)},
		"wider":                {asPNG(t, painted(1024, 256)), image.Pt(512, 128)},
		"higher":               {asPNG(t, painted(300, 600)), image.Pt(256, 512)},
		"a line":               {asPNG(t, painted(20_000, 1)), image.Pt(512, 1)},
		"as many as there may": {asPNG(t, painted(2_000, 2_000)), image.Pt(512, 512)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if size := clean(t, tc.data).Bounds().Size(); size != tc.want {
				t.Errorf("the picture has %v, want %v", size, tc.want)
			}
		})
	}
}

func TestTheFirstFrameIsKeptWhereItWas(t *testing.T) {
	t.Parallel()

	animation := asGIF(t, 4, 4, frame(image.Rect(1, 1, 3, 3), 1), frame(image.Rect(0, 0, 4, 4), 2))
	picture := clean(t, animation)
	for at, want := range map[image.Point]color.Color{{0, 0}: color.NRGBA{}, {1, 1}: red, {2, 2}: red, {3, 3}: color.NRGBA{}} {
		if got := color.NRGBAModel.Convert(picture.At(at.X, at.Y)); got != want {
			t.Errorf("the pixel at %v is %v, want %v", at, got, want)
		}
	}
}

func TestNothingButThePictureIsKept(t *testing.T) {
	t.Parallel()

	plain := asPNG(t, painted(3, 2))
	picture, err := avatar.Clean(plain)
	if err != nil {
		t.Fatal(err)
	}
	// A text in a chunk of its own, and a page behind the end.
	hidden := append(withText(plain, "the camera's place"), "<script>alert(1)</script>"...)
	again, err := avatar.Clean(hidden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(picture.PNG, again.PNG) {
		t.Error("what was hidden in the file changed the picture")
	}
}

// withText puts a tEXt chunk behind the header of a PNG.
func withText(data []byte, text string) []byte {
	const header = 8 + 25
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	chunk = append(append(chunk, "tEXt"...), text...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return append(append(bytes.Clone(data[:header]), chunk...), data[header:]...)
}

// bomb is a GIF of 34 bytes that claims 16000 x 16000 pixels.
var bomb = append([]byte("GIF89a\x80\x3e\x80\x3e\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x80\x3e\x80\x3e\x00\x02\x02D\x01"), 0x00)[:34]

func TestBadPicturesAreRefused(t *testing.T) {
	t.Parallel()

	good := asPNG(t, painted(30, 20))
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":                               {nil, "unsupported_type"},
		"a text":                                {[]byte("hello"), "unsupported_type"},
		"a drawing":                             {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "unsupported_type"},
		"a RIFF of sound":                       {[]byte("RIFF\x00\x00\x00\x00WAVE"), "unsupported_type"},
		"a beginning":                           {[]byte("RIFF"), "unsupported_type"},
		"half a PNG":                            {good[:len(good)/2], "bad_image"},
		"half a header":                         {good[:20], "bad_image"},
		"a JPEG's mark":                         {[]byte("\xff\xd8\xff"), "bad_image"},
		"a WebP's mark":                         {[]byte("RIFF\x00\x00\x00\x00WEBP"), "bad_image"},
		"no pixels":                             {[]byte("GIF89a\x00\x00\x00\x00\x00\x00\x00"), "bad_image"},
		"a claim":                               {bomb, "too_many_pixels"},
		"one pixel more":                        {asPNG(t, image.NewPaletted(image.Rect(0, 0, 2_001, 2_000), color.Palette{red})), "too_many_pixels"},
		"a frame that is wider than the screen": {wideFrame(), "bad_image"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := avatar.Clean(tc.data)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Field != "avatar" || f.Fields[0].Code != tc.want {
				t.Errorf("Clean = %v, want %s of the field avatar", err, tc.want)
			}
		})
	}
	_, err := avatar.Clean(append(good, make([]byte, avatar.MaxBytes)...))
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != fault.TooLarge || f.Code != "avatar_too_large" {
		t.Errorf("Clean of too large a file = %v", err)
	}
}

// wideFrame is a GIF with a screen of 2 x 2 and a frame of 60 x 60.
func wideFrame() []byte {
	return []byte("GIF89a\x02\x00\x02\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x3c\x00\x3c\x00\x00\x02\x02D\x01\x00;")
}

// What the header claims is believed before anything is made for it.
func TestAClaimCostsNothing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		if _, err := avatar.Clean(bomb); err == nil || !strings.Contains(err.Error(), "16000 x 16000") {
			t.Fatalf("Clean = %v", err)
		}
	}
	runtime.ReadMemStats(&after)
	if made := (after.TotalAlloc - before.TotalAlloc) / 100; made > 64<<10 {
		t.Errorf("refusing a claim of 256 million pixels makes %d bytes", made)
	}
}

func FuzzClean(f *testing.F) {
	f.Add(asPNG(f, painted(3, 2)))
	f.Add(asJPEG(f, painted(3, 2)))
	f.Add(asGIF(f, 4, 4, frame(image.Rect(1, 1, 3, 3), 1)))
	f.Add(aWebP)
	f.Add(bomb)
	f.Add(wideFrame())
	f.Fuzz(func(t *testing.T, data []byte) {
		picture, err := avatar.Clean(data)
		if err != nil {
			if _, ok := errors.AsType[*fault.Error](err); !ok {
				t.Fatalf("Clean = %v, want a fault", err)
			}
			return
		}
		if len(picture.PNG) > 2<<20 {
			t.Errorf("the picture has %d bytes", len(picture.PNG))
		}
		again, err := avatar.Clean(data)
		if err != nil || again.Hash != picture.Hash {
			t.Errorf("the same bytes give another picture: %v", err)
		}
		clean(t, data)
	})
}
