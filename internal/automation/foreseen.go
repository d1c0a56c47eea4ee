package automation

import (
	"context"
	"maps"
	"slices"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/store"
)

// foreseen returns the sheets on which the batch will count if everything in it is new, and everybody is who they were: they can be
// locked by the exchange with the book that stores the deliveries, instead of one of their own. What is foreseen wrongly costs no more
// than a lock, or an empty sheet; what is not foreseen is locked by lockSheets.
func (w *work) foreseen() []store.SheetKey {
	keys := map[store.SheetKey]bool{}
	for _, in := range w.batch {
		for i := range in.events {
			ev := &in.events[i]
			for j := range ev.matched.Hits {
				hit := &ev.matched.Hits[j]
				ref := refOf(ev.event, hit.Recipient)
				known, ok := w.people.known.Get(ref)
				if !ok || ref.Source == event.Self {
					continue
				}
				for _, slot := range hit.Slots() {
					if slot.Measure.Counts() {
						keys[w.keyFor(known.userID, slot).Sheet()] = true
					}
				}
			}
		}
	}
	return slices.Collect(maps.Keys(keys))
}

// lockSheets locks those of the sheets that are not locked yet.
func (w *work) lockSheets(ctx context.Context, tx *store.Tx, keys map[store.SheetKey]bool) error {
	maps.DeleteFunc(keys, func(key store.SheetKey, _ bool) bool { return w.sheets[key] != nil })
	locked, err := tx.LockSheets(ctx, slices.Collect(maps.Keys(keys)), w.now())
	maps.Copy(w.sheets, locked)
	return err
}
