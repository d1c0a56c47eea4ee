package automation

import (
	"context"
	"maps"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/store"
)

// cautiousFor is for how many batches nothing is foreseen after one was foreseen wrongly.
const cautiousFor = 16

// foreseen returns what the batch will add to counts if everything in it is new, and everybody known: then the counts can be
// raised by the exchange with the book that stores the deliveries, instead of one of its own. It returns nil when something can
// be told only later; what turns out otherwise is put right by add.
func (w *work) foreseen() map[store.ProgressKey]int64 {
	additions := map[store.ProgressKey]int64{}
	for _, in := range w.batch {
		for i := range in.events {
			ev := &in.events[i]
			if ev.matched.Late || len(ev.matched.Settle) > 0 || !w.foresee(ev, additions) {
				return nil
			}
		}
	}
	return additions
}

// foresee adds what an event will add, and reports whether that is known.
func (w *work) foresee(ev *judged, additions map[store.ProgressKey]int64) bool {
	for i := range ev.matched.Hits {
		hit := &ev.matched.Hits[i]
		ref := refOf(ev.event, hit.Recipient)
		known, ok := w.people.known.Get(ref)
		if !ok || !hit.Counts() || ref.Source == event.Self {
			return false
		}
		for _, slot := range hit.Slots() {
			additions[w.keyFor(known.userID, slot)] += hit.Amount()
		}
	}
	return true
}

// add adds to the counts what has not been added ahead, takes back what should not have been, and returns what they are then.
func (w *work) add(ctx context.Context, tx *store.Tx, additions map[store.ProgressKey]int64) (map[store.ProgressKey]int64, error) {
	if w.counted == nil {
		return tx.AddProgress(ctx, additions, w.now())
	}
	missing := map[store.ProgressKey]int64{}
	for key, n := range additions {
		if n != w.ahead[key] {
			missing[key] = n - w.ahead[key]
		}
	}
	for key, n := range w.ahead {
		if additions[key] == 0 {
			missing[key] = -n
		}
	}
	if len(missing) == 0 {
		return w.counted, nil
	}
	w.cautious.Note(cautiousFor)
	right, err := tx.AddProgress(ctx, missing, w.now())
	maps.Copy(w.counted, right)
	return w.counted, err
}
