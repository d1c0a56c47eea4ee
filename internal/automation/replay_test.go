package automation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// ladderOf is a ladder over all merges with these steps.
func ladderOf(steps ...int) string {
	var text strings.Builder
	text.WriteString("namespace: acme\nachievements:\n  - key: merges\n    name: Merges\n    kind: irrevocable\n" +
		"    award: {on: merge_request.merged, to: event.author, count: {}}\n    tiers:\n")
	for _, step := range steps {
		fmt.Fprintf(&text, "      - {at: %d, name: Merges %d}\n", step, step)
	}
	return text.String()
}

// catchUp does all that is due, but tells nobody.
func (m *machine) catchUp() {
	m.t.Helper()
	for {
		busy, err := m.Tick(context.WithoutCancel(m.t.Context()))
		if err != nil {
			m.t.Fatal(err)
		}
		if !busy {
			return
		}
	}
}

// names returns the names of what a user holds.
func (m *machine) names(username string) []string {
	m.t.Helper()

	var names []string
	awards := m.awards(username)
	m.do(func(ctx context.Context, tx *store.Tx) error {
		names = nil
		for _, award := range awards {
			of, err := tx.AchievementByID(ctx, award.AchievementID)
			if err != nil {
				return err
			}
			names = append(names, of.Name)
		}
		return nil
	})
	return names
}

// What happened before a rule counts for it, at its own time and without mails; a second time changes nothing.
func TestNewRuleOldDeeds(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, "namespace: acme\nachievements: []\n")
		for id := range int64(5) {
			m.merge(id+1, "ada")
		}
		diff := m.apply(ladderOf(2, 5, 6))
		same(t, "how many events are replayed", diff.Events, int64(5))
		same(t, "what is held before the replay", len(m.awards("ada")), 0)
		m.catchUp()
		same(t, "what is held after it", m.names("ada"), []string{"Merges 2", "Merges 5"})
		merged := time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC)
		for _, award := range m.awards("ada") {
			if !award.AwardedAt.Equal(merged) || award.EventID == 0 {
				t.Errorf("a replayed award is of %s, for event %d", award.AwardedAt, award.EventID)
			}
		}
		m.do(func(ctx context.Context, tx *store.Tx) error {
			jobs, err := tx.ClaimJobs(ctx, []string{automation.JobAwardsGranted}, 10, m.clock.Now(), m.clock.Now().Add(time.Minute))
			for _, job := range jobs {
				if awards, quiet := strings.Count(string(job.Args), "award_id"), strings.Count(string(job.Args), `"quiet":true`); awards == 0 || quiet < awards {
					t.Errorf("a replayed award is not quiet: %s", job.Args)
				}
			}
			return err
		})
		same(t, "applied again", m.apply(ladderOf(2, 5, 6)).Events, int64(0))
		m.catchUp()
		same(t, "what the next merge gives", m.merge(6, "ada"), []string{"merges-3"})
	})
}

// A step that is lower than where people are is given for when they passed it; the count goes on.
func TestLoweredStep(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, ladderOf(4, 6))
		for id := range int64(5) {
			m.merge(id+1, "ada")
		}
		m.apply(ladderOf(3, 6))
		m.catchUp()
		same(t, "what is held", m.names("ada"), []string{"Merges 3"})
		same(t, "what the sixth gives", m.merge(6, "ada"), []string{"merges-2"})
		m.apply(ladderOf(2, 3, 6))
		m.catchUp()
		same(t, "the steps", len(m.awards("ada")), 3)
	})
}

// A rule that is dropped and comes back has counted each event once.
func TestGapsAreFilled(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		const none = "namespace: acme\nachievements: []\n"
		m := start(t, book, none)
		m.merge(1, "ada")
		for round := range int64(3) {
			m.apply(ladderOf(100))
			if round != 1 {
				m.catchUp()
			}
			m.merge(10*round+2, "ada")
			m.apply(none)
			m.merge(10*round+3, "ada")
		}
		m.apply(ladderOf(7, 8))
		m.catchUp()
		same(t, "seven merges", m.names("ada"), []string{"Merges 7"})
		same(t, "the eighth", m.merge(99, "ada"), []string{"merges-2"})
	})
}

// While a replay runs, is killed and goes on elsewhere, events keep coming to two servers, and each counts once.
func TestTheSeam(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		const before, each = 450, 75
		m := start(t, book, "namespace: acme\nachievements: []\n")
		for id := range int64(before) {
			m.merge(id+1, "ada")
		}
		other := start(t, book, "")
		var live sync.WaitGroup
		for i, server := range []*machine{m, other, other} {
			live.Go(func() {
				for id := range int64(each) {
					server.merge(int64(1000*(i+1))+id, "ada")
				}
			})
		}
		m.apply(ladderOf(before+3*each, before+3*each+1))
		for range 2 { // each is a transaction that a killed server leaves behind
			if _, err := m.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var ticks sync.WaitGroup
		for _, server := range []*machine{m, other} {
			ticks.Go(func() { server.catchUp() })
		}
		live.Wait()
		ticks.Wait()
		m.catchUp()
		same(t, "all of them, each once", m.names("ada"), []string{fmt.Sprintf("Merges %d", before+3*each)})
	})
}

// A server judges by what another one applied, from its next delivery on.
func TestAllServersSwitchTogether(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		one, two := start(t, book, mergeRules), start(t, book, "")
		same(t, "what the other one gives", two.merge(1, "ada"), []string{"each"})
		one.apply(ladderOf(2))
		same(t, "what it gives by the new rules", two.merge(2, "ada"), []string{"merges"})
		same(t, "what is held", one.names("ada"), []string{"Each", "Merges 2"})
	})
}

// What a dry run says is what then happens.
func TestForesight(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, `
namespace: acme
achievements:
  - key: active
    name: Active
    kind: revocable
    award: {on: merge_request.merged, to: event.author}
`)
		for id := range int64(3) {
			m.merge(id+1, "ada")
		}
		m.merge(9, "hedy")
		const next = `
namespace: acme
achievements:
  - key: active
    name: Active
    kind: revocable
    award: {on: merge_request.merged, to: event.author, hold: {for: 1h}}
  - key: three
    name: Three
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: 3}
`
		files := []rule.File{{Name: "rules.yaml", Text: next}}
		set, err := rule.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		m.clock.Advance(2 * time.Hour)
		foreseen, err := m.Diff(t.Context(), set, true)
		if err != nil {
			t.Fatal(err)
		}
		merged := time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC)
		same(t, "who gains", foreseen.Gains, []automation.Effect{{Achievement: "acme/three", Username: "ada", At: merged}})
		same(t, "who loses", foreseen.Losses, []automation.Effect{
			{Achievement: "acme/active", Username: "ada", At: merged.Add(time.Hour)},
			{Achievement: "acme/active", Username: "hedy", At: merged.Add(time.Hour)},
		})
		same(t, "what is held meanwhile", m.names("hedy"), []string{"Active"})
		m.apply(next)
		m.catchUp()
		same(t, "what ada holds", m.names("ada"), []string{"Three"})
		same(t, "what hedy holds", m.names("hedy"), []string(nil))
	})
}

// What a replay gives is what judging live would have given, at the same times and for the same occurrences.
func TestReplayEqualsLive(t *testing.T) {
	t.Parallel()

	const rules = `
namespace: acme
achievements:
  - {key: each, name: Each, award: {on: merge_request.merged, to: event.author, per: event.object}}
  - key: ladder
    name: Ladder
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: {}}
    tiers: [{at: 2, name: L2}, {at: 5, name: L5}, {at: 30, name: L30}]
  - {key: again, name: Again, award: {on: merge_request.merged, to: event.author, count: {at_least: 3, again: true}}}
  - {key: sum, name: Sum, kind: irrevocable, award: {on: merge_request.merged, to: event.author, sum: {of: event.additions, at_least: 40}}}
  - {key: distinct, name: Distinct, kind: irrevocable, award: {on: merge_request.merged, to: event.author, distinct: {of: event.object, at_least: 7}}}
  - {key: rush, name: Rush, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: 4, within: 1h}}
  - {key: first, name: First, kind: irrevocable, award: {on: merge_request.merged, to: event.author, first: 2}}
  - {key: few, name: Few, award: {on: merge_request.merged, to: event.author, per: event.object, limit: 3}}
  - {key: active, name: Active, kind: revocable, award: {on: merge_request.merged, to: event.author, hold: {for: 5d}}}
  - {key: settled, name: Settled, kind: irrevocable, award: {on: merge_request.merged, when: history.size() == 0, settle: 1h, to: event.author}}
  - {key: needs, name: Needs, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: 6, requires: [rush]}}
  - {key: heard, name: Heard, kind: irrevocable, award: {on: award.granted, when: event.award.key == "each", to: event.holder, count: 4}}
`
	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		play := func(m *machine) {
			for id := range int64(60) {
				m.merge(id+1, []string{"ada", "hedy", "alice", "ada"}[id%4])
			}
		}
		live := start(t, book, rules)
		play(live)
		live.pass(10 * 24 * time.Hour)

		replayed := start(t, testkit.SQLite(t), "namespace: acme\nachievements: []\n")
		play(replayed)
		replayed.apply(rules)
		replayed.pass(10 * 24 * time.Hour)
		for _, person := range []string{"ada", "hedy", "alice"} {
			same(t, "what "+person+" holds", replayed.standing(person), live.standing(person))
		}
		if got := live.standing("ada"); len(got) < 30 {
			t.Errorf("ada holds %v", got)
		}
	})
}

// standing returns what a user holds, with occurrences and times, sorted.
func (m *machine) standing(username string) []string {
	m.t.Helper()

	var lines []string
	awards := m.awards(username)
	m.do(func(ctx context.Context, tx *store.Tx) error {
		lines = nil
		for _, award := range awards {
			of, err := tx.AchievementByID(ctx, award.AchievementID)
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("%s %s of %s", of.Key, award.Occurrence, award.AwardedAt.Format(time.RFC3339)))
		}
		return nil
	})
	slices.Sort(lines)
	return lines
}
