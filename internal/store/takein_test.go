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

// What the transaction adds up ahead is what AddProgress would have returned, or nothing was added.
func TestTakingInCounts(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ids := measures(t, book, "one", "two")
		ada := user(t, book, "ada").ID
		a, b := store.ProgressKey{MeasureID: ids["one"], UserID: ada}, store.ProgressKey{MeasureID: ids["two"], UserID: ada, Bucket: "x"}
		type states = map[store.ProgressKey]int64
		want := states{}
		for i := range byte(3) {
			in := takeIn(t, book, &store.Intake{
				Deliveries: []*store.Delivery{delivery("a", i)}, Events: make([][]*store.EventRow, 1), Additions: states{a: 1, b: 2}, Now: noon,
			})
			if in.Counted == nil {
				continue
			}
			want[a], want[b] = want[a]+1, want[b]+2
			same(t, "the counts", in.Counted, want)
		}
		same(t, "the counts in the end", count(t, book, a, b), states{a: want[a] + 1, b: want[b] + 1})
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
				_, err := tx.AddProgress(ctx, map[store.ProgressKey]int64{{MeasureID: 1 << 40, UserID: 1}: 1}, noon)
				return err
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
		ids := measures(t, book, "one", "two", "three")
		additions := map[store.ProgressKey]int64{}
		for _, id := range ids {
			additions[store.ProgressKey{MeasureID: id, UserID: ada}] = 1
		}
		const servers, batches, size = 6, 5, 20
		var taking sync.WaitGroup
		var mutex sync.Mutex
		firsts, added := map[string]int{}, int64(0)
		for server := range servers {
			taking.Go(func() {
				for batch := range batches {
					in := &store.Intake{Additions: additions, Now: noon}
					for i := range size {
						key := (i*7 + server) % size // each server has an order of its own
						in.Deliveries = append(in.Deliveries, delivery("a", byte(batch*size+key)))
						in.Events = append(in.Events, []*store.EventRow{happened("a", fmt.Sprintf("%d-%d", batch, key))})
					}
					in = takeIn(t, book, in)
					mutex.Lock()
					for i := range in.Events {
						if in.Events[i][0].New != !in.Deliveries[i].Existing {
							t.Errorf("the delivery is new: %t, its event: %t", !in.Deliveries[i].Existing, in.Events[i][0].New)
						}
						if in.Events[i][0].New {
							firsts[in.Events[i][0].Event.Key]++
						}
					}
					if in.Counted != nil {
						added++
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
		for key := range additions {
			same(t, "a count", count(t, book, key), map[store.ProgressKey]int64{key: added + 1})
		}
	})
}
