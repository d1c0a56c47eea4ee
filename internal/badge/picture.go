package badge

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"time"
	"unicode"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// The size of a link's picture, as the services that show one want it.
const (
	PictureWidth  = 1200
	PictureHeight = 630
)

// Where things are in a link's picture.
const (
	tileX, tileY, tileSide = 80, 115, 380
	avatarSide             = 320
	textX, textWidth       = 520, 600
	// maxAvatar is the largest width and height of an avatar that is decoded.
	maxAvatar = 1024
)

// Picture is what goes with a link to an award.
type Picture struct {
	Achievement string
	// Name is the person's; Username is drawn instead where the font lacks letters of it.
	Name, Username string
	// Namespace may be empty, and is when not everyone may know it.
	Namespace string
	At        time.Time
	// Avatar is a PNG; without one a medal is drawn.
	Avatar []byte
	// Place says at the bottom where the award is, for example the service's host.
	Place string
}

// PNG draws the picture so wide, at most PictureWidth, and as high as goes with it. It takes some 10 MB for the time of the
// call; callers bound how many run at once.
func (p Picture) PNG(width int) ([]byte, error) {
	canvas := image.NewRGBA(image.Rect(0, 0, PictureWidth, PictureHeight))
	fill(canvas, canvas.Bounds(), paper)
	fill(canvas, image.Rect(0, PictureHeight-14, PictureWidth, PictureHeight), accent)
	roundedBox(canvas, tileX-2, tileY-2, tileSide+4, 38, rule)
	roundedBox(canvas, tileX, tileY, tileSide, 36, white)
	const inset = (tileSide - avatarSide) / 2
	place := image.Rect(tileX+inset, tileY+inset, tileX+inset+avatarSide, tileY+inset+avatarSide)
	if !placeAvatar(canvas, place, p.Avatar) {
		drawMedal(canvas, place)
	}
	if err := p.write(canvas); err != nil {
		return nil, err
	}
	out := &bytes.Buffer{}
	if err := png.Encode(out, resized(canvas, width)); err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return out.Bytes(), nil
}

var (
	paper = rgb{0xf4, 0xf2, 0xee}
	rule  = rgb{0xe4, 0xdf, 0xd5}
	quiet = rgb{0x6b, 0x65, 0x5a}
)

// RGBA makes a colour one of the standard library's.
func (c rgb) RGBA() (r, g, b, a uint32) { return color.RGBA{c.r, c.g, c.b, 0xff}.RGBA() }

func fill(canvas *image.RGBA, where image.Rectangle, colour rgb) {
	draw.Draw(canvas, where, image.NewUniform(colour), image.Point{}, draw.Src)
}

func resized(canvas *image.RGBA, width int) image.Image {
	if width <= 0 || width >= PictureWidth {
		return canvas
	}
	small := image.NewRGBA(image.Rect(0, 0, width, HeightOf(width)))
	draw.CatmullRom.Scale(small, small.Bounds(), canvas, canvas.Bounds(), draw.Src, nil)
	return small
}

// HeightOf is how high a link's picture of a width is.
func HeightOf(width int) int { return (width*PictureHeight + PictureWidth/2) / PictureWidth }

// placeAvatar draws the picture into the place, and reports whether it is one.
func placeAvatar(canvas *image.RGBA, place image.Rectangle, data []byte) bool {
	header, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || header.Width > maxAvatar || header.Height > maxAvatar {
		return false
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return false
	}
	size := picture.Bounds().Size()
	longest := max(size.X, size.Y)
	scaled := image.Pt(max(1, size.X*place.Dx()/longest), max(1, size.Y*place.Dy()/longest))
	from := place.Min.Add(place.Size().Sub(scaled).Div(2))
	draw.CatmullRom.Scale(canvas, image.Rectangle{from, from.Add(scaled)}, picture, picture.Bounds(), draw.Over, nil)
	return true
}

// set is a line of text with its place under the one before.
type setting struct {
	text   string
	face   *typeface
	size   float64
	colour rgb
	// drop is from the baseline before to this one.
	drop int
}

// write sets the texts, in the middle of the height.
func (p Picture) write(canvas *image.RGBA) error {
	var lines []setting
	if where := written(regular(), p.Namespace); where != "" {
		lines = append(lines, setting{where, regular(), 28, quiet, 28})
	}
	name := written(bold(), p.Achievement)
	if name == "" {
		name = "Achievement"
	}
	size := 64.0
	if len(bold().wrap(name, size, textWidth, 3)) > 2 {
		size = 48
	}
	for i, text := range bold().wrap(name, size, textWidth, 3) {
		drop := int(size * 1.2)
		if i == 0 {
			drop += 6
		}
		lines = append(lines, setting{text, bold(), size, darkInk, drop})
	}
	who := written(bold(), p.Name)
	if who == "" {
		who = clean(p.Username, maxText)
	}
	lines = append(lines, setting{"awarded to", regular(), 26, quiet, 76}, setting{who, bold(), 40, accent, 52})
	if !p.At.IsZero() {
		lines = append(lines, setting{p.At.UTC().Format("2 January 2006"), regular(), 26, quiet, 46})
	}
	height := 0
	for _, l := range lines {
		height += l.drop
	}
	y := tileY + (tileSide-height)/2
	for _, l := range lines {
		y += l.drop
		if err := drawText(canvas, l, textX, y); err != nil {
			return err
		}
	}
	return drawText(canvas, setting{text: written(regular(), p.Place), face: regular(), size: 24, colour: quiet}, tileX, PictureHeight-56)
}

// written is the text as far as the font can write it, without emoji and the like; it is empty when the font lacks letters:
// half a name is nobody's. Marks that some keyboards write by themselves are put on their letters.
func written(face *typeface, text string) string {
	text = norm.NFC.String(clean(text, maxText))
	var out strings.Builder
	for _, r := range text {
		switch {
		case face.has(r):
			out.WriteRune(r)
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.M, r) && shaped(r) && r < 0xfe00:
			return ""
		}
	}
	return strings.TrimSpace(clean(out.String(), maxText))
}

func drawText(canvas *image.RGBA, l setting, x, y int) error {
	face, err := opentype.NewFace(l.face.Font, &opentype.FaceOptions{Size: l.size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return fmt.Errorf("opening a font: %w", err)
	}
	drawer := font.Drawer{Dst: canvas, Src: image.NewUniform(l.colour), Face: face, Dot: fixed.P(x, y)}
	drawer.DrawString(line{l.text, l.face, l.size, 0}.fit(textWidth).text)
	return nil
}
