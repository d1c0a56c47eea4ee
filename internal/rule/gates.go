package rule

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// ends reads what is judged when a period is over.
func (l *loader) ends(c *clause, fields map[string]field) {
	f, ok := fields["at_end"]
	if ok {
		c.atEnd = l.truth(f)
	}
	if best, ok := fields["top"]; ok {
		f = best
		l.top(c, f)
	}
	switch {
	case !c.atEnd && c.top == 0:
	case c.atEnd && len(c.parts) == 0:
		l.addf(f.at, f.key, "goes with measures and reach: any other number can be passed before the end")
	case c.period.unit == "":
		l.addf(f.at, f.key, "needs an every: when is the period over?")
	case c.per != nil:
		l.addf(fields["per"].at, "per", "does not go with what is judged at the end of a period")
	}
}

// The words for people who are equal at the top.
const (
	share   = "share"
	earlier = "earlier"
)

// top reads a number of the best, or {n: 3, ties: share}.
func (l *loader) top(c *clause, f field) {
	c.ties = share
	if _, ok := f.value.(*ast.MappingNode); ok {
		l.topBody(c, f)
	} else {
		c.top, _ = l.number(f)
	}
	switch {
	case c.top > maxAdmitted:
		l.addf(f.at, f.key, "is at most %d", maxAdmitted)
	case c.measure == nil || c.measure.meter.kind != counting:
		l.addf(f.at, f.key, "needs a count or a sum: the best at what?")
		c.measure = nil
	default:
		c.measure.meter = meter{kind: racing}
	}
}

func (l *loader) topBody(c *clause, f field) {
	inner := l.fields(f.value, f.key, []string{"n", "ties"})
	if n, ok := inner["n"]; ok {
		c.top, _ = l.number(n)
	} else if inner != nil {
		l.addf(f.at, "n", "is required in top: how many?")
	}
	ties, ok := inner["ties"]
	if !ok {
		return
	}
	c.ties, _ = l.text(ties)
	if words := []string{share, earlier}; !slices.Contains(words, c.ties) {
		l.addf(at(ties.value), "ties", "must be share or earlier%s", nearest(c.ties, words))
	}
}

// gates reads what an award depends on besides what is measured.
func (l *loader) gates(c *clause, fields map[string]field, kind achievement.Kind) {
	if f, ok := fields["limit"]; ok {
		c.limit = l.limitOf(f)
		switch {
		case kind != achievement.Repeatable:
			l.addf(f.at, f.key, "only a repeatable achievement is given more than once")
		case c.limit.most > maxAdmitted:
			l.addf(f.at, f.key, "is at most %d", maxAdmitted)
		}
	}
	if f, ok := fields["first"]; ok {
		if c.first, _ = l.number(f); c.first > maxAdmitted {
			l.addf(f.at, f.key, "is at most %d", maxAdmitted)
		}
	}
	if f, ok := fields["requires"]; ok {
		c.requires = l.requirements(f)
	}
	if (c.atEnd || c.top > 0) && (c.first > 0 || c.limit != nil) {
		l.addf(fields["every"].at, "every", "what is judged at the end of a period has no limit and no first")
	}
}

// requirement is an achievement, or all of a series, that the recipient must hold.
type requirement struct {
	ref    Ref
	series bool
	at     place
}

// requirements reads keys, "namespace/key" for those of another namespace, and {series: KEY}.
func (l *loader) requirements(f field) []requirement {
	var found []requirement
	nodes := []ast.Node{f.value}
	if sequence, ok := f.value.(*ast.SequenceNode); ok {
		nodes = sequence.Values
	}
	for _, node := range nodes {
		r := requirement{at: at(node)}
		word := field{f.key, at(node), node}
		if _, ok := node.(*ast.MappingNode); ok {
			inner := l.fields(node, f.key, []string{"series"})
			series, ok := inner["series"]
			if !ok {
				continue
			}
			word, r.series = series, true
		}
		text, ok := l.text(word)
		if !ok {
			continue
		}
		r.ref = Ref{l.namespace, text}
		if slash := strings.LastIndexByte(text, '/'); slash >= 0 {
			r.ref = Ref{text[:slash], text[slash+1:]}
		}
		found = append(found, r)
	}
	if len(found) == 0 && len(nodes) == 0 {
		l.addf(at(f.value), f.key, "names no achievement")
	}
	return found
}

// lasts reads for how long an award is held.
func (l *loader) lasts(c *clause, fields map[string]field, kind achievement.Kind) {
	f, ok := fields["hold"]
	if !ok {
		return
	}
	if kind != achievement.Revocable {
		l.addf(f.at, f.key, "only a revocable achievement can lapse")
		return
	}
	inner, ok := f.value.(*ast.MappingNode)
	if !ok {
		l.holdsReached(c, f)
		return
	}
	parts := l.fields(inner, f.key, []string{"for", "while"})
	length, lasts := parts["for"]
	while, depends := parts["while"]
	switch {
	case lasts == depends:
		l.addf(f.at, f.key, "needs for or while, one of them")
	case lasts:
		c.hold.length = l.span(length)
		if c.reach != nil || c.atEnd || c.top > 0 {
			l.addf(f.at, f.key, "does not go with several measures, nor with the end of a period")
		}
	case c.measure != nil || len(c.parts) > 0:
		l.addf(while.at, while.key, "is about single events; with a measure, write hold: reached")
	default:
		c.while = l.compile(l.report, l.expression(while), aBool, c.kinds)
	}
}

// holdsReached reads the word reached.
func (l *loader) holdsReached(c *clause, f field) {
	text, ok := l.text(f)
	lasting := c.measure != nil && (c.measure.meter.kind == windows || c.measure.meter.kind == levels ||
		c.measure.meter.kind == streaks && !c.measure.meter.separate || c.period.unit != "")
	switch {
	case !ok:
	case text != "reached":
		l.addf(at(f.value), f.key, "must be reached, {for: 90d} or {while: EXPRESSION}%s", nearest(text, []string{"reached"}))
	case !lasting || c.top > 0:
		l.addf(f.at, f.key, "reached needs a measure that can fall: within, every, a streak or a gauge")
	default:
		c.hold.reached = true
	}
}
