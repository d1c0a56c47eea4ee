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

// bounds are how far a rule looks besides its condition: a file's condition and sources, and a season.
type bounds struct {
	where   *expr
	sources []string
	// from is the first moment of the season, until the first one after it; zero is no bound.
	from, until time.Time
}

func (l *loader) bounds(fields map[string]field, kinds []string) bounds {
	r := bounds{where: l.compile(l.report, l.scope.where, aBool, kinds), sources: l.scope.sources}
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

// covers reports whether an event of the source at the time is within the bounds, the condition aside.
func (r *bounds) covers(ev *event.Event) bool {
	return (r.sources == nil || slices.Contains(r.sources, ev.Source)) &&
		!ev.Time.Before(r.from) && (r.until.IsZero() || ev.Time.Before(r.until))
}

// identity is empty for bounds that leave nothing out.
func (r *bounds) identity() string {
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

// period returns the calendar unit of a word, in the file's time zone.
func (l *loader) period(f field) period {
	text, _ := l.text(f)
	if units[text] == nil {
		l.addf(at(f.value), f.key, "must be one of %s%s", strings.Join(unitNames, ", "), nearest(text, unitNames))
		return period{unit: unitNames[0], location: time.UTC}
	}
	return period{text, l.scope.location}
}

func (r *report) truth(f field) bool {
	node, ok := f.value.(*ast.BoolNode)
	if !ok {
		r.addf(at(f.value), f.key, "must be true or false")
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

var spans = regexp.MustCompile(`^(\d{1,9})([smhdw])$`)

// maxSpan is the longest length of time: a hundred years.
const maxSpan = 100 * 365 * day

func parseSpan(text string) (time.Duration, bool) {
	parts := spans.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	number, _ := strconv.Atoi(parts[1])
	unit := map[string]time.Duration{
		"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	}[parts[2]]
	if number > int(maxSpan/unit) {
		return 0, false
	}
	return time.Duration(number) * unit, true
}
