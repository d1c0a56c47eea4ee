package operation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// bench is a book with operations on it.
type bench struct {
	*operation.Operations

	t         *testing.T
	book      *store.Store
	clock     *testkit.Clock
	announced int
}

func newBench(t *testing.T, book *store.Store) *bench {
	t.Helper()
	b := &bench{t: t, book: book, clock: testkit.NewClock()}
	b.Operations = operation.New(operation.Config{Store: book, Now: b.clock.Now, Announce: func() { b.announced++ }})
	return b
}

func (b *bench) change(fn func(ctx context.Context, tx *store.Tx) error) {
	b.t.Helper()
	if err := b.book.InTx(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

// user stores a user as it is given, with a name of its own.
func (b *bench) user(user achievement.User) *achievement.User {
	b.t.Helper()
	user.Name, user.Claimed, user.CreatedAt, user.UpdatedAt = user.Username, true, b.clock.Now(), b.clock.Now()
	b.change(func(ctx context.Context, tx *store.Tx) error {
		user.ID = 0
		return tx.CreateUser(ctx, &user)
	})
	return &user
}

// calls returns the user as a caller with a token of the scopes.
func (b *bench) calls(user *achievement.User, scopes ...achievement.Scope) operation.Caller {
	b.t.Helper()
	root := b.admin()
	issued, err := b.CreateToken(b.t.Context(), root, operation.NewToken{User: user.Username, Name: "tests", Scopes: scopes})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.authenticate(issued.Secret)
}

const adminSecret = "an admin's token of the tests"

func (b *bench) admin() operation.Caller {
	b.t.Helper()
	if _, err := b.EnsureAdmin(b.t.Context(), adminSecret); err != nil {
		b.t.Fatal(err)
	}
	return b.authenticate(adminSecret)
}

func (b *bench) authenticate(secret string) operation.Caller {
	b.t.Helper()
	caller, err := b.Authenticate(b.t.Context(), secret)
	if err != nil {
		b.t.Fatal(err)
	}
	return caller
}

// group stores a namespace with an achievement of the kind.
func (b *bench) group(path string, visibility achievement.Visibility, kind achievement.Kind) (*achievement.Namespace, *achievement.Achievement) {
	b.t.Helper()
	now := b.clock.Now()
	namespace := &achievement.Namespace{FullPath: path, Name: path, Visibility: visibility, CreatedAt: now, UpdatedAt: now}
	badge := &achievement.Achievement{Name: "Badge of " + path, Kind: kind, CreatedAt: now, UpdatedAt: now}
	b.change(func(ctx context.Context, tx *store.Tx) error {
		namespace.ID, badge.ID = 0, 0
		if err := tx.CreateNamespace(ctx, namespace); err != nil {
			return err
		}
		badge.NamespaceID = namespace.ID
		return tx.CreateAchievement(ctx, badge)
	})
	return namespace, badge
}

func (b *bench) member(namespace *achievement.Namespace, user *achievement.User, role achievement.Role) {
	b.t.Helper()
	b.change(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.PutMember(ctx, namespace.ID, user.ID, role, b.clock.Now())
		return err
	})
}

// give stores an award as it is given.
func (b *bench) give(badge *achievement.Achievement, to *achievement.User, award achievement.Award) *achievement.Award {
	b.t.Helper()
	award.AchievementID, award.Kind, award.UserID = badge.ID, badge.Kind, to.ID
	award.AwardedAt, award.AwardedBy = b.clock.Now(), achievement.HouseUserID
	b.change(func(ctx context.Context, tx *store.Tx) error {
		award.ID = 0
		return tx.CreateAward(ctx, &award)
	})
	return &award
}

// codeOf returns the kind and code of a fault, "ok" for none.
func codeOf(err error) string {
	if err == nil {
		return "ok"
	}
	f := fault.As(err)
	return f.Kind.String() + " " + f.Code
}

func TestAwardsAreAnnounced(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()
		b := newBench(t, book)
		_, badge := b.group("acme", achievement.Public, achievement.Revocable)
		ada := b.user(achievement.User{Username: "ada", AchievementsEnabled: true})
		root := b.admin()

		award, err := b.AwardAchievement(t.Context(), root, operation.NewAward{AchievementID: badge.ID, User: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.AwardAchievement(t.Context(), root, operation.NewAward{AchievementID: badge.ID, User: "ada"}); codeOf(err) != "conflict already_awarded" {
			t.Errorf("the second award: %v", err)
		}
		if _, err := b.RevokeAward(t.Context(), root, award.ID, "why"); err != nil {
			t.Fatal(err)
		}
		if b.announced != 2 {
			t.Errorf("announced %d times, want once for each of two changes", b.announced)
		}
		var jobs []store.Job
		b.change(func(ctx context.Context, tx *store.Tx) error {
			var err error
			jobs, err = tx.ClaimJobs(ctx, []string{"award.granted", "award.revoked"}, 10, b.clock.Now(), b.clock.Now().Add(time.Minute))
			return err
		})
		if len(jobs) != 2 {
			t.Fatalf("the outbox holds %d jobs, want 2", len(jobs))
		}
		for i, kind := range []string{"award.granted", "award.revoked"} {
			var args struct {
				AwardID int64 `json:"award_id"`
			}
			if err := json.Unmarshal(jobs[i].Args, &args); err != nil {
				t.Fatal(err)
			}
			if jobs[i].Kind != kind || args.AwardID != award.ID || jobs[i].UniqueKey != fmt.Sprintf("%s:%d", kind, award.ID) {
				t.Errorf("job %d is %+v", i, jobs[i])
			}
		}
		if award.UserID != ada.ID {
			t.Errorf("the award went to %d", award.UserID)
		}
	})
}

func TestBlockedUsersGetNothing(t *testing.T) {
	t.Parallel()

	b := newBench(t, testkit.SQLite(t))
	_, badge := b.group("acme", achievement.Public, achievement.Repeatable)
	b.user(achievement.User{Username: "ada", Blocked: true})
	_, err := b.AwardAchievement(t.Context(), b.admin(), operation.NewAward{AchievementID: badge.ID, User: "ada"})
	if codeOf(err) != "conflict user_blocked" || b.announced != 0 {
		t.Errorf("awarding a blocked user: %v, announced %d", err, b.announced)
	}
}

func TestADeletedAwardCanBeGivenAgainByHandOnly(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()
		b := newBench(t, book)
		_, badge := b.group("acme", achievement.Public, achievement.Irrevocable)
		ada := b.user(achievement.User{Username: "ada", AchievementsEnabled: true})
		award := b.give(badge, ada, achievement.Award{Rule: "r", ShowOnProfile: true})
		if err := b.DeleteAward(t.Context(), b.admin(), award.ID, nil); err != nil {
			t.Fatal(err)
		}
		b.change(func(ctx context.Context, tx *store.Tx) error {
			again := *award
			again.ID = 0
			granted, err := tx.GrantAwards(ctx, []achievement.Award{again})
			if len(granted) != 0 {
				t.Error("a rule gave again what was deleted")
			}
			return err
		})
		if _, err := b.AwardAchievement(t.Context(), b.admin(), operation.NewAward{AchievementID: badge.ID, User: "ada"}); err != nil {
			t.Errorf("by hand: %v", err)
		}
	})
}
