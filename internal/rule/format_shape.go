package rule

import "slices"

// How long a line may be that holds a mapping or a list in braces or brackets, in characters. Tiers and
// the events of tests are tables, which are read by their columns.
const (
	maxLine = 120
	maxRow  = 200
)

// shape says in which order the keys of a mapping stand, and what their values hold.
type shape struct {
	// first and last are keys that begin and end a mapping; others stand between them as they are written.
	first, last []string
	// inner are the shapes of values by their keys; each is that of every other value.
	inner map[string]*shape
	each  *shape
	// item is the shape of a list's items, spaced says that a blank line stands between them.
	item   *shape
	spaced bool
	// row says that it is a row of a table.
	row bool
}

// partOrder is the order of the keys inside of an award's parts.
var partOrder = []string{
	"of", "unit", "n", count, sum, distinct, "gauge", streak, "at_least", "at_most", "again", "separate", "each", "every", "limit",
	"ties", "from", "until", "for", "while", "series",
}

var (
	partShape   = &shape{first: partOrder}
	clauseShape = &shape{first: awardKeys, each: partShape}
	rulesShape  = &shape{first: fileKeys, inner: map[string]*shape{
		"achievements": {spaced: true, item: &shape{first: achievementKeys, inner: map[string]*shape{
			awardKey: withParts(clauseShape), revokeKey: clauseShape,
			"tiers": {item: &shape{row: true, first: tierKeys}},
		}}},
	}}
	testsShape = &shape{first: testFileKeys, inner: map[string]*shape{
		"tests": {spaced: true, item: &shape{first: testKeys, inner: map[string]*shape{
			eventsKey: {item: &shape{row: true, first: []string{"on", "at"}, last: []string{"repeat", "apart"}}},
		}}},
	}}
)

// withParts is the shape of a clause that may hold several measures, each of which is one.
func withParts(clause *shape) *shape {
	return &shape{first: clause.first, each: clause.each, inner: map[string]*shape{measuresKey: {each: clause}}}
}

func (s *shape) of(key string) *shape {
	switch {
	case s == nil:
		return nil
	case s.inner[key] != nil:
		return s.inner[key]
	default:
		return s.each
	}
}

// in returns the shape of what an entry of the tree holds.
func (s *shape) in(t *tree, e *entry) *shape {
	switch {
	case t.kind == aMapping:
		return s.of(e.name)
	case s == nil:
		return nil
	default:
		return s.item
	}
}

func (s *shape) maxLine() int {
	if s != nil && s.row {
		return maxRow
	}
	return maxLine
}

func (s *shape) rank(key string) int {
	if i := slices.Index(s.first, key); i >= 0 {
		return i - len(s.first)
	}
	return slices.Index(s.last, key) + 1
}

// order puts the keys of a tree in the order of its shape.
func order(t *tree, s *shape) {
	if t.kind == aMapping && s != nil {
		slices.SortStableFunc(t.entries, func(x, y *entry) int { return s.rank(x.name) - s.rank(y.name) })
	}
	for _, e := range t.entries {
		order(e.value, s.in(t, e))
	}
}
