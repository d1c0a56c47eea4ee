package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// openProfile is the first page of ListUserAwards for an anonymous caller, which most requests ask for: read by one
// statement, and judged by the same functions as all others.
func (o *Operations) openProfile(ctx context.Context, in UserAwardQuery) (*UserListing, error) {
	chosen := store.ProfileFilter{OnlyReadable: o.hiding, Limit: in.Page.Limit}
	if id, ok := parseID(in.User); ok {
		chosen.UserID = id
	} else if chosen.Username = in.User; achievement.CheckUsername("user", in.User) != nil {
		return nil, fault.NotFoundFor("user")
	}
	profile, err := o.store.Profile(ctx, chosen)
	if err != nil {
		return nil, err
	}
	listing := &UserListing{UserID: profile.User.ID}
	if !openProfile(&profile.User) {
		return listing, nil
	}
	listing.Next = profile.Next
	listing.Items = make([]AwardView, 0, len(profile.Shown))
	for i := range profile.Shown {
		shown := &profile.Shown[i]
		standing := standingOf(Caller{}, &shown.Namespace, achievement.NoRole)
		seen := sightOf(Caller{}, standing, &shown.Award, &profile.User, o.hiding)
		if seen != unseen {
			listing.Items = append(listing.Items, viewOf(&shown.Award, seen, standing, shownWith{
				achievement: &shown.Achievement, namespace: &shown.Namespace, recipient: &profile.User, giver: &shown.Giver,
			}))
		}
	}
	return listing, nil
}
