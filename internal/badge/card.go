package badge

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// The card's bounds, and what it is like when nothing is asked for.
const (
	// MaxLength is how many rows, and how many columns, a card has at most.
	MaxLength      = 10
	defaultRows    = 3
	defaultColumns = 6
	// maxPicture bounds the bytes of a cell's picture, and maxPictures those of all; what is beyond is drawn as a medal.
	maxPicture  = 80 << 10
	maxPictures = 3 << 20
	// maxSpoken bounds the alternative text.
	maxSpoken = 1000
)

// The card's measures, in pixels.
const (
	margin    = 20
	cellWidth = 112
	// iconWidth is that of a cell without a name.
	iconWidth = 88
	iconSide  = 64
	nameSize  = 11
	nameLine  = 14
	titleSize = 16
	totalSize = 12
)

// Card is a wall of somebody's achievements.
type Card struct {
	// Name is the person's.
	Name string
	// Total is how many achievements there are, shown or not.
	Total int
	Items []Item
	Look  Look
}

// Item is an achievement on a card.
type Item struct {
	Name string
	// Count is how often it was given.
	Count int
	// PNG is its picture, 128 pixels wide or high; without one a medal is drawn.
	PNG []byte
}

// Look is what a card looks like, as it was asked for: what cannot be is the default.
type Look struct {
	// Theme is auto, light, dark or transparent.
	Theme string
	// Rows and Columns are at most so many; 0 for the default.
	Rows, Columns int
	// Hide lists parts to leave out: title, total, names, counts, border.
	Hide string
	// Label stands in place of the person's name.
	Label string
	// Color is of the counts and medals; the others are of what they say.
	Color, Background, Title, Text, Border string
}

// Size returns how many columns and rows the card has for so many achievements, and its width and height.
func (l Look) Size(items int) (columns, rows int, width, height float64) {
	columns, rows = within(l.Columns, defaultColumns), within(l.Rows, defaultRows)
	columns = max(1, min(columns, items))
	rows = min(rows, (items+columns-1)/columns)
	width = 2*margin + float64(columns)*l.cellWidth()
	if !l.hides("title") || !l.hides("total") {
		width = max(width, 2*margin+2*cellWidth) // or a name would be three letters
	}
	return columns, rows, width, l.top() + float64(rows)*l.cellHeight() + margin - l.gap()
}

// Cells is how many achievements the card may show.
func (l Look) Cells() int {
	return within(l.Columns, defaultColumns) * within(l.Rows, defaultRows)
}

func within(wanted, otherwise int) int {
	if wanted < 1 {
		return otherwise
	}
	return min(wanted, MaxLength)
}

func (l Look) hides(part string) bool { return listed(l.Hide, part) }

// top is where the cells begin.
func (l Look) top() float64 {
	top := float64(margin)
	if !l.hides("title") {
		top += titleSize + 4
	}
	if !l.hides("total") {
		top += totalSize + 4
	}
	if top > margin {
		top += 12
	}
	return top
}

func (l Look) cellWidth() float64 {
	if l.hides("names") {
		return iconWidth
	}
	return cellWidth
}

func (l Look) cellHeight() float64 {
	if l.hides("names") {
		return iconSide + l.gap()
	}
	return iconSide + 6 + 2*nameLine + l.gap()
}

func (l Look) gap() float64 {
	if l.hides("names") {
		return 20
	}
	return 12
}

// SVG draws the card.
func (c Card) SVG() []byte {
	look := c.Look
	columns, rows, width, height := look.Size(len(c.Items))
	shown := bounded(c.Items[:min(len(c.Items), columns*rows)])
	title := clean(c.Name, maxText)
	if label := clean(look.Label, maxText); label != "" {
		title = label
	}
	tints := look.tints()

	size := 4096
	for i := range shown {
		size += base64.StdEncoding.EncodedLen(len(shown[i].PNG)) + 600
	}
	d := &drawing{make([]byte, 0, size)}
	d.open(width, height, c.alt(title, shown))
	tints.styles(d)
	if tints.ground {
		d.raw(`<rect class="acc-bg" x=".5" y=".5"`).attr("width", width-1).attr("height", height-1).raw(` rx="8"/>`)
	}
	d.raw(`<g font-family="`, fonts, `" text-rendering="geometricPrecision">`)
	y := float64(margin)
	if !look.hides("title") {
		d.set(line{title, bold(), titleSize, 0}.fit(width-2*margin), margin, y+titleSize-2, ` class="acc-h" font-weight="bold" font-size="16"`)
		y += titleSize + 4
	}
	if !look.hides("total") {
		d.set(line{Count(c.Total), regular(), totalSize, 0}, margin, y+totalSize, ` class="acc-x" font-size="12"`)
	}
	d.medal(shown)
	left := (width - float64(columns)*look.cellWidth()) / 2
	for i := range shown {
		x := left + float64(i%columns)*look.cellWidth()
		look.cell(d, &shown[i], x, look.top()+float64(i/columns)*look.cellHeight())
	}
	return d.raw("</g></svg>").out
}

// bounded takes away pictures that are too large, each or together.
func bounded(items []Item) []Item {
	items = slices.Clone(items)
	total := 0
	for i := range items {
		if size := len(items[i].PNG); size > maxPicture || total+size > maxPictures {
			items[i].PNG = nil
		}
		total += len(items[i].PNG)
	}
	return items
}

// cell draws an achievement: its picture, how often, and its name.
func (l Look) cell(d *drawing, item *Item, x, y float64) {
	middle := l.cellWidth() / 2
	name := clean(item.Name, 2*maxText)
	d.raw("<g><title>").text(name).raw("</title>")
	if len(item.PNG) > 0 {
		d.raw(`<image`).attr("x", x+middle-iconSide/2).attr("y", y).raw(` width="64" height="64" href="data:image/png;base64,`)
		d.out = base64.StdEncoding.AppendEncode(d.out, item.PNG)
		d.raw(`"/>`)
	} else {
		d.raw(`<use href="#acc-medal"`).attr("x", x+middle-iconSide/2).attr("y", y).raw("/>")
	}
	if item.Count > 1 && !l.hides("counts") {
		count := line{"×" + strconv.Itoa(min(item.Count, 9999)), bold(), 11, 0}
		width := count.width() + 12
		right := x + middle + iconSide/2 + 8
		d.raw(`<rect class="acc-p"`).attr("x", right-width).attr("y", y-4).attr("width", width).raw(` height="18" rx="9"/>`)
		d.set(count, right-width+6, y+9, ` class="acc-c" font-weight="bold" font-size="11"`)
	}
	if !l.hides("names") {
		for i, text := range regular().wrap(name, nameSize, cellWidth-8, 2) {
			set := line{text, regular(), nameSize, 0}
			d.set(set, x+middle-set.width()/2, y+iconSide+6+nameLine*float64(i+1)-3, ` class="acc-n" font-size="11"`)
		}
	}
	d.raw("</g>")
}

// medal defines what is drawn for achievements without a picture, if any of them is.
func (d *drawing) medal(shown []Item) {
	for i := range shown {
		if len(shown[i].PNG) == 0 {
			d.raw(`<defs><g id="acc-medal">` +
				`<path class="acc-r" d="M20 4h10l8 22h-10zM44 4H34l-8 22h10z"/>` +
				`<circle class="acc-m" cx="32" cy="40" r="20"/>` +
				`<circle cx="32" cy="40" r="15.5" fill="none" stroke="#fff" stroke-opacity=".45" stroke-width="1.5"/>` +
				`<path fill="#fff" d="` + starPath + `"/></g></defs>`)
			return
		}
	}
}

// starPath is the star on the medal.
const starPath = "M32 29.5l3.1 6.6 7.2.9-5.3 5 1.4 7.1-6.4-3.5-6.4 3.5 1.4-7.1-5.3-5 7.2-.9z"

// alt is the card in words: what it shows, as far as anybody wants to hear it.
func (c Card) alt(title string, shown []Item) string {
	var text strings.Builder
	text.WriteString(isolated(title))
	text.WriteString(": ")
	text.WriteString(Count(c.Total))
	for i := range shown {
		name := isolated(clean(shown[i].Name, maxText))
		if shown[i].Count > 1 {
			name += " ×" + strconv.Itoa(shown[i].Count)
		}
		if text.Len()+len(name) > maxSpoken {
			text.WriteString(ellipsis)
			break
		}
		text.WriteString([]string{", ", ": "}[min(1, max(0, 1-i))])
		text.WriteString(name)
	}
	return text.String()
}
