package rule_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

const ladder = `
namespace: acme
achievements:
  - key: first
    name: First
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author}
  - key: ladder
    name: Ladder
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: {}}
    tiers: [{at: 2, name: L2}, {at: 3, name: L3}]
  - key: fourth
    name: Fourth
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: 4}
  - key: in-rocket
    name: In rocket
    kind: irrevocable
    award: {on: merge_request.merged, when: event.repository.path == "acme/rocket", to: event.author, count: 2}
`

func TestThresholdsShareACount(t *testing.T) {
	t.Parallel()

	set := load(t, ladder)
	if len(set.Measures()) != 2 {
		t.Errorf("there are %d measures, want one for all merges and one for those in acme/rocket", len(set.Measures()))
	}
	j := newJudge(t, set)
	for minute, want := range [][]string{
		{"grant first to ada"},
		{"grant ladder to ada", "grant in-rocket to ada"},
		{"grant ladder-2 to ada"},
		{"grant fourth to ada"},
		nil,
	} {
		same(t, "the decisions", j.on(merged(minute, "ada")), want)
	}
	same(t, "somebody else's", j.on(merged(9, "hedy")), []string{"grant first to hedy"})
}

func TestComingAndGoing(t *testing.T) {
	t.Parallel()

	set := load(t, `
namespace: acme
achievements:
  - key: core
    name: Core
    kind: revocable
    award:  {on: member.added,   when: event.group.path == "acme/core", to: event.member}
    revoke: {on: member.removed, when: event.group.path == "acme/core", to: event.member}
`)
	for name, tc := range map[string]struct {
		events []*event.Event
		want   []string
	}{
		"in and out and in": {
			[]*event.Event{added(1), removed(2), added(3)}, []string{"grant core to ada", "revoke core to ada", "grant core to ada"},
		},
		"joining is told after leaving":   {[]*event.Event{removed(2), added(1)}, []string{"revoke core to ada"}},
		"leaving is told after returning": {[]*event.Event{added(1), added(3), removed(2)}, []string{"grant core to ada", "grant core to ada"}},
		"both at once, in before out":     {[]*event.Event{added(1), removed(1)}, []string{"grant core to ada", "revoke core to ada"}},
		"both at once, out before in":     {[]*event.Event{removed(1), added(1)}, []string{"revoke core to ada", "grant core to ada"}},
		"another team":                    {[]*event.Event{member(event.MemberAdded, 1, "ada", "acme/docs")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "the decisions", newJudge(t, set).on(tc.events...), tc.want)
		})
	}
}

func added(minute int) *event.Event   { return member(event.MemberAdded, minute, "ada", "acme/core") }
func removed(minute int) *event.Event { return member(event.MemberRemoved, minute, "ada", "acme/core") }

// A count goes on while an achievement is away, and its threshold is crossed once.
func TestRevokingWhatWasCounted(t *testing.T) {
	t.Parallel()

	j := newJudge(t, load(t, `
namespace: acme
achievements:
  - key: regular
    name: Regular
    kind: revocable
    award:  {on: merge_request.merged, to: event.author, count: 2}
    revoke: {on: member.removed, to: event.member}
`))
	same(t, "the decisions", j.on(merged(1, "ada"), merged(2, "ada"), removed(3), merged(4, "ada")),
		[]string{"grant regular to ada", "revoke regular to ada"})
}

func TestRepeating(t *testing.T) {
	t.Parallel()

	each := newJudge(t, load(t, one("repeatable", `{on: merge_request.merged, to: event.author, per: event.object}`)))
	same(t, "one for each", each.on(merged(1, "ada"), merged(2, "ada")),
		[]string{"grant badge to ada for merge_request:1", "grant badge to ada for merge_request:2"})

	monthly := newJudge(t, load(t, one("repeatable",
		`{on: merge_request.merged, to: event.author, count: 2, per: 'string(event.time).substring(0, 7)'}`)))
	const day = 24 * 60
	same(t, "two in a month", monthly.on(merged(1, "ada"), merged(40*day, "ada"), merged(2, "ada"), merged(3, "ada"), merged(41*day, "ada")),
		[]string{"grant badge to ada for 2026-11", "grant badge to ada for 2026-12"})

	numbered := newJudge(t, load(t, one("repeatable", `{on: merge_request.merged, to: event.author, per: event.iid}`)))
	ev := merged(1, "ada")
	ev.IID = 42
	same(t, "a number as occurrence", numbered.on(ev), []string{"grant badge to ada for 42"})

	fails := newJudge(t, load(t, one("repeatable", `{on: merge_request.merged, to: event.author, per: 'event.labels[0]'}`)))
	same(t, "an occurrence that fails", fails.on(merged(1, "ada")), []string{"failure of acme/badge"})
}

// For counts the order of events means nothing: whatever arrives when, the same is granted.
func TestOrderOfArrivalMeansNothingToCounts(t *testing.T) {
	t.Parallel()

	set := load(t, ladder)
	rapid.Check(t, func(t *rapid.T) {
		var events []*event.Event
		for minute := range rapid.IntRange(0, 12).Draw(t, "events") {
			ev := merged(minute, rapid.SampledFrom([]string{"ada", "hedy", ""}).Draw(t, "author"))
			if rapid.Bool().Draw(t, "elsewhere") {
				ev.Repository.Path = "acme/elsewhere"
			}
			events = append(events, ev)
		}
		granted := func(events []*event.Event) []string {
			lines := (&judge{t: t, set: set, states: map[string]rule.State{}}).on(events...)
			slices.Sort(lines)
			return lines
		}
		if in, shuffled := granted(events), granted(rapid.Permutation(events).Draw(t, "order")); !slices.Equal(in, shuffled) {
			t.Fatalf("in order %v, shuffled %v", in, shuffled)
		}
	})
}

// Whoever joined last holds it, whatever the order of arrival, as long as no two changes are at the
// same time.
func TestLastChangeDecides(t *testing.T) {
	t.Parallel()

	set := load(t, one("revocable", `{on: member.added, to: event.member}`)+"    revoke: {on: member.removed, to: event.member}\n")
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.Permutation([]int{1, 2, 3, 4, 5}).Draw(t, "arrival")
		kinds := rapid.SliceOfN(rapid.SampledFrom([]string{event.MemberAdded, event.MemberRemoved}), 5, 5).Draw(t, "kinds")
		var events []*event.Event
		for _, minute := range minutes {
			events = append(events, member(kinds[minute-1], minute, "ada", "acme/core"))
		}
		lines := (&judge{t: t, set: set, states: map[string]rule.State{}}).on(events...)
		want := map[string]string{event.MemberAdded: "grant badge to ada", event.MemberRemoved: "revoke badge to ada"}[kinds[4]]
		if len(lines) == 0 || lines[len(lines)-1] != want {
			t.Fatalf("the last decision of %v is not %q", lines, want)
		}
	})
}

func TestDecisionsCarryTheEventsTime(t *testing.T) {
	t.Parallel()

	ev := merged(7, "ada")
	hits := load(t, ladder).Match(ev).Hits
	decisions, _ := hits[0].Fold("ada", make([]rule.State, len(hits[0].Slots())))
	if len(decisions) != 1 || !decisions[0].At.Equal(noon.Add(7*time.Minute)) || decisions[0].Rule != "acme/first" || decisions[0].Namespace != "acme" {
		t.Errorf("the decisions are %+v", decisions)
	}
}
