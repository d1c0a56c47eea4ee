package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// This file is for doors that show what is about to be changed before they change it: who may not change it is refused
// as by the change itself.

// NamespaceToChange returns the namespace. Role: the one that is given.
func (o *Operations) NamespaceToChange(ctx context.Context, caller Caller, ref string, role achievement.Role) (*achievement.Namespace, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	var namespace *achievement.Namespace
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, in, err := findNamespace(ctx, tx, caller, ref)
		if err != nil {
			return err
		}
		namespace = found
		return in.must(role)
	})
	if err != nil {
		return nil, err
	}
	return namespace, nil
}

// AchievementToChange returns the achievement, and how many awards of it there are, revoked ones too. Role: maintainer.
func (o *Operations) AchievementToChange(ctx context.Context, caller Caller, id int64) (of *AchievementView, awards int, err error) {
	if err := mayWrite(caller); err != nil {
		return nil, 0, err
	}
	err = o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, in, err := findAchievement(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if err := in.must(achievement.Maintainer); err != nil {
			return err
		}
		of = found
		awards, err = tx.CountAwards(ctx, id)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return of, awards, nil
}

// AwardToChange returns the award. Role: the one that is given, in the awarding namespace.
func (o *Operations) AwardToChange(ctx context.Context, caller Caller, id int64, role achievement.Role) (*AwardView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	view, _, in, err := o.viewOneAward(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	if err := in.must(role); err != nil {
		return nil, err
	}
	return view, nil
}

// AwardPowers are what a caller may do with an award, for doors that show only what can be done. Every operation asks anew.
type AwardPowers struct {
	// Change is to revoke it or to change its message, Delete to make it undone, Show to hide it or to show it.
	Change, Delete, Show bool
}

// AwardWithPowers returns an award, and what the caller may do with it. Role: as for GetAward.
func (o *Operations) AwardWithPowers(ctx context.Context, caller Caller, id int64) (*AwardView, AwardPowers, error) {
	view, powers, _, err := o.viewOneAward(ctx, caller, id)
	return view, powers, err
}

// viewOneAward returns an award as the caller sees it, and what the caller may do with it and is in its namespace.
func (o *Operations) viewOneAward(ctx context.Context, caller Caller, id int64) (view *AwardView, powers AwardPowers, in standing, err error) {
	err = o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		award, err := tx.AwardByID(ctx, id)
		if err != nil {
			return err
		}
		around, err := o.load(ctx, tx, caller, []achievement.Award{*award})
		if err != nil {
			return err
		}
		var seen bool
		if view, seen = around.view(award); !seen {
			return fault.NotFoundFor("award")
		}
		in = around.standing(award)
		all := in.powers(caller)
		powers = AwardPowers{
			Change: all.Award, Delete: all.Own,
			Show: mayWrite(caller) == nil && mayChangeAward(caller, in, award, true, false) == nil,
		}
		return nil
	})
	return view, powers, in, err
}

// OwnAwards returns the caller's awards that stand, in the order of the profile and also those that it hides, and
// whether there are more than MaxOrdered. Role: oneself.
func (o *Operations) OwnAwards(ctx context.Context, caller Caller) (awards []AwardView, more bool, err error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, false, err
	}
	err = o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var found []achievement.Award
		if found, more, err = listAll(ctx, tx, store.UserAwardFilter{UserID: caller.ID()}, MaxOrdered); err != nil {
			return err
		}
		awards, err = o.viewAll(ctx, tx, caller, found)
		return err
	})
	return awards, more, err
}

// listAll returns the first awards of a profile, about as many as the limit, and whether there are more. It reads a page
// of the book at a time.
func listAll(ctx context.Context, tx *store.Tx, filter store.UserAwardFilter, limit int) (awards []achievement.Award, more bool, err error) {
	page := store.Page{Limit: store.MaxPage}
	for {
		found, next, err := tx.ListUserAwards(ctx, filter, page)
		if err != nil {
			return nil, false, err
		}
		awards = append(awards, found...)
		if next == "" || len(awards) >= limit {
			return awards, next != "", nil
		}
		page.After = next
	}
}

// AcceptanceRequired reports whether awards are hidden until those who got them show them.
func (o *Operations) AcceptanceRequired() bool { return o.accepting }
