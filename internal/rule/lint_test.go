package rule_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// lint returns the warnings about one file.
func lint(t *testing.T, text, tests string, senders ...rule.Sender) string {
	t.Helper()

	var files []rule.File
	if tests != "" {
		files = append(files, rule.File{Name: "r_test.yaml", Text: tests})
	}
	found, err := rule.Lint([]rule.File{{Name: "r.yaml", Text: text}}, files, senders)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return ""
	}
	return found.Error()
}

const (
	lintHeader  = "namespace: acme\nachievements:\n"
	aboutBadge  = "about: [badge]\ntests: []\n"
	aboutCount  = "tests:\n  - {name: n, events: [{on: merge_request.merged, author: ada}], awards: [count-2 to ada]}\n"
	badgeBefore = lintHeader + "  - key: badge\n    name: Badge\n    description: It is.\n    kind: irrevocable\n    award:\n" +
		"      on: [merge_request.merged, merge_request.opened]\n      to: event.author\n      when: "
)

func TestLintOfConditions(t *testing.T) {
	t.Parallel()

	for when, want := range map[string]string{
		`event.draft`: "",
		`event.draft && !event.private || event.iid > 5`: "",
		`event.labels.exists(l, l == l)`:                 "",
		`true`:                                           "r.yaml:11:9: when: warning: true is always true",
		`1 == 1`:                                         "r.yaml:11:9: when: warning: 1 == 1 is always true",
		`event.draft || true`:                            "r.yaml:11:9: when: warning: event.draft || true is always true",
		`event.draft && 2 < 1`:                           "r.yaml:11:9: when: warning: event.draft && 2 < 1 is always false",
		`event.draft && (event.private || !false)`:       "r.yaml:11:25: when: warning: event.private || !false is always true",
		`event.author == event.author`:                   "r.yaml:11:9: when: warning: event.author == event.author is always true",
		`event.draft && event.iid != event.iid`:          "r.yaml:11:9: when: warning: event.draft && event.iid != event.iid is always false",
		`event.draft ? true : 1 < 2`:                     "r.yaml:11:9: when: warning: event.draft ? true : (1 < 2) is always true",
		`event.draft && event.private && event.draft`:    "r.yaml:11:41: when: warning: event.draft stands here twice",
		`event.iid > 1 && (event.draft || event.draft)`:  "r.yaml:11:42: when: warning: event.draft stands here twice",
		`event.kind == "merge_request.merged"`:           "",
		`event.kind == "member.added" || event.draft`:    "r.yaml:11:23: when: warning: event.kind is never \"member.added\" here: on names merge_request.merged, merge_request.opened",
		`event.kind in ["merge_request.merged", "star"]`: "r.yaml:11:48: when: warning: event.kind is never \"star\" here: on names merge_request.merged, merge_request.opened",
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()

			same(t, "the warnings", lint(t, badgeBefore+"|-\n        "+when+"\n", aboutBadge), want)
		})
	}
}

func TestLintOfAchievements(t *testing.T) {
	t.Parallel()

	github := rule.Sender{Name: "github", Sends: func(kind string) bool { return !strings.HasPrefix(kind, "member.") }}
	gitlab := rule.Sender{Name: "gitlab", Sends: func(string) bool { return true }}
	for name, tc := range map[string]struct {
		text, tests string
		senders     []rule.Sender
		want        string
	}{
		"nothing": {lintHeader + "  - {key: badge, name: B, description: d, kind: irrevocable, award: {on: member.added, to: event.member}}\n", aboutBadge, nil, ""},
		"for what": {lintHeader + "  - {key: badge, name: B, kind: irrevocable, award: {on: member.added, to: event.member}}\n", aboutBadge, nil,
			"r.yaml:3:5: description: warning: there is none: what is it for?"},
		"steps": {lintHeader + "  - key: count\n    name: C\n    kind: irrevocable\n    award: {on: member.added, to: event.member, count: {}}\n" +
			"    tiers:\n      - {at: 1, name: one}\n      - {at: 2, name: two, description: same}\n      - {at: 3, name: three, description: same}\n", aboutCount, nil,
			"r.yaml:8:9: description: warning: the step has none, and neither has the achievement\n" +
				"r.yaml:10:30: description: warning: another step says the same"},
		"no test": {lintHeader + "  - {key: other, name: B, description: d, kind: irrevocable, award: {on: member.added, to: event.member}}\n", aboutBadge, nil,
			"r.yaml:2:1: achievements: warning: no test beside the file mentions any of them"},
		"what never comes": {lintHeader + "  - {key: badge, name: B, description: d, kind: irrevocable, award: {on: [merge_request.merged, member.*], to: event.actor}}\n", aboutBadge, []rule.Sender{github},
			"r.yaml:3:97: on: warning: github never sends member.*"},
		"what comes from one": {lintHeader + "  - {key: badge, name: B, description: d, kind: irrevocable, award: {on: member.added, to: event.member}}\n", aboutBadge, []rule.Sender{github, gitlab}, ""},
		"the same": {lintHeader + "  - {key: badge, name: B, description: d, kind: irrevocable, award: {on: [member.added], to: event.member}}\n" +
			"  - {key: again, name: A, description: d, kind: irrevocable, award: {on: member.added, to: ' event.member', quiet: true, count: 1}}\n" +
			"  - {key: two, name: T, description: d, kind: irrevocable, award: {count: {at_least: 2}, on: member.added, to: event.member}}\n" +
			"  - key: count\n    name: C\n    description: d\n    kind: irrevocable\n    award: {on: member.added, to: event.member, count: {}}\n" +
			"    tiers:\n      - {at: 2, name: one}\n      - {at: 3, name: three}\n", aboutBadge, nil,
			"r.yaml:4:6: key: warning: is given for the same as the one in line 3\n" +
				"r.yaml:12:10: at: warning: is given for the same as the one in line 5"},
		"a condition of the file": {"namespace: acme\nwhere: event.kind == 'member.added' && event.private == event.private\nachievements:\n" +
			"  - {key: badge, name: B, description: d, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}\n" +
			"  - {key: another, name: C, description: d, kind: irrevocable, award: {on: merge_request.opened, to: event.author}}\n", aboutBadge, nil,
			"r.yaml:2:40: where: warning: event.private == event.private is always true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			same(t, "the warnings", lint(t, tc.text, tc.tests, tc.senders...), tc.want)
		})
	}
}

// Rules that do not load have faults, not warnings. Steps of equal names are a fault.
func TestLintOfFaultyRules(t *testing.T) {
	t.Parallel()

	_, err := rule.Lint([]rule.File{{Name: "r.yaml", Text: lintHeader +
		"  - key: c\n    name: C\n    award: {on: member.added, to: event.member, count: {}}\n    kind: irrevocable\n    tiers: [{at: 1, name: same}, {at: 2, name: Same}]\n"}}, nil, nil)
	found, ok := errors.AsType[rule.Problems](err)
	if !ok || !slices.ContainsFunc(found, func(p rule.Problem) bool { return p.Key == "name" }) {
		t.Errorf("Lint = %v, want a problem with the name", err)
	}
}
