package automation_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Of who is known and earns nothing, Postgres is asked once, the commit included; and the receipt says what it says otherwise.
func TestTakenInAsAWhole(t *testing.T) {
	t.Parallel()

	var asked atomic.Int64
	book := testkit.OpenWith(t, store.Config{
		URL: testkit.PostgresURL(t), MaxConns: 8, Observe: func(time.Duration) { asked.Add(1) },
	})
	m := start(t, book, tenthRules)
	merge := func(id int64) (*automation.Receipt, int64) {
		before := asked.Load()
		receipt, err := m.receive("pull_request", testkit.MergedPullRequest(id, 3000, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		return receipt, asked.Load() - before
	}
	var last int64
	for id := range int64(9) {
		receipt, times := merge(id + 1)
		if receipt.DeliveryID <= last || receipt.Outcome != automation.Judged || len(receipt.Awards) > 0 {
			t.Errorf("the receipt is %+v", receipt)
		}
		last = receipt.DeliveryID
		same(t, "the events", receipt.Events, []automation.SeenEvent{{Kind: "merge_request.merged", New: true}})
		if want := int64(1); id > 0 && times != want {
			t.Errorf("for merge %d the book was asked %d times, want %d", id+1, times, want)
		}
	}
	receipt, times := merge(10)
	same(t, "what the tenth earns", len(receipt.Awards), 1)
	if times < 2 {
		t.Errorf("for an award the book was asked %d times", times)
	}
	m.do(func(ctx context.Context, tx *store.Tx) error { return tx.NoteChange(ctx) })
	if _, times = merge(11); times < 2 {
		t.Errorf("after a change the book was asked %d times", times)
	}
}

// Two servers that count the same person by turns each find that the book is not as they remember, and count exactly.
func TestServersThatRememberCountExactly(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		one, other := start(t, book, tenthRules), start(t, book, tenthRules)
		given := 0
		for id := range int64(9) {
			m := one
			if id%3 == 2 {
				m = other
			}
			given += len(m.merge(id+1, "ada"))
		}
		same(t, "what nine merges give", given, 0)
		same(t, "what the tenth gives", other.merge(10, "ada"), []string{"tenth"})
		same(t, "what is given for another one", len(one.merge(11, "ada")), 0)
		same(t, "what she has", len(one.awards("ada")), 1)
	})
}

// A person of whom another server has forgotten the counts, as by an erasure, begins anew.
func TestWhatIsRememberedOfCountsIsNotTrusted(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, tenthRules)
		for id := range int64(8) {
			m.merge(id+1, "ada")
		}
		m.do(func(ctx context.Context, tx *store.Tx) error {
			user, err := tx.UserByUsername(ctx, "ada")
			if err != nil {
				return err
			}
			_, err = tx.MergeSheets(ctx, user.ID, 1, m.clock.Now())
			return err
		})
		same(t, "how many more she needs", m.untilTenth(), 10)
	})
}
