package operation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Delivery is what a forge has sent, as the book keeps it.
type Delivery = store.Delivery

// DeliveryFilter chooses deliveries by what all of its fields say; the zero value of a field chooses all.
type DeliveryFilter struct {
	Source, Outcome, EventName, Kind string
	// User is the id or username of somebody whom an event of it earned an award.
	User string
	// Since and Until bound when it was received: Since <= received < Until.
	Since, Until time.Time
}

func (f *DeliveryFilter) inStore(ctx context.Context, tx *store.Tx) (store.DeliveryFilter, error) {
	chosen := store.DeliveryFilter{
		Source: f.Source, Outcome: f.Outcome, EventName: f.EventName, Kind: f.Kind, Since: f.Since, Until: f.Until,
	}
	if f.User == "" {
		return chosen, nil
	}
	user, err := findUser(ctx, tx, f.User)
	if err != nil {
		return chosen, err
	}
	chosen.UserID = user.ID
	return chosen, nil
}

// ListDeliveries returns a page of what forges have sent, newest first, without headers and bodies. Role: admin.
func (o *Operations) ListDeliveries(ctx context.Context, caller Caller, filter DeliveryFilter, page Page) (*Listing[Delivery], error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	listing := &Listing[Delivery]{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		chosen, err := filter.inStore(ctx, tx)
		if err != nil {
			return err
		}
		listing.Items, listing.Next, err = tx.ListDeliveries(ctx, chosen, page.inStore())
		return err
	})
	if err != nil {
		return nil, err
	}
	return listing, nil
}

// DeliveryView is a delivery with what it tells and what came of it.
type DeliveryView struct {
	automation.Contents

	Awards, Revocations []automation.Given
}

// GetDelivery returns a delivery. Role: admin.
func (o *Operations) GetDelivery(ctx context.Context, caller Caller, id int64) (*DeliveryView, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	view := &DeliveryView{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		contents, err := o.automation.Contents(ctx, tx, id)
		if err != nil {
			return err
		}
		view.Contents = *contents
		var events []int64
		for i := range contents.Events {
			if contents.Events[i].State == automation.ToldFirst {
				events = append(events, contents.Events[i].ID)
			}
		}
		given, revoked, err := tx.AwardsOfEvents(ctx, events)
		if err != nil {
			return err
		}
		if view.Awards, err = named(ctx, tx, given); err != nil {
			return err
		}
		view.Revocations, err = named(ctx, tx, revoked)
		return err
	})
	if err != nil {
		return nil, err
	}
	return view, nil
}

// named returns awards as a receipt tells of them.
func named(ctx context.Context, tx *store.Tx, awards []achievement.Award) ([]automation.Given, error) {
	badges, people := set{}, set{}
	for i := range awards {
		badges.add(awards[i].AchievementID)
		people.add(awards[i].UserID)
	}
	achievements, err := tx.AchievementsByID(ctx, badges.ids())
	if err != nil {
		return nil, err
	}
	users, err := tx.UsersByID(ctx, people.ids())
	if err != nil {
		return nil, err
	}
	given := make([]automation.Given, len(awards))
	for i := range awards {
		of, to := achievements[awards[i].AchievementID], users[awards[i].UserID]
		given[i] = automation.Given{
			AwardID: awards[i].ID, AchievementID: of.ID, Key: of.Key, Name: of.Name, UserID: to.ID, Username: to.Username,
		}
	}
	return given, nil
}

// replay says how the caller replays: what changes is noted in the audit log, a line for each transaction.
func (o *Operations) replay(caller Caller, dryRun bool) automation.Replay {
	return automation.Replay{DryRun: dryRun, Note: func(ctx context.Context, tx *store.Tx, first int64, count int) error {
		return o.note(ctx, tx, caller, deed{
			action: "deliveries.replayed", object: "delivery", objectID: first, details: map[string]any{"deliveries": count},
		})
	}}
}

// ReplayDelivery judges a delivery once more. Role: admin. Faults: NotFound; Conflict body_expired, source_unknown,
// source_on_trial.
func (o *Operations) ReplayDelivery(ctx context.Context, caller Caller, id int64, dryRun bool) (*automation.Replayed, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	return o.automation.ReplayDelivery(ctx, id, o.replay(caller, dryRun))
}

// ReplayDeliveries judges many deliveries once more, as many as one call takes. Role: admin.
func (o *Operations) ReplayDeliveries(
	ctx context.Context, caller Caller, filter DeliveryFilter, cursor string, dryRun bool,
) (*automation.ReplayRun, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	var chosen store.DeliveryFilter
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		chosen, err = filter.inStore(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return o.automation.ReplayDeliveries(ctx, chosen, cursor, o.replay(caller, dryRun))
}
