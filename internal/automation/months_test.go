package automation_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Events that were kept long enough go, and all that was counted of them stays.
func TestForgottenMonths(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules, func(cfg *automation.Config) { cfg.EventMonths, cfg.Retention = 2, 24*time.Hour })
		tick := func(after time.Duration) {
			m.clock.Advance(after)
			for busy := true; busy; {
				var err error
				if busy, err = m.Tick(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		tick(0)
		same(t, "what a merge gives", m.merge(1, "ada"), []string{"each"})
		award := m.awards("ada")[0]
		explain := func() error {
			return book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, _, err := m.Explain(ctx, tx, award.EventID, rule.Ref{Namespace: "acme", Key: "each"})
				return err
			})
		}
		deliveries := func() (kept int) {
			m.do(func(ctx context.Context, tx *store.Tx) error {
				part, err := tx.DeliveriesAfter(ctx, store.DeliveryFilter{}, "", 10)
				kept = len(part.Deliveries)
				return err
			})
			return kept
		}
		for range 2 {
			tick(31 * 24 * time.Hour)
		}
		same(t, "why the event is not explained while it is kept", explain(), nil)
		same(t, "the deliveries", deliveries(), 1)
		for range 2 {
			tick(31 * 24 * time.Hour)
		}
		if err := explain(); fault.As(err).Code != "event_expired" {
			t.Errorf("the forgotten event is explained with %v", err)
		}
		same(t, "the deliveries then", deliveries(), 0)
		same(t, "the award", m.awards("ada")[0], award)
		same(t, "what the same merge gives", m.merge(1, "ada"), []string(nil))
		same(t, "what the second merge gives", m.merge(2, "ada"), []string{"each", "second"})
		diff := m.apply(mergeRules + "\n")
		same(t, "since when events are replayed", diff.EventsSince.IsZero(), false)
	})
}
