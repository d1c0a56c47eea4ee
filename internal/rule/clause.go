package rule

import (
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
)

// clause is a rule as it is written.
type clause struct {
	kinds []string
	when  *expr
	to    *expr
	// everyone says that each person is a recipient.
	everyone bool
	per      *expr
	message  *expr
	// quiet says that nobody is sent a mail.
	quiet  bool
	except []string
	bounds bounds
	// period is the calendar unit that each occurrence belongs to alone.
	period  period
	settle  time.Duration
	measure *measureClause
	// parts are several measures, and reach the condition on them.
	parts []partClause
	reach *expr
	// again says that each further threshold is another award.
	again bool
	// top is how many of the best are awarded, ties how those who are equal are; atEnd says that what was
	// reached is judged when the period is over.
	top   int64
	ties  string
	atEnd bool
	limit *limitClause
	// first is how many people are awarded at all.
	first    int64
	requires []requirement
	hold     hold
	// while is a condition on the event that an achievement is held during.
	while *expr
}

// partClause is one of several measures.
type partClause struct {
	clause

	name string
}

// limitClause is a number for a unit of the calendar, or for ever.
type limitClause struct {
	most   int64
	period period
}

var (
	matchKeys  = []string{"on", "when", "to", "except"}
	spanKeys   = []string{"active", "within", "every", "settle"}
	revokeKeys = append(slices.Clone(matchKeys), "active", "settle")
	partKeys   = slices.Concat(matchKeys, measureWords(), []string{"within"})
	awardKeys  = slices.Concat(matchKeys, measureWords(), spanKeys,
		[]string{measuresKey, "reach", "per", "limit", "top", "at_end", "first", "requires", "hold", "message", "quiet"})
)

// award reads the rule that gives an achievement of a kind.
func (l *loader) award(f field, kind achievement.Kind) *clause {
	fields := l.fields(f.value, "award", awardKeys)
	if fields == nil {
		return nil
	}
	c := l.body(f, fields, "award")
	l.ends(c, fields)
	l.gates(c, fields, kind)
	l.lasts(c, fields, kind)
	l.occurs(c, f, fields, kind)
	return c
}

// clause reads a rule that gives nothing by itself.
func (l *loader) clause(f field, what string, known []string) *clause {
	fields := l.fields(f.value, what, known)
	if fields == nil {
		return nil
	}
	return l.body(f, fields, what)
}

// body reads which events a rule is about, and what is measured of them in which period.
func (l *loader) body(f field, fields map[string]field, what string) *clause {
	c := &clause{except: []string{bots}, period: period{location: l.scope.location}}
	if measures, several := fields[measuresKey]; several {
		l.parts(c, measures, fields)
	} else {
		l.matching(c, f, fields, what)
	}
	if every, ok := fields["every"]; ok {
		c.period = l.period(every)
	}
	if quiet, ok := fields["quiet"]; ok {
		c.quiet = l.truth(quiet)
	}
	if message, ok := fields["message"]; ok {
		c.message = l.compile(l.report, l.expression(message), aText, c.kinds)
	}
	if settle, ok := fields["settle"]; ok {
		c.settle = l.span(settle)
	}
	c.bounds = l.bounds(fields, c.kinds)
	if per, ok := fields["per"]; ok {
		c.per = l.compile(l.report, l.expression(per), anOccurrence, c.kinds)
	}
	return c
}

// matching reads which events a rule is about, and what is measured of them.
func (l *loader) matching(c *clause, f field, fields map[string]field, what string) {
	if on, ok := fields["on"]; ok {
		c.kinds = l.kinds(on)
	} else {
		l.addf(f.at, "on", "is required in %s", what)
	}
	l.recipients(c, f, fields, what)
	if when, ok := fields["when"]; ok {
		c.when = l.compile(l.report, l.expression(when), aBool, c.kinds)
	}
	if except, ok := fields["except"]; ok {
		c.except = l.exceptWords(except)
	}
	l.measured(c, fields)
}

// everyone is the word for all people whom the host knows.
const everyone = "everyone"

// recipients reads whom a rule is for.
func (l *loader) recipients(c *clause, f field, fields map[string]field, what string) {
	clocks := slices.ContainsFunc(c.kinds, func(kind string) bool { return strings.HasPrefix(kind, "clock.") })
	others := slices.ContainsFunc(c.kinds, func(kind string) bool { return !strings.HasPrefix(kind, "clock.") })
	to, ok := fields["to"]
	if !ok {
		l.addf(f.at, "to", "is required in %s: who is it for?", what)
		return
	}
	text, _ := l.text(to)
	c.everyone = strings.TrimSpace(text) == everyone
	switch {
	case clocks && others:
		l.addf(fields["on"].at, "on", "a clock tells of nobody; it stands alone")
	case c.everyone && !clocks:
		l.addf(to.at, "to", "everyone goes with a clock, such as on: clock.daily")
	case clocks && !c.everyone:
		l.addf(to.at, "to", "a clock tells of nobody; it goes with everyone")
	case !c.everyone:
		c.to = l.compile(l.report, l.expression(to), anAccount, c.kinds)
		if c.to != nil && c.to.needs&needsRecipient != 0 {
			l.addf(to.at, "to", "says who the recipient is, and cannot ask for it")
		}
	}
}

// occurs checks that awards of a kind can be told apart.
func (l *loader) occurs(c *clause, f field, fields map[string]field, kind achievement.Kind) {
	per, hasPer := fields["per"]
	several := c.again || c.period.unit != ""
	switch {
	case hasPer && kind != achievement.Repeatable:
		l.addf(per.at, "per", "only a repeatable achievement has occurrences")
	case c.again && c.measure != nil && kind != achievement.Repeatable:
		l.addf(fields[c.measure.word].at, c.measure.word, "only a repeatable achievement is given again")
	case kind == achievement.Repeatable && !hasPer && !several:
		l.addf(f.at, "per", "is required for a repeatable achievement, or every: what makes an award the same one?")
	case kind != achievement.Repeatable && c.period.unit != "" && c.measure == nil && len(c.parts) == 0:
		l.addf(fields["every"].at, "every", "needs a count or a sum, or a repeatable achievement")
	}
}

func (l *loader) kinds(f field) []string {
	var kinds []string
	words := l.words(f)
	if len(words) == 0 {
		l.addf(at(f.value), "on", "names no event")
	}
	for _, word := range words {
		text, ok := l.text(word)
		if !ok {
			continue
		}
		expanded := event.Expand(text)
		if _, custom := l.custom[text]; custom {
			expanded = []string{text}
		}
		if len(expanded) == 0 {
			l.addf(at(word.value), "on", "there is no event %q%s", text, nearest(text, event.Kinds()))
		}
		kinds = append(kinds, expanded...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func (l *loader) exceptWords(f field) []string {
	words := []string{}
	for _, word := range l.words(f) {
		text, ok := l.text(word)
		if !ok {
			continue
		}
		if text = strings.TrimSpace(text); text == "" || len(text) > achievement.MaxUsername {
			l.addf(at(word.value), "except", "must be bots, self, opted_out, or a login, with * for any characters")
			continue
		}
		words = append(words, text)
	}
	slices.Sort(words)
	return slices.Compact(words)
}
