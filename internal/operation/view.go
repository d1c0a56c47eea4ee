package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// AwardView is an award as a caller sees it.
type AwardView struct {
	// Award lacks the occurrence when it was given by hand, and when what earned it happened where
	// the caller may not look; and the rule, whose name begins with the namespace's path, when the caller may not
	// read the namespace.
	achievement.Award

	Achievement AchievementView
	User        achievement.User
	// Giver and Revoker are nil when nobody did, or the one who did is gone.
	Giver, Revoker *achievement.User
}

// surroundings is all that the views of some awards need, read with a fixed number of queries.
type surroundings struct {
	caller       Caller
	hiding       bool
	achievements map[int64]*achievement.Achievement
	namespaces   map[int64]*achievement.Namespace
	standings    map[int64]standing
	users        map[int64]*achievement.User
}

func (o *Operations) load(ctx context.Context, tx *store.Tx, caller Caller, awards []achievement.Award) (*surroundings, error) {
	around := &surroundings{caller: caller, hiding: o.hiding}
	given, people := set{}, set{}
	for i := range awards {
		given.add(awards[i].AchievementID)
		people.add(awards[i].UserID, awards[i].AwardedBy, awards[i].RevokedBy)
	}
	var err error
	if around.achievements, err = tx.AchievementsByID(ctx, given.ids()); err != nil {
		return nil, err
	}
	owners := set{}
	for _, of := range around.achievements {
		owners.add(of.NamespaceID)
	}
	if around.namespaces, err = tx.NamespacesByID(ctx, owners.ids()); err != nil {
		return nil, err
	}
	if around.standings, err = standingsIn(ctx, tx, caller, around.namespaces); err != nil {
		return nil, err
	}
	around.users, err = tx.UsersByID(ctx, people.ids())
	return around, err
}

func (s *surroundings) standing(award *achievement.Award) standing {
	return s.standings[s.achievements[award.AchievementID].NamespaceID]
}

func (s *surroundings) sight(award *achievement.Award) sight {
	return sightOf(s.caller, s.standing(award), award, s.users[award.UserID], s.hiding)
}

// view returns the award as the caller sees it, and whether the caller sees it at all.
func (s *surroundings) view(award *achievement.Award) (*AwardView, bool) {
	seen := s.sight(award)
	if seen == unseen {
		return nil, false
	}
	of := s.achievements[award.AchievementID]
	view := viewOf(award, seen, s.standing(award), shownWith{
		achievement: of, namespace: s.namespaces[of.NamespaceID], recipient: s.users[award.UserID],
		giver: s.users[award.AwardedBy], revoker: s.users[award.RevokedBy],
	})
	return &view, true
}

// shownWith is what an award is shown with.
type shownWith struct {
	achievement               *achievement.Achievement
	namespace                 *achievement.Namespace
	recipient, giver, revoker *achievement.User
}

// viewOf returns the award as one sees it who sees so much of it and has the standing in the awarding namespace.
func viewOf(award *achievement.Award, seen sight, in standing, with shownWith) AwardView {
	view := AwardView{
		Award: *award, Achievement: AchievementView{Achievement: *with.achievement}, User: *with.recipient,
		Giver: with.giver, Revoker: with.revoker,
	}
	if in.reads {
		view.Achievement.Namespace = with.namespace
	} else {
		view.Rule = ""
	}
	// The occurrence may name the object, and an event without a URL happened in private.
	if !award.ByRule() || seen != everything && award.EventURL == "" {
		view.Occurrence = ""
	}
	return view
}

// viewAward returns the award as the caller sees it, or NotFound.
func (o *Operations) viewAward(ctx context.Context, tx *store.Tx, caller Caller, award *achievement.Award) (*AwardView, error) {
	around, err := o.load(ctx, tx, caller, []achievement.Award{*award})
	if err != nil {
		return nil, err
	}
	view, ok := around.view(award)
	if !ok {
		return nil, fault.NotFoundFor("award")
	}
	return view, nil
}

// viewListing returns those of a page of awards that the caller may see.
func (o *Operations) viewListing(ctx context.Context, tx *store.Tx, caller Caller, awards []achievement.Award, next string) (*Listing[AwardView], error) {
	views, err := o.viewAll(ctx, tx, caller, awards)
	if err != nil {
		return nil, err
	}
	return &Listing[AwardView]{Items: views, Next: next}, nil
}

// viewAll returns those of the awards that the caller may see.
func (o *Operations) viewAll(ctx context.Context, tx *store.Tx, caller Caller, awards []achievement.Award) ([]AwardView, error) {
	views := make([]AwardView, 0, len(awards))
	around, err := o.load(ctx, tx, caller, awards)
	if err != nil {
		return nil, err
	}
	for i := range awards {
		if view, ok := around.view(&awards[i]); ok {
			views = append(views, *view)
		}
	}
	return views, nil
}

// set is a set of ids; 0, which stands for none, is never in it.
type set map[int64]struct{}

func (s set) add(ids ...int64) {
	for _, id := range ids {
		if id != 0 {
			s[id] = struct{}{}
		}
	}
}

func (s set) ids() []int64 {
	ids := make([]int64, 0, len(s))
	for id := range s {
		ids = append(ids, id)
	}
	return ids
}
