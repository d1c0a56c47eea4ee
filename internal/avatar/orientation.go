package avatar

import (
	"bytes"
	"image"

	"github.com/bep/imagemeta"
)

// upright is the orientation of most pictures: the first row is the top, the first column the left.
const upright = 1

// orientation returns how the camera was held, as EXIF numbers it: 1 to 8. Metadata that cannot be read says
// nothing, for it is not what the picture is about.
func (f *format) orientation(data []byte) int {
	found := upright
	if f.exif == imagemeta.ImageFormatAuto {
		return found
	}
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: f.exif, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Namespace == "IFD0" && tag.Tag == "Orientation" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if value, ok := tag.Value.(uint16); ok && value >= 1 && value <= 8 {
				found = int(value)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return found
}

// turned draws the picture as it has to be looked at.
func turned(from *image.NRGBA, orientation int) *image.NRGBA {
	size := from.Bounds().Size()
	right, bottom := size.X-1, size.Y-1
	var source func(x, y int) (int, int) // where the pixel at x, y comes from
	switch orientation {
	case 2:
		source = func(x, y int) (int, int) { return right - x, y }
	case 3:
		source = func(x, y int) (int, int) { return right - x, bottom - y }
	case 4:
		source = func(x, y int) (int, int) { return x, bottom - y }
	case 5:
		source = func(x, y int) (int, int) { return y, x }
	case 6:
		source = func(x, y int) (int, int) { return y, bottom - x }
	case 7:
		source = func(x, y int) (int, int) { return right - y, bottom - x }
	case 8:
		source = func(x, y int) (int, int) { return right - y, x }
	default:
		return from
	}
	if orientation >= 5 { // the picture lies on its side
		size = image.Pt(size.Y, size.X)
	}
	to := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			to.SetNRGBA(x, y, from.NRGBAAt(source(x, y)))
		}
	}
	return to
}
