package rule

import (
	"cmp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/achievement"
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
	l := &loader{
		compiler: compiler{compiled: map[string]*expr{}, custom: map[string]customKind{}, envs: map[string]*cel.Env{}},
		keys:     map[name]origin{}, names: map[name]origin{},
	}
	files = slices.Clone(files)
	slices.SortFunc(files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	// A kind of event may be declared in another file than the one that uses it.
	l.pictures = slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Data == nil })
	files = slices.DeleteFunc(files, func(f File) bool { return f.Data != nil })
	documents := make([]map[string]field, len(files))
	for i, file := range files {
		documents[i] = l.open(file)
	}
	for i := range files {
		l.report = l.reports[i]
		l.file(documents[i])
	}
	l.resolve()
	if problems := gather(l.reports); len(problems) > 0 {
		return nil, nil, problems
	}
	set := assemble(l.achievements)
	set.custom = l.custom
	return set, l, nil
}

// loader reads files one after the other.
type loader struct {
	compiler
	*report

	reports      []*report
	achievements []declaration
	scope        fileScope
	namespace    string
	pictures     []File
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
	// requires are what award's requirements name, resolved.
	requires []Ref
	// where says where the award stands, for what is wrong with what it refers to.
	where  place
	report *report
}

var (
	fileKeys        = []string{"namespace", "timezone", "where", "sources", eventsKey, "achievements"}
	achievementKeys = []string{"key", "name", "description", "avatar", "kind", "award", "revoke", "tiers"}
	tierKeys        = []string{"at", "name", "description", "avatar"}
)

// open reads a file as far as the kinds of event that it declares.
func (l *loader) open(f File) map[string]field {
	l.report = newReport(f)
	l.reports = append(l.reports, l.report)
	root := parse(f, l.report)
	if root == nil {
		return nil
	}
	fields := l.fields(root, "a rules file", fileKeys)
	if fields == nil {
		return nil
	}
	fields[""] = field{at: at(root)}
	if events, ok := fields[eventsKey]; ok {
		l.declareEvents(events)
	}
	return fields
}

func (l *loader) file(fields map[string]field) {
	if fields == nil {
		return
	}
	begin := fields[""].at
	namespace, ok := l.required(fields, "namespace", begin)
	if ok {
		l.check(at(fields["namespace"].value), "namespace", achievement.CheckPath("namespace", namespace))
	}
	l.scope, l.namespace = l.fileScope(fields), namespace
	list, ok := fields["achievements"]
	if !ok {
		l.addf(begin, "achievements", "is required")
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
	l.addf(where, key, "%s", fault.As(err).Reason())
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
	l.avatar(&d, fields)
	if f, ok := fields["kind"]; ok {
		d.Kind = l.kind(f)
	}
	decl := declaration{tiers: []Declared{d}, report: l.report}
	if f, ok := fields["award"]; ok {
		decl.where = f.at
		decl.award = l.award(f, d.Kind)
	}
	if f, ok := fields["revoke"]; ok {
		switch {
		case d.Kind != achievement.Revocable:
			l.addf(f.at, "revoke", "only a revocable achievement can be revoked by a rule")
		default:
			decl.revoke = l.clause(f, "revoke", revokeKeys)
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
	case award.measure != nil && award.measure.threshold == 0 && award.top == 0:
		l.addf(fields["award"].at, award.measure.word, "needs a number to reach, or tiers beside the award")
	case award.measure == nil && len(award.parts) == 0 && decl.tiers[0].Kind == achievement.Irrevocable && !award.everyone:
		// Once is the first of a count, so that it shares the count of a ladder over the same events.
		award.measure = &measureClause{word: count, threshold: 1}
	}
	decl.thresholds = []int64{1}
	if award.measure != nil {
		decl.thresholds[0] = award.measure.threshold
	}
}

// tiers turns the declaration into a ladder: key, key-2, key-3 ...
func (l *loader) tiers(decl *declaration, f field) {
	base := decl.tiers[0]
	switch {
	case decl.award == nil || decl.award.measure == nil:
		l.addf(f.at, f.key, "need an award that measures something, such as count: {}")
		return
	case decl.award.measure.threshold != 0:
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
		l.avatar(&tier, fields)
		threshold := int64(0)
		if reach, ok := fields["at"]; !ok {
			l.addf(at(item), "at", "is required")
		} else if threshold, ok = l.step(decl.award.measure, reach); ok && i > 0 && threshold <= decl.thresholds[len(decl.thresholds)-1] {
			l.addf(at(reach.value), "at", "must be more than the tier before")
		} else if limit := decl.award.measure.meter.limit(); ok && threshold > limit {
			l.addf(at(reach.value), "at", "must be at most %d for a %s", limit, decl.award.measure.word)
		}
		decl.tiers = append(decl.tiers, tier)
		decl.thresholds = append(decl.thresholds, threshold)
	}
}
