package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // where the machine knows no time zones

	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/event"
)

// fileScope is what a file says for all of its rules.
type fileScope struct {
	location *time.Location
	where    *source
	sources  []string
}

func (l *loader) fileScope(fields map[string]field) fileScope {
	scope := fileScope{location: time.UTC}
	if f, ok := fields["timezone"]; ok {
		name, _ := l.text(f)
		location, err := time.LoadLocation(name)
		if err != nil || name == "" || name == "Local" {
			l.addf(at(f.value), f.key, "must be a name of the time zone database, such as UTC or Europe/Berlin")
		} else {
			scope.location = location
		}
	}
	if f, ok := fields["where"]; ok {
		scope.where = l.expression(f)
	}
	if f, ok := fields["sources"]; ok {
		for _, word := range l.words(f) {
			if name, ok := l.text(word); ok {
				scope.sources = append(scope.sources, name)
			}
		}
		if len(scope.sources) == 0 {
			l.addf(at(f.value), f.key, "names no source")
		}
		slices.Sort(scope.sources)
	}
	return scope
}

// reach is how far a rule looks besides its condition: a file's condition and sources, and a season.
type reach struct {
	where   *expr
	sources []string
	// from is the first moment of the season, until the first one after it; zero is no bound.
	from, until time.Time
}

func (l *loader) reach(fields map[string]field, kinds []string) reach {
	r := reach{where: l.compile(l.report, l.scope.where, aBool, kinds), sources: l.scope.sources}
	f, ok := fields["active"]
	if !ok {
		return r
	}
	season := l.fields(f.value, "active", []string{"from", "until"})
	if from, ok := season["from"]; ok {
		r.from = l.moment(from)
	}
	if until, ok := season["until"]; ok {
		r.until = l.moment(until)
	}
	switch {
	case season != nil && len(season) == 0:
		l.addf(at(f.value), "active", "needs from or until")
	case !r.from.IsZero() && !r.until.IsZero() && !r.from.Before(r.until):
		l.addf(at(f.value), "active", "ends before it begins")
	}
	return r
}

// moment returns the beginning of a day in the file's time zone, or a time of RFC 3339.
func (l *loader) moment(f field) time.Time {
	text, ok := l.text(f)
	if !ok {
		return time.Time{}
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, l.scope.location); err == nil {
		return day
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		l.addf(at(f.value), f.key, "must be a day such as 2026-10-01, or a time such as 2026-10-01T09:00:00Z")
	}
	return moment
}

// covers reports whether an event of the source at the time is within reach, its condition aside.
func (r *reach) covers(ev *event.Event) bool {
	return (r.sources == nil || slices.Contains(r.sources, ev.Source)) &&
		!ev.Time.Before(r.from) && (r.until.IsZero() || ev.Time.Before(r.until))
}

// identity is empty for a reach that leaves nothing out.
func (r *reach) identity() string {
	if r.where == nil && r.sources == nil && r.from.IsZero() && r.until.IsZero() {
		return ""
	}
	return encode([]any{r.where.source(), r.sources, r.from, r.until})
}

// period is a calendar unit in a time zone; the zero period is all time.
type period struct {
	unit     string
	location *time.Location
}

// units are the calendar units, with the name of the one that a time is in. Weeks are those of
// ISO 8601, which begin on Monday.
var units = map[string]func(time.Time) string{
	"day":   func(t time.Time) string { return t.Format(time.DateOnly) },
	"week":  func(t time.Time) string { year, week := t.ISOWeek(); return fmt.Sprintf("%04d-W%02d", year, week) },
	"month": func(t time.Time) string { return t.Format("2006-01") },
	"quarter": func(t time.Time) string {
		return fmt.Sprintf("%04d-Q%d", t.Year(), (int(t.Month())+2)/3)
	},
	"year": func(t time.Time) string { return t.Format("2006") },
}

var unitNames = []string{"day", "week", "month", "quarter", "year"}

// name returns the period that the time is in, and "" for all time.
func (p period) name(t time.Time) string {
	if p.unit == "" {
		return ""
	}
	return units[p.unit](t.In(p.location))
}

func (p period) identity() string {
	if p.unit == "" {
		return ""
	}
	return p.unit + " " + p.location.String()
}

// measures are the words for what a rule measures, of which it has at most one, with their keys.
var measures = []struct {
	word string
	keys []string
}{
	{count, []string{"at_least"}},
	{sum, []string{"at_least", "of"}},
	{distinct, []string{"at_least", "of"}},
	{streak, []string{"at_least", "unit", "separate"}},
}

// measured reads what is measured, and in which period.
func (l *loader) measured(c *clause, fields map[string]field) {
	for _, known := range measures {
		f, ok := fields[known.word]
		switch {
		case ok && c.counted:
			l.addf(f.at, f.key, "stands beside a %s; a rule has one measure", c.measure)
		case ok:
			var inner map[string]field
			if _, ok := f.value.(*ast.MappingNode); ok {
				inner = l.fields(f.value, f.key, known.keys)
			}
			c.counted, c.measure, c.threshold = true, known.word, l.threshold(f, inner)
			l.detail(c, f, inner)
		}
	}
	if f, ok := fields["within"]; ok {
		c.memory = memory{kind: window, window: l.span(f)}
		if c.measure != count {
			l.addf(f.at, f.key, "needs a count")
		}
	}
	if f, ok := fields["every"]; ok {
		c.period = l.period(f)
	}
	if limit := c.memory.limit(); c.threshold > limit {
		l.addf(fields[c.measure].at, c.measure, "can reach at most %d", limit)
	}
}

// detail reads what a measure needs besides a number.
func (l *loader) detail(c *clause, f field, inner map[string]field) {
	required := func(key, why string) (field, bool) {
		part, ok := inner[key]
		if !ok {
			l.addf(f.at, key, "is required in %s: %s", f.key, why)
		}
		return part, ok
	}
	switch c.measure {
	case sum:
		if of, ok := required("of", "what is added up?"); ok {
			c.of = l.compile(l.report, l.expression(of), anAmount, c.kinds)
		}
	case distinct:
		c.memory = memory{kind: distinctValues}
		if of, ok := required("of", "what must differ?"); ok {
			c.of = l.compile(l.report, l.expression(of), aValue, c.kinds)
		}
	case streak:
		c.memory = memory{kind: streaks}
		if unit, ok := required("unit", "what follows each other?"); ok {
			c.memory.period = l.period(unit)
		}
		if separate, ok := inner["separate"]; ok {
			c.memory.separate = l.truth(separate)
		}
	}
}

// period returns the calendar unit of a word, in the file's time zone.
func (l *loader) period(f field) period {
	text, _ := l.text(f)
	if units[text] == nil {
		l.addf(at(f.value), f.key, "must be one of %s%s", strings.Join(unitNames, ", "), nearest(text, unitNames))
		return period{unit: unitNames[0], location: time.UTC}
	}
	return period{text, l.scope.location}
}

func (l *loader) truth(f field) bool {
	node, ok := f.value.(*ast.BoolNode)
	if !ok {
		l.addf(at(f.value), f.key, "must be true or false")
		return false
	}
	return node.Value
}

// span returns a length of time: 30s, 5m, 24h, 30d, 2w. Days have 24 hours.
func (r *report) span(f field) time.Duration {
	text, _ := r.text(f)
	length, ok := parseSpan(text)
	if !ok || length <= 0 {
		r.addf(at(f.value), f.key, "must be a length of time such as 30m, 24h, 30d or 2w")
	}
	return length
}

var spans = regexp.MustCompile(`^(\d{1,6})([smhdw])$`)

func parseSpan(text string) (time.Duration, bool) {
	parts := spans.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	number, _ := strconv.Atoi(parts[1])
	unit := map[string]time.Duration{
		"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}[parts[2]]
	return time.Duration(number) * unit, true
}

// threshold returns the number of "count: 10" or "count: {at_least: 10}", and 0 for one that tiers say.
func (l *loader) threshold(f field, inner map[string]field) int64 {
	if _, ok := f.value.(*ast.MappingNode); !ok {
		threshold, _ := l.number(f)
		return threshold
	}
	least, ok := inner["at_least"]
	if !ok {
		return 0
	}
	threshold, _ := l.number(least)
	return threshold
}
