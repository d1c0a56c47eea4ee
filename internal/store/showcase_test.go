package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestAShowcaseHoldsEachAchievementOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		acme, ada, grace := namespace(t, book, "acme"), user(t, book, "ada"), user(t, book, "grace")
		first := badge(t, book, acme.ID, "First", achievement.Repeatable)
		second := badge(t, book, acme.ID, "Second", achievement.Repeatable)
		third := badge(t, book, acme.ID, "Third", achievement.Repeatable)
		priority := int64(0)
		award := func(of *achievement.Achievement, to *achievement.User, occurrence string, after time.Duration, change func(*achievement.Award)) int64 {
			award := &achievement.Award{
				AchievementID: of.ID, UserID: to.ID, Kind: of.Kind, Occurrence: occurrence, AwardedAt: noon.Add(after), AwardedBy: 1, ShowOnProfile: true,
			}
			change(award)
			do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAward(ctx, award) })
			return award.ID
		}
		plain := func(*achievement.Award) {}
		a := award(first, ada, "1", time.Hour, plain)
		award(first, ada, "2", 5*time.Hour, plain)
		award(first, ada, "3", 6*time.Hour, func(a *achievement.Award) { a.ShowOnProfile = false })
		award(first, ada, "4", 7*time.Hour, func(a *achievement.Award) { a.RevokedAt, a.RevokedBy = noon.Add(8*time.Hour), 1 })
		b := award(second, ada, "1", 2*time.Hour, plain)
		award(third, ada, "1", 3*time.Hour, plain)
		c := award(third, ada, "2", 4*time.Hour, func(a *achievement.Award) { a.Priority = &priority })
		award(third, grace, "1", 9*time.Hour, plain)

		type row struct {
			ID             int64
			Times, Recency int
		}
		list := func(most int) []row {
			shown := read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.ShownAward, error) {
				return tx.ShowcaseOf(ctx, store.UserAwardFilter{UserID: ada.ID, OnlyShown: true}, most)
			})
			var rows []row
			for _, s := range shown {
				rows = append(rows, row{s.ID, s.Times, s.Recency})
			}
			return rows
		}
		same(t, "the showcase", list(10), []row{{c, 2, 2}, {a, 2, 1}, {b, 1, 3}})
		same(t, "the first of it", list(1), []row{{c, 2, 2}})
	})
}

func TestAvatarsAreReadTogether(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		one, two, three := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("two")), sha256.Sum256([]byte("three"))
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(tx.PutAvatar(ctx, one[:], []byte("one"), noon), tx.PutAvatar(ctx, two[:], []byte("two"), noon))
		})
		for _, tc := range []struct {
			hashes [][]byte
			want   map[string][]byte
		}{
			{nil, map[string][]byte{}},
			{[][]byte{one[:], two[:], three[:]}, map[string][]byte{string(one[:]): []byte("one"), string(two[:]): []byte("two")}},
		} {
			got := read(t, book, func(ctx context.Context, tx *store.Tx) (map[string][]byte, error) { return tx.Avatars(ctx, tc.hashes) })
			same(t, "the pictures", got, tc.want)
		}
	})
}
