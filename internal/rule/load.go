package rule

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Load reads rules files and checks everything about them that can be known before an event comes.
// The error is a Problems that names every fault; no files give a Set that matches nothing.
func Load(files []File) (*Set, error) {
	set, _, err := load(files)
	return set, err
}

// load returns the loader, too, for tools that look at how rules are written.
func load(files []File) (*Set, *loader, error) {
	l := &loader{compiler: compiler{compiled: map[string]*expr{}}, keys: map[name]origin{}, names: map[name]origin{}}
	files = slices.Clone(files)
	slices.SortFunc(files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	for _, file := range files {
		l.file(file)
	}
	if problems := gather(l.reports); len(problems) > 0 {
		return nil, nil, problems
	}
	return assemble(l.achievements), l, nil
}

// loader reads files one after the other.
type loader struct {
	compiler
	*report

	reports      []*report
	achievements []declaration
	scope        fileScope
	// keys and names are those taken so far, and where.
	keys, names map[name]origin
}

// name is unique within a namespace.
type name struct{ namespace, text string }

// origin is a place in one of several files.
type origin struct {
	file string
	line int
}

// declaration is an achievement, or a ladder of them, with the rules that grant and revoke it.
type declaration struct {
	tiers         []Declared
	thresholds    []int64
	award, revoke *clause
}

// clause is a rule as it is written.
type clause struct {
	kinds   []string
	when    *expr
	to      *expr
	per     *expr
	message *expr
	// quiet says that nobody is sent a mail.
	quiet  bool
	except []string
	// counted says that there is a count or, with of, a sum, and threshold what it must reach; 0 when
	// tiers say.
	counted   bool
	threshold int64
	// measure is the word for what is measured, memory how it is remembered.
	measure string
	of      *expr
	memory  memory
	// period is the calendar unit that each count belongs to alone.
	period period
	reach  reach
}

var (
	fileKeys        = []string{"namespace", "timezone", "where", "sources", "achievements"}
	achievementKeys = []string{"key", "name", "description", "kind", "award", "revoke", "tiers"}
	awardKeys       = []string{"on", "when", "to", "except", "active", count, sum, distinct, streak, "within", "every", "per", "message", "quiet"}
	revokeKeys      = []string{"on", "when", "to", "except"}
	tierKeys        = []string{"at", "name", "description"}
)

func (l *loader) file(f File) {
	l.report = newReport(f)
	l.reports = append(l.reports, l.report)
	root := parse(f, l.report)
	if root == nil {
		return
	}
	fields := l.fields(root, "a rules file", fileKeys)
	if fields == nil {
		return
	}
	namespace, ok := l.required(fields, "namespace", at(root))
	if ok {
		l.check(at(fields["namespace"].value), "namespace", achievement.CheckPath("namespace", namespace))
	}
	l.scope = l.fileScope(fields)
	list, ok := fields["achievements"]
	if !ok {
		l.addf(at(root), "achievements", "is required")
		return
	}
	items := l.list(list)
	for _, item := range items {
		l.achievement(namespace, item)
		if len(l.achievements) > MaxAchievements {
			l.addf(at(item), "achievements", "there are more than %d", MaxAchievements)
			return
		}
	}
}

// required returns the text of a key that must be there.
func (l *loader) required(fields map[string]field, key string, where place) (string, bool) {
	f, ok := fields[key]
	if !ok {
		l.addf(where, key, "is required")
		return "", false
	}
	return l.text(f)
}

// check reports the fault of a value, if there is one.
func (l *loader) check(where place, key string, err error) {
	if err == nil {
		return
	}
	f := fault.As(err)
	message := f.Text
	if len(f.Fields) > 0 {
		message = f.Fields[0].Detail
	}
	l.addf(where, key, "%s", message)
}

func (l *loader) achievement(namespace string, node ast.Node) {
	fields := l.fields(node, "an achievement", achievementKeys)
	if fields == nil {
		return
	}
	d := Declared{Namespace: namespace, Kind: achievement.Repeatable, File: l.report.file, Line: at(node).line}
	var ok bool
	if d.Key, ok = l.required(fields, "key", at(node)); ok {
		l.check(at(fields["key"].value), "key", achievement.CheckKey("key", d.Key))
	}
	d.Name = l.name(fields, at(node))
	d.Description = l.description(fields)
	if f, ok := fields["kind"]; ok {
		d.Kind = l.kind(f)
	}
	decl := declaration{tiers: []Declared{d}}
	if f, ok := fields["award"]; ok {
		decl.award = l.clause(f, "award", awardKeys, d.Kind)
	}
	if f, ok := fields["revoke"]; ok {
		switch {
		case d.Kind != achievement.Revocable:
			l.addf(f.at, "revoke", "only a revocable achievement can be revoked by a rule")
		case decl.award == nil:
			l.addf(f.at, "revoke", "needs an award beside it")
		default:
			decl.revoke = l.clause(f, "revoke", revokeKeys, d.Kind)
		}
	}
	if f, ok := fields["tiers"]; ok {
		l.tiers(&decl, f)
	} else {
		l.untiered(&decl, fields)
	}
	for i := range decl.tiers {
		l.unique(decl.tiers[i], fields)
	}
	l.achievements = append(l.achievements, decl)
}

func (l *loader) name(fields map[string]field, where place) string {
	text, ok := l.required(fields, "name", where)
	if !ok {
		return ""
	}
	clean, err := achievement.CleanName("name", text)
	l.check(at(fields["name"].value), "name", err)
	return clean
}

func (l *loader) description(fields map[string]field) string {
	f, ok := fields["description"]
	if !ok {
		return ""
	}
	text, ok := l.text(f)
	if !ok {
		return ""
	}
	clean, err := achievement.CleanText("description", text, achievement.MaxDescription)
	l.check(at(f.value), "description", err)
	return clean
}

func (l *loader) kind(f field) achievement.Kind {
	text, _ := l.text(f)
	if !slices.Contains(achievement.Kinds(), achievement.Kind(text)) {
		words := make([]string, 0, len(achievement.Kinds()))
		for _, kind := range achievement.Kinds() {
			words = append(words, string(kind))
		}
		l.addf(at(f.value), f.key, "must be one of %s%s", strings.Join(words, ", "), nearest(text, words))
		return achievement.Repeatable
	}
	return achievement.Kind(text)
}

// unique refuses a key or a name that the namespace has already, in whatever file.
func (l *loader) unique(d Declared, fields map[string]field) {
	here := origin{d.File, d.Line}
	for _, taken := range []struct {
		where map[name]origin
		key   string
		name  name
	}{
		{l.keys, "key", name{d.Namespace, d.Key}},
		{l.names, "name", name{d.Namespace, strings.ToLower(d.Name)}},
	} {
		if taken.name.text == "" {
			continue
		}
		if before, twice := taken.where[taken.name]; twice {
			l.addf(cmp.Or(at(fields[taken.key].value), place{line: d.Line}), taken.key, "%q is taken by %s:%d",
				taken.name.text, before.file, before.line)
			continue
		}
		taken.where[taken.name] = here
	}
}

// untiered fills in the threshold of an achievement without tiers.
func (l *loader) untiered(decl *declaration, fields map[string]field) {
	award := decl.award
	if award == nil {
		return
	}
	switch {
	case award.counted && award.threshold == 0:
		l.addf(fields["award"].at, award.measure, "needs a number to reach, or tiers beside the award")
	case !award.counted && decl.tiers[0].Kind == achievement.Irrevocable:
		// Once is the first of a count, so that it shares the count of a ladder over the same events.
		award.counted, award.threshold = true, 1
	}
	decl.thresholds = []int64{award.threshold}
}

// tiers turns the declaration into a ladder: key, key-2, key-3 ...
func (l *loader) tiers(decl *declaration, f field) {
	base := decl.tiers[0]
	switch {
	case decl.award == nil || !decl.award.counted:
		l.addf(f.at, f.key, "need an award that measures something, such as count: {}")
		return
	case decl.award.threshold != 0:
		l.addf(f.at, f.key, "say what must be reached; leave the number out of the award")
		return
	}
	items := l.list(f)
	if len(items) == 0 {
		l.addf(f.at, f.key, "hold at least one tier")
		return
	}
	decl.tiers = decl.tiers[:0]
	for i, item := range items {
		fields := l.fields(item, "a tier", tierKeys)
		if fields == nil {
			continue
		}
		tier := base
		tier.Series, tier.Tier, tier.Line = base.Key, i+1, at(item).line
		if i > 0 {
			tier.Key = base.Key + "-" + decimal(i+1)
		}
		tier.Name = l.name(fields, at(item))
		if _, own := fields["description"]; own {
			tier.Description = l.description(fields)
		}
		threshold := int64(0)
		if reach, ok := fields["at"]; !ok {
			l.addf(at(item), "at", "is required")
		} else if threshold, ok = l.number(reach); ok && i > 0 && threshold <= decl.thresholds[len(decl.thresholds)-1] {
			l.addf(at(reach.value), "at", "must be more than the tier before")
		} else if limit := decl.award.memory.limit(); ok && threshold > limit {
			l.addf(at(reach.value), "at", "must be at most %d for a %s", limit, decl.award.measure)
		}
		decl.tiers = append(decl.tiers, tier)
		decl.thresholds = append(decl.thresholds, threshold)
	}
}

// clause reads a rule.
func (l *loader) clause(f field, what string, known []string, kind achievement.Kind) *clause {
	fields := l.fields(f.value, what, known)
	if fields == nil {
		return nil
	}
	c := &clause{except: []string{bots}}
	if on, ok := fields["on"]; ok {
		c.kinds = l.kinds(on)
	} else {
		l.addf(f.at, "on", "is required in %s", what)
	}
	if to, ok := fields["to"]; ok {
		c.to = l.compile(l.report, l.expression(to), anAccount, c.kinds)
	} else {
		l.addf(f.at, "to", "is required in %s: who is it for?", what)
	}
	if when, ok := fields["when"]; ok {
		c.when = l.compile(l.report, l.expression(when), aBool, c.kinds)
	}
	if quiet, ok := fields["quiet"]; ok {
		c.quiet = l.truth(quiet)
	}
	if message, ok := fields["message"]; ok {
		c.message = l.compile(l.report, l.expression(message), aText, c.kinds)
	}
	if except, ok := fields["except"]; ok {
		c.except = l.exceptWords(except)
	}
	c.reach = l.reach(fields, c.kinds)
	l.measured(c, fields)
	per, hasPer := fields["per"]
	switch {
	case hasPer && kind != achievement.Repeatable:
		l.addf(per.at, "per", "only a repeatable achievement has occurrences")
	case hasPer:
		c.per = l.compile(l.report, l.expression(per), anOccurrence, c.kinds)
	case kind == achievement.Repeatable && what == "award" && fields["every"].value == nil:
		l.addf(f.at, "per", "is required for a repeatable achievement, or every: what makes an award the same one?")
	case kind != achievement.Repeatable && c.period.unit != "" && !c.counted:
		l.addf(fields["every"].at, "every", "needs a count or a sum, or a repeatable achievement")
	}
	return c
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
			l.addf(at(word.value), "except", "must be \"bots\" or a login, with * for any characters")
			continue
		}
		words = append(words, text)
	}
	slices.Sort(words)
	return slices.Compact(words)
}
