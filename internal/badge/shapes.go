package badge

import (
	"image"
	"math"

	"golang.org/x/image/vector"
)

// point is a place in a picture.
type point struct{ x, y float64 }

// polygon fills what lies between the points. It takes memory for the rectangle around them alone.
func polygon(canvas *image.RGBA, colour rgb, points ...point) {
	low, high := points[0], points[0]
	for _, p := range points {
		low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
	}
	around := image.Rect(int(low.x), int(low.y), int(math.Ceil(high.x)), int(math.Ceil(high.y)))
	shape := vector.NewRasterizer(around.Dx(), around.Dy())
	for i, p := range points {
		x, y := float32(p.x-float64(around.Min.X)), float32(p.y-float64(around.Min.Y))
		if i == 0 {
			shape.MoveTo(x, y)
		} else {
			shape.LineTo(x, y)
		}
	}
	shape.ClosePath()
	shape.Draw(canvas, around, image.NewUniform(colour), image.Point{})
}

// arc is the points of a part of a circle, from an angle to another, in quarters of a turn.
func arc(x, y, radius, from, to float64) []point {
	const steps = 48
	points := make([]point, 0, steps+1)
	for i := range steps + 1 {
		angle := (from + (to-from)*float64(i)/steps) * math.Pi / 2
		points = append(points, point{x + radius*math.Cos(angle), y + radius*math.Sin(angle)})
	}
	return points
}

// roundedBox fills a square with round corners.
func roundedBox(canvas *image.RGBA, x, y, side, radius float64, colour rgb) {
	var outline []point
	for i, corner := range []point{
		{x + side - radius, y + side - radius}, {x + radius, y + side - radius}, {x + radius, y + radius}, {x + side - radius, y + radius},
	} {
		outline = append(outline, arc(corner.x, corner.y, radius, float64(i), float64(i+1))...)
	}
	polygon(canvas, colour, outline...)
}

// drawMedal draws the medal of the cards, in the colour of the house.
func drawMedal(canvas *image.RGBA, place image.Rectangle) {
	unit := float64(place.Dx()) / 64
	at := func(x, y float64) point { return point{float64(place.Min.X) + x*unit, float64(place.Min.Y) + y*unit} }
	ribbon := mixed(accent, white, 0.55)
	polygon(canvas, ribbon, at(20, 4), at(30, 4), at(38, 26), at(28, 26))
	polygon(canvas, ribbon, at(44, 4), at(34, 4), at(26, 26), at(36, 26))
	middle := at(32, 40)
	polygon(canvas, accent, arc(middle.x, middle.y, 20*unit, 0, 4)...)
	polygon(canvas, mixed(white, accent, 0.45), arc(middle.x, middle.y, 16.25*unit, 0, 4)...)
	polygon(canvas, accent, arc(middle.x, middle.y, 14.75*unit, 0, 4)...)
	var star []point
	for i := range 10 {
		radius := 11.0
		if i%2 == 1 {
			radius = 5
		}
		star = append(star, arc(middle.x, middle.y, radius*unit, float64(i)*0.4-1, 0)[0])
	}
	polygon(canvas, white, star...)
}
