package rule_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

const coveredRules = `namespace: acme
achievements:
  - key: first
    name: First
    kind: irrevocable
    award:
      on: merge_request.merged
      when: event.target_branch == "main" && !event.draft
      to: event.author
  - key: choice
    name: Choice
    kind: irrevocable
    award:
      on: merge_request.opened
      when: |
        event.draft ||
          (event.iid > 5 ? event.title == "x" : event.labels.exists(l, l == "a" || l == "b"))
      to: event.author
  - key: core
    name: Core
    kind: revocable
    award:  {on: member.added, when: event.group.path == "acme/core", to: event.member}
    revoke: {on: member.removed, to: event.member}
  # The condition is that of the first, for other events.
  - key: second
    name: Second
    kind: irrevocable
    award:
      on: merge_request.opened
      when: event.target_branch == "main" && !event.draft
      to: event.author
`

func TestCoverage(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		events  string
		percent int
		want    []string
	}{
		"something": {"{on: merge_request.merged, author: ada, target_branch: main}, {on: merge_request.merged, author: ada, target_branch: next}, " +
			"{on: member.added, member: ada, group: acme/other}, {on: merge_request.opened, author: ada, title: x, iid: 6}", 50, []string{
			"first: 5 of 6 branches; never true: event.draft (r.yaml:8:47)",
			`choice: 5 of 12 branches; never false: event.draft || ((event.iid > 5) ? (event.title == "x") : event.labels.exists(l, l == "a" || l == "b")) (r.yaml:16:9)` +
				`; never true: event.draft (r.yaml:16:9)` +
				`; never false: (event.iid > 5) ? (event.title == "x") : event.labels.exists(l, l == "a" || l == "b") (r.yaml:17:12)` +
				`; never false: event.iid > 5 (r.yaml:17:12); never false: event.title == "x" (r.yaml:17:28)` +
				`; never true: event.labels.exists(l, l == "a" || l == "b") (r.yaml:17:49); never false: event.labels.exists(l, l == "a" || l == "b") (r.yaml:17:49)`,
			`core: 1 of 2 branches; never true: event.group.path == "acme/core" (r.yaml:22:38)`,
			"revoke of core: 0 of 0 branches",
			`second: 2 of 6 branches; never true: event.target_branch == "main" && !event.draft (r.yaml:30:13)` +
				`; never true: event.target_branch == "main" (r.yaml:30:13); never true: event.draft (r.yaml:30:47); never false: event.draft (r.yaml:30:47)`,
			"coverage: 50%, 13 of 26 branches",
		}},
		"all of it": {"{on: merge_request.merged, target_branch: main}, {on: merge_request.merged, target_branch: main, draft: true}, {on: merge_request.merged}, " +
			"{on: member.added, group: acme/other}, {on: member.added, group: acme/core}, {on: merge_request.opened, draft: true, target_branch: main}, " +
			"{on: merge_request.opened, target_branch: main}, " +
			"{on: merge_request.opened, labels: [a]}, {on: merge_request.opened}, {on: merge_request.opened, iid: 6}, {on: merge_request.opened, iid: 6, title: x}", 100, []string{
			"first: 6 of 6 branches", "choice: 12 of 12 branches", "core: 2 of 2 branches", "revoke of core: 0 of 0 branches", "second: 6 of 6 branches",
			"coverage: 100%, 26 of 26 branches",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			tests := "tests:\n  - {name: n, awards: [], events: [" + tc.events + "]}\n"
			_, coverage, err := rule.Cover([]rule.File{{Name: "r.yaml", Text: coveredRules}}, []rule.File{{Name: "r_test.yaml", Text: tests}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			coverage.Write(&out)
			same(t, "the coverage", strings.Split(strings.TrimSpace(out.String()), "\n"), tc.want)
			same(t, "the percentage", coverage.Percent(), tc.percent)
		})
	}
}

// Watching conditions changes nothing of what the tests find.
func TestCoverageChangesNoResult(t *testing.T) {
	t.Parallel()

	rules := []rule.File{{Name: "r.yaml", Text: coveredRules}}
	tests := []rule.File{{Name: "r_test.yaml", Text: "tests:\n" +
		"  - {name: good, awards: [first to ada], events: [{on: merge_request.merged, author: ada, target_branch: main}]}\n" +
		"  - {name: bad, awards: [second to ada], events: [{on: merge_request.opened, author: ada}]}\n"}}
	plain, err := rule.Test(rules, tests)
	if err != nil {
		t.Fatal(err)
	}
	watched, _, err := rule.Cover(rules, tests, nil)
	if err != nil {
		t.Fatal(err)
	}
	var before, after strings.Builder
	plain.Write(&before)
	watched.Write(&after)
	same(t, "the report", after.String(), before.String())
	some, _, err := rule.Cover(rules, tests, func(name string) bool { return name == "good" })
	if err != nil || some.Failed() {
		t.Errorf("the good test alone: %v, failed %t", err, some.Failed())
	}
	if _, _, err := rule.Cover(rules, tests, func(string) bool { return false }); err == nil {
		t.Error("no test at all is covered")
	}
	_, none, err := rule.Cover(nil, nil, nil)
	if err != nil || none.Percent() != 100 {
		t.Errorf("nothing is covered to %d%%, %v", none.Percent(), err)
	}
	_, _, err = rule.Cover([]rule.File{{Name: "r.yaml", Text: "namespace: acme\n"}}, nil, nil)
	if _, ok := errors.AsType[rule.Problems](err); !ok {
		t.Errorf("Cover = %v, want problems", err)
	}
}
