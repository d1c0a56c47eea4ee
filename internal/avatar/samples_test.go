package avatar_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
)

var (
	red    = color.NRGBA{0xff, 0, 0, 0xff}
	green  = color.NRGBA{0, 0xff, 0, 0xff}
	blue   = color.NRGBA{0, 0, 0xff, 0xff}
	white  = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	cyan   = color.NRGBA{0, 0xff, 0xff, 0xff}
	nobody = color.NRGBA{}
)

// quarters is red and green above, blue and white below.
func quarters(width, height int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			top, right := y < height/2, x >= width/2
			switch {
			case top && right:
				picture.SetNRGBA(x, y, green)
			case top:
				picture.SetNRGBA(x, y, red)
			case right:
				picture.SetNRGBA(x, y, white)
			default:
				picture.SetNRGBA(x, y, blue)
			}
		}
	}
	return picture
}

func pngOf(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	out := &bytes.Buffer{}
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(out, picture); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func jpegOf(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	out := &bytes.Buffer{}
	if err := jpeg.Encode(out, picture, &jpeg.Options{Quality: 95}); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// gifOf writes frames, each of one colour, on a screen of the size.
func gifOf(tb testing.TB, width, height int, colours []color.Color, places ...image.Rectangle) []byte {
	tb.Helper()
	animation := &gif.GIF{Config: image.Config{Width: width, Height: height}}
	for i, place := range places {
		animation.Image = append(animation.Image, image.NewPaletted(place, color.Palette{colours[i], color.Black}))
		animation.Delay = append(animation.Delay, 10)
	}
	out := &bytes.Buffer{}
	if err := gif.EncodeAll(out, animation); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// The frames of small WebP pictures of 3 by 2 pixels: two red ones, one red above and blue below, and the
// alpha that makes a red one half transparent.
const (
	webpLossy    = "d001009d012a0300020001402625a00274ba01f80003b000fef2eb7ffcd815cd73eff7ffd2e0fd2e0fd2e0ffd2900000"
	webpLossless = "2f024000000f10f3bffff31f0ee620a2ff11"
	webpAlpha    = "00808080808080"
)

// The flags of WebP's extended header.
const (
	webpAnimated = 1 << 1
	webpEXIF     = 1 << 3
	webpHasAlpha = 1 << 4
)

// webpOf joins chunks: pairs of a name and its bytes.
func webpOf(chunks ...string) []byte {
	body := []byte("WEBP")
	for i := 0; i < len(chunks); i += 2 {
		body = append(body, chunks[i]...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(chunks[i+1])))
		body = append(body, chunks[i+1]...)
		if len(chunks[i+1])%2 == 1 {
			body = append(body, 0)
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// extended is WebP's extended header.
func extended(flags byte, width, height int) string {
	w, h := width-1, height-1
	return string([]byte{flags, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
}

func unhex(tb testing.TB, text string) string {
	tb.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

// tiff is EXIF that says one thing: the orientation.
func tiff(orientation byte) string {
	return "MM\x00\x2a\x00\x00\x00\x08" + "\x00\x01" + "\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string([]byte{orientation}) + "\x00\x00" + "\x00\x00\x00\x00"
}

// withSegment puts a segment after the start of a JPEG.
func withSegment(picture []byte, marker byte, content string) []byte {
	segment := append([]byte{0xff, marker}, binary.BigEndian.AppendUint16(nil, uint16(len(content)+2))...)
	return slices.Concat(picture[:2], segment, []byte(content), picture[2:])
}

// afterIHDR is where the first chunk after a PNG's header stands.
const afterIHDR = 8 + 25

// withChunk puts a chunk after a PNG's header.
func withChunk(picture []byte, name, content string) []byte {
	return slices.Concat(picture[:afterIHDR], chunk(name, content), picture[afterIHDR:])
}

func chunk(name, content string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	out = append(append(out, name...), content...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(name+content)))
}

// chunkNames returns what a PNG is made of.
func chunkNames(picture []byte) (names []string) {
	for rest := picture[8:]; len(rest) >= 12; rest = rest[12+binary.BigEndian.Uint32(rest):] {
		names = append(names, string(rest[4:8]))
	}
	return names
}

// header returns a PNG's beginning that claims the size, in 8-bit grey.
func header(width, height uint32) []byte {
	content := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", string(content)+"\x08\x00\x00\x00\x00")...)
}

// cmyk returns a JPEG of four planes, each of one value, as Adobe's programs store it: inverted. Each plane is
// the scan of a grey JPEG.
func cmyk(tb testing.TB, inverted [4]uint8) []byte {
	tb.Helper()
	var tables, out []byte
	for plane, value := range inverted {
		grey := image.NewGray(image.Rect(0, 0, 8, 8))
		for i := range grey.Pix {
			grey.Pix[i] = value
		}
		file := jpegOf(tb, grey)
		frame, scan := bytes.Index(file, []byte{0xff, 0xc0}), bytes.Index(file, []byte{0xff, 0xda})
		if tables == nil {
			tables = slices.Concat(file[:frame],
				[]byte{0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0}, file[frame+13:scan])
			out = withSegment(tables, 0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00")
		}
		file[scan+5] = byte(plane + 1)
		out = append(out, file[scan:len(file)-2]...)
	}
	return append(out, 0xff, 0xd9)
}
