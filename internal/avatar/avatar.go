// Package avatar makes safe pictures of what people upload: whatever comes in is decoded within
// limits, made small and upright, and drawn anew as a PNG that holds pixels and nothing else.
//
// The package is pure. It may import fault, imagemeta for the way that a camera was held, and
// golang.org/x/image for WebP and for scaling.
package avatar

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/png"

	"golang.org/x/image/draw"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// The limits of what comes in and of what goes out.
const (
	// MaxBytes is the largest file that is looked at.
	MaxBytes = 200 << 10
	// MaxPixels and MaxSide bound what the file's header may claim.
	MaxPixels = 4_000_000
	MaxSide   = 10_000
	// Side is the largest width and height of what is made.
	Side = 512
	// MaxPNG bounds what is made, in bytes: pixels that cannot be compressed, and the file around them.
	MaxPNG = Side*(4*Side+1) + 16<<10
)

// field is what the contract calls an uploaded picture.
const field = "avatar"

// Picture is a PNG that this package has made.
type Picture struct {
	PNG []byte
	// Hash is the SHA-256 of PNG.
	Hash          [sha256.Size]byte
	Width, Height int
}

// Clean makes a picture of a PNG, JPEG, GIF or WebP file: of its first frame, if it has several. A
// picture that is larger than Side is scaled down; a camera's orientation is applied; everything else that
// the file says beside its pixels is left out. The same file always makes the same picture.
//
// A file larger than MaxBytes is a TooLarge fault (avatar_too_large). Everything else that is
// refused is an Invalid fault of the field "avatar" with the code unsupported_type, bad_image or
// too_many_pixels. Clean needs up to 200 MiB for the time of the call; callers bound how many run at once.
func Clean(data []byte) (*Picture, error) {
	if len(data) > MaxBytes {
		return nil, fault.New(fault.TooLarge, "avatar_too_large", "an avatar is too big (should be at most %d KiB)", MaxBytes>>10)
	}
	kind := formatOf(data)
	if kind == nil {
		return nil, fault.InvalidField(field, "unsupported_type", "must be a PNG, JPEG, GIF or WebP picture")
	}
	screen, err := kind.measure(data)
	if err != nil {
		return nil, err
	}
	frame, err := kind.read(data)
	if err != nil {
		return nil, err
	}
	return encode(turned(fitted(placed(frame, screen)), kind.orientation(data)))
}

// placed puts a frame that covers a part of its screen, as in a GIF, on a transparent one.
func placed(frame image.Image, screen image.Rectangle) image.Image {
	if frame.Bounds() == screen {
		return frame
	}
	whole := image.NewNRGBA(screen)
	draw.Draw(whole, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return whole
}

// fitted draws the picture with at most Side pixels on each side.
func fitted(picture image.Image) *image.NRGBA {
	from := picture.Bounds()
	size := fit(from.Size())
	small := image.NewNRGBA(image.Rectangle{Max: size})
	if size == from.Size() {
		draw.Draw(small, small.Bounds(), picture, from.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(small, small.Bounds(), picture, from, draw.Src, nil)
	}
	return small
}

// fit keeps the proportions, and at least one pixel.
func fit(size image.Point) image.Point {
	longest := max(size.X, size.Y)
	if longest <= Side {
		return size
	}
	shrink := func(length int) int { return max(1, (length*Side+longest/2)/longest) }
	return image.Pt(shrink(size.X), shrink(size.Y))
}

func encode(picture *image.NRGBA) (*Picture, error) {
	out := &bytes.Buffer{}
	if err := png.Encode(out, picture); err != nil {
		return nil, fault.As(err)
	}
	size := picture.Bounds().Size()
	return &Picture{PNG: out.Bytes(), Hash: sha256.Sum256(out.Bytes()), Width: size.X, Height: size.Y}, nil
}
