package rule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// noon is when the first event of a test happens.
var noon = time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)

// load loads one file that must be good.
func load(tb testing.TB, text string) *rule.Set {
	tb.Helper()

	set, err := rule.Load([]rule.File{{Name: "rules.yaml", Text: text}})
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// one wraps the award of an achievement into a file.
func one(kind, award string) string {
	return "namespace: acme\nachievements:\n  - key: badge\n    name: Badge\n    kind: " + kind + "\n    award: " + award + "\n"
}

// merged is a merge of the author's, so many minutes after noon.
func merged(minute int, author string) *event.Event {
	return &event.Event{
		Kind: event.MergeRequestMerged, Time: noon.Add(time.Duration(minute) * time.Minute), Source: "test",
		Key: fmt.Sprintf("merge_request:%d:merged", minute), Object: fmt.Sprintf("merge_request:%d", minute),
		Author: person(author), Actor: person("grace"), TargetBranch: "main",
		Repository: &event.Repository{ID: "1", Path: "acme/rocket", Namespace: "acme", DefaultBranch: "main"},
	}
}

func person(login string) *event.Account {
	if login == "" {
		return nil
	}
	return &event.Account{ID: "id of " + login, Login: login}
}

// member is a change of membership in a group, so many minutes after noon.
func member(kind string, minute int, login, group string) *event.Event {
	return &event.Event{
		Kind: kind, Time: noon.Add(time.Duration(minute) * time.Minute), Source: "test",
		Key: fmt.Sprintf("%s:%d", kind, minute), Object: "member:" + login,
		Member: person(login), Group: &event.Group{ID: "6", Path: group},
	}
}

// judge keeps states as the service does and returns what is decided, in order:
// "grant key to login [for occurrence] [at minute] [saying message]".
type judge struct {
	t      failer
	set    *rule.Set
	states map[string]rule.State
}

// failer is a test, or a case of one.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

func newJudge(tb testing.TB, set *rule.Set) *judge {
	tb.Helper()
	return &judge{t: tb, set: set, states: map[string]rule.State{}}
}

func (j *judge) on(events ...*event.Event) []string {
	j.t.Helper()

	var lines []string
	for _, ev := range events {
		matched := j.set.Match(ev)
		for _, failure := range matched.Failures {
			lines = append(lines, "failure of "+failure.Rule)
		}
		for i := range matched.Hits {
			hit := &matched.Hits[i]
			states := make([]rule.State, len(hit.Slots()))
			for k, slot := range hit.Slots() {
				states[k] = j.states[stateOf(hit, slot)]
			}
			decisions, failures := hit.Fold(hit.Recipient.ID, states)
			for k, slot := range hit.Slots() {
				if slot.Measure.Counts() && states[k].Data != nil {
					j.t.Errorf("a measure that counts remembers %x besides its number", states[k].Data)
				}
				j.states[stateOf(hit, slot)] = states[k]
			}
			for _, d := range decisions {
				lines = append(lines, describe(d, hit.Recipient.Login, ev))
			}
			for _, failure := range failures {
				lines = append(lines, "failure of "+failure.Rule)
			}
		}
	}
	return lines
}

func stateOf(hit *rule.Hit, slot rule.Slot) string {
	person := hit.Recipient.ID
	if slot.Measure.Shared() {
		person = ""
	}
	return slot.Measure.ID() + " " + person + " " + slot.Bucket
}

func describe(d rule.Decision, login string, ev *event.Event) string {
	line := map[rule.Action]string{rule.Grant: "grant ", rule.Revoke: "revoke "}[d.Action] + d.Key + " to " + login
	if d.Occurrence != "" {
		line += " for " + d.Occurrence
	}
	if !d.At.Equal(ev.Time) {
		line += " at another time"
	}
	if d.Message != "" {
		line += " saying " + d.Message
	}
	return line
}

func same(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(rule.Declared{})); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
