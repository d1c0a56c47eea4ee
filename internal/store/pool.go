package store

import (
	"context"
	"errors"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// defaultMaxWait is how long a transaction waits for its turn.
const defaultMaxWait = 2 * time.Second

// errCrowded says that others kept all connections for too long.
var errCrowded = errors.New("no connection to the database became free")

// turns bounds how many transactions run at once to the connections that there are, and how long one waits for its turn,
// so that a database that is too slow for what is asked of it makes callers come back instead of piling up. Those who
// wait get their turn in the order in which they came. The zero value lets everybody in: SQLite's one writer has a queue
// of its own.
type turns struct {
	free chan struct{}
	wait time.Duration
}

func newTurns(conns int, wait time.Duration) turns {
	if wait == 0 {
		wait = defaultMaxWait
	}
	return turns{make(chan struct{}, conns), wait}
}

// take waits for a turn and returns what ends it.
func (t turns) take(ctx context.Context) (end func(), err error) {
	if t.free == nil {
		return func() {}, nil
	}
	end = func() { <-t.free }
	select {
	case t.free <- struct{}{}:
		return end, nil
	default:
	}
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.free <- struct{}{}:
		return end, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = errCrowded
	}
	return nil, fault.UnavailableFor("the database", retryAfterAway).Because(err)
}
