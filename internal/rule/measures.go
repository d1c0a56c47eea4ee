package rule

import (
	"maps"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// The words for what a rule measures.
const (
	count    = "count"
	sum      = "sum"
	distinct = "distinct"
	gauge    = "gauge"
	streak   = "streak"
	gap      = "gap"
	atLeast  = "at_least"
)

// measureClause is what a rule measures, as it is written.
type measureClause struct {
	word string
	// threshold is what must be reached; 0 when tiers say.
	threshold int64
	of        *expr
	meter     meter
	// each is what each value or unit of the calendar must have reached to be counted.
	each *measureClause
	// limit is how much a unit of the calendar may add.
	limit *limitClause
	// shared says that what is measured is things, and not people.
	shared bool
}

// adds reports whether of is an amount, and not a value.
func (m *measureClause) adds() bool { return m.word == sum || m.word == gauge }

// measureKinds are the measures with their keys.
var measureKinds = []struct {
	word string
	keys []string
}{
	{count, []string{atLeast, "again", "limit"}},
	{sum, []string{"of", atLeast, "again", "limit"}},
	{distinct, []string{"of", atLeast, "each"}},
	{gauge, []string{"of", atLeast}},
	{streak, []string{"unit", atLeast, "separate", "each"}},
	{gap, []string{"of", atLeast}},
}

func measureWords() []string {
	words := make([]string, len(measureKinds))
	for i := range measureKinds {
		words[i] = measureKinds[i].word
	}
	return words
}

// measured reads what is measured: one thing at most.
func (l *loader) measured(c *clause, fields map[string]field) {
	c.measure = l.measureOf(c, fields)
	f, ok := fields["within"]
	switch {
	case !ok:
	case c.measure == nil || c.measure.word != count:
		l.addf(f.at, f.key, "needs a count")
	default:
		c.measure.meter = meter{kind: windows, window: l.span(f)}
		if c.again {
			c.measure.meter.kind, c.measure.meter.most = bursts, c.measure.threshold
		}
	}
	if c.measure == nil {
		return
	}
	if limit := c.measure.meter.limit(); c.measure.threshold > limit {
		l.addf(fields[c.measure.word].at, c.measure.word, "can reach at most %d", limit)
	}
}

func (l *loader) measureOf(c *clause, fields map[string]field) *measureClause {
	var m *measureClause
	for _, known := range measureKinds {
		f, ok := fields[known.word]
		switch {
		case ok && m != nil:
			l.addf(f.at, f.key, "stands beside a %s; a rule has one measure, or several under measures", m.word)
		case ok:
			m = &measureClause{word: known.word}
			l.measureBody(c, m, f, known.keys)
		}
	}
	return m
}

// measureBody reads the inside of a measure: a number to reach, or a mapping.
func (l *loader) measureBody(c *clause, m *measureClause, f field, keys []string) {
	var inner map[string]field
	if _, ok := f.value.(*ast.MappingNode); ok {
		inner = l.fields(f.value, f.key, keys)
	} else {
		m.threshold, _ = l.step(m, f)
	}
	if least, ok := inner[atLeast]; ok {
		m.threshold, _ = l.step(m, least)
	}
	l.detail(c, m, f, inner)
	if again, ok := inner["again"]; ok {
		if c.again = l.truth(again); m.threshold == 0 {
			l.addf(again.at, again.key, "needs an at_least: after how many?")
			c.again = false
		}
	}
	if limit, ok := inner["limit"]; ok {
		m.limit = l.limitOf(limit)
	}
	if each, ok := inner["each"]; ok {
		m.each = l.each(c, each)
	}
}

// step returns what must be reached: a number, or a length of time for a gap.
func (l *loader) step(m *measureClause, f field) (int64, bool) {
	if m.word != gap {
		return l.number(f)
	}
	length := l.span(f)
	return int64(length.Seconds()), length > 0
}

// detail reads what a measure needs besides a number.
func (l *loader) detail(c *clause, m *measureClause, f field, inner map[string]field) {
	required := func(key, why string) (field, bool) {
		part, ok := inner[key]
		if !ok {
			l.addf(f.at, key, "is required in %s: %s", f.key, why)
		}
		return part, ok
	}
	switch m.word {
	case sum, gauge:
		if m.word == gauge {
			m.meter = meter{kind: levels}
		}
		if of, ok := required("of", "what is measured?"); ok {
			m.of = l.compile(l.report, l.expression(of), anAmount, c.kinds)
		}
	case distinct:
		m.meter = meter{kind: distinctValues}
		if of, ok := required("of", "what must differ?"); ok {
			m.of = l.compile(l.report, l.expression(of), aValue, c.kinds)
		}
	case gap:
		m.meter = meter{kind: gaps}
		if of, ok := inner["of"]; ok {
			m.of, m.shared = l.compile(l.report, l.expression(of), aValue, c.kinds), true
		}
	case streak:
		m.meter = meter{kind: streaks}
		if unit, ok := required("unit", "what follows each other?"); ok {
			m.meter.period = l.period(unit)
		}
		if separate, ok := inner["separate"]; ok {
			m.meter.separate = l.truth(separate)
		}
	}
}

// each reads the measure that each value or unit must have reached.
func (l *loader) each(c *clause, f field) *measureClause {
	known := []string{count, sum, distinct, gauge}
	fields := l.fields(f.value, f.key, known)
	if fields == nil {
		return nil
	}
	m := l.measureOf(&clause{kinds: c.kinds}, fields)
	switch {
	case m == nil:
		l.addf(f.at, f.key, "needs one of count, sum, distinct, gauge")
	case m.threshold == 0:
		l.addf(f.at, f.key, "needs a number that each must reach")
	case m.each != nil || m.limit != nil:
		l.addf(f.at, f.key, "holds a plain measure")
	}
	return m
}

// limitOf reads a number, or {at_most: 3, every: day}.
func (l *loader) limitOf(f field) *limitClause {
	limit := &limitClause{}
	if _, ok := f.value.(*ast.MappingNode); !ok {
		limit.most, _ = l.number(f)
		return limit
	}
	inner := l.fields(f.value, f.key, []string{"at_most", "every"})
	if most, ok := inner["at_most"]; ok {
		limit.most, _ = l.number(most)
	} else if inner != nil {
		l.addf(f.at, "at_most", "is required in %s", f.key)
	}
	if every, ok := inner["every"]; ok {
		limit.period = l.period(every)
	}
	return limit
}

// partNames are the names that measures may have in a condition.
var partNames = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// parts reads several measures, and the condition on them.
func (l *loader) parts(c *clause, f field, fields map[string]field) {
	for _, key := range slices.Concat(matchKeys, measureWords(), []string{"within"}) {
		if other, ok := fields[key]; ok {
			l.addf(other.at, key, "belongs inside of measures")
		}
	}
	named := l.mapping(f)
	names := slices.Sorted(maps.Keys(named))
	for _, name := range names {
		part := named[name]
		if !partNames.MatchString(name) {
			l.addf(part.at, name, "must be lower-case letters, digits and _, a letter first")
			continue
		}
		read := l.clause(part, "a measure", partKeys)
		if read == nil {
			continue
		}
		switch {
		case read.measure == nil:
			l.addf(part.at, name, "needs one of count, sum, distinct, gauge, streak, gap")
		case read.measure.threshold != 0 || read.again:
			l.addf(part.at, name, "the numbers to reach stand in reach")
		case read.everyone:
			l.addf(part.at, name, "is measured when something happens, and not by a clock")
		}
		c.parts = append(c.parts, partClause{*read, name})
		c.kinds = append(c.kinds, read.kinds...)
	}
	slices.Sort(c.kinds)
	c.kinds = slices.Compact(c.kinds)
	if len(named) < 2 {
		l.addf(f.at, f.key, "hold at least two; one stands in the award itself")
	}
	reach, ok := fields["reach"]
	if !ok {
		l.addf(f.at, "reach", "is required beside measures: what must they reach?")
		return
	}
	c.reach = l.compileReach(l.report, l.expression(reach), names)
}
