package automation

import (
	"context"
	"maps"
	"time"
)

const (
	// askFor is for how many batches Redis is asked after the last delivery that came again, and from the start on: what is
	// sent again is sent in storms, and when there is none, the question costs every sender a wait and finds nothing.
	askFor = 64
	// shareBehind is how many batches may wait until Redis is told of them; what does not fit is not told, and found in the book.
	shareBehind = 64
	// shareEvery is how long what Redis is told is gathered: each telling wakes it.
	shareEvery = 20 * time.Millisecond
)

// answerSeen answers the deliveries that were committed before, as far as that is remembered, and returns the rest.
func (a *Automation) answerSeen(ctx context.Context, batch []*intake) []*intake {
	keys := make([]string, len(batch))
	for i, in := range batch {
		keys[i] = in.cacheKey
	}
	var seen map[string]int64
	if a.repeats.Expects() {
		seen = a.seen.Lookup(ctx, keys)
	} else {
		seen = a.seen.RecallAll(keys)
	}
	if len(seen) == 0 {
		return batch
	}
	a.repeats.Note(askFor)
	fresh := make([]*intake, 0, len(batch))
	for _, in := range batch {
		id, ok := seen[in.cacheKey]
		if !ok {
			fresh = append(fresh, in)
			continue
		}
		a.answer(in, Receipt{DeliveryID: id, Outcome: Duplicate})
	}
	return fresh
}

// remember notes the deliveries as committed: here at once, and for the other servers when there is time.
func (a *Automation) remember(batch []*intake) {
	committed := make(map[string]int64, len(batch))
	for _, in := range batch {
		committed[in.cacheKey] = in.delivery.ID
		if in.delivery.Existing {
			a.repeats.Note(askFor)
		}
	}
	a.seen.Remember(committed)
	for _, in := range batch {
		a.bases.offer(in, a.now())
	}
	select {
	case a.sharing <- committed:
	default:
	}
}

// share tells Redis what was committed, until the last commit is done and it was told of that, too.
func (a *Automation) share(ctx context.Context, done <-chan struct{}) {
	for {
		select {
		case committed := <-a.sharing:
			select {
			case <-time.After(shareEvery):
			case <-done:
			}
			a.seen.Share(ctx, a.withWaiting(committed))
		case <-done:
			if committed := a.withWaiting(map[string]int64{}); len(committed) > 0 {
				a.seen.Share(ctx, committed)
			}
			return
		}
	}
}

// withWaiting adds all that waits to be shared.
func (a *Automation) withWaiting(committed map[string]int64) map[string]int64 {
	for {
		select {
		case more := <-a.sharing:
			maps.Copy(committed, more)
		default:
			return committed
		}
	}
}
