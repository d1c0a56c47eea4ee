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

func TestListingAwards(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := user(t, book, "ada")
		acme, other := namespace(t, book, "acme"), namespace(t, book, "other")
		ours := badge(t, book, acme.ID, "Ours", achievement.Repeatable)
		theirs := badge(t, book, other.ID, "Theirs", achievement.Repeatable)
		names := map[int64]string{}
		put := func(name string, a *achievement.Achievement, change func(*achievement.Award)) {
			award := &achievement.Award{
				AchievementID: a.ID, UserID: ada.ID, Kind: a.Kind, Occurrence: name, AwardedAt: noon, AwardedBy: 1, ShowOnProfile: true,
			}
			change(award)
			do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAward(ctx, award) })
			names[award.ID] = name
		}
		at := func(d time.Duration, priority int64) func(*achievement.Award) {
			return func(a *achievement.Award) {
				a.AwardedAt = noon.Add(d)
				if priority >= 0 {
					a.Priority = &priority
				}
			}
		}
		// Microseconds that end in zeros and others must sort as times, in both databases.
		put("late", ours, at(20*time.Microsecond, -1))
		put("early", ours, at(9*time.Microsecond, -1))
		put("same time", ours, at(9*time.Microsecond, -1))
		put("on the second", theirs, at(-123456*time.Microsecond, -1))
		put("second place", theirs, at(time.Hour, 1))
		put("first place", ours, at(2*time.Hour, 0))
		put("hidden", ours, func(a *achievement.Award) { a.ShowOnProfile = false; a.AwardedAt = noon.Add(time.Minute) })
		put("hidden by others", theirs, func(a *achievement.Award) { a.ShowOnProfile = false; a.AwardedAt = noon.Add(time.Minute) })
		put("revoked", ours, func(a *achievement.Award) { a.RevokedAt, a.RevokedBy = noon, 1 })

		// pages walks through a list two awards at a time.
		pages := func(list func(ctx context.Context, tx *store.Tx, p store.Page) ([]achievement.Award, string, error)) []string {
			var got []string
			for page := (store.Page{Limit: 2}); ; {
				items := read(t, book, func(ctx context.Context, tx *store.Tx) ([]achievement.Award, error) {
					items, next, err := list(ctx, tx, page)
					page.After = next
					return items, err
				})
				if len(items) > 2 {
					t.Fatalf("a page of 2 holds %d", len(items))
				}
				for i := range items {
					got = append(got, names[items[i].ID])
				}
				if page.After == "" {
					return got
				}
			}
		}
		profile := func(f store.UserAwardFilter) []string {
			f.UserID = ada.ID
			return pages(func(ctx context.Context, tx *store.Tx, p store.Page) ([]achievement.Award, string, error) {
				return tx.ListUserAwards(ctx, f, p)
			})
		}
		same(t, "the profile", profile(store.UserAwardFilter{}), []string{
			"first place", "second place", "on the second", "early", "same time", "late", "hidden", "hidden by others",
		})
		same(t, "the profile for others", profile(store.UserAwardFilter{OnlyShown: true}), []string{
			"first place", "second place", "on the second", "early", "same time", "late",
		})
		same(t, "the profile for a maintainer", profile(store.UserAwardFilter{OnlyShown: true, AlsoInNamespaces: []int64{acme.ID}}), []string{
			"first place", "second place", "on the second", "early", "same time", "late", "hidden",
		})
		same(t, "what a namespace gave", profile(store.UserAwardFilter{InNamespaces: []int64{other.ID}}), []string{
			"second place", "on the second", "hidden by others",
		})
		same(t, "what no namespace gave", profile(store.UserAwardFilter{InNamespaces: []int64{}}), []string(nil))
		listed := func(state store.AwardState) []string {
			return pages(func(ctx context.Context, tx *store.Tx, p store.Page) ([]achievement.Award, string, error) {
				return tx.ListAwards(ctx, ours.ID, state, p)
			})
		}
		same(t, "those that stand", listed(store.StateActive), []string{"early", "same time", "late", "hidden", "first place"})
		same(t, "those revoked", listed(store.StateRevoked), []string{"revoked"})
		same(t, "all", listed(store.StateAll), []string{"revoked", "early", "same time", "late", "hidden", "first place"})
		refused(t, book, "bad_cursor", func(ctx context.Context, tx *store.Tx) error {
			_, _, err := tx.ListAwards(ctx, ours.ID, store.StateAll, store.Page{After: store.Cursor(1)})
			return err
		})
	})
}
