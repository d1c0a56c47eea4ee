package rule_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

func TestDeclared(t *testing.T) {
	t.Parallel()

	set := load(t, `
namespace: acme/tools
achievements:
  - key: by-hand
    name: " By hand "
    description: Somebody gives it.
  - key: ladder
    name: Ladder
    description: Merges.
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: {}}
    tiers:
      - {at: 1, name: Ladder}
      - {at: 2, name: Ladder II, description: Two merges.}
`)
	same(t, "what is declared", set.Declared(), []rule.Declared{
		{Namespace: "acme/tools", Key: "by-hand", Name: "By hand", Description: "Somebody gives it.", Kind: achievement.Repeatable, File: "rules.yaml", Line: 4},
		{Namespace: "acme/tools", Key: "ladder", Name: "Ladder", Description: "Merges.", Kind: achievement.Irrevocable, Series: "ladder", Tier: 1, File: "rules.yaml", Line: 13},
		{Namespace: "acme/tools", Key: "ladder-2", Name: "Ladder II", Description: "Two merges.", Kind: achievement.Irrevocable, Series: "ladder", Tier: 2, File: "rules.yaml", Line: 14},
	})
	same(t, "the namespaces", set.Namespaces(), []string{"acme/tools"})
}

func TestNoFilesMatchNothing(t *testing.T) {
	t.Parallel()

	set, err := rule.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the decisions", newJudge(t, set).on(merged(1, "ada")), []string(nil))
}

func TestHashTellsMeaning(t *testing.T) {
	t.Parallel()

	base := load(t, ladder).Hash()
	for name, tc := range map[string]struct {
		text string
		same bool
	}{
		"a comment":           {"# comment\n" + ladder, true},
		"layout":              {strings.ReplaceAll(ladder, "{on: merge_request.merged, to: event.author}", "{to: event.author,   on: [merge_request.merged]}"), true},
		"a default spelt out": {strings.ReplaceAll(ladder, "to: event.author}", "to: event.author, except: bots}"), true},
		"a name":              {strings.ReplaceAll(ladder, "Fourth", "Vierter"), false},
		"a threshold":         {strings.ReplaceAll(ladder, "at: 3", "at: 5"), false},
		"a condition":         {strings.ReplaceAll(ladder, "acme/rocket", "acme/engine"), false},
		"a message":           {strings.ReplaceAll(ladder, "count: 4", `count: 4, message: '"hi"'`), false},
		"an exception":        {strings.ReplaceAll(ladder, "count: 4", "count: 4, except: []"), false},
		"a key":               {strings.ReplaceAll(ladder, "key: fourth", "key: quarto"), false},
	} {
		if got := load(t, tc.text).Hash(); (got == base) != tc.same {
			t.Errorf("%s: the hash stays the same: %t, want %t", name, got == base, tc.same)
		}
	}
	first, second := rule.File{Name: "a.yaml", Text: ladder}, rule.File{Name: "b.yaml", Text: "namespace: other\nachievements: [{key: a, name: A}]\n"}
	one, _ := rule.Load([]rule.File{first, second})
	second.Name = "0.yaml"
	two, _ := rule.Load([]rule.File{second, first})
	same(t, "the hash of renamed files", two.Hash(), one.Hash())
}

// What a measure counts is its identity; what is made of the count is not.
func TestMeasuresOutliveThresholds(t *testing.T) {
	t.Parallel()

	id := func(award string) string {
		return load(t, one("irrevocable", award)).Measures()[0].ID()
	}
	base := id(`{on: merge_request.merged, when: event.draft, to: event.author, count: 3}`)
	same(t, "another threshold", id(`{on: merge_request.merged, when: event.draft, to: event.author, count: 5}`), base)
	same(t, "no threshold", id(`{on: merge_request.merged, when: event.draft, to: event.author}`), base)
	same(t, "a message", id(`{on: merge_request.merged, when: event.draft, to: event.author, message: event.title}`), base)
	for _, other := range []string{
		`{on: merge_request.opened, when: event.draft, to: event.author}`,
		`{on: merge_request.merged, when: "!event.draft", to: event.author}`,
		`{on: merge_request.merged, when: event.draft, to: event.actor}`,
		`{on: merge_request.merged, when: event.draft, to: event.author, except: []}`,
		`{on: merge_request.merged, to: event.author}`,
	} {
		if id(other) == base {
			t.Errorf("%s is the same measure", other)
		}
	}
}

// What an event does not have is null, and a field of null is empty: conditions need no guards.
func TestWhatIsAbsentIsNull(t *testing.T) {
	t.Parallel()

	bare := &event.Event{Kind: event.MergeRequestMerged, Time: noon, Key: "k", Object: "o", Author: person("ada")}
	for when, want := range map[string]string{
		"event.merged_by == null":                            "grant badge to ada",
		"event.author != null":                               "grant badge to ada",
		"event.opened_at == null":                            "grant badge to ada",
		`event.merged_by.login == ""`:                        "grant badge to ada",
		`event.repository.path == ""`:                        "grant badge to ada",
		"event.repository.stars == 0":                        "grant badge to ada",
		"size(event.repository.topics) == 0":                 "grant badge to ada",
		"!event.merged_by.bot":                               "grant badge to ada",
		"!has(event.repository.path)":                        "grant badge to ada",
		"has(event.author.login)":                            "grant badge to ada",
		"event.repository.path == event.repository.name":     "grant badge to ada",
		"event.merged_by != event.author":                    "grant badge to ada",
		"event.merged_at > event.opened_at":                  "failure of acme/badge",
		`event.merged_at - event.opened_at < duration("1h")`: "failure of acme/badge",
		"event.opened_at.getFullYear() == 1970":              "failure of acme/badge",
	} {
		set := load(t, one("irrevocable", "\n      on: merge_request.merged\n      to: event.author\n      when: |\n        "+when))
		same(t, when, newJudge(t, set).on(bare), []string{want})
	}
}

func TestReadFiles(t *testing.T) {
	t.Parallel()

	rules, tests, err := rule.ReadFiles(fstest.MapFS{
		"b/two.yml":       {Data: []byte("2")},
		"a.yaml":          {Data: []byte("1")},
		"a_test.yaml":     {Data: []byte("t")},
		"readme.md":       {Data: []byte("no")},
		"b/avatars/x.png": {Data: []byte("no")},
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the rules", rules, []rule.File{{Name: "a.yaml", Text: "1"}, {Name: "b/two.yml", Text: "2"}})
	same(t, "the tests", tests, []rule.File{{Name: "a_test.yaml", Text: "t"}})
	if _, _, err := rule.ReadFiles(fstest.MapFS{"a.yaml": {Data: make([]byte, rule.MaxFile+1)}}); err == nil {
		t.Error("a file that is too large was read")
	}
}
