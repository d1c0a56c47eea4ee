package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
)

// MaxPortrait is how many awards a person's page shows at most; more are in lists.
const MaxPortrait = 1000

// Portrait is what a person's page shows.
type Portrait struct {
	User UserView
	// Own says that the caller is the person.
	Own bool
	// Closed says that others are shown no awards, or only those that their namespaces gave.
	Closed bool
	// Awards are in the order of the profile; repeats and tiers are one.
	Awards []FoldedAward
	// Achievements is how many different achievements there are, the tiers of a series as one: what a Showcase counts.
	Achievements int
	// Total is how many awards there are, of which those that are folded may be a part.
	Total int
	// Progress is towards the next steps, if the person shares it or the caller may know it anyway.
	Progress []Step
}

// Step is what somebody is on the way to.
type Step struct {
	automation.Progress

	Achievement AchievementView
	// Percent is how far, from 0 to 99.
	Percent int
}

// Portrait returns what a person's page shows the caller. Role: as for ListUserAwards; progress, in addition, for
// everyone if the person shares it.
func (o *Operations) Portrait(ctx context.Context, caller Caller, ref string) (*Portrait, error) {
	var portrait *Portrait
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUser(ctx, tx, ref)
		if err != nil {
			return err
		}
		portrait = &Portrait{
			User: UserView{User: *user, Known: knowsProfile(caller, user)}, Own: caller.ID() == user.ID, Closed: !openProfile(user),
		}
		if err := o.hang(ctx, tx, caller, portrait); err != nil {
			return err
		}
		if !sharesProgress(caller, user) {
			return nil
		}
		portrait.Progress, err = o.steps(ctx, tx, caller, user)
		return err
	})
	if err != nil {
		return nil, err
	}
	return portrait, nil
}

// hang puts the awards that the caller may see into the portrait, a page of the book at a time.
func (o *Operations) hang(ctx context.Context, tx *store.Tx, caller Caller, portrait *Portrait) error {
	filter, some, err := o.profileFilter(ctx, tx, caller, &portrait.User.User, false)
	if err != nil || !some {
		return err
	}
	awards, more, err := listAll(ctx, tx, filter, MaxPortrait)
	if err != nil {
		return err
	}
	views, err := o.viewAll(ctx, tx, caller, awards)
	if err != nil {
		return err
	}
	portrait.Total, portrait.Awards = len(views), Fold(views)
	portrait.Achievements = len(portrait.Awards)
	if !more {
		return nil
	}
	// Those that are not folded may be of other achievements.
	shown, err := tx.ShowcaseOf(ctx, filter, MaxShowcase)
	if err != nil {
		return err
	}
	items, err := o.viewShown(ctx, tx, caller, shown)
	portrait.Achievements, portrait.Total = len(items), 0
	for i := range shown {
		portrait.Total += shown[i].Times
	}
	return err
}

// steps returns how far the user has come towards achievements that they do not hold, for those that have begun; of a
// series only the next one. Only those of namespaces that the caller may read are told.
func (o *Operations) steps(ctx context.Context, tx *store.Tx, caller Caller, user *achievement.User) ([]Step, error) {
	all, err := o.automation.Progress(ctx, tx, user.ID)
	if err != nil {
		return nil, err
	}
	ids := set{}
	for i := range all {
		ids.add(all[i].AchievementID)
	}
	achievements, err := tx.AchievementsByID(ctx, ids.ids())
	if err != nil {
		return nil, err
	}
	owners := set{}
	for _, of := range achievements {
		owners.add(of.NamespaceID)
	}
	namespaces, err := tx.NamespacesByID(ctx, owners.ids())
	if err != nil {
		return nil, err
	}
	standings, err := standingsIn(ctx, tx, caller, namespaces)
	if err != nil {
		return nil, err
	}
	return nextSteps(all, func(id int64) (AchievementView, bool) {
		of := achievements[id]
		if of == nil || !standings[of.NamespaceID].reads {
			return AchievementView{}, false
		}
		return AchievementView{Achievement: *of, Namespace: namespaces[of.NamespaceID]}, true
	}), nil
}

// nextSteps keeps what has begun, is one number, and is not held yet; of a series the lowest tier of those.
func nextSteps(all []automation.Progress, shown func(id int64) (AchievementView, bool)) []Step {
	var steps []Step
	places := map[ladder]int{}
	for i := range all {
		p := &all[i]
		if p.Held || p.Reached || p.At <= 1 || len(p.Numbers) != 1 || p.Numbers[0] <= 0 || p.Numbers[0] >= p.At {
			continue
		}
		of, ok := shown(p.AchievementID)
		if !ok {
			continue
		}
		step := Step{Progress: *p, Achievement: of, Percent: int(100 * p.Numbers[0] / p.At)}
		series := ladder{namespaceID: of.NamespaceID, series: of.Series}
		if at, known := places[series]; known && of.Series != "" {
			if of.Tier < steps[at].Achievement.Tier {
				steps[at] = step
			}
			continue
		}
		places[series] = len(steps)
		steps = append(steps, step)
	}
	return steps
}
