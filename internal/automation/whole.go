package automation

import (
	"context"
	"errors"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// rememberedSheets bounds the sheets kept in memory, at about 500 bytes each, and 2 KB when they are full.
	rememberedSheets = 8_192
	// wholeMost is how many deliveries a batch may have to be taken in as a whole: of many, some earn something, and what was worked
	// out is worked out again.
	wholeMost = 4
	// apartFor is for how many batches nothing is taken in as a whole after the book was not as remembered, or held some of what came,
	// as where several servers count the same people.
	apartFor = 64
)

// sheets remembers what stands on sheets, so that what a delivery changes can be worked out before the book is asked. The book
// is only changed where it is as remembered.
type sheets struct {
	known *lru.Cache[store.SheetKey, *store.Sheet]
}

func newSheets() *sheets {
	return &sheets{known: newest[store.SheetKey, *store.Sheet](rememberedSheets)}
}

// learn notes sheets as they are in the book. Nobody may change them afterwards.
func (s *sheets) learn(committed map[store.SheetKey]*store.Sheet) {
	for key, sheet := range committed {
		s.known.Add(key, sheet)
	}
}

func (s *sheets) forget(keys map[store.SheetKey]*store.Sheet) {
	for key := range keys {
		s.known.Remove(key)
	}
}

// transactWhole makes the transaction of a batch in one exchange with the book, where everything is known ahead: who people
// are, what they have counted so far, and that nothing is earned. It returns nil when that is not so, and after an error that only the
// ordinary way can tell the reason of.
func (a *Automation) transactWhole(ctx context.Context, rules *ruleset, batch []*intake) (*work, error) {
	if len(batch) > wholeMost || !a.store.TakesWhole() || a.apart.Expects() {
		return nil, nil //nolint:nilnil // nothing was done
	}
	w := newWork(a, rules, batch)
	before, known := w.foretell()
	if !known {
		return nil, nil //nolint:nilnil // as above
	}
	changes := make([]store.SheetChange, 0, len(before))
	for key, sheet := range before {
		changes = append(changes, store.SheetChange{SheetKey: key, Before: sheet, After: w.sheets[key]})
	}
	done, err := a.store.TakeInWhole(ctx, w.intake(false), store.Held{RevisionID: rules.revisionID, Changes: w.changes}, changes)
	switch {
	case done:
		w.acknowledge()
		w.fresh()
		return w, nil
	case fault.Is(err, fault.Unavailable):
		return nil, err
	case errors.Is(err, store.ErrOtherwise):
	case err != nil:
		a.log.WarnContext(ctx, "deliveries could not be taken in as a whole", "error", err)
	default:
		return nil, nil //nolint:nilnil // as above
	}
	a.apart.Note(apartFor)
	a.standing.forget(before)
	return nil, nil //nolint:nilnil // as above
}

// foretell works out what the batch does to the sheets if the book is as remembered and all of it is new, and returns what they
// were before. It reports whether that is all it does.
func (w *work) foretell() (before map[store.SheetKey]*store.Sheet, known bool) {
	var events []*judged
	for _, in := range w.batch {
		for i := range in.events {
			ev := &in.events[i]
			if ev.matched.Late || len(ev.matched.Settle) > 0 || ev.event.Source == event.Self {
				return nil, false
			}
			events = append(events, ev)
		}
	}
	if len(w.greetAll(events))+len(w.own()) > 0 {
		return nil, false
	}
	keys, others := w.touched(events)
	if len(others) > 0 {
		return nil, false
	}
	before = make(map[store.SheetKey]*store.Sheet, len(keys))
	for key := range keys {
		sheet, remembered := w.standing.known.Get(key)
		if !remembered {
			return nil, false
		}
		before[key], w.sheets[key] = sheet, sheet.Clone()
	}
	w.fold(inTime(events), nil)
	for _, ev := range events {
		if len(ev.failures) > 0 {
			return nil, false
		}
	}
	return before, len(w.verdicts) == 0
}
