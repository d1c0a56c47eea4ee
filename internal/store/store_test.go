package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// noon is when things happen in these tests, with the precision that the book keeps.
var noon = time.Date(2026, time.November, 2, 12, 0, 0, 123456000, time.UTC)

// do runs fn in a transaction that must commit.
func do(t *testing.T, book *store.Store, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := book.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// read runs fn in a transaction that only reads.
func read[T any](t *testing.T, book *store.Store, fn func(ctx context.Context, tx *store.Tx) (T, error)) T {
	t.Helper()

	var result T
	err := book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var err error
		result, err = fn(ctx, tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// refused runs fn in a transaction that must fail with a fault of the code.
func refused(t *testing.T, book *store.Store, code string, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := book.InTx(t.Context(), fn); err == nil || fault.As(err).Code != code {
		t.Errorf("the transaction gave %v, want a fault %q", err, code)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// user makes a user in the book.
func user(t *testing.T, book *store.Store, username string) *achievement.User {
	t.Helper()

	u := &achievement.User{Username: username, Name: username, AchievementsEnabled: true, CreatedAt: noon, UpdatedAt: noon}
	do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateUser(ctx, u) })
	return u
}

// namespace makes a public namespace in the book.
func namespace(t *testing.T, book *store.Store, path string) *achievement.Namespace {
	t.Helper()

	n := &achievement.Namespace{FullPath: path, Name: path, Visibility: achievement.Public, CreatedAt: noon, UpdatedAt: noon}
	do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateNamespace(ctx, n) })
	return n
}

// badge makes an achievement in the book.
func badge(t *testing.T, book *store.Store, namespaceID int64, name string, kind achievement.Kind) *achievement.Achievement {
	t.Helper()

	a := &achievement.Achievement{NamespaceID: namespaceID, Name: name, Kind: kind, CreatedAt: noon, UpdatedAt: noon}
	do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAchievement(ctx, a) })
	return a
}

func TestMigratingTwiceAndAtOnce(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		book, err := store.Open(t.Context(), store.Config{URL: databaseURL})
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		if err := book.Ready(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a book without tables is ready: %v", err)
		}
		var starting sync.WaitGroup
		for range 4 {
			starting.Go(func() {
				if err := book.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		if err := book.Ready(t.Context()); err != nil {
			t.Errorf("a migrated book is not ready: %v", err)
		}
		house := read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.User, error) {
			return tx.UserByID(ctx, achievement.HouseUserID)
		})
		same(t, "the house user's name", house.Username, achievement.HouseUsername)
		if next := user(t, book, "ada"); next.ID <= achievement.HouseUserID {
			t.Errorf("the first user has the id %d", next.ID)
		}
	})
}

func TestSecondProcessIsRefusedOnSQLite(t *testing.T) {
	t.Parallel()

	path := testkit.SQLitePath(t)
	first := testkit.Open(t, path)
	second, err := store.Open(t.Context(), store.Config{URL: path})
	if err == nil {
		second.Close()
		t.Fatal("a file in use was opened")
	}
	if fault.As(err).Code != "database_in_use" {
		t.Errorf("the second Open gave %v", err)
	}
	if err := first.Ready(t.Context()); err != nil {
		t.Errorf("the refused Open disturbed the first one: %v", err)
	}
}

func TestSQLiteFileIsKept(t *testing.T) {
	t.Parallel()

	path := t.TempDir() + "/a path? with#odd %20 names.db"
	for range 2 {
		book, err := store.Open(t.Context(), store.Config{URL: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := book.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		err = book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.UserByUsername(ctx, "ada"); !fault.Is(err, fault.NotFound) {
				return err
			}
			return tx.CreateUser(ctx, &achievement.User{Username: "ada", CreatedAt: noon, UpdatedAt: noon})
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := book.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()

	for address, code := range map[string]string{
		"":                                       "required",
		"postgres://user:hunter2@host:notaport/": "bad_url",
	} {
		_, err := store.Open(t.Context(), store.Config{URL: address})
		if err == nil || fault.As(err).Fields[0].Code != code {
			t.Errorf("Open(%q) = %v, want %s", address, err, code)
		}
	}
	if _, err := store.Open(t.Context(), store.Config{URL: t.TempDir() + "/no/such/directory/a.db"}); err == nil {
		t.Error("a file in no directory was opened")
	}
}

func TestFailedTransactionLeavesNothing(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		cause := errors.New("stop")
		err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := tx.CreateUser(ctx, &achievement.User{Username: "ada", CreatedAt: noon, UpdatedAt: noon}); err != nil {
				return err
			}
			return cause
		})
		if !errors.Is(err, cause) {
			t.Errorf("InTx = %v", err)
		}
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.UserByUsername(ctx, "ada")
			return err
		})
	})
}

func TestViewCannotWrite(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		err := book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateUser(ctx, &achievement.User{Username: "ada", CreatedAt: noon, UpdatedAt: noon})
		})
		if err == nil {
			t.Error("a view wrote")
		}
	})
}

func TestDeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()

	book := testkit.Open(t, testkit.PostgresURL(t))
	one, two := user(t, book, "one"), user(t, book, "two")
	space := namespace(t, book, "acme")
	given := badge(t, book, space.ID, "Badge", achievement.Repeatable)
	awards := map[int64]int64{}
	for _, u := range []*achievement.User{one, two} {
		award := &achievement.Award{AchievementID: given.ID, UserID: u.ID, Kind: given.Kind, AwardedAt: noon, AwardedBy: 1}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateAward(ctx, award) })
		awards[u.ID] = award.ID
	}
	// Each locks one award and then wants the other's: one of the two must run again.
	var locked, running sync.WaitGroup
	locked.Add(2)
	var mutex sync.Mutex
	tries := 0
	cross := func(first, second int64) {
		var once sync.Once
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			mutex.Lock()
			tries++
			mutex.Unlock()
			if _, err := tx.AwardForUpdate(ctx, first); err != nil {
				return err
			}
			once.Do(func() {
				locked.Done()
				locked.Wait()
			})
			_, err := tx.AwardForUpdate(ctx, second)
			return err
		})
	}
	running.Go(func() { cross(awards[one.ID], awards[two.ID]) })
	running.Go(func() { cross(awards[two.ID], awards[one.ID]) })
	running.Wait()
	if tries < 3 {
		t.Errorf("the transactions ran %d times, so there was no deadlock", tries)
	}
}

func TestDatabaseAwayIsUnavailable(t *testing.T) {
	t.Parallel()

	databaseURL, relay := testkit.Behind(t, testkit.PostgresURL(t))
	book := testkit.Open(t, databaseURL)
	relay.Cut()
	for what, err := range map[string]error{
		"InTx":    book.InTx(t.Context(), func(context.Context, *store.Tx) error { return nil }),
		"View":    book.View(t.Context(), func(context.Context, *store.Tx) error { return nil }),
		"Ready":   book.Ready(t.Context()),
		"Migrate": book.Migrate(t.Context()),
	} {
		if !fault.Is(err, fault.Unavailable) || fault.As(err).RetryAfter == 0 {
			t.Errorf("%s without a database = %v, want Unavailable with a time to try again", what, err)
		}
	}
	// The connection is lost in the middle of a transaction.
	relay.Restore()
	err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.UserByID(ctx, 1); err != nil {
			return err
		}
		relay.Cut()
		_, err := tx.UserByID(ctx, 1)
		return err
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a transaction that lost its connection = %v, want Unavailable", err)
	}
	relay.Restore()
	do(t, book, func(context.Context, *store.Tx) error { return nil })
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("!")
	f.Add(store.Cursor(1, -5, 1<<62))
	f.Add(store.Cursor(1, 2) + "AA")
	f.Fuzz(func(t *testing.T, cursor string) {
		values, err := store.ParseCursor(cursor, 3)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("ParseCursor(%q) = %v, want an Invalid fault", cursor, err)
			}
			return
		}
		again, err := store.ParseCursor(store.Cursor(values...), 3)
		if err != nil || !cmp.Equal(values, again) {
			t.Errorf("%v becomes %v, %v", values, again, err)
		}
	})
}
