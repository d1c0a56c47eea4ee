package rule_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-504bad89/accolade/internal/rule"
)

func TestExcessiveFilesAreRefusedAtOnce(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct{ text, want string }{
		"brackets":           {strings.Repeat("[", rule.MaxFile), "r.yaml:1:33: the file is nested more than 32 deep"},
		"braces":             {strings.Repeat("{a: ", rule.MaxFile/4), "r.yaml:1:129: the file is nested more than 32 deep"},
		"dashes":             {strings.Repeat("- ", rule.MaxFile/2), "r.yaml:1:65: the file is nested more than 32 deep"},
		"keys without end":   {strings.Repeat("a: 1\n", rule.MaxFile/5), "r.yaml:1001:2: a mapping has more than 1000 keys"},
		"keys in one's line": {"{" + strings.Repeat("a: 1, ", rule.MaxFile/7) + "}", "r.yaml:1:6003: a mapping has more than 1000 keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: tc.text}), []string{tc.want})
		})
	}
}

func TestLargeFilesOfRulesAreNotExcessive(t *testing.T) {
	t.Parallel()

	var text strings.Builder
	text.WriteString("namespace: acme\nachievements:\n")
	for i := range 2_000 {
		number := strings.Repeat("i", i/50+1) + strings.Repeat("x", i%50)
		text.WriteString("  - {key: k" + number + ", name: N" + number + "}\n")
	}
	if got := len(load(t, text.String()).Declared()); got != 2_000 {
		t.Errorf("the file declares %d achievements, want 2000", got)
	}
}

// Where an expression stands in the file as it is, a problem points into it, and otherwise at its
// beginning.
func TestPlacesInExpressions(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct{ when, want string }{
		"plain":                {` event.nope`, "r.yaml:8:18: "},
		"plain, wide":          {` event.title == "é" && event.nope`, "r.yaml:8:40: "},
		"quoted":               {` "1 == 1 && event.nope"`, "r.yaml:8:29: "},
		"quoted with escapes":  {` "event.title == \"a\" && event.nope"`, "r.yaml:8:14: "},
		"single quotes in one": {` 'event.title == ''a'' && event.nope'`, "r.yaml:8:14: "},
		"over two lines":       {" event.draft &&\n          event.nope", "r.yaml:8:13: "},
		"folded":               {" >\n        event.draft &&\n        event.nope", "r.yaml:9:9: "},
		"folded, first line":   {" >-\n        event.nope &&\n        event.draft", "r.yaml:9:9: "},
		"literal":              {" |\n        event.draft &&\n        event.nope", "r.yaml:10:14: "},
		"after an empty line":  {" |\n\n        event.nope", "r.yaml:8:13: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			text := header + "    kind: irrevocable\n    award:\n      on: merge_request.merged\n      when:" + tc.when + "\n      to: event.author\n"
			found := problems(t, rule.File{Name: "r.yaml", Text: text})
			if len(found) != 1 || !strings.HasPrefix(found[0], tc.want) {
				t.Errorf("the problems are %q, want one at %s", found, tc.want)
			}
		})
	}
}

func TestByteOrderMarkIsNoFault(t *testing.T) {
	t.Parallel()

	load(t, "\ufeff"+ladder)
	same(t, "the place of a problem", problems(t, rule.File{Name: "r.yaml", Text: "\ufeffnamespaces: acme\n"})[0],
		`r.yaml:1:1: namespaces: a rules file has no such key, did you mean "namespace"?`)
}

func TestOnlyPeopleOfTheEventAreAwarded(t *testing.T) {
	t.Parallel()

	for _, to := range []string{`event.Account{id: "x", login: "mallory"}`, `[event.author, event.Account{id: "x"}]`} {
		text := header + "    kind: irrevocable\n    award:\n      on: merge_request.merged\n      to: '" + to + "'\n"
		same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: text}),
			[]string{`r.yaml:8:12: to: may only use what the event has, and makes up an object`})
	}
}

func TestOccurrencesAndMessagesAreTextsThatCanBeKept(t *testing.T) {
	t.Parallel()

	for per, want := range map[string][]string{
		`event.object`: {"grant badge to ada for merge_request:1"},
		`event.title`:  {"failure of acme/badge"},
		`"a\u0000"`:    {"failure of acme/badge"},
		`"ab".replace("", "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")`: {"failure of acme/badge"},
	} {
		set := load(t, one("repeatable", "{on: merge_request.merged, to: event.author, per: '"+per+"'}"))
		same(t, "the decisions for "+per, newJudge(t, set).on(merged(1, "ada")), want)
	}
	set := load(t, one("irrevocable", `{on: merge_request.merged, to: event.author, message: '"a\u0000"'}`))
	same(t, "the decisions", newJudge(t, set).on(merged(1, "ada")), []string{"failure of acme/badge", "grant badge to ada"})
}

func TestLayoutIsNoPartOfAMeasure(t *testing.T) {
	t.Parallel()

	measure := func(when string) string {
		return load(t, one("irrevocable", "{on: merge_request.merged, to: event.author, count: 5, when: '"+when+"'}")).Measures()[0].ID()
	}
	first := measure(`event.draft && event.labels.exists(l, l == "x")`)
	same(t, "the measure in another layout", measure(`(event.draft)  &&event.labels.exists(l,l=="x")`), first)
	if measure(`event.draft && event.labels.exists(l, l == "y")`) == first {
		t.Error("another condition is the same measure")
	}
}

func TestReadFilesSkipsWhatIsHidden(t *testing.T) {
	t.Parallel()

	file := &fstest.MapFile{Data: []byte("x")}
	rules, tests, err := rule.ReadFiles(fstest.MapFS{
		"rules.yaml": file, "more/r_test.yml": file, "note.txt": file, ".rules.yaml": file,
		"..2026_11_02/rules.yaml": file, ".git/r.yaml": file,
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the rules", rules, []rule.File{{Name: "rules.yaml", Text: "x"}})
	same(t, "the tests", tests, []rule.File{{Name: "more/r_test.yml", Text: "x"}})
}
