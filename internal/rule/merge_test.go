package rule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// mergeable are rules of every measure that merges to what it would be, had it known one person.
const mergeable = `
namespace: acme
timezone: Europe/Berlin
achievements:
  - {key: count, name: Count, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: 3}}
  - {key: monthly, name: Monthly, award: {on: merge_request.merged, to: event.author, count: 2, every: month}}
  - {key: sum, name: Sum, kind: irrevocable, award: {on: merge_request.merged, to: event.author, sum: {of: event.additions, at_least: 20}}}
  - {key: distinct, name: Distinct, kind: irrevocable, award: {on: merge_request.merged, to: event.author, distinct: {of: event.target_branch, at_least: 3}}}
  - {key: gauge, name: Gauge, kind: irrevocable, award: {on: merge_request.merged, to: event.author, gauge: {of: event.additions, at_least: 9}}}
  - {key: streak, name: Streak, kind: irrevocable, award: {on: merge_request.merged, to: event.author, streak: {unit: day, at_least: 3}}}
  - {key: days, name: Days, kind: irrevocable, award: {on: merge_request.merged, to: event.author, streak: {unit: day, at_least: 3, separate: true}}}
  - {key: rush, name: Rush, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: 3, within: 12h}}
  - {key: bursts, name: Bursts, award: {on: merge_request.merged, to: event.author, count: {at_least: 2, again: true}, within: 12h}}
  - {key: top, name: Top, award: {on: merge_request.merged, to: event.author, count: {}, top: {n: 2, ties: earlier}, every: week}}
`

type stateKey struct {
	measure, person, bucket string
}

// ledger keeps states as a host does, each under its person.
type ledger struct {
	set    *rule.Set
	states map[stateKey]rule.State
}

func played(tb rapid.TB, set *rule.Set, events []event.Event) *ledger {
	b := &ledger{set, map[stateKey]rule.State{}}
	for i := range events {
		matched := set.Match(&events[i])
		if len(matched.Failures) > 0 {
			tb.Fatalf("%v", matched.Failures)
		}
		for j := range matched.Hits {
			b.fold(&matched.Hits[j])
		}
	}
	return b
}

// fold folds a hit into the states and returns what it grants, by key and occurrence.
func (b *ledger) fold(hit *rule.Hit) map[string]bool {
	states := make([]rule.State, len(hit.Slots()))
	for i, slot := range hit.Slots() {
		states[i] = b.states[stateKey{slot.Measure.ID(), hit.Recipient.Login, slot.Bucket}]
	}
	granted := map[string]bool{}
	decisions, _ := hit.Fold(hit.Recipient.Login, states)
	for _, d := range decisions {
		granted[d.Key+" "+d.Occurrence] = true
	}
	for i, slot := range hit.Slots() {
		b.states[stateKey{slot.Measure.ID(), hit.Recipient.Login, slot.Bucket}] = states[i]
	}
	return granted
}

// Two people merged have done what one person would have, had they been one all the time.
func TestMergedStatesAreThoseOfOnePerson(t *testing.T) {
	t.Parallel()

	set := load(t, mergeable)
	rapid.Check(t, func(t *rapid.T) {
		events := stream(t)
		two := played(t, set, events)
		for i := range events {
			for _, account := range []*event.Account{events[i].Author, events[i].MergedBy, events[i].Member} {
				if account != nil && account.Login == "grace" {
					account.ID, account.Login = "id of ada", "ada"
				}
			}
		}
		one := played(t, set, events)
		for _, measure := range set.Measures() {
			for of, state := range one.states {
				if of.measure != measure.ID() || of.person != "ada" {
					continue
				}
				other := of
				other.person = "grace"
				merged := measure.Merge(two.states[of], two.states[other])
				if diff := cmp.Diff(state, merged); diff != "" {
					t.Fatalf("the state in bucket %q differs (-one person +merged):\n%s", of.bucket, diff)
				}
			}
		}
	})
}

// Looking again grants what has been reached, and nothing else.
func TestRechecksGrantWhatIsReached(t *testing.T) {
	t.Parallel()

	set := load(t, mergeable)
	ada := event.Account{ID: "id of ada", Login: "ada"}
	for count, want := range map[int]map[string]bool{
		1: {},
		2: {"monthly 2026-11": true, "bursts 2": true, "rush ": false},
		5: {"monthly 2026-11": true, "count ": true, "rush ": true, "bursts 2": true, "bursts 4": true},
	} {
		var events []event.Event
		for minute := range count {
			events = append(events, *merged(minute, "ada"))
		}
		b := played(t, set, events)
		granted := map[string]bool{}
		for _, measure := range set.Measures() {
			for of := range b.states {
				if of.measure != measure.ID() {
					continue
				}
				hits := set.Rechecks([]rule.Slot{{Measure: measure, Bucket: of.bucket}}, ada, noon.Add(time.Hour))
				for i := range hits {
					for key := range b.fold(&hits[i]) {
						granted[key] = true
					}
				}
			}
		}
		for key, is := range want {
			if granted[key] != is {
				t.Errorf("after %d events, whether %q is granted: %t", count, key, granted[key])
			}
		}
		if count == 1 && len(granted) > 0 {
			t.Errorf("one event led to %v", granted)
		}
	}
}

func TestPlacesAmongTheFirstGoWithTheName(t *testing.T) {
	t.Parallel()

	set := load(t, `
namespace: acme
achievements:
  - {key: first, name: First, kind: irrevocable, award: {on: merge_request.merged, to: event.author, first: 2}}
`)
	b := played(t, set, []event.Event{*merged(1, "ada"), *merged(2, "grace")})
	measure := set.Measures()[0]
	ada, grace := b.states[stateKey{measure.ID(), "ada", ""}], b.states[stateKey{measure.ID(), "grace", ""}]
	both := measure.Merge(ada, grace)
	same(t, "the places taken", both.N, int64(2))
	renamed := measure.Rename(both, "grace", "ada")
	same(t, "the places taken when both are one", renamed, ada)
	same(t, "the places when somebody else is renamed", measure.Rename(both, "hedy", "ada"), both)
}
