package operation_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// viewers are who looks at an award: nobody known, somebody, a developer and a maintainer of the
// awarding namespace, a maintainer of another one, the recipient, an admin.
var viewers = []string{"anonymous", "stranger", "developer", "maintainer", "elsewhere", "recipient", "admin"}

// Each column is a viewer; + sees the award, n sees it with the namespace's name, . does not.
var visibility = []struct {
	name       string
	recipient  achievement.User
	hidden     bool
	revoked    bool
	visibility achievement.Visibility
	// award is getAward, profile listUserAwards, all the same with include_hidden.
	award, profile, all string
}{
	{
		"an open profile", achievement.User{AchievementsEnabled: true}, false, false, achievement.Public,
		"nnnnnnn", "nnnnnnn", "nnnnnnn",
	},
	{
		"an open profile, an internal namespace", achievement.User{AchievementsEnabled: true}, false, false, achievement.Internal,
		"+nnnnnn", "+nnnnnn", "+nnnnnn",
	},
	{
		"an open profile, a private namespace", achievement.User{AchievementsEnabled: true}, false, false, achievement.Private,
		"++nn++n", "++nn++n", "++nn++n",
	},
	{
		"hidden by the recipient", achievement.User{AchievementsEnabled: true}, true, false, achievement.Public,
		"...n.nn", ".......", "...n.nn",
	},
	{
		"a private profile", achievement.User{AchievementsEnabled: true, PrivateProfile: true}, false, false, achievement.Public,
		"...n.nn", "...n.nn", "...n.nn",
	},
	{
		"a private profile, hidden", achievement.User{AchievementsEnabled: true, PrivateProfile: true}, true, false, achievement.Public,
		"...n.nn", ".......", "...n.nn",
	},
	{
		"achievements switched off", achievement.User{}, false, false, achievement.Public,
		"...n.nn", "...n.nn", "...n.nn",
	},
	{
		"achievements switched off, a private namespace", achievement.User{}, false, false, achievement.Private,
		"...n.+n", "...n.+n", "...n.+n",
	},
	{
		"revoked", achievement.User{AchievementsEnabled: true}, false, true, achievement.Public,
		"...n.nn", ".......", ".......",
	},
}

func TestVisibility(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()
		b := newBench(t, book)
		stranger, developer := b.user(achievement.User{Username: "stranger"}), b.user(achievement.User{Username: "developer"})
		maintainer, other := b.user(achievement.User{Username: "maintainer"}), b.user(achievement.User{Username: "elsewhere"})
		elsewhere, _ := b.group("elsewhere", achievement.Public, achievement.Revocable)
		b.member(elsewhere, other, achievement.Maintainer)
		for i, row := range visibility {
			namespace, badge := b.group(fmt.Sprintf("group-%d", i), row.visibility, achievement.Revocable)
			b.member(namespace, developer, achievement.Developer)
			b.member(namespace, maintainer, achievement.Maintainer)
			row.recipient.Username = fmt.Sprintf("recipient-%d", i)
			recipient := b.user(row.recipient)
			award := b.give(badge, recipient, achievement.Award{ShowOnProfile: !row.hidden})
			if row.revoked {
				b.change(func(ctx context.Context, tx *store.Tx) error {
					return tx.RevokeAward(ctx, award.ID, b.clock.Now(), maintainer.ID, "why")
				})
			}
			callers := []operation.Caller{
				{}, b.calls(stranger, achievement.ScopeRead), b.calls(developer, achievement.ScopeRead),
				b.calls(maintainer, achievement.ScopeRead), b.calls(other, achievement.ScopeRead),
				b.calls(recipient, achievement.ScopeRead), b.admin(),
			}
			for j, caller := range callers {
				who := viewers[j] + " on " + row.name
				b.sees(who+": getAward", row.award[j], func() ([]operation.AwardView, error) {
					view, err := b.GetAward(t.Context(), caller, award.ID)
					if fault.Is(err, fault.NotFound) || err != nil {
						return nil, ignoreNotFound(err)
					}
					return []operation.AwardView{*view}, nil
				})
				for hidden, want := range map[bool]byte{false: row.profile[j], true: row.all[j]} {
					b.sees(fmt.Sprintf("%s: listUserAwards, hidden %t", who, hidden), want, func() ([]operation.AwardView, error) {
						listing, err := b.ListUserAwards(t.Context(), caller, operation.UserAwardQuery{User: row.recipient.Username, IncludeHidden: hidden})
						return listing.Items, err
					})
				}
			}
		}
	})
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// sees checks what of one award comes back: nothing (.), the award (+), or with its namespace (n).
func (b *bench) sees(who string, want byte, look func() ([]operation.AwardView, error)) {
	b.t.Helper()

	items, err := look()
	if err != nil {
		b.t.Errorf("%s: %v", who, err)
		return
	}
	got := byte('.')
	if len(items) == 1 {
		got = '+'
		if items[0].Achievement.Namespace != nil {
			got = 'n'
		}
	}
	if got != want {
		b.t.Errorf("%s: %c, want %c", who, got, want)
	}
}

func TestListAwardsShowsOnlyWhatIsOnProfiles(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()
		b := newBench(t, book)
		_, badge := b.group("acme", achievement.Public, achievement.Revocable)
		open := b.give(badge, b.user(achievement.User{Username: "open", AchievementsEnabled: true}), achievement.Award{ShowOnProfile: true})
		shy := b.user(achievement.User{Username: "shy", AchievementsEnabled: true, PrivateProfile: true})
		private := b.give(badge, shy, achievement.Award{ShowOnProfile: true})
		hidden := b.give(badge, b.user(achievement.User{Username: "hiding", AchievementsEnabled: true}), achievement.Award{})
		for _, tc := range []struct {
			name   string
			caller operation.Caller
			want   []int64
		}{
			{"everyone", operation.Caller{}, []int64{open.ID}},
			{"one of the recipients", b.calls(shy, achievement.ScopeRead), []int64{open.ID, private.ID}},
			{"an admin", b.admin(), []int64{open.ID, private.ID, hidden.ID}},
		} {
			listing, err := b.ListAwards(t.Context(), tc.caller, operation.AwardQuery{AchievementID: badge.ID})
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for i := range listing.Items {
				got = append(got, listing.Items[i].ID)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s sees others (-want +got):\n%s", tc.name, diff)
			}
		}
	})
}

func TestWhatHappenedInPrivateStaysThere(t *testing.T) {
	t.Parallel()

	b := newBench(t, testkit.SQLite(t))
	_, badge := b.group("acme", achievement.Public, achievement.Repeatable)
	ada := b.user(achievement.User{Username: "ada", AchievementsEnabled: true})
	const object = "acme/secret-plan!1"
	secret := b.give(badge, ada, achievement.Award{Rule: "merge", Occurrence: object, ShowOnProfile: true})
	public := b.give(badge, ada, achievement.Award{Rule: "merge", Occurrence: "acme/tools!1", EventURL: "https://forge.test/1", ShowOnProfile: true})
	byHand := b.give(badge, ada, achievement.Award{Occurrence: "by chance", ShowOnProfile: true})
	for _, tc := range []struct {
		name   string
		caller operation.Caller
		award  *achievement.Award
		want   string
	}{
		{"a stranger, in private", operation.Caller{}, secret, ""},
		{"a stranger, in public", operation.Caller{}, public, "acme/tools!1"},
		{"the recipient, in private", b.calls(ada, achievement.ScopeRead), secret, object},
		{"the recipient, by hand", b.calls(ada, achievement.ScopeRead), byHand, ""},
	} {
		view, err := b.GetAward(t.Context(), tc.caller, tc.award.ID)
		if err != nil {
			t.Fatal(err)
		}
		if view.Occurrence != tc.want {
			t.Errorf("%s: the occurrence is %q, want %q", tc.name, view.Occurrence, tc.want)
		}
	}
}
