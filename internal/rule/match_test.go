package rule_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

func TestConditionsAndRecipients(t *testing.T) {
	t.Parallel()

	bot := merged(1, "renovate[bot]")
	bot.Author.Bot = true
	labeled := merged(1, "ada")
	labeled.Labels = []string{"bug", "docs"}
	draft := merged(1, "ada")
	draft.Draft, draft.OpenedAt, draft.MergedAt = true, noon, noon.Add(time.Hour)
	for name, tc := range map[string]struct {
		award string
		on    *event.Event
		want  []string
	}{
		"no condition":                  {`{on: merge_request.merged, to: event.author}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"another kind":                  {`{on: merge_request.opened, to: event.author}`, merged(1, "ada"), nil},
		"one of several kinds":          {`{on: [merge_request.opened, merge_request.merged], to: event.author}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a family of kinds":             {`{on: "merge_request.*", to: event.author}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a condition that holds":        {`{on: merge_request.merged, when: event.target_branch == "main", to: event.author}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a condition that does not":     {`{on: merge_request.merged, when: event.target_branch == "next", to: event.author}`, merged(1, "ada"), nil},
		"field against field":           {`{on: merge_request.merged, when: event.author.login != event.actor.login, to: event.author}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a text function":               {`{on: merge_request.merged, when: 'event.repository.path.startsWith("acme/")', to: event.author}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a list":                        {`{on: merge_request.merged, when: '"docs" in event.labels', to: event.author}`, labeled, []string{"grant badge to ada"}},
		"times":                         {`{on: merge_request.merged, when: 'event.merged_at - event.opened_at == duration("1h")', to: event.author}`, draft, []string{"grant badge to ada"}},
		"a truth by itself":             {`{on: merge_request.merged, when: event.draft, to: event.author}`, draft, []string{"grant badge to ada"}},
		"the actor":                     {`{on: merge_request.merged, to: event.actor}`, merged(1, "ada"), []string{"grant badge to grace"}},
		"several people":                {`{on: merge_request.merged, to: "[event.author, event.actor]"}`, merged(1, "ada"), []string{"grant badge to ada", "grant badge to grace"}},
		"the same person twice":         {`{on: merge_request.merged, to: "[event.author, event.actor]"}`, merged(1, "grace"), []string{"grant badge to grace"}},
		"nobody":                        {`{on: merge_request.merged, to: event.author}`, merged(1, ""), nil},
		"an empty list":                 {`{on: merge_request.merged, to: "[event.author].filter(a, false)"}`, merged(1, "ada"), nil},
		"either of two":                 {`{on: merge_request.merged, to: "event.merged_by == null ? event.author : event.merged_by"}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a field of what is not there":  {`{on: merge_request.merged, when: 'event.group.path == ""', to: event.author}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a bot":                         {`{on: merge_request.merged, to: event.author}`, bot, nil},
		"a bot that is let in":          {`{on: merge_request.merged, to: event.author, except: []}`, bot, []string{"grant badge to renovate[bot]"}},
		"a login left out":              {`{on: merge_request.merged, to: event.author, except: [ADA]}`, merged(1, "ada"), nil},
		"a pattern of logins left out":  {`{on: merge_request.merged, to: event.author, except: ["a*"]}`, merged(1, "ada"), nil},
		"brackets in a login":           {`{on: merge_request.merged, to: event.author, except: ["renovate[bot]"]}`, bot, nil},
		"a pattern that does not match": {`{on: merge_request.merged, to: event.author, except: ["*b"]}`, merged(1, "ada"), []string{"grant badge to ada"}},
		"a message":                     {`{on: merge_request.merged, to: event.author, message: '"for " + event.object'}`, merged(1, "ada"), []string{"grant badge to ada saying for merge_request:1"}},
		"a condition that fails":        {`{on: merge_request.merged, when: 'event.merged_at > event.opened_at', to: event.author}`, merged(1, "ada"), []string{"failure of acme/badge"}},
		"a recipient that fails":        {`{on: merge_request.merged, to: "[event.author][int(event.iid) + 5]"}`, merged(1, "ada"), []string{"failure of acme/badge"}},
		"a message that fails":          {`{on: merge_request.merged, to: event.author, message: 'event.labels[3]'}`, merged(1, "ada"), []string{"failure of acme/badge", "grant badge to ada"}},
		"work without end": {
			`{on: merge_request.merged, when: 'event.labels.exists(a, event.labels.exists(b, event.labels.exists(c, event.labels.exists(d, a + b + c + d == "x"))))', to: event.author}`,
			manyLabels(), []string{"failure of acme/badge"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "the decisions", newJudge(t, load(t, one("irrevocable", tc.award))).on(tc.on), tc.want)
		})
	}
}

func manyLabels() *event.Event {
	ev := merged(1, "ada")
	for i := range 100 {
		ev.Labels = append(ev.Labels, strconv.Itoa(i))
	}
	return ev
}

func TestLongMessageIsCut(t *testing.T) {
	t.Parallel()

	ev := merged(1, "ada")
	ev.Title = strings.Repeat("é", 300)
	set := load(t, one("irrevocable", `{on: merge_request.merged, to: event.author, message: event.title}`))
	hits := set.Match(ev).Hits
	if decisions, _ := hits[0].Fold("ada", make([]rule.State, len(hits[0].Slots()))); decisions[0].Message != strings.Repeat("é", rule.MaxMessage) {
		t.Errorf("the message has %d characters", len([]rune(decisions[0].Message)))
	}
}

// Rules that share a condition blame each other for nothing: each is reported.
func TestSharedFailureNamesEveryRule(t *testing.T) {
	t.Parallel()

	const award = "    kind: irrevocable\n    award: {on: merge_request.merged, when: event.merged_at > event.opened_at, to: event.author, count: "
	set := load(t, "namespace: acme\nachievements:\n  - key: one\n    name: One\n"+award+"1}\n  - key: two\n    name: Two\n"+award+"2}\n")
	same(t, "the failures", newJudge(t, set).on(merged(1, "ada")), []string{"failure of acme/one", "failure of acme/two"})
}

// The index must never change what matches: every way to say the same gives the same.
func TestIndexChangesNothing(t *testing.T) {
	t.Parallel()

	for _, when := range []string{
		`event.repository.path == "acme/rocket"`,
		`"acme/rocket" == event.repository.path`,
		`event.target_branch == "main" && event.repository.path == "acme/rocket"`,
		`event.repository.path == "acme/rocket" && (event.draft || event.source == "test")`,
		`event.repository.path in ["acme/rocket", "acme/other"]`,
		`!(event.repository.path != "acme/rocket")`,
		`event.repository.path == "acme/rocket" || event.repository.path == "acme/other"`,
		`event.group.path == "" && event.author.login == "ada"`,
		`event.repository.path == "acme/rocket" && event.repository.path == event.repository.namespace + "/rocket"`,
	} {
		set := load(t, one("irrevocable", fmt.Sprintf("{on: merge_request.merged, when: %q, to: event.author}", when)))
		same(t, when, newJudge(t, set).on(merged(1, "ada")), []string{"grant badge to ada"})
		elsewhere := merged(1, "hedy")
		elsewhere.Repository.Path = "acme/elsewhere"
		same(t, when+" elsewhere", newJudge(t, set).on(elsewhere), []string(nil))
	}
	set := load(t, one("irrevocable", `{on: merge_request.merged, when: 'event.repository.path == ""', to: event.author}`))
	nowhere := merged(1, "ada")
	nowhere.Repository = nil
	same(t, "an event without a repository", newJudge(t, set).on(nowhere), []string{"grant badge to ada"})
}

func BenchmarkMatchThousandRules(b *testing.B) {
	var text strings.Builder
	text.WriteString("namespace: acme\nachievements:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  - {key: k%d, name: N%d, kind: irrevocable, award: {on: merge_request.merged, when: 'event.repository.path == \"acme/r%d\"', to: event.author}}\n", i, i, i)
	}
	set := load(b, text.String())
	ev := merged(1, "ada")
	ev.Repository.Path = "acme/r7"
	for b.Loop() {
		if len(set.Match(ev).Hits) != 1 {
			b.Fatal("the one rule did not match")
		}
	}
}
