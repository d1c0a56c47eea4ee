package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
)

// heap gives the user so many awards of the achievement, a thousand by each transaction, and returns their ids.
func (d *door) heap(badge, username string, count int) map[int64]bool {
	d.t.Helper()

	achievementID, err := strconv.ParseInt(badge[len("/api/v1/achievements/"):], 10, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	ids := make(map[int64]bool, count)
	for begin := 0; begin < count; begin += 1000 {
		awards := make([]achievement.Award, min(1000, count-begin))
		for i := range awards {
			awards[i] = achievement.Award{
				AchievementID: achievementID, Kind: achievement.Repeatable, Occurrence: fmt.Sprintf("%s %d", username, begin+i),
				// Many at the same time: the id must decide then.
				AwardedAt: d.clock.Now().Add(time.Duration(i%7) * time.Second), AwardedBy: 1, ShowOnProfile: true, Rule: "acme/heap",
			}
		}
		var granted []achievement.Award
		err := d.book.InTx(d.t.Context(), func(ctx context.Context, tx *store.Tx) error {
			user, err := tx.UserByUsername(ctx, username)
			if err != nil {
				return err
			}
			for i := range awards {
				awards[i].UserID = user.ID
			}
			granted, err = tx.GrantAwards(ctx, awards)
			return err
		})
		if err != nil {
			d.t.Fatalf("%d awards were given: %v", len(ids), err)
		}
		for i := range granted {
			ids[granted[i].ID] = true
		}
	}
	if len(ids) != count {
		d.t.Fatalf("%d awards were given", len(ids))
	}
	return ids
}

func TestTenThousandAwardsArePagedWhileMoreAreGiven(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		d.clock.Advance(time.Hour)
		heap := d.heap(badge, "ada", 10_000)
		d.clock.Advance(time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan int)
		plain := d.plain() // hundreds of large pages: the contract is checked elsewhere
		go func() {
			given := 0
			for ctx.Err() == nil {
				plain.award(badge, "ada")
				given++
				time.Sleep(5 * time.Millisecond)
			}
			stopped <- given
		}()
		for _, path := range []string{badge + "/awards?limit=100", "/api/v1/users/ada/awards?limit=100"} {
			seen := map[int64]int{}
			for cursor, pages := "", 0; ; pages++ {
				page := plain.must(http.StatusOK, "", "GET", path+cursor, nil)
				items := page.items()
				for _, item := range items {
					id, _ := item.object["id"].(float64)
					seen[int64(id)]++
					if seen[int64(id)] > 1 {
						t.Errorf("%s: award %.0f came twice", path, id)
					}
				}
				next, more := page.object["next_cursor"].(string)
				if !more {
					break
				}
				if len(items) != 100 {
					t.Errorf("%s: page %d has %d items, and is not the last", path, pages, len(items))
				}
				cursor = "&cursor=" + next
			}
			for id := range heap {
				if seen[id] == 0 {
					t.Errorf("%s: award %d is missing", path, id)
				}
			}
		}
		stop()
		if given := <-stopped; given == 0 {
			t.Error("nothing was given meanwhile")
		}
	})
}

// Pages are full for those, too, for whom most awards are hidden.
func TestPagesOfWhatIsShownAreFull(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.person("grace")
		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		d.heap(badge, "ada", 50)
		d.heap(badge, "grace", 3)
		d.must(http.StatusOK, ada, "PATCH", "/api/v1/user", map[string]any{"private_profile": true})
		page := d.must(http.StatusOK, "", "GET", badge+"/awards?limit=3", nil)
		same(t, "how many are shown", len(page.items()), 3)
		same(t, "the next page", page.object["next_cursor"], any(nil))
	})
}

func TestAProfileCostsTheSameHoweverLongItIs(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		viewer := d.person("viewer")
		d.must(http.StatusOK, viewer, "GET", "/api/v1/user", nil) // that a token is used is noted once a minute
		costs := func(username string, awards int, token string) int64 {
			d.person(username)
			for i := range max(awards/100, 1) { // from different namespaces and givers, too
				path := fmt.Sprintf("%s-%d", username, i)
				d.namespace(path, "private")
				d.heap(d.achievement(path, "Badge", "repeatable"), username, max(awards/max(awards/100, 1), 1))
			}
			before := d.statements.Load()
			page := d.must(http.StatusOK, token, "GET", "/api/v1/users/"+username+"/awards?limit=100", nil)
			same(t, "how many a page shows", len(page.items()), min(awards, 100))
			return d.statements.Load() - before
		}
		for _, token := range []string{"", viewer} {
			one, many := costs("one-"+strconv.Itoa(len(token)), 1, token), costs("many-"+strconv.Itoa(len(token)), 1000, token)
			if one != many || one == 0 {
				t.Errorf("a profile with 1 award costs %d statements, one with 1000 costs %d", one, many)
			}
		}
	})
}
