package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestDeliveriesAreChosen(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		sent := make([]*store.Delivery, 6)
		for i := range sent {
			sent[i] = delivery("a", byte(i))
			sent[i].ReceivedAt = noon.Add(time.Duration(i) * time.Minute)
		}
		sent[1].Source, sent[2].Outcome, sent[3].EventName = "b", "failed", "push"
		sent[4].Headers = map[string]string{
			"X-Github-Event": `it's "odd" \`, "X-Github-Delivery": sent[4].TransportID, "Content-Type": sent[4].ContentType, "User-Agent": "1",
			"Ce-Subject": "ä <b>\u2028\x00", "Ce-Id": "",
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			for _, d := range sent { // one by one, so that their ids are in order
				if err := tx.InsertDeliveries(ctx, []*store.Delivery{d}); err != nil {
					return err
				}
			}
			ev := happened("a", "1")
			ev.DeliveryID = sent[5].ID
			return tx.InsertEvents(ctx, []*store.EventRow{ev})
		})
		for name, tc := range map[string]struct {
			filter store.DeliveryFilter
			want   []int
		}{
			"all":                    {store.DeliveryFilter{}, []int{5, 4, 3, 2, 1, 0}},
			"of a source":            {store.DeliveryFilter{Source: "b"}, []int{1}},
			"with an outcome":        {store.DeliveryFilter{Outcome: "failed"}, []int{2}},
			"of an event":            {store.DeliveryFilter{EventName: "push"}, []int{3}},
			"of a kind":              {store.DeliveryFilter{Kind: "merge_request.merged"}, []int{5}},
			"of another kind":        {store.DeliveryFilter{Kind: "push"}, nil},
			"that gave an award":     {store.DeliveryFilter{UserID: 1}, nil},
			"since":                  {store.DeliveryFilter{Since: noon.Add(4 * time.Minute)}, []int{5, 4}},
			"until":                  {store.DeliveryFilter{Until: noon.Add(time.Minute)}, []int{0}},
			"with two that not both": {store.DeliveryFilter{Source: "b", Outcome: "failed"}, nil},
		} {
			chosen := read(t, book, func(ctx context.Context, tx *store.Tx) ([]int, error) {
				found, _, err := tx.ListDeliveries(ctx, tc.filter, store.Page{})
				var places []int
				for i := range found {
					places = append(places, int(found[i].Key[0]))
				}
				return places, err
			})
			same(t, "the deliveries "+name, chosen, tc.want)
		}
		kept := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Delivery, error) {
			return tx.DeliveryByID(ctx, sent[4].ID)
		})
		same(t, "the headers", kept.Headers, sent[4].Headers)
	})
}

// Parts are of what there was when the first one was asked for, the oldest first.
func TestDeliveriesInParts(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		var sent, after []int64
		insert := func(source string, key byte) int64 {
			d := delivery(source, key)
			do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.InsertDeliveries(ctx, []*store.Delivery{d}) })
			return d.ID
		}
		for i := range byte(5) {
			sent = append(sent, insert("a", i))
			insert("b", i)
		}
		for cursor := ""; ; insert("a", byte(100+len(after))) {
			part := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.DeliveryPart, error) {
				return tx.DeliveriesAfter(ctx, store.DeliveryFilter{Source: "a"}, cursor, 2)
			})
			same(t, "how many are left", part.Total, int64(5-len(after)))
			if len(part.Deliveries) == 0 {
				break
			}
			for i := range part.Deliveries {
				after = append(after, part.Deliveries[i].ID)
			}
			cursor = part.Cursor(after[len(after)-1])
		}
		same(t, "the parts", after, sent)
	})
}

// What expires first is the oldest. Its body goes; the delivery that an event came of stays, and others go with it.
func TestDeliveriesExpire(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		first, second, third := delivery("a", 1), delivery("a", 2), delivery("a", 3)
		first.Headers = map[string]string{"X-Github-Event": "push"}
		second.ReceivedAt, third.ReceivedAt = noon.Add(time.Minute), noon.Add(time.Hour)
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertDeliveries(ctx, []*store.Delivery{first, second, third}); err != nil {
				return err
			}
			ev := happened("a", "1")
			ev.DeliveryID = first.ID
			return tx.InsertEvents(ctx, []*store.EventRow{ev})
		})
		expire := func(limit int) []int64 {
			var counts []int64
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				expired, deleted, err := tx.ExpireDeliveries(ctx, noon.Add(time.Hour), noon.Add(24*time.Hour), limit)
				counts = []int64{expired, deleted}
				return err
			})
			return counts
		}
		same(t, "the oldest one", expire(1), []int64{1, 0})
		same(t, "those behind it", expire(10), []int64{1, 1})
		same(t, "when nothing is left", expire(10), []int64{0, 0})
		stored := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Delivery, error) {
			return tx.DeliveryByID(ctx, first.ID)
		})
		same(t, "what is left of its body", len(stored.Body)+len(stored.Headers), 0)
		same(t, "when it expired", stored.BodyExpiredAt, noon.Add(24*time.Hour))
		same(t, "its size", stored.BodySize, first.BodySize)
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeliveryByID(ctx, second.ID)
			return err
		})
		kept := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.Delivery, error) {
			return tx.DeliveryByID(ctx, third.ID)
		})
		same(t, "the body of one that has not expired", kept.Body, third.Body)
		again := delivery("a", 1)
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertDeliveries(ctx, []*store.Delivery{again})
		})
		same(t, "that the same delivery is known", again.ID, first.ID)
	})
}
