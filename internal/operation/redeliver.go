package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Redeliver finds what a forge could not deliver to a source since a time, and asks it to send that again, unless it is a
// rehearsal. Role: admin. Faults: NotFound; Invalid; Conflict redelivery_not_offered, hook_missing, source_without_token,
// source_without_projects, forge_refused; Limited; Unavailable.
func (o *Operations) Redeliver(ctx context.Context, caller Caller, wish automation.RedeliveryWish) (*automation.Redelivery, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	if wish.Since.After(o.now()) {
		return nil, fault.InvalidField("since", "in_future", "is in the future")
	}
	redelivery, err := o.automation.Redeliver(ctx, wish)
	if err != nil || wish.DryRun {
		return redelivery, err
	}
	err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return o.note(ctx, tx, caller, deed{
			action: "deliveries.requested", object: "delivery",
			details: map[string]any{detailSource: wish.Source, "found": len(redelivery.Lost), "requested": redelivery.Requested()},
		})
	})
	return redelivery, err
}
