package operation

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// NewAward is what AwardAchievement makes an award of.
type NewAward struct {
	AchievementID int64
	// User is the recipient's id or username.
	User string
	// Message may be empty.
	Message string
}

// AwardAchievement gives an achievement to a user by hand. Role: maintainer.
// Faults: already_awarded, user_blocked.
func (o *Operations) AwardAchievement(ctx context.Context, caller Caller, in NewAward) (*AwardView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	message, err := achievement.CleanText("message", in.Message, achievement.MaxMessage)
	if err != nil {
		return nil, err
	}
	var view *AwardView
	err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		given, standing, err := findAchievement(ctx, tx, caller, in.AchievementID)
		if err != nil {
			return err
		}
		if err := standing.must(achievement.Maintainer); err != nil {
			return err
		}
		recipient, err := findUser(ctx, tx, in.User)
		if err != nil {
			return err
		}
		if recipient.Blocked {
			return fault.New(fault.Conflict, "user_blocked", "%s is blocked and cannot be awarded", recipient.Username)
		}
		award := achievement.Award{
			AchievementID: given.ID, UserID: recipient.ID, Kind: given.Kind,
			AwardedAt: o.now(), AwardedBy: caller.ID(), ShowOnProfile: !o.accepting || recipient.Bot, Message: message,
		}
		if given.Kind == achievement.Repeatable {
			award.Occurrence = rand.Text() // by hand, every time is another one
		}
		if err := tx.CreateAward(ctx, &award); err != nil {
			return err
		}
		if err := o.enqueue(ctx, tx, jobAwardGranted, award.ID); err != nil {
			return err
		}
		if err := o.note(ctx, tx, caller, awardDeed("award.granted", given.NamespaceID, &award)); err != nil {
			return err
		}
		view, err = o.viewAward(ctx, tx, caller, &award)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.announce()
	return view, nil
}

// GetAward returns an award. Role: anyone, when it stands on an open profile; else its recipient and
// the maintainers of the awarding namespace.
func (o *Operations) GetAward(ctx context.Context, caller Caller, id int64) (*AwardView, error) {
	var view *AwardView
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		award, err := tx.AwardByID(ctx, id)
		if err != nil {
			return err
		}
		view, err = o.viewAward(ctx, tx, caller, award)
		return err
	})
	return view, err
}

// RevokeAward takes an award away. Role: maintainer. Faults: irrevocable, already_revoked.
func (o *Operations) RevokeAward(ctx context.Context, caller Caller, id int64, reason string) (*AwardView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	reason, err := achievement.CleanText("reason", reason, achievement.MaxReason)
	if err != nil {
		return nil, err
	}
	var view *AwardView
	err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		view, err = o.findAwardAs(ctx, tx, caller, id, achievement.Maintainer)
		if err != nil {
			return err
		}
		award := &view.Award
		if award.Kind == achievement.Irrevocable {
			return fault.New(fault.Conflict, "irrevocable", "an irrevocable achievement cannot be taken away")
		}
		if award.Revoked() {
			return fault.New(fault.Conflict, "already_revoked", "award %d was revoked before", award.ID)
		}
		award.RevokedAt, award.RevokedBy, award.RevokeReason = o.now(), caller.ID(), reason
		if err := tx.RevokeAward(ctx, award.ID, award.RevokedAt, award.RevokedBy, reason); err != nil {
			return err
		}
		if err := o.enqueue(ctx, tx, jobAwardRevoked, award.ID); err != nil {
			return err
		}
		if err := o.note(ctx, tx, caller, awardDeed("award.revoked", view.Achievement.NamespaceID, award)); err != nil {
			return err
		}
		view, err = o.viewAward(ctx, tx, caller, award)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.announce()
	return view, nil
}

// DeleteAward deletes an award that was a mistake; no rule gives it again. Role: owner.
func (o *Operations) DeleteAward(ctx context.Context, caller Caller, id int64, match Match[AwardView]) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		view, err := o.findAwardAs(ctx, tx, caller, id, achievement.Owner)
		if err != nil {
			return err
		}
		if err := match.check("award", view); err != nil {
			return err
		}
		if err := o.note(ctx, tx, caller, awardDeed("award.deleted", view.Achievement.NamespaceID, &view.Award)); err != nil {
			return err
		}
		return tx.DeleteAward(ctx, id, o.now())
	})
}

// AwardChange is what UpdateAward changes: what is not nil.
type AwardChange struct {
	ShowOnProfile *bool
	Message       *string
	Match         Match[AwardView]
}

// UpdateAward shows or hides an award, or changes its message. Role: the recipient for the one,
// maintainer for the other. Faults: changed.
func (o *Operations) UpdateAward(ctx context.Context, caller Caller, id int64, in AwardChange) (*AwardView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	if in.Message != nil {
		message, err := achievement.CleanText("message", *in.Message, achievement.MaxMessage)
		if err != nil {
			return nil, err
		}
		in.Message = &message
	}
	var view *AwardView
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var standing standing
		var err error
		if view, standing, err = o.lockAward(ctx, tx, caller, id); err != nil {
			return err
		}
		award := &view.Award
		if err := mayChangeAward(caller, standing, award, in.ShowOnProfile != nil, in.Message != nil); err != nil {
			return err
		}
		if err := in.Match.check("award", view); err != nil {
			return err
		}
		if in.ShowOnProfile != nil {
			award.ShowOnProfile = *in.ShowOnProfile
		}
		if in.Message != nil {
			award.Message = *in.Message
		}
		if err := tx.UpdateAward(ctx, award); err != nil {
			return err
		}
		d := awardDeed("award.updated", view.Achievement.NamespaceID, award)
		d.details = fields(when(in.ShowOnProfile, "show_on_profile"), when(in.Message, "message"))
		return o.note(ctx, tx, caller, d)
	})
	if err != nil {
		return nil, err
	}
	return view, nil
}

func awardDeed(action string, namespaceID int64, award *achievement.Award) deed {
	return deed{
		action: action, namespaceID: namespaceID, subjectID: award.UserID, object: "award", objectID: award.ID,
		details: map[string]any{"achievement_id": award.AchievementID},
	}
}

// ReorderAwards puts the caller's awards with the ids first on the profile, in this order, and takes
// the place of all others. It returns those with the ids. Role: oneself.
func (o *Operations) ReorderAwards(ctx context.Context, caller Caller, ids []int64) ([]AwardView, error) {
	changed, err := o.prioritise(ctx, caller, ids, store.StateActive)
	return changed[:min(len(ids), len(changed))], err
}

// PrioritiseAwards does what ReorderAwards does, for awards that are revoked as well, which no profile shows, and returns all
// awards that have or had a place: first those with the ids, in their order. Role: oneself.
func (o *Operations) PrioritiseAwards(ctx context.Context, caller Caller, ids []int64) ([]AwardView, error) {
	return o.prioritise(ctx, caller, ids, store.StateAll)
}

func (o *Operations) prioritise(ctx context.Context, caller Caller, ids []int64, state AwardState) ([]AwardView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	if len(ids) > MaxOrdered {
		return nil, fault.InvalidField("award_ids", "too_many", "must be at most %d", MaxOrdered)
	}
	different := set{}
	different.add(ids...)
	if len(different) < len(ids) {
		return nil, fault.InvalidField("award_ids", "duplicate", "must not hold an award twice")
	}
	var items []AwardView
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.UserForUpdate(ctx, caller.ID()); err != nil {
			return err
		}
		before, err := tx.PrioritisedAwards(ctx, caller.ID())
		if err != nil {
			return err
		}
		strangers, err := tx.OrderAwards(ctx, caller.ID(), ids, state)
		if err != nil {
			return err
		}
		if len(strangers) > 0 {
			at := slices.Index(ids, strangers[0])
			return fault.InvalidField(fmt.Sprintf("award_ids.%d", at), "not_yours", "%d is no standing award of yours", strangers[0])
		}
		all := slices.Concat(ids, slices.DeleteFunc(before, func(id int64) bool { _, still := different[id]; return still }))
		awards, err := tx.AwardsByID(ctx, all)
		if err != nil {
			return err
		}
		ordered := make([]achievement.Award, len(all))
		for i, id := range all {
			ordered[i] = *awards[id]
		}
		items, err = o.viewAll(ctx, tx, caller, ordered)
		return err
	})
	return items, err
}

// MaxOrdered is how many awards can have a place on a profile.
const MaxOrdered = 1000

// AwardState chooses awards by whether they stand.
type AwardState = store.AwardState

// AwardQuery says which awards of an achievement ListAwards lists.
type AwardQuery struct {
	AchievementID int64
	// State is active, revoked or all; empty for active.
	State AwardState
	Page  Page
}

// ListAwards lists an achievement's awards, oldest first. Role: whoever may read the namespace, for
// what stands on open profiles; maintainer, for everything.
func (o *Operations) ListAwards(ctx context.Context, caller Caller, in AwardQuery) (*Listing[AwardView], error) {
	state := in.State
	if state == "" {
		state = store.StateActive
	}
	var listing *Listing[AwardView]
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		given, standing, err := findAchievement(ctx, tx, caller, in.AchievementID)
		if err != nil {
			return err
		}
		if state != store.StateActive {
			if err := standing.must(achievement.Maintainer); err != nil {
				return err
			}
		}
		found, next, err := tx.ListAwards(ctx, listable(caller, standing, given.ID, state), in.Page.inStore())
		if err != nil {
			return err
		}
		listing, err = o.viewListing(ctx, tx, caller, found, next)
		return err
	})
	return listing, err
}

// UserAwardQuery says which awards of a user ListUserAwards lists.
type UserAwardQuery struct {
	// User is an id or username.
	User string
	// IncludeHidden lists what the user hides from the profile, too, as far as the caller may see it.
	IncludeHidden bool
	Page          Page
}

// UserListing is a part of a user's awards.
type UserListing struct {
	Listing[AwardView]

	UserID int64
}

// ListUserAwards lists the awards on a profile in the profile's order. Role: anyone, for an open
// profile; else the user, and maintainers for what their namespaces gave.
func (o *Operations) ListUserAwards(ctx context.Context, caller Caller, in UserAwardQuery) (*UserListing, error) {
	if caller.Anonymous() && in.Page.Cursor == "" {
		return o.openProfile(ctx, in)
	}
	listing := &UserListing{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUser(ctx, tx, in.User)
		if err != nil {
			return err
		}
		listing.UserID = user.ID
		filter, some, err := o.profileFilter(ctx, tx, caller, user, in.IncludeHidden)
		if err != nil || !some {
			return err
		}
		found, next, err := tx.ListUserAwards(ctx, filter, in.Page.inStore())
		if err != nil {
			return err
		}
		views, err := o.viewListing(ctx, tx, caller, found, next)
		if err == nil {
			listing.Listing = *views
		}
		return err
	})
	return listing, err
}

// findAwardAs returns the award, locked until the transaction ends, if the caller may see it and has
// at least the role in the awarding namespace.
func (o *Operations) findAwardAs(ctx context.Context, tx *store.Tx, caller Caller, id int64, role achievement.Role) (*AwardView, error) {
	view, standing, err := o.lockAward(ctx, tx, caller, id)
	if err != nil {
		return nil, err
	}
	return view, standing.must(role)
}

// lockAward returns the award, locked until the transaction ends, if the caller may see it, and what
// the caller is in the awarding namespace.
func (o *Operations) lockAward(ctx context.Context, tx *store.Tx, caller Caller, id int64) (*AwardView, standing, error) {
	award, err := tx.AwardForUpdate(ctx, id)
	if err != nil {
		return nil, standing{}, err
	}
	loaded, err := o.load(ctx, tx, caller, []achievement.Award{*award})
	if err != nil {
		return nil, standing{}, err
	}
	view, seen := loaded.view(award)
	if !seen {
		return nil, standing{}, fault.NotFoundFor("award")
	}
	return view, loaded.standing(award), nil
}
