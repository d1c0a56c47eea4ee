package rule_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// tested runs a rule on one event of a test and returns whether ada was awarded.
func tested(t *testing.T, kind, when, fields string) bool {
	t.Helper()

	rules := "namespace: acme\nachievements:\n  - {key: badge, name: Badge, kind: irrevocable, award: {on: " + kind + ", to: event.actor, when: " + quoted(strings.Join(strings.Fields(when), " ")) + "}}\n"
	tests := "tests:\n  - {name: n, awards: [badge to ada], events: [{on: " + kind + ", actor: ada, " + fields + "}]}\n"
	report, err := rule.Test([]rule.File{{Name: "r.yaml", Text: rules}}, []rule.File{{Name: "t.yaml", Text: tests}}, rule.TestOptions{})
	if err != nil {
		t.Fatalf("%v\n%s%s", err, rules, tests)
	}
	return !report.Failed()
}

// What a test writes is what a rule sees.
func TestEventsOfTestsAreWhatRulesSee(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ kind, fields, when string }{
		{"push", `pushed: ["Fix\n\nall", {title: Docs, author: grace, paths: [docs/a.md, b], added: [b], time: 2h}], commits: 3, forced: true, ref: main`,
			`event.pushed[0].title == "Fix" && event.pushed[0].message == "Fix\n\nall" && event.pushed[1].message == "Docs" && event.pushed[1].author.id == "grace" &&
			event.pushed[1].paths == ["docs/a.md", "b"] && event.pushed[1].time.getHours() == 2 && event.commits == 3 && event.forced && event.ref == "main"`},
		{"review.submitted", `author: ada, state: approved, target: {kind: merge_request, author: {login: grace, name: Grace}, iid: 7, labels: [a]}`,
			`event.state == "approved" && event.target.author.id == "grace" && event.target.author.name == "Grace" && event.target.iid == 7 && "a" in event.target.labels`},
		{"reaction.added", `target: issue, emoji: heart`, `event.target.kind == "issue" && event.emoji == "heart"`},
		{"pipeline.finished", `duration: 90s, status: success, runner_tags: [arm64]`, `event.duration == duration("90s") && event.runner_tags == ["arm64"]`},
		{"merge_request.merged", `closes: [3, 4], approved_by: [grace, {login: hedy, id: "7", bot: true}], co_authors: []`,
			`event.closes == [3, 4] && event.approved_by.map(a, a.id) == ["grace", "7"] && event.approved_by[1].bot && event.co_authors.size() == 0`},
		{"fork.created", `repository: acme/tools/cli, fork: {path: ada/cli, namespace: elsewhere, stars: 5}`,
			`event.repository.namespace == "acme/tools" && event.repository.name == "cli" && event.fork.namespace == "elsewhere" && event.fork.stars == 5 && event.fork.id == "ada/cli"`},
		{"member.role_changed", `group: acme, member: ada, role_before: guest, role_after: owner`,
			`event.group.name == "acme" && event.group.id == "acme" && event.role_before == "guest"`},
		{"user.updated", `user: {login: ada, bio: I count, created_at: 1h}, changes: [bio]`, `event.user.bio.size() > 5 && event.user.created_at < event.time + hours(1) && "bio" in event.changes`},
		{"award.granted", `award: {key: first, kind: irrevocable}, holder: ada, source: accolade`, `event.award.key == "first" && event.holder == event.actor && event.source == "accolade"`},
	} {
		if !tested(t, tc.kind, tc.when, tc.fields) {
			t.Errorf("%s does not see %s", tc.kind, tc.fields)
		}
		if tested(t, tc.kind, "!("+tc.when+")", tc.fields) {
			t.Errorf("a test of %s fails to fail", tc.kind)
		}
	}
}

// written returns some value of a type as a test writes it.
func written(of reflect.Type) string {
	switch of {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration]():
		return "2h"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return written(of.Elem())
	case reflect.Slice:
		return "[" + written(of.Elem()) + "]"
	case reflect.Struct:
		var fields []string
		for field := range of.Fields() {
			fields = append(fields, field.Tag.Get("cel")+": "+written(field.Type))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case reflect.Bool:
		return "true"
	case reflect.Int64:
		return "7"
	default:
		return "x"
	}
}

// Every field of every kind can be written, in full and at every depth.
func TestEveryFieldCanBeWrittenInTests(t *testing.T) {
	t.Parallel()

	types := map[string]reflect.Type{}
	for field := range reflect.TypeFor[event.Event]().Fields() {
		types[field.Tag.Get("cel")] = field.Type
	}
	const rules = "namespace: acme\nachievements: []\n"
	for _, kind := range event.Kinds() {
		fields := []string{"on: " + kind}
		for _, field := range event.Fields(kind) {
			if field != "kind" && field != "time" {
				fields = append(fields, field+": "+written(types[field]))
			}
		}
		text := "tests: [{name: n, awards: [], events: [{" + strings.Join(fields, ", ") + "}]}]\n"
		if _, err := rule.Test([]rule.File{{Name: "r.yaml", Text: rules}}, []rule.File{{Name: "t.yaml", Text: text}}, rule.TestOptions{}); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

func TestProblemsOfFieldsInTests(t *testing.T) {
	t.Parallel()

	for fields, want := range map[string]string{
		`{on: push, pushed: Fix}`:                               "t.yaml:1:59: pushed: must be a list",
		`{on: push, pushed: [{authr: ada}]}`:                    "t.yaml:1:61: authr: pushed has no such key, did you mean \"author\"?",
		`{on: push, pushed: [{author: {logn: ada}}]}`:           "t.yaml:1:70: logn: author has no such key, did you mean \"login\"?",
		`{on: push, pushed: [{time: tomorrow}]}`:                "t.yaml:1:67: time: must count from the beginning of the test: 30s, 5m, 2h, 3d or 1w, or -3d for before it",
		`{on: pipeline.finished, duration: long}`:               "t.yaml:1:74: duration: must be a length of time such as 30m, 24h, 30d or 2w",
		`{on: merge_request.merged, closes: [one]}`:             "t.yaml:1:76: closes: is no value of this field",
		`{on: merge_request.merged, draft: 1}`:                  "t.yaml:1:74: draft: is no value of this field",
		`{on: merge_request.merged, iid: 99999999999999999999}`: "t.yaml:1:72: iid: is no value of this field",
		`{on: merge_request.merged, title: [a]}`:                "t.yaml:1:74: title: must be a text",
		`{on: merge_request.merged, author: null}`:              "t.yaml:1:67: author: has no value",
		`{on: merge_request.opened, merged_by: ada}`:            "t.yaml:1:67: merged_by: merge_request.opened has no such key",
		`{on: clock.daily, actor: ada}`:                         "t.yaml:1:58: actor: clock.daily has no such key",
	} {
		_, err := rule.Test([]rule.File{{Name: "r.yaml", Text: "namespace: acme\nachievements: []\n"}},
			[]rule.File{{Name: "t.yaml", Text: "tests: [{name: n, awards: [], events: [" + fields + "]}]\n"}}, rule.TestOptions{})
		found, ok := errors.AsType[rule.Problems](err)
		if !ok {
			t.Errorf("Test of %s = %v, want problems", fields, err)
			continue
		}
		same(t, "the problems of "+fields, found.Error(), want)
	}
}
