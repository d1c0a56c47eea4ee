package rule_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// monotone are rules whose awards the order of arrival may not change: one of each measure, alone and in company.
const monotone = `
namespace: acme
timezone: Europe/Berlin
achievements:
  - {key: once, name: Once, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}
  - {key: each, name: Each, award: {on: merge_request.merged, to: event.author, per: event.object}}
  - key: count
    name: Count
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: {}}
    tiers: [{at: 2, name: C2}, {at: 3, name: C3}, {at: 5, name: C5}, {at: 8, name: C8}]
  - {key: again, name: Again, award: {on: merge_request.merged, to: event.author, count: {at_least: 3, again: true}}}
  - {key: sum, name: Sum, kind: irrevocable, award: {on: merge_request.merged, to: event.author, sum: {of: event.additions, at_least: 20}}}
  - {key: capped, name: Capped, kind: irrevocable, award: {on: merge_request.merged, to: event.author, sum: {of: event.additions, at_least: 20, limit: {at_most: 7, every: day}}}}
  - {key: distinct, name: Distinct, kind: irrevocable, award: {on: merge_request.merged, to: event.author, distinct: {of: event.target_branch, at_least: 3}}}
  - {key: rich, name: Rich, kind: irrevocable, award: {on: merge_request.merged, to: event.author, distinct: {of: event.target_branch, at_least: 2, each: {count: 2}}}}
  - {key: gauge, name: Gauge, kind: irrevocable, award: {on: merge_request.merged, to: event.author, gauge: {of: event.additions, at_least: 9}}}
  - {key: streak, name: Streak, kind: irrevocable, award: {on: merge_request.merged, to: event.author, streak: {unit: day, at_least: 3}}}
  - {key: days, name: Days, kind: irrevocable, award: {on: merge_request.merged, to: event.author, streak: {unit: day, at_least: 3, separate: true, each: {count: 2}}}}
  - {key: rush, name: Rush, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: 3, within: 12h}}
  - {key: bursts, name: Bursts, award: {on: merge_request.merged, to: event.author, count: {at_least: 2, again: true}, within: 12h}}
  - {key: daily, name: Daily, award: {on: merge_request.merged, to: event.author, count: 2, every: day}}
  - {key: top, name: Top, award: {on: merge_request.merged, to: event.author, count: {}, top: {n: 2, ties: earlier}, every: week}}
  - key: both
    name: Both
    kind: irrevocable
    award:
      measures:
        mine:  {on: merge_request.merged, to: event.author, count: {}}
        yours: {on: merge_request.merged, to: event.merged_by, count: {}}
      reach: mine >= 3 && yours >= 2
  - key: over
    name: Over
    award:
      measures:
        mine:  {on: merge_request.merged, to: event.author, count: {}}
        yours: {on: merge_request.merged, to: event.merged_by, count: {}}
      reach: mine >= 1 && yours == 0
      every: week
      at_end: true
  - {key: needs, name: Needs, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: 2, requires: [once, distinct]}}
  - {key: waits, name: Waits, award: {on: merge_request.merged, when: '!history.exists(h, h.kind == "merge_request.opened")', settle: 10d, to: event.author, per: event.object}}
  - key: state
    name: State
    kind: revocable
    award: {on: member.added, to: event.member}
    revoke: {on: member.removed, to: event.member}
`

// stream draws events of three people within a week, no two of which happen at the same moment.
func stream(t *rapid.T) []event.Event {
	moments := rapid.SliceOfNDistinct(rapid.IntRange(0, 7*24*60), 1, 40, rapid.ID[int]).Draw(t, "minutes")
	person := rapid.SampledFrom([]string{"ada", "grace", "hedy"})
	events := make([]event.Event, len(moments))
	for i, minute := range moments {
		ev := merged(minute, person.Draw(t, "author"))
		ev.MergedBy = &event.Account{ID: "id of " + person.Draw(t, "merged by")}
		ev.MergedBy.Login = strings.TrimPrefix(ev.MergedBy.ID, "id of ")
		ev.Additions = int64(rapid.IntRange(0, 12).Draw(t, "additions"))
		ev.TargetBranch = rapid.SampledFrom([]string{"main", "next", "old"}).Draw(t, "branch")
		ev.Object = fmt.Sprintf("merge_request:%d", rapid.IntRange(1, 8).Draw(t, "object"))
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			ev.Kind = event.MergeRequestOpened
		case 1:
			ev = member(event.MemberAdded, minute, ev.Author.Login, "acme")
		case 2:
			ev = member(event.MemberRemoved, minute, ev.Author.Login, "acme")
		}
		events[i] = *ev
	}
	return events
}

// held plays events in this order of arrival, all of them before the week is over, and returns what is held in
// the end.
func held(set *rule.Set, events []event.Event) []string {
	s := rule.NewSimulation(set, noon.Add(-time.Hour))
	for i := range events {
		s.Arrive(&events[i])
	}
	s.Advance(noon.AddDate(0, 0, 30))
	standing := map[string]bool{}
	for _, o := range s.Outcomes() {
		line := o.Key + " " + o.Occurrence + " to " + o.Person.Login
		if o.Action == rule.Grant {
			standing[line] = true
		} else {
			delete(standing, line)
		}
	}
	return slices.Sorted(maps.Keys(standing))
}

// A hundred orders of arrival end in the same awards, and what arrives twice counts once.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	t.Parallel()

	set := load(t, monotone)
	rapid.Check(t, func(t *rapid.T) {
		events := stream(t)
		slices.SortFunc(events, func(x, y event.Event) int { return x.Time.Compare(y.Time) })
		want := held(set, events)
		random := rand.New(rand.NewPCG(1, uint64(len(events)))) //nolint:gosec // an order, and no secret
		for range 100 {
			shuffled := slices.Concat(events, events[:len(events)/2])
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if got := held(set, shuffled); !slices.Equal(got, want) {
				t.Fatalf("in another order, what is held is\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// Ten tiers cost one state for each person.
func TestTiersShareOneState(t *testing.T) {
	t.Parallel()

	var tiers []string
	for i := range 10 {
		tiers = append(tiers, fmt.Sprintf("{at: %d, name: T%d}", i+1, i))
	}
	set := load(t, `
namespace: acme
achievements:
  - key: ladder
    name: Ladder
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: {}}
    tiers: [`+strings.Join(tiers, ", ")+"]\n")
	s := rule.NewSimulation(set, noon)
	for minute := range 20 {
		s.Play(merged(minute, []string{"ada", "grace"}[minute%2]))
	}
	same(t, "the awards", len(s.Outcomes()), 20)
	same(t, "the states", s.States(), 2)
}
