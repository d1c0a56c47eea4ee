package operation_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// openToAll are the operations that a caller without a token may use; what they see, other tests say.
var openToAll = []string{
	"AchievementsOfNamespaces", "AwardsOfAchievements", "AwardsOfUsers", "HoldersOfAchievements",
	"BeginSignIn", "TakeSignIn", "SignIn",
	"GetAchievement", "GetAchievementAvatar", "GetAward", "GetNamespace", "GetShowcase", "Portrait", "Gallery", "Exhibit", "Leaderboard", "RecentAwards", "RecentUserAwards", "AwardWithPowers", "GetUser", "ListAchievements", "ListAwards", "ListNamespaces", "ListUserAwards",
}

// An operation that somebody adds is refused to strangers until it is put on the list.
func TestEveryOperationRefusesTheUnknown(t *testing.T) {
	t.Parallel()

	b := newBench(t, testkit.SQLite(t))
	operations := reflect.ValueOf(b.Operations)
	checked := 0
	for i := range operations.NumMethod() {
		name, method := operations.Type().Method(i).Name, operations.Method(i)
		if method.Type().NumIn() < 2 || method.Type().In(1) != reflect.TypeFor[operation.Caller]() || slices.Contains(openToAll, name) {
			continue
		}
		checked++
		arguments := []reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf(operation.Caller{})}
		for j := 2; j < method.Type().NumIn(); j++ {
			arguments = append(arguments, reflect.Zero(method.Type().In(j)))
		}
		results := method.Call(arguments)
		err, _ := reflect.TypeAssert[error](results[len(results)-1])
		if !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s answers an unknown caller with %v", name, err)
		}
	}
	if checked < 9 {
		t.Errorf("only %d operations were checked", checked)
	}
}

// Each operation that changes something, by the least role that may, and one step below it.
func TestLeastRoles(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()
		b := newBench(t, book)
		ada := b.user(achievement.User{Username: "ada", AchievementsEnabled: true})
		member := b.user(achievement.User{Username: "member"})
		parent, _ := b.group("acme", achievement.Private, achievement.Repeatable)
		_, badge := b.group("acme/tools", achievement.Private, achievement.Revocable)
		for _, tc := range []struct {
			name  string
			least achievement.Role
			do    func(caller operation.Caller) error
		}{
			{"CreateAchievement", achievement.Maintainer, func(caller operation.Caller) error {
				_, err := b.CreateAchievement(t.Context(), caller, operation.NewAchievement{Namespace: "acme/tools", Name: "New"})
				return err
			}},
			{"AwardAchievement", achievement.Maintainer, func(caller operation.Caller) error {
				_, err := b.AwardAchievement(t.Context(), caller, operation.NewAward{AchievementID: badge.ID, User: "ada"})
				return err
			}},
			{"RevokeAward", achievement.Maintainer, func(caller operation.Caller) error {
				_, err := b.RevokeAward(t.Context(), caller, b.standing(ada), "")
				return err
			}},
			{"DeleteAward", achievement.Owner, func(caller operation.Caller) error {
				return b.DeleteAward(t.Context(), caller, b.give(badge, ada, achievement.Award{ShowOnProfile: true}).ID, nil)
			}},
			{"PutMember", achievement.Owner, func(caller operation.Caller) error {
				_, err := b.PutMember(t.Context(), caller, operation.NewMember{Namespace: "acme/tools", User: "ada", Role: achievement.Owner})
				return err
			}},
		} {
			below := map[achievement.Role]achievement.Role{achievement.Maintainer: achievement.Developer, achievement.Owner: achievement.Maintainer}[tc.least]
			b.member(parent, member, below)
			writer := b.calls(member, achievement.ScopeWrite)
			if err := tc.do(writer); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s by a %s: %v", tc.name, below, err)
			}
			b.clear(ada, tc.name)
			b.member(parent, member, tc.least)
			if err := tc.do(b.calls(member, achievement.ScopeRead)); codeOf(err) != "forbidden insufficient_scope" {
				t.Errorf("%s with a token to read: %v", tc.name, err)
			}
			b.clear(ada, tc.name)
			if err := tc.do(writer); err != nil {
				t.Errorf("%s by a %s of the parent: %v", tc.name, tc.least, err)
			}
		}
	})
}

// standing returns the id of the user's only award.
func (b *bench) standing(user *achievement.User) int64 {
	b.t.Helper()
	listing, err := b.ListUserAwards(b.t.Context(), b.admin(), operation.UserAwardQuery{User: user.Username})
	if err != nil || len(listing.Items) != 1 {
		b.t.Fatalf("the user's awards are %v, %v; want one", listing, err)
	}
	return listing.Items[0].ID
}

// clear deletes what DeleteAward was refused to delete.
func (b *bench) clear(user *achievement.User, operationName string) {
	b.t.Helper()
	if operationName != "DeleteAward" {
		return
	}
	if err := b.DeleteAward(b.t.Context(), b.admin(), b.standing(user), nil); err != nil {
		b.t.Fatal(err)
	}
}
