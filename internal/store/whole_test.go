package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// wholeBook is a book with a delivery, and two counts of ada that are 1.
type wholeBook struct {
	*store.Store

	t     *testing.T
	held  store.Held
	ada   int64
	a, b  store.ProgressKey
	first *store.Intake
}

func newWholeBook(t *testing.T) *wholeBook {
	t.Helper()

	w := &wholeBook{Store: testkit.Open(t, testkit.PostgresURL(t)), t: t}
	w.ada = user(t, w.Store, "ada").ID
	w.a, w.b = store.ProgressKey{MeasureID: 1, UserID: w.ada}, store.ProgressKey{MeasureID: 200, UserID: w.ada, Bucket: "x"}
	raised(t, w.Store, w.a, w.b)
	w.first = takeIn(t, w.Store, intakeOf(1, "1"))
	w.held = read(t, w.Store, func(ctx context.Context, tx *store.Tx) (store.Held, error) { return tx.HoldRevision(ctx, false) })
	return w
}

// intakeOf is of one delivery with events.
func intakeOf(key byte, events ...string) *store.Intake {
	in := &store.Intake{Deliveries: []*store.Delivery{delivery("a", key)}, Events: make([][]*store.EventRow, 1), Now: noon}
	for _, ev := range events {
		in.Events[0] = append(in.Events[0], happened("a", ev))
	}
	return in
}

// take tries to take in as a whole, and to change the counts.
func (w *wholeBook) take(in *store.Intake, expected store.Held, before, after int64) bool {
	w.t.Helper()

	sheet := func(measure, n int64) *store.Sheet {
		s := &store.Sheet{}
		s.SetCount(measure, n)
		return s
	}
	if !w.TakesWhole() {
		return false
	}
	done, err := w.TakeInWhole(w.t.Context(), in, expected, []store.SheetChange{
		{SheetKey: w.b.Sheet(), Before: sheet(200, before), After: sheet(200, after)},
		{SheetKey: w.a.Sheet(), Before: sheet(1, before), After: sheet(1, after)},
	})
	if err != nil && !errors.Is(err, store.ErrOtherwise) {
		w.t.Fatal(err)
	}
	return done
}

// counts says what ada has.
func (w *wholeBook) counts() string {
	w.t.Helper()
	return numbers(w.t, w.Store, w.ada, 1, 200)
}

// What is taken in as a whole is stored as it is otherwise.
func TestTakingInWhole(t *testing.T) {
	t.Parallel()

	book := newWholeBook(t)
	in := intakeOf(2, "2")
	same(t, "whether it was taken in", book.take(in, book.held, 1, 5), true)
	same(t, "what is new", news(in), []string{"true 2:true"})
	same(t, "the counts", book.counts(), "1=5, 200 x=5")
	stored := read(t, book.Store, func(ctx context.Context, tx *store.Tx) (*store.EventRow, error) {
		return tx.EventByID(ctx, in.Events[0][0].ID)
	})
	same(t, "the delivery of the event", []int64{stored.DeliveryID, in.Events[0][0].DeliveryID}, []int64{in.Deliveries[0].ID, in.Deliveries[0].ID})
	same(t, "the event", stored.Event, in.Events[0][0].Event)

	in = intakeOf(3, "3", "4")
	in.Deliveries, in.Events = append(in.Deliveries, delivery("a", 4)), append(in.Events, nil)
	same(t, "whether two were taken in", book.take(in, book.held, 5, 6), true)
	same(t, "what is new of two", news(in), []string{"true 3:true 4:true", "true"})
	same(t, "the counts later", book.counts(), "1=6, 200 x=6")
}

// What is not as expected is not taken in, and nothing changes.
func TestTakingInWholeWhatIsOtherwise(t *testing.T) {
	t.Parallel()

	book := newWholeBook(t)
	packed, alike, twice := intakeOf(2, "2"), intakeOf(3, "3", "3"), intakeOf(2, "2")
	packed.Deliveries[0].BaseID = book.first.Deliveries[0].ID + 100
	twice.Deliveries, twice.Events = append(twice.Deliveries, delivery("a", 2)), append(twice.Events, nil)
	for name, try := range map[string]struct {
		in       *store.Intake
		expected store.Held
		before   int64
	}{
		"another revision":    {intakeOf(2, "2"), store.Held{RevisionID: book.held.RevisionID + 1, Changes: book.held.Changes}, 1},
		"a change":            {intakeOf(2, "2"), store.Held{RevisionID: book.held.RevisionID, Changes: book.held.Changes + 1}, 1},
		"another count":       {intakeOf(2, "2"), book.held, 2},
		"a base that is gone": {packed, book.held, 1},
		"an event twice":      {alike, book.held, 1},
		"a delivery twice":    {twice, book.held, 1},
	} {
		if book.take(try.in, try.expected, try.before, 5) {
			t.Errorf("%s: it was taken in", name)
		}
		same(t, name+": the counts", book.counts(), "1=1, 200 x=1")
	}
	same(t, "what can be taken in then", book.take(intakeOf(2, "2"), book.held, 1, 2), true)
}

// After something that the book held, it is not tried for a while.
func TestTakingInWholeWhatIsKnown(t *testing.T) {
	t.Parallel()

	for name, known := range map[string]*store.Intake{"an event": intakeOf(2, "1"), "a delivery": intakeOf(1, "2")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			book := newWholeBook(t)
			same(t, "whether it was taken in", book.take(known, book.held, 1, 5), false)
			same(t, "whether another one was", book.take(intakeOf(5, "5"), book.held, 1, 5), false)
			same(t, "the counts", book.counts(), "1=1, 200 x=1")
		})
	}
}
