package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestAchievements(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		acme, other := namespace(t, book, "acme"), namespace(t, book, "other")
		full := &achievement.Achievement{
			NamespaceID: acme.ID, Key: "first", Name: "Première", Description: "the first", Kind: achievement.Revocable,
			Series: "first", Tier: 1, CreatedAt: noon, UpdatedAt: noon.Add(time.Second),
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAchievement(ctx, full) })
		same(t, "the achievement", read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.Achievement, error) {
			return tx.AchievementByID(ctx, full.ID)
		}), full)
		percent := badge(t, book, acme.ID, "100% of it_all", achievement.Repeatable)
		elsewhere := badge(t, book, other.ID, "PREMIÈRE", achievement.Irrevocable)
		refused(t, book, "name_taken", func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateAchievement(ctx, &achievement.Achievement{
				NamespaceID: acme.ID, Name: "PREMIÈRE", Kind: achievement.Repeatable, CreatedAt: noon, UpdatedAt: noon,
			})
		})
		for name, tc := range map[string]struct {
			filter store.AchievementFilter
			want   []int64
		}{
			"all":                    {store.AchievementFilter{}, []int64{full.ID, percent.ID, elsewhere.ID}},
			"of a namespace":         {store.AchievementFilter{NamespaceID: acme.ID}, []int64{full.ID, percent.ID}},
			"by id":                  {store.AchievementFilter{NamespaceID: acme.ID, IDs: []int64{percent.ID, elsewhere.ID}}, []int64{percent.ID}},
			"by kind":                {store.AchievementFilter{Kind: achievement.Irrevocable}, []int64{elsewhere.ID}},
			"by a part of the name":  {store.AchievementFilter{Search: "MIÈR"}, []int64{full.ID, elsewhere.ID}},
			"by a percent sign":      {store.AchievementFilter{Search: "0%"}, []int64{percent.ID}},
			"by an underscore":       {store.AchievementFilter{Search: "t_a"}, []int64{percent.ID}},
			"by nothing it contains": {store.AchievementFilter{Search: "%x"}, nil},
		} {
			var got []int64
			for _, item := range read(t, book, func(ctx context.Context, tx *store.Tx) ([]achievement.Achievement, error) {
				items, _, err := tx.ListAchievements(ctx, tc.filter, store.Page{})
				return items, err
			}) {
				got = append(got, item.ID)
			}
			same(t, "the achievements "+name, got, tc.want)
		}
	})
}

func TestDeclaring(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		acme := namespace(t, book, "acme")
		byHand := badge(t, book, acme.ID, "First merge", achievement.Revocable)
		declare := func(key, name string, kind achievement.Kind) *achievement.Achievement {
			a := &achievement.Achievement{
				NamespaceID: acme.ID, Key: key, Name: name, Kind: kind, CreatedAt: noon.Add(time.Hour), UpdatedAt: noon.Add(time.Hour),
			}
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.DeclareAchievements(ctx, []*achievement.Achievement{a})
				return err
			})
			same(t, key, read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.Achievement, error) {
				return tx.AchievementByID(ctx, a.ID)
			}), a)
			return a
		}
		adopted := declare("first-merge", "FIRST merge", achievement.Irrevocable)
		same(t, "the adopted id", adopted.ID, byHand.ID)
		second := declare("second", "Second", achievement.Repeatable)
		same(t, "the id of what is declared again", declare("second", "Renamed", achievement.Repeatable).ID, second.ID)
		unchanged := declare("second", "Renamed", achievement.Repeatable)
		same(t, "when it was updated", unchanged.UpdatedAt, noon.Add(time.Hour))

		refused(t, book, "name_taken", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeclareAchievements(ctx, []*achievement.Achievement{{
				NamespaceID: acme.ID, Key: "second", Name: "First Merge", Kind: achievement.Repeatable, CreatedAt: noon, UpdatedAt: noon,
			}})
			return err
		})
		ada := user(t, book, "ada")
		give(t, book, second, ada, "")
		give(t, book, second, ada, "2")
		refused(t, book, "kind_in_use", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeclareAchievements(ctx, []*achievement.Achievement{{
				NamespaceID: acme.ID, Key: "second", Name: "Renamed", Kind: achievement.Irrevocable, CreatedAt: noon, UpdatedAt: noon,
			}})
			return err
		})

		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.RetireAchievements(ctx, []int64{second.ID}, noon)
		})
		retired := read(t, book, func(ctx context.Context, tx *store.Tx) ([]achievement.Achievement, error) { return tx.Declared(ctx) })
		same(t, "which are retired", []bool{retired[0].RetiredAt.IsZero(), retired[1].RetiredAt.IsZero()}, []bool{true, false})
		if back := declare("second", "Renamed", achievement.Repeatable); !back.RetiredAt.IsZero() {
			t.Error("what is declared again is still retired")
		}
	})
}
