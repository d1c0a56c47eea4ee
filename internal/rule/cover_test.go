package rule_test

import (
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

func TestCoverage(t *testing.T) {
	t.Parallel()

	rules := rule.File{Name: "r.yaml", Text: `namespace: acme
achievements:
  - key: badge
    name: Badge
    kind: irrevocable
    award:
      on: merge_request.merged
      when: |
        event.repository.path == "acme/rocket" && !event.draft &&
        (event.additions > 3 || event.labels.exists(l, l == "x" && l != "y"))
      to: event.author
  - {key: plain, name: Plain, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}
`}
	tests := func(events string) rule.File {
		return rule.File{Name: "r_test.yaml", Text: "about: [badge]\ntests:\n  - {name: t, awards: [badge to ada], events: [" + events + "]}\n"}
	}
	const good = `{on: merge_request.merged, author: ada, repository: acme/rocket, additions: 4}`
	for name, tc := range map[string]struct {
		events string
		want   []string
	}{
		"only the good one": {good, []string{
			`acme/badge: 3 of 8 branches`,
			`never false: event.repository.path == "acme/rocket" (r.yaml:9:31)`,
			`never true: event.draft (r.yaml:9:57)`,
			`never false: event.additions > 3 (r.yaml:10:26)`,
			`never true: event.labels.exists(l, l == "x" && l != "y") (r.yaml:10:52)`,
			`never false: event.labels.exists(l, l == "x" && l != "y") (r.yaml:10:52)`,
			`acme/plain: 0 of 0 branches`, `37% of all branches`,
		}},
		"all of them": {good +
			`, {on: merge_request.merged, author: ada, repository: acme/engine}` +
			`, {on: merge_request.merged, author: ada, repository: acme/rocket, draft: true}` +
			`, {on: merge_request.merged, author: ada, repository: acme/rocket, additions: 3}` +
			`, {on: merge_request.merged, author: ada, repository: acme/rocket, labels: [x]}`,
			[]string{`acme/badge: 8 of 8 branches`, `acme/plain: 0 of 0 branches`, `100% of all branches`}},
	} {
		report, err := rule.Test([]rule.File{rules}, []rule.File{tests(tc.events)}, rule.TestOptions{Cover: true})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		report.WriteCoverage(&out)
		var lines []string
		for line := range strings.Lines(out.String()) {
			lines = append(lines, strings.TrimSpace(line))
		}
		same(t, name, lines, tc.want)
	}
}
