package avatar

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"

	"golang.org/x/image/draw"
)

// Thumbnail makes a PNG of one that Clean has made, at most side pixels wide and high. The same picture always makes the
// same one. It needs a few MiB for the time of the call; callers bound how many run at once.
func Thumbnail(data []byte, side int) ([]byte, error) {
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decoding an avatar: %w", err)
	}
	size := picture.Bounds().Size()
	longest := max(size.X, size.Y)
	if longest > side {
		size = image.Pt(max(1, size.X*side/longest), max(1, size.Y*side/longest))
	}
	small := image.NewNRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(small, small.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	out := &bytes.Buffer{}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(out, withFewerColors(small)); err != nil {
		return nil, fmt.Errorf("encoding a thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// maxLoss is the mean square of the error, in 256ths of a channel, up to which fewer colours are taken for the same.
const maxLoss = 16

// withFewerColors paints with the 256 colours that a picture has most of, which makes a drawing a third as many bytes. A
// picture that one would see it of, such as a photograph, stays as it is.
func withFewerColors(picture *image.NRGBA) image.Image {
	counts := map[color.NRGBA]int{}
	bounds := picture.Bounds()
	for y := range bounds.Max.Y {
		for x := range bounds.Max.X {
			counts[picture.NRGBAAt(x, y)]++
		}
	}
	palette := mostUsed(counts)
	index := make(map[color.NRGBA]uint8, len(counts))
	loss := 0
	for c, count := range counts {
		at := palette.Index(c)
		index[c] = uint8(at) //nolint:gosec // a palette has at most 256 colours
		loss += count * difference(c, palette[at])
	}
	if loss > maxLoss*bounds.Dx()*bounds.Dy() {
		return picture
	}
	fewer := image.NewPaletted(bounds, palette)
	for y := range bounds.Max.Y {
		for x := range bounds.Max.X {
			fewer.SetColorIndex(x, y, index[picture.NRGBAAt(x, y)])
		}
	}
	return fewer
}

// mostUsed returns the colours that are used most, one of those that hardly differ.
func mostUsed(counts map[color.NRGBA]int) color.Palette {
	var palette color.Palette
	alike := map[color.NRGBA]bool{}
	for _, c := range slices.SortedFunc(maps.Keys(counts), func(a, b color.NRGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.A, b.A), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	}) {
		const bits = 0xf0
		coarse := color.NRGBA{c.R & bits, c.G & bits, c.B & bits, c.A & bits}
		if !alike[coarse] && len(palette) < 256 {
			alike[coarse] = true
			palette = append(palette, c)
		}
	}
	return palette
}

// difference is the sum of the squares of what two colours differ by, in 256ths.
func difference(a, b color.Color) int {
	r, g, blue, alpha := a.RGBA()
	r2, g2, blue2, alpha2 := b.RGBA()
	sum := 0
	for _, pair := range [][2]uint32{{r, r2}, {g, g2}, {blue, blue2}, {alpha, alpha2}} {
		d := int(pair[0]>>8) - int(pair[1]>>8)
		sum += d * d
	}
	return sum
}
