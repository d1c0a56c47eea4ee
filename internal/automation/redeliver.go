package automation

import (
	"context"
	"errors"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

const (
	// redeliverMost is how many deliveries one call asks for, and redeliverFor how long it may take, of which it looks for them for
	// redeliverLook.
	redeliverMost = 100
	redeliverFor  = 25 * time.Second
	redeliverLook = 15 * time.Second
)

// Redelivery is what a forge was asked to send again.
type Redelivery struct {
	// Lost are the deliveries that never arrived, the oldest first.
	Lost []forgeapi.Lost
	// Problem is why not all of them were asked for; empty if they were, or if that was not wished.
	Problem string
	// Next is where the next call is to go on; empty when everything was looked through.
	Next string
}

// Requested returns how many deliveries were asked for.
func (r *Redelivery) Requested() (count int) {
	for i := range r.Lost {
		if r.Lost[i].Requested {
			count++
		}
	}
	return count
}

// RedeliveryWish says what a forge is to be asked for.
type RedeliveryWish struct {
	Source string
	// Since leaves out what was tried before.
	Since time.Time
	// Cursor is Next of the call before; empty for the first.
	Cursor string
	// DryRun asks for nothing.
	DryRun bool
}

// Redeliver finds what a forge has tried to deliver to the source since a time and could not, and asks it to send at most
// 100 of these again, unless it is a rehearsal. Faults: NotFound; Invalid bad_cursor; Conflict redelivery_not_offered,
// hook_missing, source_without_token, source_without_projects, forge_refused; Limited and Unavailable, when nothing was asked for.
func (a *Automation) Redeliver(ctx context.Context, wish RedeliveryWish) (*Redelivery, error) {
	src, ok := a.sources[wish.Source]
	if !ok {
		return nil, fault.NotFoundFor("source")
	}
	api, err := forgeapi.New(src.Source, a.forges)
	if err != nil {
		return nil, err
	}
	address, err := forgeapi.HookURL(a.baseURL, wish.Source)
	if err != nil {
		return nil, err
	}
	until := a.now().Add(redeliverLook)
	search := forgeapi.LogSearch{
		Since: wish.Since, Cursor: wish.Cursor, Most: redeliverMost, Enough: func() bool { return !a.now().Before(until) },
	}
	if wish.DryRun {
		search.Most = 0
	}
	ctx, cancel := context.WithTimeout(ctx, redeliverFor)
	defer cancel()
	redelivery := &Redelivery{}
	redelivery.Lost, redelivery.Next, err = api.Redeliver(ctx, address, search)
	requested := redelivery.Requested()
	a.metrics.redeliveries.WithLabelValues(wish.Source).Add(float64(requested))
	switch {
	case err != nil && requested == 0 && errors.Is(err, context.DeadlineExceeded):
		return nil, fault.UnavailableFor("the forge's API", time.Minute).Because(err)
	case err != nil && requested == 0:
		return nil, forgeapi.Explain(err)
	case err != nil:
		redelivery.Problem = fault.As(forgeapi.Explain(err)).Text
	case !wish.DryRun && requested < len(redelivery.Lost):
		redelivery.Problem = "one call asks for 100 at most; ask again for the others when these have arrived"
	}
	if redelivery.Problem != "" { // The others are found again where this call has begun.
		redelivery.Next = wish.Cursor
	}
	return redelivery, nil
}
