package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/store"
)

// AwardToAccept returns the award that a mail with the token was sent for, as its recipient sees it. Role: whoever has the
// token, which is nobody else's. Faults: link_expired.
func (o *Operations) AwardToAccept(ctx context.Context, token string) (*AwardView, error) {
	var view *AwardView
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		view, err = o.findAcceptable(ctx, tx, token, tx.AwardByID)
		return err
	})
	return view, err
}

// AcceptAward shows the award that a mail with the token was sent for on its recipient's profile. One that is
// there already stays as it is. Role: whoever has the token, which is nobody else's. Faults: link_expired.
func (o *Operations) AcceptAward(ctx context.Context, token string) (*AwardView, error) {
	var view *AwardView
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if view, err = o.findAcceptable(ctx, tx, token, tx.AwardForUpdate); err != nil || view.ShowOnProfile {
			return err
		}
		view.ShowOnProfile = true
		if err := tx.UpdateAward(ctx, &view.Award); err != nil {
			return err
		}
		return o.note(ctx, tx, Caller{}, awardDeed("award.accepted", view.Achievement.NamespaceID, &view.Award))
	})
	return view, err
}

// findAcceptable returns the award of the token if it stands and its recipient may accept it.
func (o *Operations) findAcceptable(
	ctx context.Context, tx *store.Tx, token string, find func(context.Context, int64) (*achievement.Award, error),
) (*AwardView, error) {
	secret, err := tx.KnownSecret(ctx, notify.AcceptSecretName)
	if err != nil {
		return nil, err
	}
	awardID, until, ok := notify.AwardOf(secret, token)
	if !ok || secret == nil {
		return nil, fault.NotFoundFor("award")
	}
	award, err := find(ctx, awardID)
	if err != nil {
		return nil, err
	}
	recipient, err := tx.UserByID(ctx, award.UserID)
	if err != nil {
		return nil, err
	}
	if award.Revoked() || recipient.Blocked {
		return nil, fault.NotFoundFor("award")
	}
	if !o.now().Before(until) {
		return nil, fault.New(fault.Expired, "link_expired", "this link is too old; the award can still be shown on the profile with a token")
	}
	return o.viewAward(ctx, tx, Caller{user: *recipient}, award)
}
