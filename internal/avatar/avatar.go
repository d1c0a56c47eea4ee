// Package avatar makes the pictures of achievements safe to keep and to show.
//
// Whatever comes in is decoded and drawn anew, so that what goes out is a picture and nothing else:
// no metadata, no second frame, no bytes after its end that are something else to somebody. The
// package is pure and imports fault.
package avatar

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// The limits of a picture.
const (
	// MaxBytes is the size of what comes in.
	MaxBytes = 200 << 10
	// MaxPixels is what the picture's header may claim.
	MaxPixels = 4_000_000
	// MaxSide is how wide and high a picture is kept, in pixels; larger ones are made smaller.
	MaxSide = 512
)

// Picture is a picture as it is kept.
type Picture struct {
	PNG []byte
	// Hash is the SHA-256 of PNG.
	Hash [sha256.Size]byte
	// Width and Height are in pixels.
	Width, Height int
}

// format is a kind of file that is taken.
type format struct {
	name   string
	is     func(data []byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formats are all of them. A drawing (SVG) is a program, and is none.
var formats = []format{
	{"PNG", begins("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode},
	{"JPEG", begins("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode},
	{"GIF", begins("GIF8"), gif.DecodeConfig, gif.Decode}, // decodes the first frame alone
	{"WebP", func(data []byte) bool { return begins("RIFF")(data) && begins("WEBP")(data[min(8, len(data)):]) }, webp.DecodeConfig, webp.Decode},
}

func begins(magic string) func([]byte) bool {
	return func(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }
}

// Clean returns the first frame of a PNG, JPEG, GIF or WebP of at most MaxBytes and MaxPixels as a PNG
// that fits MaxSide. The header is read first: a file that claims more costs nothing. The same bytes
// always give the same picture. What a JPEG's metadata says about turning it is not heeded.
//
// Faults: avatar_too_large; Invalid for the field "avatar" with unsupported_type, too_many_pixels or
// bad_image.
func Clean(data []byte) (*Picture, error) {
	if len(data) > MaxBytes {
		return nil, fault.New(fault.TooLarge, "avatar_too_large", "an avatar may have at most %d KiB", MaxBytes>>10)
	}
	for _, f := range formats {
		if f.is(data) {
			return f.clean(data)
		}
	}
	return nil, fault.InvalidField("avatar", "unsupported_type", "must be a PNG, JPEG, GIF or WebP")
}

func (f *format) clean(data []byte) (picture *Picture, err error) {
	// The decoders are hardened; a panic in one of them is still the file's fault, and nobody else's.
	defer func() {
		if panicked := recover(); panicked != nil {
			picture, err = nil, f.bad(fmt.Errorf("the decoder panicked: %v", panicked))
		}
	}()
	config, err := f.config(bytes.NewReader(data))
	if err != nil {
		return nil, f.bad(err)
	}
	if config.Width < 1 || config.Height < 1 {
		return nil, fault.InvalidField("avatar", "bad_image", "has no pixels")
	}
	if config.Width > MaxPixels/config.Height {
		return nil, fault.InvalidField("avatar", "too_many_pixels", "has %d x %d pixels (maximum is %d million)",
			config.Width, config.Height, MaxPixels/1_000_000)
	}
	decoded, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return nil, f.bad(err)
	}
	return remake(decoded, image.Pt(config.Width, config.Height))
}

func (f *format) bad(cause error) error {
	detail := "is a " + f.name + " that cannot be read"
	if strings.Contains(cause.Error(), "unsupported") || f.name == "WebP" {
		detail += "; an animated one must be sent as GIF"
	}
	return fault.InvalidField("avatar", "bad_image", "%s", detail).Because(cause)
}

// remake draws the frame where it belongs on the whole picture, as large as it may be.
func remake(frame image.Image, size image.Point) (*Picture, error) {
	fit := within(size)
	drawn := image.NewNRGBA(image.Rectangle{Max: fit})
	switch {
	case fit == size:
		draw.Draw(drawn, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	case frame.Bounds() == image.Rectangle{Max: size}:
		draw.CatmullRom.Scale(drawn, drawn.Bounds(), frame, frame.Bounds(), draw.Src, nil)
	default:
		whole := image.NewNRGBA(image.Rectangle{Max: size})
		draw.Draw(whole, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
		draw.CatmullRom.Scale(drawn, drawn.Bounds(), whole, whole.Bounds(), draw.Src, nil)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, drawn); err != nil {
		return nil, fmt.Errorf("encoding an avatar: %w", err)
	}
	return &Picture{PNG: out.Bytes(), Hash: sha256.Sum256(out.Bytes()), Width: fit.X, Height: fit.Y}, nil
}

// within returns the size, made smaller in proportion until it fits MaxSide.
func within(size image.Point) image.Point {
	longer := max(size.X, size.Y)
	if longer <= MaxSide {
		return size
	}
	return image.Pt(max(size.X*MaxSide/longer, 1), max(size.Y*MaxSide/longer, 1))
}
