package main

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"slices"
)

// reduce paints with the 256 colours that the picture has most of. Areas keep their colours; the many mixed ones of their edges
// become those next to them.
func reduce(from *image.RGBA) *image.Paletted {
	counts := map[color.RGBA]int{}
	for y := range side {
		for x := range side {
			counts[from.RGBAAt(x, y)]++
		}
	}
	var palette color.Palette
	cells := map[color.RGBA]bool{}
	for _, colour := range slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(number(a), number(b)))
	}) {
		if cell := coarse(colour); !cells[cell] && len(palette) < 256 {
			cells[cell] = true
			palette = append(palette, colour)
		}
	}
	index := map[color.RGBA]uint8{}
	for colour := range counts {
		index[colour] = uint8(palette.Index(colour)) //nolint:gosec // a palette has at most 256 colours
	}
	to := image.NewPaletted(from.Bounds(), palette)
	for y := range side {
		for x := range side {
			to.SetColorIndex(x, y, index[from.RGBAAt(x, y)])
		}
	}
	return to
}

// coarse is one colour for all that hardly differ.
func coarse(c color.RGBA) color.RGBA {
	const bits = 0xf0
	return color.RGBA{c.R & bits, c.G & bits, c.B & bits, c.A & bits}
}

func number(c color.RGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}
