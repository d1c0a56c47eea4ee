package automation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// sent delivers a merge and returns it as the book holds it.
func (m *machine) sent(id int64) *store.Delivery {
	m.t.Helper()

	receipt, err := m.receive("pull_request", testkit.MergedPullRequest(id, 815, "ada"))
	if err != nil {
		m.t.Fatal(err)
	}
	var stored *store.Delivery
	m.do(func(ctx context.Context, tx *store.Tx) (err error) {
		stored, err = tx.DeliveryByID(ctx, receipt.DeliveryID)
		return err
	})
	return stored
}

// contents returns the body of a delivery as it was sent; nil when it is not kept.
func (m *machine) contents(d *store.Delivery) (body []byte) {
	m.t.Helper()

	m.do(func(ctx context.Context, tx *store.Tx) error {
		found, err := m.Contents(ctx, tx, d.ID)
		if err == nil {
			body = found.Body
		}
		return err
	})
	return body
}

// The first body of an event stands alone, others are packed on it for an hour, and all are read as they were sent.
func TestBodiesArePackedOnOthers(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		first, second, third := m.sent(1), m.sent(2), m.sent(3)
		same(t, "what they are packed on", []int64{first.BaseID, second.BaseID, third.BaseID}, []int64{0, first.ID, first.ID})
		if len(second.Body) > len(first.Body)/4 {
			t.Errorf("alone it takes %d bytes, packed on another %d", len(first.Body), len(second.Body))
		}
		m.clock.Advance(time.Hour)
		fourth, fifth := m.sent(4), m.sent(5)
		same(t, "what they are packed on an hour later", []int64{fourth.BaseID, fifth.BaseID}, []int64{0, fourth.ID})
		for i, d := range []*store.Delivery{first, second, third, fourth, fifth} {
			same(t, "a body", string(m.contents(d)), string(testkit.MergedPullRequest(int64(i+1), 815, "ada")))
		}
		noted := 0
		again, err := m.ReplayDelivery(t.Context(), third.ID, m.replays(true, &noted))
		if err != nil || again.Outcome != automation.Judged {
			t.Errorf("replaying one that is packed on another gives %v, %v", again, err)
		}
	})
}

// A rule reads the payload of a delivery that is packed on another.
func TestPackedPayload(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, `
namespace: acme
achievements:
  - key: payload
    name: Payload
    award: {on: merge_request.merged, when: 'payload.action == "closed"', to: event.author, per: event.object}
`)
		for id := range int64(3) {
			same(t, "what a merge gives", m.merge(id+1, "ada"), []string{"payload"})
		}
	})
}

// A server whose base the book does not hold, because a standby took over that had not heard of it, loses nothing: what it
// packed on it stands alone.
func TestBaseIsGone(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules, func(cfg *automation.Config) { cfg.Retention = time.Hour })
		first := m.sent(1)
		same(t, "what the second is packed on", m.sent(2).BaseID, first.ID)
		m.do(func(ctx context.Context, tx *store.Tx) error {
			expired, _, err := tx.ExpireDeliveries(ctx, m.clock.Now().Add(time.Second), m.clock.Now(), 1)
			if err == nil && expired != 1 {
				err = fmt.Errorf("%d bodies expired", expired)
			}
			return err
		})
		third, fourth := m.sent(3), m.sent(4)
		same(t, "what the next are packed on", []int64{third.BaseID, fourth.BaseID}, []int64{0, third.ID})
		for i, d := range []*store.Delivery{third, fourth} {
			same(t, "a body", string(m.contents(d)), string(testkit.MergedPullRequest(int64(i+3), 815, "ada")))
		}
		same(t, "what they gave", len(m.awards("ada")), 5)
	})
}

// A body that others are packed on is kept until the time of the last of them is over.
func TestBasesOutliveWhatIsPackedOnThem(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		const retention = 24 * time.Hour
		m := start(t, book, mergeRules, func(cfg *automation.Config) { cfg.Retention = retention })
		first := m.sent(1)
		m.clock.Advance(59 * time.Minute)
		last := m.sent(2)
		same(t, "what the last one is packed on", last.BaseID, first.ID)
		for range 25 {
			m.clock.Advance(time.Hour)
			if _, err := m.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
			if age := m.clock.Now().Sub(last.ReceivedAt); (m.contents(last) != nil) != (age <= retention) {
				t.Errorf("after %s the body is there: %t", age, age > retention)
			}
		}
		same(t, "what is left of the base", m.contents(first), []byte(nil))
	})
}
