package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// takeIn stores the deliveries with their events and returns the intake.
func takeIn(t *testing.T, book *store.Store, in *store.Intake) *store.Intake {
	t.Helper()

	err := book.TakeIn(t.Context(), func() *store.Intake { return in }, func(context.Context, *store.Tx, *store.Intake) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// takeInCounting does so, and adds 1 to the counts under the keys.
func takeInCounting(t *testing.T, book *store.Store, in *store.Intake, keys ...store.ProgressKey) *store.Intake {
	t.Helper()

	err := book.TakeIn(t.Context(), func() *store.Intake { return in }, func(ctx context.Context, tx *store.Tx, in *store.Intake) error {
		sheets := in.Locked
		if sheets == nil {
			var err error
			if sheets, err = tx.LockSheets(ctx, in.Sheets, noon); err != nil {
				return err
			}
		}
		raise(sheets, keys...)
		return tx.SaveSheets(ctx, sheets, noon)
	})
	if err != nil {
		t.Error(err)
	}
	return in
}

// news says of each delivery whether it is new, and of each of its events.
func news(in *store.Intake) []string {
	said := make([]string, len(in.Deliveries))
	for i, d := range in.Deliveries {
		said[i] = strconv.FormatBool(!d.Existing)
		for _, ev := range in.Events[i] {
			said[i] += fmt.Sprintf(" %s:%t", ev.Event.Key, ev.New)
		}
	}
	return said
}

func TestTakingIn(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, takesIn)
}

// A pooler between the server and Postgres may forbid prepared statements, without which there is no exchange.
func TestTakingInBehindAPooler(t *testing.T) {
	t.Parallel()

	address, err := url.Parse(testkit.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	options := address.Query()
	options.Set("default_query_exec_mode", "exec")
	address.RawQuery = options.Encode()
	takesIn(t, testkit.Open(t, address.String()))
}

func takesIn(t *testing.T, book *store.Store) {
	t.Helper()

	in := takeIn(t, book, &store.Intake{
		Deliveries: []*store.Delivery{delivery("a", 2), delivery("b", 2), delivery("a", 1), delivery("a", 2)},
		Events: [][]*store.EventRow{
			{happened("a", "2"), happened("a", "1")}, {happened("b", "2")}, {happened("a", "1"), happened("a", "3")}, {happened("a", "4")},
		},
	})
	same(t, "what is new", news(in), []string{"true 2:true 1:true", "true 2:true", "true 1:false 3:true", "false 4:false"})
	same(t, "the id of the same one", in.Deliveries[3].ID, in.Deliveries[0].ID)
	for i, events := range in.Events {
		for _, ev := range events {
			if !ev.New {
				continue
			}
			stored := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.EventRow, error) { return tx.EventByID(ctx, ev.ID) })
			same(t, "the delivery of "+ev.Event.Key, stored.DeliveryID, in.Deliveries[i].ID)
			same(t, "the event", stored.Event, ev.Event)
		}
	}
	again := takeIn(t, book, &store.Intake{
		Deliveries: []*store.Delivery{delivery("a", 1), delivery("c", 1)},
		Events:     [][]*store.EventRow{{happened("a", "5")}, {happened("a", "5"), happened("a", "3")}},
	})
	same(t, "what is new later", news(again), []string{"false 5:false", "true 5:true 3:false"})
	same(t, "the id of the one that was there", again.Deliveries[0].ID, in.Deliveries[2].ID)
	same(t, "nothing", news(takeIn(t, book, &store.Intake{})), []string{})
}

// The sheets that a transaction locks with its first exchange are those that LockSheets would have, new ones among them; what is
// written on them goes with the commit.
func TestTakingInCounts(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada, bob := user(t, book, "ada").ID, user(t, book, "bob").ID
		a := store.ProgressKey{MeasureID: 1, UserID: ada}
		b := store.ProgressKey{MeasureID: 200, UserID: ada, Bucket: "x"}
		c := store.ProgressKey{MeasureID: 200, UserID: bob, Bucket: "'\"\\"}
		for i, keys := range [][]store.ProgressKey{{a, b}, {a, b, c}, {c}} {
			takeInCounting(t, book, &store.Intake{
				Deliveries: []*store.Delivery{delivery("a", byte(i))}, Events: make([][]*store.EventRow, 1), Sheets: sheetsOf(keys...), Now: noon,
			}, keys...)
		}
		same(t, "the counts in the end", raised(t, book, a, b, c), map[store.ProgressKey]int64{a: 3, b: 3, c: 3})
	})
}

// A transaction that fails after it took in, or does not return, leaves nothing, and its connection serves others.
func TestTakingInUndone(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		wrong := errors.New("wrong")
		begin := func() *store.Intake {
			return &store.Intake{Deliveries: []*store.Delivery{delivery("a", 1)}, Events: [][]*store.EventRow{{happened("a", "1")}}}
		}
		for range 40 { // more than there are connections
			err := book.TakeIn(t.Context(), begin, func(context.Context, *store.Tx, *store.Intake) error { return wrong })
			if !errors.Is(err, wrong) {
				t.Fatalf("a transaction that fails gives %v", err)
			}
			func() {
				defer func() { _ = recover() }()
				_ = book.TakeIn(t.Context(), begin, func(context.Context, *store.Tx, *store.Intake) error { panic("wrong") })
			}()
			err = book.TakeIn(t.Context(), begin, func(ctx context.Context, tx *store.Tx, _ *store.Intake) error {
				return tx.SaveProgress(ctx, map[store.ProgressKey]store.Progress{{MeasureID: 1 << 40, UserID: 1}: {N: 1}}, noon)
			})
			if err == nil {
				t.Fatal("a state of no measure was made")
			}
			gone, cancel := context.WithCancel(t.Context())
			err = book.TakeIn(gone, begin, func(context.Context, *store.Tx, *store.Intake) error {
				cancel()
				return nil
			})
			if err == nil {
				t.Fatal("what nobody waits for was committed")
			}
		}
		same(t, "what is new", news(takeIn(t, book, begin())), []string{"true 1:true"})
	})
}

// Servers that take in the same at once agree on who was first, count everything, and none fails.
func TestTakingInAtOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := user(t, book, "ada").ID
		keys := []store.ProgressKey{{MeasureID: 1, UserID: ada}, {MeasureID: 2, UserID: ada}, {MeasureID: 200, UserID: ada}}
		const servers, batches, size = 6, 5, 20
		var taking sync.WaitGroup
		var mutex sync.Mutex
		firsts := map[string]int{}
		for server := range servers {
			taking.Go(func() {
				for batch := range batches {
					in := &store.Intake{Sheets: sheetsOf(keys...), Now: noon}
					for i := range size {
						key := (i*7 + server) % size // each server has an order of its own
						in.Deliveries = append(in.Deliveries, delivery("a", byte(batch*size+key)))
						in.Events = append(in.Events, []*store.EventRow{happened("a", fmt.Sprintf("%d-%d", batch, key))})
					}
					in = takeInCounting(t, book, in, keys...)
					mutex.Lock()
					for i := range in.Events {
						if in.Events[i][0].New != !in.Deliveries[i].Existing {
							t.Errorf("the delivery is new: %t, its event: %t", !in.Deliveries[i].Existing, in.Events[i][0].New)
						}
						if in.Events[i][0].New {
							firsts[in.Events[i][0].Event.Key]++
						}
					}
					mutex.Unlock()
				}
			})
		}
		taking.Wait()
		same(t, "how many events were stored", len(firsts), batches*size)
		for key, n := range firsts {
			if n != 1 {
				t.Errorf("%s was new %d times", key, n)
			}
		}
		for _, key := range keys {
			same(t, "a count", raised(t, book, key), map[store.ProgressKey]int64{key: servers*batches + 1})
		}
	})
}
