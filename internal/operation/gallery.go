package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Powers are what a caller may do in a namespace, for doors that show only what can be done. Every operation asks anew.
type Powers struct{ Award, Own bool }

func (s standing) powers(caller Caller) Powers {
	write := mayWrite(caller) == nil
	return Powers{Award: write && s.atLeast(achievement.Maintainer), Own: write && s.atLeast(achievement.Owner)}
}

// RatedAchievement is an achievement with how rare it is.
type RatedAchievement struct {
	AchievementView

	// Holders are the people who hold it by an award that the caller may see.
	Holders int
	// Share is how many of all people those are, from 0 to 1.
	Share float64
}

// Gallery is what a namespace's page shows.
type Gallery struct {
	Namespace achievement.Namespace
	Powers    Powers
	// Achievements are a part of those that there are, oldest first, and Next the cursor of the next part.
	Achievements []RatedAchievement
	Next         string
	// Parents are the namespaces around it that the caller may read, outermost first.
	Parents []achievement.Namespace
}

// Gallery returns what a namespace's page shows. Role: whoever may read it.
func (o *Operations) Gallery(ctx context.Context, caller Caller, ref string, page Page) (*Gallery, error) {
	gallery := &Gallery{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, in, err := findNamespace(ctx, tx, caller, ref)
		if err != nil {
			return err
		}
		found, next, err := tx.ListAchievements(ctx, store.AchievementFilter{NamespaceID: namespace.ID}, page.inStore())
		if err != nil {
			return err
		}
		*gallery = Gallery{Namespace: *namespace, Powers: in.powers(caller), Next: next}
		if gallery.Achievements, err = o.rate(ctx, tx, caller, namespace, found); err != nil {
			return err
		}
		gallery.Parents, err = parents(ctx, tx, caller, namespace)
		return err
	})
	if err != nil {
		return nil, err
	}
	return gallery, nil
}

// rate says of the achievements of one namespace who holds them.
func (o *Operations) rate(
	ctx context.Context, tx *store.Tx, caller Caller, namespace *achievement.Namespace, of []achievement.Achievement,
) ([]RatedAchievement, error) {
	rated := make([]RatedAchievement, len(of))
	ids := make([]int64, len(of))
	for i := range of {
		rated[i].AchievementView = AchievementView{Achievement: of[i], Namespace: namespace}
		ids[i] = of[i].ID
	}
	if len(of) == 0 {
		return rated, nil
	}
	sight, err := o.awardsSight(ctx, tx, caller)
	if err != nil {
		return nil, err
	}
	holders, err := tx.HoldersOfAchievements(ctx, ids, sight, store.Window{First: 1, Count: true})
	if err != nil {
		return nil, err
	}
	people, err := tx.CountPeople(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rated {
		if part := holders[rated[i].ID]; part != nil {
			rated[i].Holders = part.Count
			rated[i].Share = min(1, float64(part.Count)/float64(max(1, people)))
		}
	}
	return rated, nil
}

// parents returns the namespaces around one that the caller may read, outermost first.
func parents(ctx context.Context, tx *store.Tx, caller Caller, of *achievement.Namespace) ([]achievement.Namespace, error) {
	paths := achievement.Ancestors(of.FullPath)[1:]
	found, err := tx.NamespacesByPath(ctx, paths)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]*achievement.Namespace, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	standings, err := standingsIn(ctx, tx, caller, byID)
	if err != nil {
		return nil, err
	}
	var around []achievement.Namespace
	for i := range found {
		if standings[found[i].ID].reads {
			around = append(around, found[i])
		}
	}
	return around, nil
}

// Exhibit is what an achievement's page shows.
type Exhibit struct {
	RatedAchievement

	Powers Powers
	// Awards are a part of those that stand and that the caller may see, oldest first, and Next the cursor of the next part.
	Awards []AwardView
	Next   string
	// Ladder are the steps of its series, lowest first; nil for an achievement of its own.
	Ladder []AchievementView
}

// Exhibit returns what an achievement's page shows. Role: whoever may read its namespace.
func (o *Operations) Exhibit(ctx context.Context, caller Caller, id int64, page Page) (*Exhibit, error) {
	exhibit := &Exhibit{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		shown, in, err := findAchievement(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		rated, err := o.rate(ctx, tx, caller, shown.Namespace, []achievement.Achievement{shown.Achievement})
		if err != nil {
			return err
		}
		*exhibit = Exhibit{RatedAchievement: rated[0], Powers: in.powers(caller)}
		found, next, err := tx.ListAwards(ctx, listable(caller, in, id, store.StateActive), page.inStore())
		if err != nil {
			return err
		}
		listing, err := o.viewListing(ctx, tx, caller, found, next)
		if err != nil {
			return err
		}
		exhibit.Awards, exhibit.Next = listing.Items, next
		if shown.Series == "" {
			return nil
		}
		steps, err := tx.AchievementsOfSeries(ctx, shown.NamespaceID, shown.Series)
		for i := range steps {
			exhibit.Ladder = append(exhibit.Ladder, AchievementView{Achievement: steps[i], Namespace: shown.Namespace})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return exhibit, nil
}

// MaxLeaders is how many places a leaderboard has.
const MaxLeaders = 50

// Leader is somebody's place on a leaderboard.
type Leader struct {
	User achievement.User
	// Achievements are how many different ones the user holds, and Awards how many awards those are.
	Achievements, Awards int
	// Place is 1 for the first; who holds the same has the same place.
	Place int
}

// Leaderboard returns who holds the most of a namespace's achievements, by what everyone may see. Role: whoever may
// read it. Faults: leaderboard_off.
func (o *Operations) Leaderboard(ctx context.Context, caller Caller, ref string) (*achievement.Namespace, []Leader, error) {
	var namespace *achievement.Namespace
	var leaders []Leader
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if namespace, _, err = findNamespace(ctx, tx, caller, ref); err != nil {
			return err
		}
		if !namespace.Leaderboard {
			return leaderboardOff()
		}
		found, err := tx.Leaders(ctx, namespace.ID, MaxLeaders)
		if err != nil {
			return err
		}
		people := set{}
		for _, l := range found {
			people.add(l.UserID)
		}
		users, err := tx.UsersByID(ctx, people.ids())
		if err != nil {
			return err
		}
		leaders = make([]Leader, len(found))
		for i, l := range found {
			leaders[i] = Leader{User: *users[l.UserID], Achievements: l.Achievements, Awards: l.Awards, Place: i + 1}
			if i > 0 && leaders[i-1].Achievements == l.Achievements && leaders[i-1].Awards == l.Awards {
				leaders[i].Place = leaders[i-1].Place
			}
		}
		return nil
	})
	return namespace, leaders, err
}

// MaxRecent is how many awards a feed tells of.
const MaxRecent = 50

// RecentAwards returns the latest awards of a namespace's achievements that everyone may see, newest first, and the
// namespace. Role: whoever may read it.
func (o *Operations) RecentAwards(ctx context.Context, caller Caller, ref string) (*achievement.Namespace, []AwardView, error) {
	var namespace *achievement.Namespace
	var awards []AwardView
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if namespace, _, err = findNamespace(ctx, tx, caller, ref); err != nil {
			return err
		}
		found, err := tx.LatestAwards(ctx, namespace.ID, MaxRecent)
		if err != nil {
			return err
		}
		awards, err = o.viewAll(ctx, tx, caller, found)
		return err
	})
	return namespace, awards, err
}

// RecentUserAwards returns the latest awards on a person's profile, newest first, and the person. Role: as for
// ListUserAwards.
func (o *Operations) RecentUserAwards(ctx context.Context, caller Caller, ref string) (*achievement.User, []AwardView, error) {
	var user *achievement.User
	var awards []AwardView
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if user, err = findUser(ctx, tx, ref); err != nil {
			return err
		}
		filter, some, err := o.profileFilter(ctx, tx, caller, user, false)
		if err != nil || !some {
			return err
		}
		found, err := tx.LatestUserAwards(ctx, filter, MaxRecent)
		if err != nil {
			return err
		}
		awards, err = o.viewAll(ctx, tx, caller, found)
		return err
	})
	return user, awards, err
}
