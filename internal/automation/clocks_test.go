package automation_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// pass sets the clock to a time after the merges' and does all that is due then, the outbox too.
func (m *machine) pass(at time.Duration) {
	m.t.Helper()

	m.clock.Advance(time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC).Add(at).Sub(m.clock.Now()))
	for {
		busy, err := m.Tick(m.t.Context())
		if err != nil {
			m.t.Fatal(err)
		}
		if told := m.tellAll(); !busy && !told {
			return
		}
	}
}

// claim returns the jobs of the outbox.
func (m *machine) claim() (jobs []store.Job) {
	m.t.Helper()

	m.do(func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.ClaimJobs(ctx, []string{automation.JobAwardsGranted, automation.JobAwardsRevoked}, 1000, m.clock.Now(), m.clock.Now().Add(time.Minute))
		jobs = found
		return err
	})
	return jobs
}

// tellAll does the jobs of the outbox and reports whether there were any.
func (m *machine) tellAll() bool {
	m.t.Helper()

	jobs := m.claim()
	if failures := m.Tell(m.t.Context(), jobs); len(failures) > 0 {
		m.t.Fatalf("telling failed: %v", failures)
	}
	m.do(func(ctx context.Context, tx *store.Tx) error { return tx.FinishJobs(ctx, jobs, m.clock.Now()) })
	return len(jobs) > 0
}

// keys returns the keys of what a user holds, sorted.
func (m *machine) keys(username string) []string {
	m.t.Helper()

	var keys []string
	awards := m.awards(username)
	m.do(func(ctx context.Context, tx *store.Tx) error {
		for _, award := range awards {
			of, err := tx.AchievementByID(ctx, award.AchievementID)
			if err != nil {
				return err
			}
			keys = append(keys, of.Key)
		}
		return nil
	})
	slices.Sort(keys)
	return keys
}

const timeRules = `
namespace: acme
achievements:
  - key: active
    name: Active
    kind: revocable
    award: {on: merge_request.merged, to: event.author, hold: {for: 90d}}
  - key: patient
    name: Patient
    kind: irrevocable
    award: {on: merge_request.merged, when: history.size() == 0, settle: 7d, to: event.author}
  - key: best
    name: Best
    award: {on: merge_request.merged, to: event.author, count: {}, top: 1, every: month, settle: 1h}
  - key: one-year
    name: One year
    kind: irrevocable
    award: {on: clock.daily, to: everyone, gauge: {of: (event.time - recipient.since).getHours() / 8760, at_least: 1}}
  - key: collector
    name: Collector
    kind: irrevocable
    award: {on: award.granted, when: event.award.namespace == "acme", to: event.holder, count: 3}
  - key: both
    name: Both
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, requires: [patient]}
  - key: lost
    name: Lost
    kind: irrevocable
    award: {on: award.revoked, to: event.holder}
`

// What only time brings about goes through the book on both databases.
func TestTimePasses(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, timeRules)
		m.pass(0)
		m.merge(1, "ada")
		m.merge(2, "ada")
		m.merge(3, "hedy")
		same(t, "at once", m.keys("ada"), []string{"active"})
		m.pass(6 * 24 * time.Hour)
		same(t, "after six days", m.keys("ada"), []string{"active"})
		m.pass(7 * 24 * time.Hour)
		same(t, "after seven days", m.keys("ada"), []string{"active", "both", "collector", "patient"})
		m.pass(28*24*time.Hour + 14*time.Hour + 50*time.Minute)
		same(t, "when November is over, but not yet settled", len(m.keys("ada")), 4)
		m.pass(28*24*time.Hour + 16*time.Hour)
		same(t, "when November is over", m.keys("ada"), []string{"active", "best", "both", "collector", "patient"})
		same(t, "who was not the best", m.keys("hedy"), []string{"active", "both", "collector", "patient"})
		m.pass(91 * 24 * time.Hour)
		same(t, "after 91 days", m.keys("ada"), []string{"best", "both", "collector", "lost", "patient"})
		m.pass(367 * 24 * time.Hour)
		same(t, "after a year", m.keys("ada"), []string{"best", "both", "collector", "lost", "one-year", "patient"})
		for _, award := range m.awards("ada") {
			if award.EventID == 0 || award.Rule == "" {
				t.Errorf("an award does not say why: %+v", award)
			}
		}
	})
}

// Several servers on one book end a period once, and periods that passed while none ran are caught up.
func TestPeriodsEndOnce(t *testing.T) {
	t.Parallel()

	const rules = `
namespace: acme
achievements:
  - key: best
    name: Best
    award: {on: merge_request.merged, to: event.author, count: {}, top: 1, every: day}
  - key: day
    name: Day
    award: {on: clock.daily, to: everyone, per: event.period}
`
	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, rules)
		m.pass(0)
		m.merge(1, "ada")
		servers := []*machine{m, start(t, book, rules), start(t, book, rules)}
		for _, server := range servers {
			server.clock.Advance(5 * 24 * time.Hour)
		}
		var group sync.WaitGroup
		for _, server := range servers {
			group.Go(func() {
				for range 40 {
					if _, err := server.Tick(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		same(t, "one award of the best day, and one for each of five days", m.keys("ada"), []string{"best", "day", "day", "day", "day", "day"})
	})
}

// An award by hand is an event for rules, too, and a retold one is not a second.
func TestAwardsAreHeardOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, `
namespace: acme
achievements:
  - key: merge
    name: Merge
    award: {on: merge_request.merged, to: event.author, per: event.object}
  - key: two
    name: Two
    kind: irrevocable
    award: {on: award.granted, when: event.award.key == "merge", to: event.holder, count: 2}
  - key: endless
    name: Endless
    award: {on: award.granted, to: event.holder, per: event.key}
`)
		m.merge(1, "ada")
		var jobs []store.Job
		m.do(func(ctx context.Context, tx *store.Tx) error {
			found, err := tx.ClaimJobs(ctx, []string{automation.JobAwardsGranted}, 10, m.clock.Now(), m.clock.Now().Add(time.Minute))
			jobs = found
			return err
		})
		for range 3 {
			if failures := m.Tell(t.Context(), jobs); len(failures) > 0 {
				t.Fatal(failures)
			}
		}
		same(t, "told three times", m.keys("ada"), []string{"endless", "merge"})
		m.merge(2, "ada")
		m.pass(time.Hour)
		keys := m.keys("ada")
		same(t, "told of both", slices.Contains(keys, "two"), true)
		if len(keys) > 60 {
			t.Errorf("awards led to %d awards", len(keys))
		}
	})
}
