package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Window asks for the same part of each of several lists.
type Window = store.Window

// MaxWindow is how many items a window holds at most.
const MaxWindow = store.MaxPage

// Connection is a part of a list, with what it takes to go on from there.
type Connection[T any] = store.Part[T]

// These read the same part of many lists with a number of queries that does not depend on how many there are. A
// list that the caller may not read is missing from the result; an empty one is not.

// AwardsOfAchievements returns what stands of achievements' awards, as far as the caller may see it, by id. Role:
// whoever may read the namespace.
func (o *Operations) AwardsOfAchievements(ctx context.Context, caller Caller, ids []int64, w Window) (map[int64]*Connection[AwardView], error) {
	var found map[int64]*Connection[AwardView]
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		readable, sight, err := o.readableAchievements(ctx, tx, caller, ids)
		if err != nil || len(readable) == 0 {
			return err
		}
		parts, err := tx.AwardsOfAchievements(ctx, readable, sight, w)
		if err != nil {
			return err
		}
		found, err = o.viewAwards(ctx, tx, caller, readable, parts)
		return err
	})
	return found, err
}

// AwardsOfUsers returns the awards on users' profiles, as far as the caller may see them, in the profiles' order. Role: as
// for ListUserAwards.
func (o *Operations) AwardsOfUsers(ctx context.Context, caller Caller, ids []int64, hidden bool, w Window) (map[int64]*Connection[AwardView], error) {
	var found map[int64]*Connection[AwardView]
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		sight, err := o.awardsSight(ctx, tx, caller)
		if err != nil {
			return err
		}
		parts, err := tx.AwardsOfUsers(ctx, ids, sight, hidden, w)
		if err != nil {
			return err
		}
		found, err = o.viewAwards(ctx, tx, caller, ids, parts)
		return err
	})
	return found, err
}

// HoldersOfAchievements returns who holds achievements by an award that the caller may see, by id. Role: whoever may
// read the namespace.
func (o *Operations) HoldersOfAchievements(ctx context.Context, caller Caller, ids []int64, w Window) (map[int64]*Connection[UserView], error) {
	found := map[int64]*Connection[UserView]{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		readable, sight, err := o.readableAchievements(ctx, tx, caller, ids)
		if err != nil || len(readable) == 0 {
			return err
		}
		parts, err := tx.HoldersOfAchievements(ctx, readable, sight, w)
		if err != nil {
			return err
		}
		people := set{}
		for _, part := range parts {
			people.add(part.Items...)
		}
		users, err := tx.UsersByID(ctx, people.ids())
		if err != nil {
			return err
		}
		for _, id := range readable {
			found[id] = rewrap(parts[id], func(userID int64) (UserView, bool) {
				user := users[userID]
				return UserView{User: *user, Known: knowsProfile(caller, user)}, true
			})
		}
		return nil
	})
	return found, err
}

// AchievementsOfNamespaces returns namespaces' achievements by id; with only, those of these ids alone. Role: whoever
// may read the namespace.
func (o *Operations) AchievementsOfNamespaces(ctx context.Context, caller Caller, ids, only []int64, w Window) (map[int64]*Connection[AchievementView], error) {
	found := map[int64]*Connection[AchievementView]{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespaces, err := tx.NamespacesByID(ctx, ids)
		if err != nil {
			return err
		}
		standings, err := standingsIn(ctx, tx, caller, namespaces)
		if err != nil {
			return err
		}
		var readable []int64
		for id := range namespaces {
			if standings[id].reads {
				readable = append(readable, id)
			}
		}
		if len(readable) == 0 {
			return nil
		}
		parts, err := tx.AchievementsOfNamespaces(ctx, readable, only, w)
		if err != nil {
			return err
		}
		for _, id := range readable {
			found[id] = rewrap(parts[id], func(a achievement.Achievement) (AchievementView, bool) {
				return AchievementView{Achievement: a, Namespace: namespaces[id]}, true
			})
		}
		return nil
	})
	return found, err
}

// readableAchievements returns those of the achievements whose namespaces the caller may read, and which awards the
// caller sees.
func (o *Operations) readableAchievements(ctx context.Context, tx *store.Tx, caller Caller, ids []int64) ([]int64, store.Sight, error) {
	achievements, err := tx.AchievementsByID(ctx, ids)
	if err != nil {
		return nil, store.Sight{}, err
	}
	owners := set{}
	for _, of := range achievements {
		owners.add(of.NamespaceID)
	}
	namespaces, err := tx.NamespacesByID(ctx, owners.ids())
	if err != nil {
		return nil, store.Sight{}, err
	}
	standings, err := standingsIn(ctx, tx, caller, namespaces)
	if err != nil {
		return nil, store.Sight{}, err
	}
	var readable []int64
	for id, of := range achievements {
		if standings[of.NamespaceID].reads {
			readable = append(readable, id)
		}
	}
	sight, err := o.awardsSight(ctx, tx, caller)
	return readable, sight, err
}

// viewAwards makes views of all parts at once; every list that was asked for is in the result.
func (o *Operations) viewAwards(
	ctx context.Context, tx *store.Tx, caller Caller, ids []int64, parts map[int64]*store.Part[achievement.Award],
) (map[int64]*Connection[AwardView], error) {
	var all []achievement.Award
	for _, part := range parts {
		all = append(all, part.Items...)
	}
	around, err := o.load(ctx, tx, caller, all)
	if err != nil {
		return nil, err
	}
	found := make(map[int64]*Connection[AwardView], len(ids))
	for _, id := range ids {
		found[id] = rewrap(parts[id], func(award achievement.Award) (AwardView, bool) {
			view, ok := around.view(&award)
			if !ok {
				return AwardView{}, false
			}
			return *view, true
		})
	}
	return found, nil
}

// rewrap makes another thing of every item; what is not ok is left out. No part is an empty one.
func rewrap[From, To any](part *store.Part[From], as func(From) (To, bool)) *Connection[To] {
	if part == nil {
		return &Connection[To]{}
	}
	to := &Connection[To]{HasNext: part.HasNext, HasPrevious: part.HasPrevious, Count: part.Count}
	for i := range part.Items {
		if item, ok := as(part.Items[i]); ok {
			to.Items, to.Cursors = append(to.Items, item), append(to.Cursors, part.Cursors[i])
		}
	}
	return to
}

// RequireRole refuses a caller who has less than the role in the namespace that something belongs to: with the id or path
// of a namespace, or the id of an achievement or an award. Faults: as of the operation that needs the role.
func (o *Operations) RequireRole(ctx context.Context, caller Caller, of Belonging, role achievement.Role) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var in standing
		var err error
		switch {
		case of.Namespace != "":
			_, in, err = findNamespace(ctx, tx, caller, of.Namespace)
		case of.AchievementID != 0:
			_, in, err = findAchievement(ctx, tx, caller, of.AchievementID)
		default:
			_, in, err = o.lockAward(ctx, tx, caller, of.AwardID)
		}
		if err != nil {
			return err
		}
		return in.must(role)
	})
}

// Belonging names one thing that belongs to a namespace, or the namespace.
type Belonging struct {
	Namespace              string
	AchievementID, AwardID int64
}
