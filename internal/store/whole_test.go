package store_test

import (
	"context"
	"testing"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// What is taken in as a whole is stored as it is otherwise, if the book is as expected. If not, nothing is.
func TestTakingInWhole(t *testing.T) {
	t.Parallel()

	book := testkit.Open(t, testkit.PostgresURL(t))
	ada := user(t, book, "ada").ID
	a := store.ProgressKey{MeasureID: 1, UserID: ada}
	b := store.ProgressKey{MeasureID: 200, UserID: ada, Bucket: "x"}
	raised(t, book, a, b)
	first := takeIn(t, book, &store.Intake{Deliveries: []*store.Delivery{delivery("a", 1)}, Events: [][]*store.EventRow{{happened("a", "1")}}})
	held := read(t, book, func(ctx context.Context, tx *store.Tx) (store.Held, error) { return tx.HoldRevision(ctx, false) })

	sheet := func(measure, n int64) *store.Sheet {
		s := &store.Sheet{}
		s.SetCount(measure, n)
		return s
	}
	changes := func(before, after int64) []store.SheetChange {
		return []store.SheetChange{
			{SheetKey: b.Sheet(), Before: sheet(200, before), After: sheet(200, after)},
			{SheetKey: a.Sheet(), Before: sheet(1, before), After: sheet(1, after)},
		}
	}
	whole := func(in *store.Intake, expected store.Held, changes []store.SheetChange) (bool, *store.Intake) {
		in.Now = noon
		done, err := book.TakeInWhole(t.Context(), in, expected, changes)
		if err != nil {
			t.Fatal(err)
		}
		return done, in
	}
	fresh := func() *store.Intake {
		return &store.Intake{Deliveries: []*store.Delivery{delivery("a", 2)}, Events: [][]*store.EventRow{{happened("a", "2")}}}
	}
	twoEvents := func() *store.Intake {
		return &store.Intake{
			Deliveries: []*store.Delivery{delivery("a", 3), delivery("a", 4)},
			Events:     [][]*store.EventRow{{happened("a", "3"), happened("a", "4")}, {}},
		}
	}
	packed := fresh()
	packed.Deliveries[0].BaseID = first.Deliveries[0].ID + 100
	alike := twoEvents()
	alike.Events[1] = []*store.EventRow{happened("a", "3")}
	twice := fresh()
	twice.Deliveries, twice.Events = append(twice.Deliveries, delivery("a", 2)), append(twice.Events, nil)
	known := fresh()
	known.Events[0] = []*store.EventRow{happened("a", "1")}
	refused := map[string]func() (bool, *store.Intake){
		"another revision": func() (bool, *store.Intake) {
			return whole(fresh(), store.Held{RevisionID: held.RevisionID + 1, Changes: held.Changes}, changes(1, 2))
		},
		"a change": func() (bool, *store.Intake) {
			return whole(fresh(), store.Held{RevisionID: held.RevisionID, Changes: held.Changes + 1}, changes(1, 2))
		},
		"another count":          func() (bool, *store.Intake) { return whole(fresh(), held, changes(2, 3)) },
		"a base that is gone":    func() (bool, *store.Intake) { return whole(packed, held, changes(1, 2)) },
		"an event twice":         func() (bool, *store.Intake) { return whole(alike, held, changes(1, 2)) },
		"a delivery twice":       func() (bool, *store.Intake) { return whole(twice, held, changes(1, 2)) },
		"an event that is known": func() (bool, *store.Intake) { return whole(known, held, changes(1, 2)) },
	}
	for name, try := range refused {
		if name == "an event that is known" {
			continue // after which nothing is tried for a while
		}
		if done, _ := try(); done {
			t.Errorf("%s: it was taken in", name)
		}
		same(t, name+": the counts", numbers(t, book, ada, 1, 200), "1=1, 200 x=1")
	}
	done, in := whole(fresh(), held, changes(1, 5))
	same(t, "whether it was taken in", done, true)
	same(t, "what is new", news(in), []string{"true 2:true"})
	same(t, "the counts", numbers(t, book, ada, 1, 200), "1=5, 200 x=5")
	stored := read(t, book, func(ctx context.Context, tx *store.Tx) (*store.EventRow, error) {
		return tx.EventByID(ctx, in.Events[0][0].ID)
	})
	same(t, "the delivery of the event", stored.DeliveryID, in.Deliveries[0].ID)
	done, in = whole(twoEvents(), held, nil)
	same(t, "whether two were taken in", done, true)
	same(t, "what is new of two", news(in), []string{"true 3:true 4:true", "true"})
	done, in = whole(&store.Intake{Deliveries: []*store.Delivery{delivery("a", 9)}, Events: make([][]*store.EventRow, 1)}, held, nil)
	same(t, "whether one without events was taken in", done && in.Deliveries[0].ID > 0, true)
	if done, _ = refused["an event that is known"](); done {
		t.Error("an event that is known was taken in")
	}
	if done, _ = whole(&store.Intake{Deliveries: []*store.Delivery{delivery("a", 10)}, Events: make([][]*store.EventRow, 1)}, held, nil); done {
		t.Error("it is tried although the book held some of what came before")
	}
	same(t, "the counts in the end", numbers(t, book, ada, 1, 200), "1=5, 200 x=5")
}
