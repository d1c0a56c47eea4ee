package operation

import (
	"context"
	"slices"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// MaxShowcase is how many different achievements of a person are looked at.
	MaxShowcase = 1000
	// thumbnailSide is how wide and high small pictures are: twice as many pixels as they are shown with.
	thumbnailSide = 128
	// thumbnailMemory is how many of them are remembered, at some 4 KiB each, and 64 KiB at most.
	thumbnailMemory = 512
)

// Showcase is what a person's achievements look like from outside.
type Showcase struct {
	User achievement.User
	// Total is how many different achievements there are, the tiers of a series as one, up to MaxShowcase.
	Total int
	// Items are in the profile's order.
	Items []Shown
}

// Shown is an achievement of a showcase: of a series the highest tier.
type Shown struct {
	AwardView

	// Count is how often the achievement was awarded.
	Count int
	// Recency is the lower, the later the achievement, or one of its series, was awarded.
	Recency int
	// Thumbnail is a small PNG of the avatar; nil when there is none, or was not asked for.
	Thumbnail []byte
}

// ShowcaseQuery says what of a person's achievements is wanted.
type ShowcaseQuery struct {
	// User is an id or username.
	User string
	// Without leaves out achievements by their keys or ids.
	Without []string
	// Thumbnails is how many items come with a picture.
	Thumbnails int
}

// GetShowcase returns a person's achievements as a card shows them, read with a fixed number of statements. Role: anyone,
// for an open profile; else those who see something on it. A profile that is closed to the caller is as one that is not
// there.
func (o *Operations) GetShowcase(ctx context.Context, caller Caller, in ShowcaseQuery) (*Showcase, error) {
	var showcase *Showcase
	var pictures map[string][]byte
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUser(ctx, tx, in.User)
		if err != nil {
			return err
		}
		filter, some, err := o.profileFilter(ctx, tx, caller, user, false)
		if err != nil {
			return err
		}
		if !some || !user.ErasedAt.IsZero() {
			return fault.NotFoundFor("user")
		}
		shown, err := tx.ShowcaseOf(ctx, filter, MaxShowcase)
		if err != nil {
			return err
		}
		items, err := o.viewShown(ctx, tx, caller, shown)
		if err != nil {
			return err
		}
		showcase = &Showcase{User: *user, Total: len(items), Items: slices.DeleteFunc(items, func(item Shown) bool { return item.among(in.Without) })}
		pictures, err = tx.Avatars(ctx, o.unknownAvatars(showcase.Items, in.Thumbnails))
		return err
	})
	if err != nil {
		return nil, err
	}
	return showcase, o.addThumbnails(ctx, showcase.Items[:min(in.Thumbnails, len(showcase.Items))], pictures)
}

// viewShown folds the awards, of which each stands for all of its achievement.
func (o *Operations) viewShown(ctx context.Context, tx *store.Tx, caller Caller, shown []store.ShownAward) ([]Shown, error) {
	awards := make([]achievement.Award, len(shown))
	byID := make(map[int64]*store.ShownAward, len(shown))
	for i := range shown {
		awards[i], byID[shown[i].ID] = shown[i].Award, &shown[i]
	}
	views, err := o.viewAll(ctx, tx, caller, awards)
	if err != nil {
		return nil, err
	}
	items := []Shown{}
	for _, folded := range Fold(views) {
		item := Shown{AwardView: folded.AwardView, Count: byID[folded.ID].Times, Recency: MaxShowcase}
		for i := range folded.Awards {
			item.Recency = min(item.Recency, byID[folded.Awards[i].ID].Recency)
		}
		items = append(items, item)
	}
	return items, nil
}

// among reports whether the achievement is named by its key or id.
func (s *Shown) among(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && (name == s.Achievement.Key || name == strconv.FormatInt(s.AchievementID, 10))
	})
}

// unknownAvatars gives the first items the small pictures that are remembered, and returns the avatars of the others. What is
// remembered now may be forgotten for theirs.
func (o *Operations) unknownAvatars(items []Shown, most int) [][]byte {
	var unknown [][]byte
	for i := range items[:min(most, len(items))] {
		hash := items[i].Achievement.AvatarHash
		if small, known := o.thumbnails.Get(string(hash)); known {
			items[i].Thumbnail = small
		} else if len(hash) > 0 {
			unknown = append(unknown, hash)
		}
	}
	return unknown
}

// addThumbnails gives the items small pictures, made of those that were read. A picture that cannot be read is none.
func (o *Operations) addThumbnails(ctx context.Context, items []Shown, pictures map[string][]byte) error {
	for i := range items {
		hash := string(items[i].Achievement.AvatarHash)
		png := pictures[hash]
		if png == nil {
			continue
		}
		small, known := o.thumbnails.Get(hash)
		if !known {
			select {
			case o.decoding <- struct{}{}:
			case <-ctx.Done():
				return fault.UnavailableFor("room for another picture", time.Second).Because(ctx.Err())
			}
			small, _ = avatar.Thumbnail(png, thumbnailSide)
			<-o.decoding
			o.thumbnails.Add(hash, small)
		}
		items[i].Thumbnail = small
	}
	return nil
}

func newThumbnails() *lru.Cache[string, []byte] {
	thumbnails, err := lru.New[string, []byte](thumbnailMemory)
	if err != nil { // it fails for a negative size alone
		panic(err)
	}
	return thumbnails
}
