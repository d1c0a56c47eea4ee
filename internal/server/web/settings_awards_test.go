package web

// The order of a profile is tested from inside: any order at all must come out as it went in.

import (
	"cmp"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// awardsInOrder returns awards that were given one after the other, two at a time, of which the first few have places.
func awardsInOrder(places int) []operation.AwardView {
	awards := make([]operation.AwardView, 9)
	for i := range awards {
		awards[i].Award = achievement.Award{ID: int64(i + 1), AwardedAt: time.Unix(int64(i/2), 0)}
		if i < places {
			priority := int64(i)
			awards[i].Priority = &priority
		}
	}
	return awards
}

// profileOf puts the awards in the order of a profile: those with places first, the others by time.
func profileOf(awards []operation.AwardView, placed []int64) []int64 {
	rest := slices.DeleteFunc(slices.Clone(awards), func(a operation.AwardView) bool { return slices.Contains(placed, a.ID) })
	slices.SortFunc(rest, func(x, y operation.AwardView) int {
		return cmp.Or(x.AwardedAt.Compare(y.AwardedAt), cmp.Compare(x.ID, y.ID))
	})
	shown := slices.Clone(placed)
	for i := range rest {
		shown = append(shown, rest[i].ID)
	}
	return shown
}

func FuzzOrdersAreKept(f *testing.F) {
	for _, seed := range []string{"", "1", "987654321", "123456789", "213", "9", "11", "0", "198765432"} {
		f.Add(seed, 0)
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, digits string, places int) {
		awards := awardsInOrder(max(0, places%9))
		order := []int64{}
		for _, digit := range digits {
			order = append(order, int64(digit-'0'))
		}
		placed := prioritised(awards, order)
		known := slices.Clone(order)
		slices.Sort(known)
		if len(slices.Compact(known)) < len(order) || slices.ContainsFunc(order, func(id int64) bool { return id < 1 || id > 9 }) {
			if !slices.Equal(placed, order) {
				t.Fatalf("%v, which is to be refused, becomes %v", order, placed)
			}
			return
		}
		if shown := profileOf(awards, placed); !slices.Equal(shown[:len(order)], order) {
			t.Fatalf("%v becomes the places %v, and the profile %v", order, placed, shown)
		}
	})
}

func FuzzFormsThatOrder(f *testing.F) {
	for _, seed := range []string{"up:1", "down:9", "first:5", "up", "1,2,3", ",", "9223372036854775808", "-1", "up:1:2"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, move, order string) {
		awards := awardsInOrder(2)
		got, moved, err := orderOf(&form{values: url.Values{"move": {move}, "order": {order}}}, awards)
		if err != nil {
			return
		}
		if moved != 0 && len(got) != len(awards) || moved == 0 && len(got) == 0 {
			t.Fatalf("%q, %q becomes %v about %d", move, order, got, moved)
		}
	})
}
