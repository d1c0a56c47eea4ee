package main

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// picture is a badge that is drawn.
type picture struct {
	badge badge
	drawn *image.Paletted
}

// lay puts all pictures on light and on dark: large ones in eight columns, then all of them as small as in a list.
func lay(pictures []picture) *image.NRGBA {
	const large, columns, small, gap = 128, 8, 32, 8
	perRow := columns * (large + gap) / (small + gap)
	rows, smallRows := (len(pictures)+columns-1)/columns, (len(pictures)+perRow-1)/perRow
	half := image.Rect(0, 0, columns*(large+gap)+gap, rows*(large+gap)+smallRows*(small+gap)+gap)
	sheet := image.NewNRGBA(image.Rect(0, 0, 2*half.Dx(), half.Dy()))
	for i, background := range []color.Color{color.White, color.RGBA{13, 17, 23, 255}} {
		left := i * half.Dx()
		draw.Draw(sheet, half.Add(image.Pt(left, 0)), image.NewUniform(background), image.Point{}, draw.Src)
		for n, p := range pictures {
			put(sheet, p.drawn, left+gap+n%columns*(large+gap), gap+n/columns*(large+gap), large)
			put(sheet, p.drawn, left+gap+n%perRow*(small+gap), gap+rows*(large+gap)+n/perRow*(small+gap), small)
		}
	}
	return sheet
}

func put(on *image.NRGBA, drawn image.Image, x, y, size int) {
	draw.CatmullRom.Scale(on, image.Rect(x, y, x+size, y+size), drawn, drawn.Bounds(), draw.Over, nil)
}
