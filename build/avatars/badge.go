package main

import (
	"bytes"
	"embed"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"strings"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"
)

// The fills that are defined in each picture.
const (
	fieldFill = "url(#field)"
	metalFill = "url(#metal)"
)

// side is how wide and high a picture is, in pixels.
const side = 256

//go:embed glyphs/*.svg
var glyphFiles embed.FS

// badge is one picture. Tier is 0 for an achievement without tiers.
type badge struct {
	key     string
	shape   shape
	subject subject
	tier    int
	glyphs  []string
}

// svg composes a badge: shape and field, rim, glyphs with their shade, and pips.
func (b badge) svg() (string, error) {
	rim, width, mid := ivory, 14, b.shape.mid
	if b.tier > 0 {
		rim, width, mid = metals[b.tier-1], 22, mid-8
	}
	var doc strings.Builder
	fmt.Fprintf(&doc, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %[1]d"><defs>%s%s</defs>`, side,
		slope("field", b.subject.light, b.subject.dark), slope("metal", rim.light, rim.dark))
	line := func(path, fill, stroke string, width int) {
		fmt.Fprintf(&doc, `<path d="%s" fill="%s" stroke="%s" stroke-width="%d" stroke-linejoin="round"/>`, path, fill, stroke, width)
	}
	if b.shape.edge != "" {
		line(b.shape.edge, metalFill, rim.line, 5)
		line(b.shape.path, fieldFill, rim.line, 5)
	} else {
		line(b.shape.path, fieldFill, rim.line, width+10)
		line(b.shape.path, "none", metalFill, width)
	}
	for _, name := range b.glyphs {
		glyph, err := readGlyph(name)
		if err != nil {
			return "", err
		}
		shade := strings.NewReplacer("#fff", b.subject.shade, "#888", b.subject.shade, "#000", b.subject.shade)
		inks := strings.NewReplacer("#fff", "#ffffff", "#888", b.subject.tint, "#000", b.subject.deep)
		fmt.Fprintf(&doc, `<g transform="translate(64 %.0f)">%s</g>`, mid-64+6, shade.Replace(glyph))
		fmt.Fprintf(&doc, `<g transform="translate(64 %.0f)">%s</g>`, mid-64, inks.Replace(glyph))
	}
	doc.WriteString(pips(b.tier, rim))
	return doc.String() + "</svg>", nil
}

// slope is a colour that steps from light to dark across the middle, as on a cut stone.
func slope(id, light, dark string) string {
	return fmt.Sprintf(`<linearGradient id="%s" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="256" y2="256">`+
		`<stop offset="0.497" stop-color="%s"/><stop offset="0.503" stop-color="%s"/></linearGradient>`, id, light, dark)
}

// pips are a plate on the lower rim with a lozenge for each tier.
func pips(tier int, rim metal) string {
	if tier == 0 {
		return ""
	}
	const y, apart = 226, 22
	half := apart*tier/2 + 9
	plate := fmt.Sprintf(`<path d="M%d %d H%d" fill="none" stroke="%%s" stroke-width="%%d" stroke-linecap="round"/>`, 128-half+9, y, 128+half-9)
	var doc strings.Builder
	fmt.Fprintf(&doc, plate+plate, rim.line, 44, rim.dark, 34)
	fmt.Fprintf(&doc, plate, rim.line, 26)
	for i := range tier {
		x := 128 + apart*i - apart*(tier-1)/2
		fmt.Fprintf(&doc, `<path d="M%d %d l9 9 l-9 9 l-9 -9 Z" fill="%s"/>`, x, y-9, rim.light)
	}
	return doc.String()
}

// readGlyph returns what is inside the svg element of a glyph's file.
func readGlyph(name string) (string, error) {
	data, err := fs.ReadFile(glyphFiles, "glyphs/"+name+".svg")
	if err != nil {
		return "", err
	}
	_, inner, _ := strings.Cut(string(data), ">")
	inner, _, closed := strings.Cut(inner, "</svg>")
	if !closed {
		return "", fmt.Errorf("glyphs/%s.svg is not one svg element", name)
	}
	return inner, nil
}

// render makes the picture, smooth and on nothing, of few enough colours for a small file.
func render(b badge) (*image.Paletted, error) {
	doc, err := b.svg()
	if err != nil {
		return nil, err
	}
	icon, err := oksvg.ReadIconStream(strings.NewReader(doc), oksvg.StrictErrorMode)
	if err != nil {
		return nil, err
	}
	canvas := image.NewRGBA(image.Rect(0, 0, side, side))
	icon.SetTarget(0, 0, side, side)
	icon.Draw(rasterx.NewDasher(side, side, rasterx.NewScannerGV(side, side, canvas, canvas.Bounds())), 1)
	return reduce(canvas), nil
}

func encode(drawn image.Image) ([]byte, error) {
	out := &bytes.Buffer{}
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, drawn)
	return out.Bytes(), err
}
