package operation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// awardOf makes an award with the id of "achievement", or of "namespace/series#tier" whose achievement is one of the
// series.
func awardOf(id int64, of string) operation.AwardView {
	view := operation.AwardView{Award: achievement.Award{ID: id}}
	var space, tier int64
	if n, _ := fmt.Sscanf(of, "%d/reviews#%d", &space, &tier); n == 2 {
		view.AchievementID = space*1000 + tier
		view.Achievement.NamespaceID, view.Achievement.Series, view.Achievement.Tier = space, "reviews", int(tier)
	} else {
		_, _ = fmt.Sscanf(of, "%d", &view.AchievementID)
		view.Achievement.NamespaceID = 1
	}
	view.Achievement.ID = view.AchievementID
	return view
}

// shown writes what was folded as "id×count[all ids]".
func shown(folded []operation.FoldedAward) string {
	var texts []string
	for _, f := range folded {
		ids := make([]int64, len(f.Awards))
		for i := range f.Awards {
			ids[i] = f.Awards[i].ID
		}
		texts = append(texts, fmt.Sprintf("%d×%d%v", f.ID, f.Count, ids))
	}
	return strings.Join(texts, " ")
}

func TestFoldShowsRepeatsOnceAndOfTiersTheHighest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, awards, want string }{
		{"nothing", "", ""},
		{"different ones stay", "1 2 3", "1×1[1] 2×1[2] 3×1[3]"},
		{"repeats are counted where the first stood", "7 8 7 9 7", "1×3[1 3 5] 2×1[2] 4×1[4]"},
		{"the highest tier is shown where the first stood", "1/reviews#1 5 1/reviews#2 1/reviews#3", "4×1[1 3 4] 2×1[2]"},
		{"a higher tier that comes first stays", "1/reviews#3 1/reviews#1 1/reviews#2", "1×1[1 2 3]"},
		{"repeats of the highest tier count, those of lower ones do not", "1/reviews#1 1/reviews#1 1/reviews#2 1/reviews#1 1/reviews#2", "3×2[1 2 3 4 5]"},
		{"equal series of two namespaces are two", "1/reviews#1 2/reviews#2 1/reviews#2", "3×1[1 3] 2×1[2]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var awards []operation.AwardView
			for i, of := range strings.Fields(test.awards) {
				awards = append(awards, awardOf(int64(i+1), of))
			}
			if got := shown(operation.Fold(awards)); got != test.want {
				t.Errorf("folded into %q, want %q", got, test.want)
			}
		})
	}
}

func TestFoldLosesNothingAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOf(rapid.SampledFrom([]string{"1", "2", "3", "1/reviews#1", "1/reviews#2", "2/reviews#1", "2/reviews#9"})).Draw(t, "awards")
		awards := make([]operation.AwardView, len(kinds))
		for i, of := range kinds {
			awards[i] = awardOf(int64(i+1), of)
		}
		var all []int64
		before := int64(0)
		for _, f := range operation.Fold(awards) {
			if first := f.Awards[0].ID; first <= before {
				t.Fatalf("award %d stands after %d", first, before)
			} else {
				before = first
			}
			of := 0
			for i := range f.Awards {
				all = append(all, f.Awards[i].ID)
				if f.Awards[i].Achievement.Tier > f.Achievement.Tier {
					t.Fatalf("tier %d is shown, and %d was reached", f.Achievement.Tier, f.Awards[i].Achievement.Tier)
				}
				if f.Awards[i].AchievementID == f.AchievementID {
					of++
				}
			}
			if of != f.Count {
				t.Fatalf("counted %d, want %d", f.Count, of)
			}
		}
		slices.Sort(all)
		if len(all) != len(awards) || len(slices.Compact(all)) != len(awards) {
			t.Fatalf("folded %v of %d awards", all, len(awards))
		}
	})
}
