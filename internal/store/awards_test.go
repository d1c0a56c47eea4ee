package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// give awards by hand.
func give(t *testing.T, book *store.Store, a *achievement.Achievement, u *achievement.User, occurrence string) *achievement.Award {
	t.Helper()

	award := &achievement.Award{
		AchievementID: a.ID, UserID: u.ID, Kind: a.Kind, Occurrence: occurrence, AwardedAt: noon, AwardedBy: u.ID, ShowOnProfile: true,
	}
	do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAward(ctx, award) })
	return award
}

func TestAwardsComeBackWhole(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		given := badge(t, book, namespace(t, book, "acme").ID, "Badge", achievement.Repeatable)
		ada := user(t, book, "ada")
		priority := int64(3)
		award := &achievement.Award{
			AchievementID: given.ID, UserID: ada.ID, Kind: given.Kind, Occurrence: "2026-11", AwardedAt: noon, AwardedBy: 1,
			RevokedAt: noon.Add(time.Hour), RevokedBy: ada.ID, RevokeReason: "a mistake", Priority: &priority, ShowOnProfile: true,
			Message: "thanks", Rule: "badge", RevisionID: 4, EventID: 5, EventURL: "https://example.com/1",
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAward(ctx, award) })
		same(t, "the award", read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.Award, error) {
			return tx.AwardByID(ctx, award.ID)
		}), award)
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.AwardForUpdate(ctx, 999)
			return err
		})
	})
}

// The book itself keeps what each kind promises, whoever writes to it.
func TestKindsAreKept(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		acme, ada := namespace(t, book, "acme"), user(t, book, "ada")
		again := func(a *achievement.Achievement, occurrence string) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error {
				return tx.CreateAward(ctx, &achievement.Award{
					AchievementID: a.ID, UserID: ada.ID, Kind: a.Kind, Occurrence: occurrence, AwardedAt: noon, AwardedBy: 1,
				})
			}
		}
		revoke := func(id int64) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error { return tx.RevokeAward(ctx, id, noon, 1, "") }
		}

		once := badge(t, book, acme.ID, "Irrevocable", achievement.Irrevocable)
		first := give(t, book, once, ada, "")
		refused(t, book, "already_awarded", again(once, ""))
		if err := book.InTx(t.Context(), again(once, "")); !strings.Contains(err.Error(), fmt.Sprintf("award %d", first.ID)) {
			t.Errorf("%q does not name award %d", err, first.ID)
		}
		if err := book.InTx(t.Context(), revoke(first.ID)); err == nil {
			t.Error("an irrevocable award was revoked")
		}
		if err := book.InTx(t.Context(), again(once, "somewhen")); err == nil {
			t.Error("an irrevocable achievement was awarded for an occurrence")
		}

		held := badge(t, book, acme.ID, "Revocable", achievement.Revocable)
		second := give(t, book, held, ada, "")
		refused(t, book, "already_awarded", again(held, ""))
		do(t, book, revoke(second.ID))
		give(t, book, held, ada, "")
		refused(t, book, "already_awarded", again(held, ""))

		often := badge(t, book, acme.ID, "Repeatable", achievement.Repeatable)
		third := give(t, book, often, ada, "one")
		give(t, book, often, ada, "two")
		refused(t, book, "already_awarded", again(often, "one"))
		do(t, book, revoke(third.ID))
		refused(t, book, "already_awarded", again(often, "one"))
	})
}

func TestSameAwardAtOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		given := badge(t, book, namespace(t, book, "acme").ID, "Badge", achievement.Irrevocable)
		ada := user(t, book, "ada")
		var giving sync.WaitGroup
		var mutex sync.Mutex
		outcomes := map[string]int{}
		for range 32 {
			giving.Go(func() {
				err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					return tx.CreateAward(ctx, &achievement.Award{AchievementID: given.ID, UserID: ada.ID, Kind: given.Kind, AwardedAt: noon, AwardedBy: 1})
				})
				mutex.Lock()
				defer mutex.Unlock()
				if err == nil {
					outcomes["given"]++
				} else {
					outcomes[fault.As(err).Code]++
				}
			})
		}
		giving.Wait()
		same(t, "the outcomes", outcomes, map[string]int{"given": 1, "already_awarded": 31})
	})
}

func TestGranting(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		acme, ada, bob := namespace(t, book, "acme"), user(t, book, "ada"), user(t, book, "bob")
		once := badge(t, book, acme.ID, "Once", achievement.Irrevocable)
		often := badge(t, book, acme.ID, "Often", achievement.Repeatable)
		byHand := give(t, book, once, bob, "")
		wish := func(a *achievement.Achievement, u *achievement.User, occurrence string) achievement.Award {
			return achievement.Award{AchievementID: a.ID, UserID: u.ID, Kind: a.Kind, Occurrence: occurrence, AwardedAt: noon, AwardedBy: 1, Rule: "r"}
		}
		grant := func(wishes ...achievement.Award) map[string]bool {
			got := map[string]bool{}
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				clear(got)
				granted, err := tx.GrantAwards(ctx, wishes)
				for _, award := range granted {
					stored, err := tx.AwardByID(ctx, award.ID)
					if err != nil {
						return err
					}
					same(t, "the granted award", *stored, award)
					got[fmt.Sprintf("%d %d %s", award.AchievementID, award.UserID, award.Occurrence)] = true
				}
				return err
			})
			return got
		}
		name := func(a *achievement.Achievement, u *achievement.User, occurrence string) string {
			return fmt.Sprintf("%d %d %s", a.ID, u.ID, occurrence)
		}
		all := []achievement.Award{wish(once, ada, ""), wish(once, bob, ""), wish(often, ada, "1"), wish(often, ada, "2"), wish(often, ada, "2")}
		same(t, "what is granted", grant(all...), map[string]bool{
			name(once, ada, ""): true, name(often, ada, "1"): true, name(often, ada, "2"): true,
		})
		same(t, "what is granted again", grant(all...), map[string]bool{})

		// What an owner deleted is not granted again, until somebody gives it by hand.
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAward(ctx, byHand.ID, noon) })
		same(t, "what is granted after it was deleted", grant(all...), map[string]bool{})
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAward(ctx, byHand.ID, noon) })
		anew := give(t, book, once, bob, "")
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.RevokeStanding(ctx, nil)
			return err
		})
		if anew.ID == byHand.ID {
			t.Error("an id was used twice")
		}
	})
}

func TestRevokingWhatStands(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		acme, ada, bob := namespace(t, book, "acme"), user(t, book, "ada"), user(t, book, "bob")
		held := badge(t, book, acme.ID, "Held", achievement.Revocable)
		once := badge(t, book, acme.ID, "Once", achievement.Irrevocable)
		award := give(t, book, held, ada, "")
		give(t, book, once, ada, "")
		revoke := func() []achievement.Award {
			var revoked []achievement.Award
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				var err error
				revoked, err = tx.RevokeStanding(ctx, []store.Revocation{
					{AchievementID: held.ID, UserID: ada.ID, At: noon.Add(time.Hour), By: 1, Reason: "left"},
					{AchievementID: held.ID, UserID: bob.ID, At: noon, By: 1},
					{AchievementID: once.ID, UserID: ada.ID, At: noon, By: 1},
				})
				return err
			})
			return revoked
		}
		want := *award
		want.RevokedAt, want.RevokedBy, want.RevokeReason = noon.Add(time.Hour), 1, "left"
		same(t, "what is revoked", revoke(), []achievement.Award{want})
		same(t, "what is revoked again", revoke(), []achievement.Award(nil))
	})
}

// gallery is a profile with awards of every sort, by name.
type gallery struct {
	book        *store.Store
	ada         *achievement.User
	acme, other *achievement.Namespace
	ours        *achievement.Achievement
	names       map[int64]string
}

func newGallery(t *testing.T, book *store.Store) *gallery {
	t.Helper()

	g := &gallery{book: book, ada: user(t, book, "ada"), names: map[int64]string{}}
	g.acme, g.other = namespace(t, book, "acme"), namespace(t, book, "other")
	g.ours = badge(t, book, g.acme.ID, "Ours", achievement.Repeatable)
	theirs := badge(t, book, g.other.ID, "Theirs", achievement.Repeatable)
	first, second := int64(0), int64(1)
	// Microseconds that end in zeros and others must sort as times, in both databases.
	for _, award := range []achievement.Award{
		{Occurrence: "late", AchievementID: g.ours.ID, AwardedAt: noon.Add(20 * time.Microsecond)},
		{Occurrence: "early", AchievementID: g.ours.ID, AwardedAt: noon.Add(9 * time.Microsecond)},
		{Occurrence: "same time", AchievementID: g.ours.ID, AwardedAt: noon.Add(9 * time.Microsecond)},
		{Occurrence: "on the second", AchievementID: theirs.ID, AwardedAt: noon.Truncate(time.Second)},
		{Occurrence: "second place", AchievementID: theirs.ID, AwardedAt: noon.Add(time.Hour), Priority: &second},
		{Occurrence: "first place", AchievementID: g.ours.ID, AwardedAt: noon.Add(2 * time.Hour), Priority: &first},
		{Occurrence: "hidden", AchievementID: g.ours.ID, AwardedAt: noon.Add(time.Minute)},
		{Occurrence: "hidden by others", AchievementID: theirs.ID, AwardedAt: noon.Add(time.Minute)},
		{Occurrence: "revoked", AchievementID: g.ours.ID, AwardedAt: noon, RevokedAt: noon, RevokedBy: 1},
	} {
		award.UserID, award.Kind, award.AwardedBy = g.ada.ID, achievement.Repeatable, 1
		award.ShowOnProfile = !strings.HasPrefix(award.Occurrence, "hidden")
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAward(ctx, &award) })
		g.names[award.ID] = award.Occurrence
	}
	return g
}

// pages walks through a list two awards at a time and returns their names.
func (g *gallery) pages(t *testing.T, list func(ctx context.Context, tx *store.Tx, p store.Page) ([]achievement.Award, string, error)) []string {
	t.Helper()

	var got []string
	for page := (store.Page{Limit: 2}); ; {
		items := read(t, g.book, func(ctx context.Context, tx *store.Tx) ([]achievement.Award, error) {
			items, next, err := list(ctx, tx, page)
			page.After = next
			return items, err
		})
		if len(items) > 2 {
			t.Fatalf("a page of 2 holds %d", len(items))
		}
		for i := range items {
			got = append(got, g.names[items[i].ID])
		}
		if page.After == "" {
			return got
		}
	}
}

func TestListingAUsersAwards(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		g := newGallery(t, book)
		for what, tc := range map[string]struct {
			filter store.UserAwardFilter
			want   []string
		}{
			"all of them": {store.UserAwardFilter{}, []string{
				"first place", "second place", "on the second", "early", "same time", "late", "hidden", "hidden by others",
			}},
			"for others": {store.UserAwardFilter{OnlyShown: true}, []string{
				"first place", "second place", "on the second", "early", "same time", "late",
			}},
			"for a maintainer": {store.UserAwardFilter{OnlyShown: true, AlsoInNamespaces: []int64{g.acme.ID}}, []string{
				"first place", "second place", "on the second", "early", "same time", "late", "hidden",
			}},
			"of a namespace": {store.UserAwardFilter{InNamespaces: []int64{g.other.ID}}, []string{
				"second place", "on the second", "hidden by others",
			}},
			"of no namespace": {store.UserAwardFilter{InNamespaces: []int64{}}, nil},
		} {
			tc.filter.UserID = g.ada.ID
			same(t, what, g.pages(t, func(ctx context.Context, tx *store.Tx, p store.Page) ([]achievement.Award, string, error) {
				return tx.ListUserAwards(ctx, tc.filter, p)
			}), tc.want)
		}
	})
}

func TestListingAnAchievementsAwards(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		g := newGallery(t, book)
		for state, want := range map[store.AwardState][]string{
			store.StateActive:  {"early", "same time", "late", "hidden", "first place"},
			store.StateRevoked: {"revoked"},
			store.StateAll:     {"revoked", "early", "same time", "late", "hidden", "first place"},
		} {
			same(t, string(state), g.pages(t, func(ctx context.Context, tx *store.Tx, p store.Page) ([]achievement.Award, string, error) {
				return tx.ListAwards(ctx, store.AwardFilter{AchievementID: g.ours.ID, State: state}, p)
			}), want)
		}
		refused(t, book, "bad_cursor", func(ctx context.Context, tx *store.Tx) error {
			_, _, err := tx.ListAwards(ctx, store.AwardFilter{AchievementID: g.ours.ID, State: store.StateAll}, store.Page{After: store.Cursor(1)})
			return err
		})
	})
}
