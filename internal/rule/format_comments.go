package rule

import (
	"slices"
	"strings"
)

// spot is an entry that stands in lines of its own, and the trees around it from the outermost on.
type spot struct {
	entry  *entry
	within []*tree
}

// comments gives each comment to what it stands above, behind or below.
func (d *draft) comments(all []comment, root *tree) {
	for _, c := range all {
		open(root, c.at)
	}
	spots := spotsOf(root, nil)
	for _, c := range all {
		next := 0
		for next < len(spots) && before(spots[next].entry.at, c.at) {
			next++
		}
		switch {
		case next == 0:
			root.head = d.append(root.head, c)
		case c.alone:
			d.above(c, spots, next, root)
		default:
			behind(c, spots[next-1].entry)
		}
	}
	if len(root.head) > 0 && len(spots) > 0 && d.blankBefore(spots[0].entry.at.line) {
		root.head = append(root.head, "")
	}
	for _, s := range spots {
		e := s.entry
		if e.above > 0 && e.above < e.at.line && d.blankBefore(e.at.line) {
			e.head = append(e.head, "")
		}
		e.gap = e.gap || len(e.head) == 0 && d.blankBefore(e.at.line)
	}
}

func before(x, y place) bool { return x.line < y.line || x.line == y.line && x.column < y.column }

// open spreads what stands in braces or brackets around the place.
func open(t *tree, where place) {
	if t.flow && len(t.entries) > 0 && before(t.from, where) && before(where, t.to) {
		t.flow = false
	}
	for _, e := range t.entries {
		open(e.value, where)
	}
}

func spotsOf(t *tree, within []*tree) []spot {
	if !t.holds() {
		return nil
	}
	within = append(slices.Clip(within), t)
	var spots []spot
	for _, e := range t.entries {
		spots = append(spots, spot{e, within})
		spots = append(spots, spotsOf(e.value, within)...)
	}
	return spots
}

// above places a comment that has a line of its own.
func (d *draft) above(c comment, spots []spot, next int, root *tree) {
	last := spots[next-1]
	if value := last.entry.value; !value.holds() && (c.at.line < value.from.line || c.at.line < value.to.line) {
		last.entry.head = append(last.entry.head, c.text) // it stands inside of the value
		return
	}
	var inside *tree
	for _, t := range last.within {
		if t.entries[0].at.column <= c.at.column {
			inside = t
		}
	}
	if next < len(spots) {
		following := spots[next]
		if c.at.column <= following.entry.at.column || inside == nil || slices.Contains(following.within, inside) {
			if len(following.entry.head) == 0 {
				following.entry.gap = d.blankBefore(c.at.line)
			}
			following.entry.head = d.append(following.entry.head, c)
			following.entry.above = c.at.line
			return
		}
	}
	if inside == nil {
		inside = root
	}
	if len(inside.foot) == 0 && d.blankBefore(c.at.line) {
		inside.foot = append(inside.foot, "")
	}
	inside.foot = d.append(inside.foot, c)
}

// behind places a comment at the end of a line.
func behind(c comment, e *entry) {
	if e.tail != "" || e.name == "" && e.value.holds() {
		e.head = append(e.head, c.text)
		return
	}
	e.tail = c.text
}

// append adds a comment to others, with the blank line between them.
func (d *draft) append(lines []string, c comment) []string {
	if len(lines) > 0 && d.blankBefore(c.at.line) {
		lines = append(lines, "")
	}
	return append(lines, c.text)
}

func (d *draft) blankBefore(line int) bool {
	return line >= 2 && line-2 < len(d.lines) && strings.TrimSpace(d.lines[line-2]) == ""
}
