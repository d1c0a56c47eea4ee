package rule

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/event"
)

// A file of tests lists events, and the awards and revocations that must come of them:
//
//	about: [first-merge]
//	tests:
//	  - name: the author gets it, not who merged
//	    events:
//	      - {on: merge_request.merged, author: ada, merged_by: grace}
//	    awards: [first-merge to ada]

// epoch is when the tests' events begin, a Thursday; "at" counts from here.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// maxRepeat bounds the events of a test.
const maxRepeat = 10_000

var (
	testFileKeys = []string{"about", "tests"}
	testKeys     = []string{"name", "people", eventsKey, "until", "awards", "revocations"}
	// eventWordsOfTests are what an event of a test has besides the fields of its kind.
	eventWordsOfTests = []string{"on", "at", "repeat", "apart"}
)

// unitTest is one test as it is written.
type unitTest struct {
	file, name          string
	line                int
	events              []series
	awards, revocations []string
	// known are people of whom something is known before, and until is how far the test lets time pass.
	known []simulated
	until time.Time
	// about are the keys of the achievements that the test looks at; nil for all.
	about map[string]bool
}

func (t *unitTest) looksAt(key string) bool { return t.about == nil || t.about[key] }

// loadTests reads files of tests for the rules of the set.
func loadTests(set *Set, files []File) ([]unitTest, Problems) {
	l := &testLoader{achievements: map[string]bool{}, declared: set.declared, custom: set.custom}
	for i := range set.declared {
		l.achievements[set.declared[i].Key] = true
	}
	for _, file := range files {
		l.report = newReport(file)
		l.reports = append(l.reports, l.report)
		root := parse(file, l.report)
		if root == nil {
			continue
		}
		fields := l.fields(root, "a file of tests", testFileKeys)
		list, ok := fields["tests"]
		if !ok {
			l.addf(at(root), "tests", "is required")
			continue
		}
		l.about = l.subjects(fields)
		items := l.list(list)
		for _, item := range items {
			l.test(file.Name, item)
		}
	}
	return l.tests, gather(l.reports)
}

type testLoader struct {
	*report

	reports      []*report
	declared     []Declared
	achievements map[string]bool
	about        map[string]bool
	people       map[string]bool
	custom       map[string]customKind
	tests        []unitTest
}

// subjects returns the keys that a file of tests is about, with those of their tiers; nil for all.
func (l *testLoader) subjects(fields map[string]field) map[string]bool {
	f, ok := fields["about"]
	if !ok {
		return nil
	}
	about := map[string]bool{}
	for _, word := range l.words(f) {
		key, ok := l.text(word)
		if ok && !l.achievements[key] {
			l.addf(at(word.value), "about", "no rule declares %q%s", key, nearest(key, slices.Collect(maps.Keys(l.achievements))))
		}
		about[key] = true
	}
	for i := range l.declared {
		if about[l.declared[i].Series] {
			about[l.declared[i].Key] = true
		}
	}
	return about
}

func (l *testLoader) test(file string, node ast.Node) {
	fields := l.fields(node, "a test", testKeys)
	if fields == nil {
		return
	}
	t := unitTest{file: file, line: at(node).line, about: l.about}
	for _, key := range []string{"name", eventsKey, "awards"} {
		if _, ok := fields[key]; !ok {
			l.addf(at(node), key, "is required")
		}
	}
	if f, ok := fields["until"]; ok {
		t.until = l.moment(f)
	}
	if f, ok := fields["name"]; ok {
		t.name, _ = l.text(f)
	}
	l.people = map[string]bool{}
	if f, ok := fields["people"]; ok {
		t.known = l.known(f)
	}
	if f, ok := fields[eventsKey]; ok {
		items := l.list(f)
		for i, item := range items {
			t.events = append(t.events, l.events(item, i+1)...)
		}
		if len(items) == 0 {
			l.addf(f.at, f.key, "hold at least one event")
		}
	}
	t.awards = l.expected(fields, "awards")
	t.revocations = l.expected(fields, "revocations")
	l.tests = append(l.tests, t)
}

// known reads people by their logins, and what is known of each.
func (l *testLoader) known(f field) []simulated {
	var known []simulated
	for login, person := range l.mapping(f) {
		fields := l.fields(person.value, "a person", []string{"since", "claimed", "opted_out", "bot"})
		one := simulated{account: event.Account{ID: login, Login: login}, known: Recipient{Since: epoch}}
		if since, ok := fields["since"]; ok {
			one.known.Since = l.moment(since)
		}
		one.known.Claimed = l.flag(fields, "claimed")
		one.known.OptedOut = l.flag(fields, "opted_out")
		one.account.Bot = l.flag(fields, "bot")
		l.people[login] = true
		known = append(known, one)
	}
	return known
}

func (l *testLoader) flag(fields map[string]field, key string) bool {
	f, ok := fields[key]
	return ok && l.truth(f)
}

var expectation = regexp.MustCompile(`^(\S+) to (\S+)$`)

// expected returns the lines "KEY to LOGIN", sorted.
func (l *testLoader) expected(fields map[string]field, key string) []string {
	f, ok := fields[key]
	if !ok {
		return nil
	}
	var lines []string
	items := l.list(f)
	for _, item := range items {
		line, ok := l.text(field{key, at(item), item})
		if !ok {
			continue
		}
		parts := expectation.FindStringSubmatch(line)
		switch {
		case parts == nil:
			l.addf(at(item), key, "must be \"KEY to LOGIN\"")
		case !l.achievements[parts[1]]:
			l.addf(at(item), key, "no rule declares %q%s", parts[1], nearest(parts[1], slices.Collect(maps.Keys(l.achievements))))
		case l.about != nil && !l.about[parts[1]]:
			l.addf(at(item), key, "the file is not about %q", parts[1])
		case !l.people[parts[2]]:
			l.addf(at(item), key, "no event of the test names %q%s", parts[2], nearest(parts[2], slices.Collect(maps.Keys(l.people))))
		default:
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// events reads an event; "repeat" makes several of it, on objects of their own.
func (l *testLoader) events(node ast.Node, number int) []series {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		l.addf(at(node), eventsKey, "an event must be a mapping of keys to values")
		return nil
	}
	kind := l.eventKind(mapping)
	if kind == "" {
		return nil
	}
	known := append(slices.Clone(eventWordsOfTests), event.Fields(kind)...)
	if _, custom := l.custom[kind]; custom {
		known = append(known, "payload")
	}
	// These are what "on" and "at" say.
	known = slices.DeleteFunc(known, func(name string) bool { return name == "kind" || name == "time" })
	fields := l.fields(node, kind, known)
	ev := event.Event{Kind: kind, Source: "test", Time: epoch.Add(time.Duration(number) * time.Minute)}
	if f, ok := fields["at"]; ok {
		ev.Time = l.moment(f)
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(eventWordsOfTests, key) {
			l.fill(&ev, fields[key])
		}
	}
	for _, person := range ev.People() {
		l.people[person.Login] = true
	}
	for _, name := range namesIn(ev.Payload) {
		l.people[name] = true
	}
	repeat := int64(1)
	if f, ok := fields["repeat"]; ok {
		if repeat, ok = l.number(f); ok && repeat > maxRepeat {
			l.addf(at(f.value), f.key, "must be at most %d", maxRepeat)
			repeat = 1
		}
	}
	apart := time.Duration(0)
	if f, ok := fields["apart"]; ok {
		if apart = l.span(f); repeat == 1 {
			l.addf(f.at, f.key, "needs a repeat of more than 1")
		}
	}
	return []series{{ev, number, int(repeat), apart}}
}

func (l *testLoader) eventKind(mapping *ast.MappingNode) string {
	for _, pair := range mapping.Values {
		if key, ok := pair.Key.(ast.Node).(*ast.StringNode); ok && key.Value == "on" {
			kind, ok := l.text(field{"on", at(key), pair.Value})
			_, exists := event.Describe(kind)
			if _, custom := l.custom[kind]; ok && !exists && !custom {
				l.addf(at(pair.Value), "on", "there is no event %q%s", kind, nearest(kind, event.Kinds()))
				return ""
			}
			return kind
		}
	}
	l.addf(at(mapping), "on", "is required: which event is it?")
	return ""
}

// series is an event of a test, or several like it.
type series struct {
	event.Event

	// number is the event's place in the test, times how many there are, and apart how far from each other.
	number, times int
	apart         time.Duration
}

// each calls fn with each event; it is about an object of its own, unless the test names one.
func (s *series) each(fn func(*event.Event)) {
	family, _, _ := strings.Cut(s.Kind, ".")
	for i := range s.times {
		id := strconv.Itoa(s.number)
		if s.times > 1 {
			id += "-" + strconv.Itoa(i+1)
		}
		ev := s.Event
		ev.Time = s.Time.Add(time.Duration(i) * s.apart)
		ev.Key = cmp.Or(s.Key, s.Kind+":"+id)
		ev.Object = cmp.Or(s.Object, family+":"+id)
		fn(&ev)
	}
}

// moment reads a time that counts from the beginning of the test: 30s, 5m, 2h, 3d, 1w, and 3d-1ms for the last one before.
func (l *testLoader) moment(f field) time.Time {
	text, _ := l.text(f)
	text, last := strings.CutSuffix(text, "-1ms")
	after, before := strings.CutPrefix(text, "-")
	length, ok := parseSpan(after)
	if !ok {
		l.addf(at(f.value), f.key, "must count from the beginning of the test: 30s, 5m, 2h, 3d or 1w, or -3d for before it")
	}
	if before {
		length = -length
	}
	if last {
		length -= time.Millisecond
	}
	return epoch.Add(length)
}

// title names a test in reports.
func (t *unitTest) title() string { return fmt.Sprintf("%s:%d: %s", t.file, t.line, t.name) }
