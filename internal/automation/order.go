package automation

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-504bad89/accolade/internal/store"
)

// orderedAtOnce is of how many stored events the order is known at once.
const orderedAtOnce = 200_000

// order is the order of the events that a replay shows next, as this process remembers it: to find it, the book looks through all
// of them. What a replay shows is the same whenever it is asked for, but for events that are forgotten meanwhile.
type order struct {
	mutex sync.Mutex
	// of says of which events and kinds.
	of string
	// ids begin with that of the event before; whole says that they are all.
	ids   []int64
	whole bool
}

// next returns the events of the kinds that are shown next, and reports whether there are none after them.
func (o *order) next(ctx context.Context, tx *store.Tx, at store.Replay, kinds []string) (events []store.EventRow, last bool, err error) {
	ids, last, err := o.after(ctx, tx, at, kinds)
	if err != nil {
		return nil, false, err
	}
	found, err := tx.EventsByID(ctx, ids)
	if err != nil {
		return nil, false, err
	}
	if len(found) < len(ids) { // Some were forgotten.
		events, err = tx.EventsBetween(ctx, at, kinds, replayBatch)
		return events, len(events) < replayBatch, err
	}
	for _, id := range ids {
		events = append(events, *found[id])
	}
	return events, last, nil
}

// after returns the ids of the events that are shown next, and reports whether there are none after them.
func (o *order) after(ctx context.Context, tx *store.Tx, at store.Replay, kinds []string) (ids []int64, last bool, err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	of, before := fmt.Sprint(at.FromID, at.UptoID, kinds), slices.Index(o.ids, at.PositionID)
	if o.of != of || before < 0 || !o.whole && len(o.ids)-before <= replayBatch {
		ids, err := tx.OrderBetween(ctx, at, kinds, orderedAtOnce)
		if err != nil {
			return nil, false, err
		}
		before, o.of, o.ids, o.whole = 0, of, slices.Insert(ids, 0, at.PositionID), len(ids) < orderedAtOnce
	}
	ahead := o.ids[before+1:]
	return ahead[:min(replayBatch, len(ahead))], o.whole && len(ahead) <= replayBatch, nil
}
