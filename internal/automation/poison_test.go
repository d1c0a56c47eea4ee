package automation_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/spool"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// An event that cannot be judged when it is settled holds up neither those beside it nor anything else that only time
// brings about.
func TestClocksGoOnBesideAnEventThatCannotBeJudged(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		m := start(t, testkit.Open(t, databaseURL), `
namespace: acme
achievements:
  - {key: poison, name: Poison, kind: irrevocable, award: {on: merge_request.merged, when: event.author.login == "mallory", settle: 1h, to: event.author}}
  - {key: settled, name: Settled, kind: irrevocable, award: {on: merge_request.merged, settle: 1h, to: event.author}}
  - {key: held, name: Held, kind: revocable, award: {on: merge_request.merged, to: event.author, hold: {for: 2h}}}
`)
		testkit.Refuse(t, databaseURL, "acme/poison")
		logins := []string{"ada", "mallory", "hedy", "edsger"}
		for i, login := range logins {
			m.merge(int64(i+1), login)
		}
		for _, at := range []time.Duration{90 * time.Minute, 3 * time.Hour} {
			m.clock.Advance(time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC).Add(at).Sub(m.clock.Now()))
			for range 100 {
				if busy, err := m.Tick(t.Context()); !busy && err == nil {
					break
				}
			}
		}
		for _, login := range []string{"ada", "hedy", "edsger"} {
			same(t, "what "+login+" has", m.keys(login), []string{"settled"})
		}
		busy, err := m.Tick(t.Context())
		same(t, "that nothing is left to do", []any{busy, err}, []any{false, nil})
		m.do(func(ctx context.Context, tx *store.Tx) error {
			event, err := tx.EventByID(ctx, 2)
			if err == nil && event.Failures == "" {
				t.Error("the event does not say that it could not be judged")
			}
			return err
		})
	})
}

// An award that rules about awards cannot be judged for keeps nobody from hearing of those beside it.
func TestAwardsAreToldBesideOneThatCannotBeJudged(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		m := start(t, testkit.Open(t, databaseURL), `
namespace: acme
achievements:
  - {key: merged, name: Merged, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}
  - {key: poison, name: Poison, kind: irrevocable, award: {on: award.granted, when: event.award.key == "merged" && event.holder.login == "mallory", to: event.holder}}
  - {key: heard, name: Heard, kind: irrevocable, award: {on: award.granted, when: event.award.key == "merged", to: event.holder}}
`)
		testkit.Refuse(t, databaseURL, "acme/poison")
		logins := []string{"ada", "mallory", "hedy"}
		for i, login := range logins {
			m.merge(int64(i+1), login)
		}
		jobs := m.claim()
		failures := m.Tell(t.Context(), jobs)
		for _, login := range []string{"ada", "hedy"} {
			same(t, "what "+login+" has", m.keys(login), []string{"heard", "merged"})
		}
		same(t, "how many jobs there were, and how many are tried again", []int{len(jobs), len(failures)}, []int{3, 1})
		told := map[string]int{}
		for _, notice := range m.channel.notices {
			told[notice.User.Username]++
		}
		same(t, "of whose awards the channel was told", told, map[string]int{"ada": 1, "hedy": 1, "mallory": 1})
	})
}

// Rules that this program cannot read, because a newer one has applied them, are no fault of the deliveries: they wait in the
// spool for a program that can.
func TestDeliveriesWaitForAProgramThatKnowsTheRules(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		kept, err := spool.Open(spool.Config{Directory: t.TempDir(), Max: 1 << 20, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		m := start(t, book, mergeRules, func(cfg *automation.Config) { cfg.Spool = kept })
		newer, err := json.Marshal([]rule.File{{Name: "rules.yaml", Text: "namespace: acme\nnot_known_yet: 1\nachievements: []\n"}})
		if err != nil {
			t.Fatal(err)
		}
		m.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.EnsureRevision(ctx, store.Revision{Hash: "newer", Files: newer, AppliedAt: m.clock.Now()}, nil)
			return err
		})
		receipt, err := m.receive("pull_request", testkit.MergedPullRequest(1, 815, "ada"))
		if err != nil || receipt.Outcome != automation.Spooled {
			t.Errorf("the delivery gives %+v, %v", receipt, err)
		}
		m.apply(mergeRules)
		ctx, stop := context.WithCancel(t.Context())
		var draining sync.WaitGroup
		draining.Go(func() { m.RunSpool(ctx) })
		defer draining.Wait()
		defer stop()
		for kept.Stats().Records > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		same(t, "what it gives then", m.keys("ada"), []string{"each"})
	})
}
