package avatar

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/bep/imagemeta"
	"golang.org/x/image/webp"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// format is a kind of file that avatars may come in. The formats are listed here, and not taken from
// what the program happens to have registered with package image.
type format struct {
	// begins tells the format by the file's first bytes.
	begins func(data []byte) bool
	config func(io.Reader) (image.Config, error)
	// decode returns the first frame.
	decode func(io.Reader) (image.Image, error)
	// refuse, if there is one, names what the decoder should not be asked to do.
	refuse func(data []byte) *fault.Error
	// exif is the format in which imagemeta finds EXIF; the zero value is for formats without.
	exif imagemeta.ImageFormat
}

var formats = []*format{
	{begins: beginsWith("\x89PNG\r\n\x1a\n"), config: png.DecodeConfig, decode: png.Decode, exif: imagemeta.PNG},
	{begins: beginsWith("\xff\xd8\xff"), config: jpeg.DecodeConfig, decode: jpeg.Decode, refuse: manyScans, exif: imagemeta.JPEG},
	{begins: beginsWith("GIF87a"), config: gif.DecodeConfig, decode: gif.Decode},
	{begins: beginsWith("GIF89a"), config: gif.DecodeConfig, decode: gif.Decode},
	{begins: isWebP, config: webp.DecodeConfig, decode: webp.Decode, refuse: animatedWebP, exif: imagemeta.WebP},
}

func beginsWith(magic string) func([]byte) bool {
	return func(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }
}

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// formatOf returns nil for what is none of the formats. SVG never is one: it is a program.
func formatOf(data []byte) *format {
	for _, f := range formats {
		if f.begins(data) {
			return f
		}
	}
	return nil
}

// measure reads the header alone, and refuses what would cost too much to decode.
func (f *format) measure(data []byte) (image.Rectangle, error) {
	config, err := f.config(bytes.NewReader(data))
	if err != nil {
		return image.Rectangle{}, broken(err)
	}
	width, height := config.Width, config.Height
	switch {
	case width <= 0 || height <= 0:
		return image.Rectangle{}, fault.InvalidField(field, "bad_image", "is a picture without pixels")
	case width > MaxSide || height > MaxSide || width*height > MaxPixels:
		return image.Rectangle{}, fault.InvalidField(field, "too_many_pixels",
			"is %d by %d pixels (maximum is %d pixels, and %d on a side)", width, height, MaxPixels, MaxSide)
	}
	if f.refuse != nil {
		if refused := f.refuse(data); refused != nil {
			return image.Rectangle{}, refused
		}
	}
	return image.Rect(0, 0, width, height), nil
}

// read decodes the first frame.
func (f *format) read(data []byte) (image.Image, error) {
	frame, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return nil, broken(err)
	}
	if frame.Bounds().Empty() {
		return nil, fault.InvalidField(field, "bad_image", "is a picture without pixels")
	}
	return frame, nil
}

func broken(cause error) *fault.Error {
	return fault.InvalidField(field, "bad_image", "is damaged, or of a kind that cannot be read").Because(cause)
}

// maxScans is far above what programs write, which is about ten.
const maxScans = 64

// manyScans refuses a progressive JPEG that has a decoder walk all its pixels thousands of times. A
// scan begins with these bytes; where they stand in something else, they count as well.
func manyScans(data []byte) *fault.Error {
	if bytes.Count(data, []byte{0xff, 0xda}) > maxScans {
		return fault.InvalidField(field, "bad_image", "is a JPEG of more than %d scans", maxScans)
	}
	return nil
}

// animatedWebP refuses what the decoder does not know, and says why. The flag is in the extended
// header, which comes first.
func animatedWebP(data []byte) *fault.Error {
	const flags, animation = 20, 1 << 1
	if len(data) > flags && string(data[12:16]) == "VP8X" && data[flags]&animation != 0 {
		return fault.InvalidField(field, "unsupported_type", "is an animated WebP; send one picture, or a GIF, whose first frame is taken")
	}
	return nil
}
