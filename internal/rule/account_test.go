package rule_test

import (
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Two accounts are equal when they are the same person, whatever else the forge says of each.
func TestAccountsAreEqualByTheirIDs(t *testing.T) {
	t.Parallel()

	ev := merged(1, "ada")
	ev.Actor = &event.Account{ID: "id of ada"}
	ev.Reviewers = []event.Account{{ID: "7", Login: "grace"}, {ID: "id of ada", Name: "Ada"}}
	ev.Assignees = []event.Account{{Login: "hedy"}}
	ev.Reviewer = &event.Account{ID: "8", Login: "hedy"}
	ev.CoAuthors = []event.Account{{}, {Source: "other", ID: "id of ada"}}
	for when, want := range map[string]string{
		`event.author == event.actor`:                                 "true",
		`event.author in event.reviewers`:                             "true",
		`event.author == event.reviewers[0]`:                          "false",
		`event.reviewers.exists(r, r == event.actor)`:                 "true",
		`event.reviewers.filter(r, r != event.author).size() == 1`:    "true",
		`event.author in event.assignees`:                             "false",
		`event.co_authors[0] == event.co_authors[0]`:                  "false",
		`event.author == event.co_authors[1]`:                         "false",
		`event.merged_by == event.author`:                             "false",
		`event.merged_by == null && event.author != null`:             "true",
		`event.author == dyn("ada")`:                                  "false",
		`dyn(event.author).login == "ada"`:                            "true",
		`has(dyn(event.author).login) && !has(dyn(event.author).bio)`: "true",
		`dyn(event.author).nothing == ""`:                             "failure",
		`type(event.author) == type(event.actor)`:                     "true",
		`dyn(event.author) == event.author`:                           "true",
		`event.author.created_at == null`:                             "true",
	} {
		same(t, when, judged(t, when, ev), want)
	}
}

// What is absent is null at every depth, and a field of null is empty.
func TestAbsenceAtEveryDepth(t *testing.T) {
	t.Parallel()

	bare := &event.Event{Kind: event.CommentCreated, Time: noon, Actor: person("ada")}
	full := &event.Event{
		Kind: event.CommentCreated, Time: noon, Actor: person("ada"), BodyLength: 5,
		Target: &event.Target{Kind: "issue", OpenedAt: noon.Add(-time.Minute), Author: person("grace"), Labels: []string{"bug"}},
	}
	for _, tc := range []struct{ when, bare, full string }{
		{`event.target == null`, "true", "false"},
		{`event.target.kind == "issue"`, "false", "true"},
		{`event.target.author == null`, "true", "false"},
		{`event.target.author.login == "grace"`, "false", "true"},
		{`event.target.author.created_at == null`, "true", "true"},
		{`event.target.closed_at == null`, "true", "true"},
		{`event.target.author != event.actor`, "true", "true"},
		{`event.time - event.target.opened_at <= hours(1)`, "failure", "true"},
		{`"bug" in event.target.labels`, "false", "true"},
		{`has(event.target.author.login)`, "false", "true"},
		{`event.target.iid == 0`, "true", "true"},
	} {
		same(t, tc.when+" of a bare event", judged(t, tc.when, bare), tc.bare)
		same(t, tc.when+" of a full event", judged(t, tc.when, full), tc.full)
	}

	push := pushed("Fix", "docs/a.md")
	push.Pushed = append(push.Pushed, event.Commit{Author: person("ada"), Time: noon, CoAuthors: []event.Account{*person("hedy")}})
	for when, want := range map[string]string{
		`event.pushed[0].author == null && event.pushed[0].time == null`:                "true",
		`event.pushed.filter(c, c.author.login == "ada").size() == 1`:                   "true",
		`event.pushed[1].co_authors[0].login == "hedy"`:                                 "true",
		`event.pushed.exists(c, c.time == event.time)`:                                  "true",
		`event.pushed.all(c, c.time + hours(1) > event.time)`:                           "failure",
		`event.pushed.map(c, c.author).filter(a, a != null).map(a, a.login) == ["ada"]`: "true",
	} {
		same(t, when, judged(t, when, push), want)
	}

	pipeline := &event.Event{Kind: event.PipelineFinished, Time: noon, Actor: person("ada")}
	same(t, "an unknown duration", judged(t, `event.duration < hours(1)`, pipeline), "failure")
	pipeline.Duration = time.Minute
	same(t, "a known duration", judged(t, `event.duration < hours(1)`, pipeline), "true")
}

// Everybody in a list is judged alone, once, and nobody who has no id.
func TestListsOfPeople(t *testing.T) {
	t.Parallel()

	set := load(t, one("irrevocable", "{on: push, to: 'event.pushed.map(c, c.author) + event.pushed.map(c, c.co_authors).flatten()'}"))
	ev := pushed("Fix")
	ev.Pushed = append(ev.Pushed,
		event.Commit{Author: person("ada"), CoAuthors: []event.Account{*person("hedy"), {Login: "no-id"}}},
		event.Commit{Author: person("hedy")}, event.Commit{Author: person("ada")})
	same(t, "the decisions", newJudge(t, set).on(ev), []string{"grant badge to ada", "grant badge to hedy"})
}
