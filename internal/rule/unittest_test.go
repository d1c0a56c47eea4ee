package rule_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

const teamRules = `
namespace: acme
achievements:
  - key: first
    name: First
    kind: irrevocable
    award: {on: merge_request.merged, when: event.target_branch == event.repository.default_branch, to: event.author}
  - key: core
    name: Core
    kind: revocable
    award:  {on: member.added, when: event.group.path == "acme/core", to: event.member}
    revoke: {on: member.removed, when: event.group.path == "acme/core", to: event.member}
  - key: each
    name: Each
    award: {on: merge_request.updated, when: 'event.merged_at - event.opened_at >= duration("0s")', to: event.author, per: event.object}
`

func report(t *testing.T, tests string) (string, bool) {
	t.Helper()

	got, err := rule.Test([]rule.File{{Name: "r.yaml", Text: teamRules}}, []rule.File{{Name: "r_test.yaml", Text: tests}}, rule.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	got.Write(&text)
	return text.String(), got.Failed()
}

func TestPassingTests(t *testing.T) {
	t.Parallel()

	text, failed := report(t, `
tests:
  - name: everything
    events:
      - {on: merge_request.merged, author: ada, target_branch: main, repository: {path: acme/rocket, default_branch: main}, repeat: 3}
      - {on: member.added, member: {login: grace, id: "7"}, group: acme/core, at: 1d}
      - {on: member.removed, member: {login: grace, id: "7"}, group: acme/core, at: 2d}
      - {on: merge_request.updated, author: {login: hedy, name: Hedy}, opened_at: 1h, merged_at: 2h, labels: [a, b], additions: 5, draft: true}
    awards: [core to grace, first to ada, each to hedy]
    revocations: [core to grace]
`)
	if failed || text != "ok      r_test.yaml:3: everything\n1 tests, 0 failed; 0 rules never fired\n" {
		t.Errorf("the report is\n%s", text)
	}
}

func TestFailingTestsSayWhatDiffers(t *testing.T) {
	t.Parallel()

	text, failed := report(t, `
tests:
  - name: wrong
    events:
      - {on: member.added, member: grace, group: acme/core}
      - {on: member.added, member: hedy, group: acme/core}
      - {on: member.removed, member: hedy, group: acme/core}
      - {on: merge_request.updated, author: ada}
    awards: [core to grace, core to grace]
`)
	want := `FAILED  r_test.yaml:3: wrong
          ! event 4: acme/each: event.merged_at - event.opened_at >= duration("0s"): no such overload: _-_
          - missing award: core to grace
          + unexpected award: core to hedy
          + unexpected revocation: core to hedy
FAILED  no test makes award of acme/each fire
FAILED  no test makes award of acme/first fire
1 tests, 1 failed; 2 rules never fired
`
	if !failed || text != want {
		t.Errorf("the report is\n%s\nwant\n%s", text, want)
	}
}

func TestProblemsOfTests(t *testing.T) {
	t.Parallel()

	const begin = "tests:\n  - name: n\n    awards: []\n    events:\n      - "
	for name, tc := range map[string]struct{ text, want string }{
		"about nobody":        {"about: [cor]\ntests: [{name: n, awards: [], events: [{on: member.added, member: ada}]}]\n", `t.yaml:1:9: about: no rule declares "cor", did you mean "core"?`},
		"about another":       {"about: first\ntests: [{name: n, awards: [core to ada], events: [{on: member.added, member: ada}]}]\n", `t.yaml:2:28: awards: the file is not about "core"`},
		"no tests":            {"test: []\n", "t.yaml:1:1: test: a file of tests has no such key, did you mean \"tests\"?\nt.yaml:1:1: tests: is required"},
		"nothing in a test":   {"tests: [{}]\n", "t.yaml:1:9: name: is required\nt.yaml:1:9: events: is required\nt.yaml:1:9: awards: is required"},
		"no events":           {"tests: [{name: n, awards: [], events: []}]\n", "t.yaml:1:31: events: hold at least one event"},
		"an unknown kind":     {begin + "{on: member.add}\n", `t.yaml:5:14: on: there is no event "member.add", did you mean "member.added"?`},
		"no kind":             {begin + "{author: ada}\n", "t.yaml:5:9: on: is required: which event is it?"},
		"another kind":        {begin + "{on: member.added, kind: member.removed}\n", `t.yaml:5:28: kind: member.added has no such key`},
		"no event":            {begin + "5\n", "t.yaml:5:9: events: an event must be a mapping of keys to values"},
		"an unknown field":    {begin + "{on: member.added, author: ada}\n", "t.yaml:5:28: author: member.added has no such key, did you mean \"actor\"?"},
		"an unknown key":      {begin + "{on: member.added, member: {logn: ada}}\n", "t.yaml:5:37: logn: member has no such key, did you mean \"login\"?"},
		"a value of no sense": {begin + "{on: merge_request.opened, additions: many}\n", "t.yaml:5:47: additions: is no value of this field"},
		"a bad time":          {begin + "{on: member.added, at: tomorrow}\n", "t.yaml:5:32: at: must count from the beginning of the test: 30s, 5m, 2h, 3d or 1w, or -3d for before it"},
		"apart from nothing":  {begin + "{on: member.added, apart: 1d}\n", "t.yaml:5:28: apart: needs a repeat of more than 1"},
		"apart how far":       {begin + "{on: member.added, repeat: 2, apart: far}\n", "t.yaml:5:46: apart: must be a length of time such as 30m, 24h, 30d or 2w"},
		"too much":            {begin + "{on: member.added, repeat: 1000000}\n", "t.yaml:5:36: repeat: must be at most 10000"},
		"an unknown award":    {"tests: [{name: n, awards: [cor to ada], events: [{on: member.added, member: ada}]}]\n", `t.yaml:1:28: awards: no rule declares "cor", did you mean "core"?`},
		"an unknown person":   {"tests: [{name: n, awards: [core to adda], events: [{on: member.added, member: ada}]}]\n", `t.yaml:1:28: awards: no event of the test names "adda", did you mean "ada"?`},
		"no award":            {"tests: [{name: n, awards: [core], events: [{on: member.added, member: ada}]}]\n", `t.yaml:1:28: awards: must be "KEY to LOGIN"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := rule.Test([]rule.File{{Name: "r.yaml", Text: teamRules}}, []rule.File{{Name: "t.yaml", Text: tc.text}}, rule.TestOptions{})
			found, ok := errors.AsType[rule.Problems](err)
			if !ok {
				t.Fatalf("Test = %v, want problems", err)
			}
			same(t, "the problems", found.Error(), tc.want)
		})
	}
}

func FuzzLoad(f *testing.F) {
	for _, text := range []string{ladder, teamRules, one("repeatable", "{on: '*', to: event.author, per: |\n  1}"), "a: &b [*b]", "? a\n: b", "- - - -", "<<: 1", "\"\\u0000\": !!x y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := rule.File{Name: "r.yaml", Text: text}
		set, err := rule.Load([]rule.File{file})
		if err != nil {
			found, ok := errors.AsType[rule.Problems](err)
			if !ok || len(found) == 0 || found.Error() == "" {
				t.Fatalf("Load = %v, want problems", err)
			}
			_ = found.Pretty()
			return
		}
		set.Match(merged(1, "ada"))
		again, err := rule.Load([]rule.File{file})
		if err != nil || again.Hash() != set.Hash() {
			t.Fatalf("loading it again gives another set: %v", err)
		}
	})
}

func FuzzTests(f *testing.F) {
	f.Add("tests:\n  - name: n\n    awards: [first to ada]\n    events: [{on: merge_request.merged, author: ada, target_branch: m, repository: {default_branch: m}}]\n")
	f.Add("tests: [{name: n, awards: [], events: [{on: member.added, member: {bot: 1}, at: 99w}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := rule.Test([]rule.File{{Name: "r.yaml", Text: teamRules}}, []rule.File{{Name: "t.yaml", Text: text}}, rule.TestOptions{})
		if _, ok := errors.AsType[rule.Problems](err); err != nil && !ok {
			t.Fatalf("Test = %v, want problems", err)
		}
	})
}

func TestSomeTests(t *testing.T) {
	t.Parallel()

	rules := []rule.File{{Name: "r.yaml", Text: teamRules}}
	tests := []rule.File{{Name: "r_test.yaml", Text: "tests:\n" +
		"  - {name: good, awards: [core to grace], events: [{on: member.added, member: grace, group: acme/core}]}\n" +
		"  - {name: bad, awards: [], events: [{on: member.added, member: grace, group: acme/core}]}\n"}}
	some, err := rule.Test(rules, tests, rule.TestOptions{Only: func(name string) bool { return name == "good" }})
	if err != nil || some.Failed() {
		t.Errorf("the good test alone: %v, failed %t", err, some.Failed())
	}
	if _, err := rule.Test(rules, tests, rule.TestOptions{Only: func(string) bool { return false }}); err == nil {
		t.Error("no test at all passes")
	}
	all, err := rule.Test(rules, tests, rule.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := all.WriteJUnit(&out); err != nil {
		t.Fatal(err)
	}
	same(t, "the report for CI", out.String(), `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="rules" tests="5" failures="4">
  <testcase classname="r_test.yaml" name="good"></testcase>
  <testcase classname="r_test.yaml" name="bad">
    <failure message="the awards are not as wanted">+ unexpected award: core to grace</failure>
  </testcase>
  <testcase classname="rules" name="award of acme/each">
    <failure message="no test makes it fire">no test makes award of acme/each fire</failure>
  </testcase>
  <testcase classname="rules" name="award of acme/first">
    <failure message="no test makes it fire">no test makes award of acme/first fire</failure>
  </testcase>
  <testcase classname="rules" name="revoke of acme/core">
    <failure message="no test makes it fire">no test makes revoke of acme/core fire</failure>
  </testcase>
</testsuite>
`)
}

// An award is told of as the service tells of it: with its name and series, and among the events of Accolade itself,
// not those on the object that it was earned on.
func TestAwardsInTestsAreToldAsTheServiceTellsThem(t *testing.T) {
	t.Parallel()

	got, err := rule.Test([]rule.File{{Name: "r.yaml", Text: `
namespace: acme
achievements:
  - key: opener
    name: Opener
    kind: irrevocable
    award: {on: issue.opened, to: event.author, count: {}}
    tiers: [{at: 1, name: Opener}, {at: 2, name: Opener II}]
  - key: second
    name: Second
    kind: irrevocable
    award: {on: award.granted, when: event.award.series == "opener" && event.award.name == "Opener II" && event.award.source == "test", to: event.holder}
  - key: silence
    name: Silence
    kind: irrevocable
    award: {on: issue.opened, when: history.size() == 0, to: event.author, settle: 1d}
  - key: from-an-issue
    name: From an issue
    kind: irrevocable
    award: {on: award.granted, when: 'history.exists(h, h.kind == "issue.opened")', to: event.holder}
`}}, []rule.File{{Name: "r_test.yaml", Text: `
tests:
  - name: two issues
    events: [{on: issue.opened, author: ada, repeat: 2}]
    until: 2d
    awards: [opener to ada, opener-2 to ada, second to ada, silence to ada, from-an-issue to ada]
`}}, rule.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	got.Write(&text)
	if got.Failed() {
		t.Errorf("the report is\n%s", &text)
	}
}
