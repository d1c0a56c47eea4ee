package main

import (
	"fmt"
	"math"
	"strings"
)

// subject is what somebody did, as a colour: light and dark are the upper left and lower right of the field,
// tint is the second ink of glyphs, deep their third, and shade lies under them.
type subject struct{ light, dark, tint, deep, shade string }

var (
	merging   = subject{"#9a6bff", "#6d3be0", "#ffd166", "#2b1466", "#4f25b0"}
	reviewing = subject{"#2fc98f", "#0f9468", "#ffe08a", "#053b2a", "#0a6f4d"}
	talking   = subject{"#4aa3ff", "#1f6fe0", "#ffd166", "#0a2a66", "#174fa8"}
	issues    = subject{"#ff9a4d", "#e8641b", "#ffe9b8", "#5c1e00", "#b54408"}
	coding    = subject{"#5b6b94", "#36436b", "#7fe0ff", "#10182f", "#232d4d"}
	shipping  = subject{"#2cc5d2", "#0c8fa3", "#ffe08a", "#03343d", "#076a79"}
	thanking  = subject{"#ff7ba5", "#e03e75", "#ffe08a", "#5e0a2b", "#ad2453"}
	knowing   = subject{"#a5c93a", "#6f951a", "#fff3b0", "#26360a", "#4f6d0e"}
	timing    = subject{"#ff7466", "#d93a3a", "#ffd98a", "#570c13", "#a32229"}
	night     = subject{"#4a4fb5", "#2a2c78", "#ffd166", "#0d0e33", "#1b1d57"}
)

// metal is a rim: its light and dark side, and the line around it.
type metal struct{ light, dark, line string }

// metals are the rims of tiers I to VII.
var metals = []metal{
	{"#e0a070", "#a35f32", "#4f2a12"}, // bronze
	{"#eef2f6", "#9aa7b5", "#3a4552"}, // silver
	{"#ffe07a", "#e0a012", "#5f3f02"}, // gold
	{"#8ff5d0", "#1fae86", "#064435"}, // jade
	{"#9be4ff", "#2f9be0", "#0a3a63"}, // sapphire
	{"#dcb0ff", "#9248e0", "#35106a"}, // amethyst
	{"#ff9db0", "#d81e4e", "#560a20"}, // ruby
}

// ivory is the rim of what has no tiers.
var ivory = metal{"#fff8e8", "#e6d8bd", "#3b3a48"}

// shape is what all badges of a set have in common: the line that the rim follows, how far down the middle of the glyph is, and for
// some the outer edge of the rim, which then fills what is between the two.
type shape struct {
	path string
	mid  float64
	edge string
}

var (
	round    = shape{polar(120, func(float64) float64 { return 98 }), 122, ""}
	hexagon  = shape{rounded(22, regular(6, 108)...), 122, ""}
	octagon  = shape{rounded(16, regular(8, 104)...), 122, ""}
	squircle = shape{superellipse(92, 4), 122, ""}
	shield   = shape{"M128 18 C150 32 184 38 214 38 C222 38 226 42 226 50 V112 C226 168 184 206 128 232 C72 206 30 168 30 112 V50 C30 42 34 38 42 38 C72 38 106 32 128 18 Z", 118, ""}
	pennant  = shape{rounded(18, [2]float64{34, 26}, [2]float64{222, 26}, [2]float64{222, 188}, [2]float64{128, 234}, [2]float64{34, 188}), 116, ""}
	flower   = shape{disc, 122, polar(240, func(angle float64) float64 { return 107 + 5*math.Cos(12*angle) })}
	sun      = shape{disc, 122, rounded(5, star(16, 117, 99)...)}
)

// disc is the field of shapes with an edge.
var disc = polar(120, func(float64) float64 { return 86 })

// polar is the closed line around the middle whose distance from it depends on the angle.
func polar(steps int, radius func(angle float64) float64) string {
	points := make([][2]float64, steps)
	for i := range points {
		angle := 2 * math.Pi * float64(i) / float64(steps)
		points[i] = [2]float64{128 + radius(angle)*math.Sin(angle), 122 - radius(angle)*math.Cos(angle)}
	}
	return rounded(0, points...)
}

// superellipse is a square with sides that swell and corners that are soft.
func superellipse(radius, power float64) string {
	return polar(180, func(angle float64) float64 {
		s, c := math.Abs(math.Sin(angle)), math.Abs(math.Cos(angle))
		return radius / math.Pow(math.Pow(s, power)+math.Pow(c, power), 1/power)
	})
}

// regular is a polygon with equal sides that stands on its tip, or on its side if the number of its corners is a multiple of four.
func regular(corners int, radius float64) [][2]float64 {
	turn := 0.0
	if corners%4 == 0 {
		turn = math.Pi / float64(corners)
	}
	points := make([][2]float64, corners)
	for i := range points {
		sin, cos := math.Sincos(turn + 2*math.Pi*float64(i)/float64(corners))
		points[i] = [2]float64{128 + radius*sin, 122 - radius*cos}
	}
	return points
}

// star is a star with so many rays.
func star(rays int, outer, inner float64) [][2]float64 {
	points := make([][2]float64, 2*rays)
	for i := range points {
		radius := outer
		if i%2 == 1 {
			radius = inner
		}
		sin, cos := math.Sincos(math.Pi * float64(i) / float64(rays))
		points[i] = [2]float64{128 + radius*sin, 122 - radius*cos}
	}
	return points
}

// rounded is the path through the points; each corner is cut off at the distance and replaced by a curve.
func rounded(distance float64, points ...[2]float64) string {
	var path strings.Builder
	for i, corner := range points {
		before, after := points[(i+len(points)-1)%len(points)], points[(i+1)%len(points)]
		from, to := towards(corner, before, distance), towards(corner, after, distance)
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		fmt.Fprintf(&path, "%s%.2f %.2f", verb, from[0], from[1])
		if distance > 0 {
			fmt.Fprintf(&path, "Q%.2f %.2f %.2f %.2f", corner[0], corner[1], to[0], to[1])
		}
	}
	return path.String() + "Z"
}

func towards(from, to [2]float64, distance float64) [2]float64 {
	dx, dy := to[0]-from[0], to[1]-from[1]
	part := distance / math.Hypot(dx, dy)
	return [2]float64{from[0] + dx*part, from[1] + dy*part}
}
