package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// told collects what the book tells of.
type told struct {
	mutex   sync.Mutex
	changes []store.Change
}

func (l *told) tell(c store.Change) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	slices.Sort(c.Users)
	slices.Sort(c.Namespaces)
	l.changes = append(l.changes, c)
}

func (l *told) take() []store.Change {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	taken := l.changes
	l.changes = nil
	return taken
}

func TestChangesAreToldAfterTheCommit(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()
		l := &told{}
		book := testkit.OpenWith(t, store.Config{URL: databaseURL, MaxConns: 4, Changed: l.tell})
		note := func(tx *store.Tx, action string, namespace, subject int64) error {
			return tx.AppendAudit(t.Context(), achievement.AuditEvent{Action: action, NamespaceID: namespace, SubjectID: subject, Object: "x"})
		}
		do := func(fn func(ctx context.Context, tx *store.Tx) error) error { return l.within(t, book, fn) }
		for _, tc := range []struct {
			name string
			fn   func(ctx context.Context, tx *store.Tx) error
			want []store.Change
		}{
			{"awards", func(_ context.Context, tx *store.Tx) error {
				return errors.Join(note(tx, "award.granted", 3, 7), note(tx, "award.revoked", 3, 5))
			}, []store.Change{{Users: []int64{5, 7}, Namespaces: []int64{3}}}},
			{"what others do not see", func(_ context.Context, tx *store.Tx) error {
				return errors.Join(note(tx, "token.issued", 0, 7), note(tx, "member.put", 1, 7), note(tx, "import.started", 0, 0), note(tx, "session.began", 0, 7))
			}, nil},
			{"what is not known here", func(_ context.Context, tx *store.Tx) error { return note(tx, "brand.new", 1, 1) }, []store.Change{{All: true}}},
			{"a new user", func(ctx context.Context, tx *store.Tx) error {
				return tx.CreateUser(ctx, &achievement.User{Username: "ada", Name: "Ada", CreatedAt: noon, UpdatedAt: noon})
			}, []store.Change{{Newcomers: true}}},
			{"a newcomer from a forge", func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.EnsureAccounts(ctx, noon, []store.Newcomer{{Account: achievement.Account{Source: "forge", ForgeUserID: "1", Login: "bob"}}})
				return err
			}, []store.Change{{Newcomers: true}}},
			{"within another one", func(ctx context.Context, _ *store.Tx) error {
				return book.InTx(ctx, func(_ context.Context, tx *store.Tx) error { return note(tx, "award.granted", 1, 2) })
			}, []store.Change{{Users: []int64{2}, Namespaces: []int64{1}}}},
			{"an order", func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.OrderAwards(ctx, 9, nil, store.StateActive)
				return err
			}, []store.Change{{Users: []int64{9}}}},
		} {
			if err := do(tc.fn); err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			got := l.take()
			if !slices.EqualFunc(got, tc.want, sameChange) {
				t.Errorf("%s: told of %+v, want %+v", tc.name, got, tc.want)
			}
		}
		undone := errors.New("undone")
		err := do(func(_ context.Context, tx *store.Tx) error {
			return errors.Join(note(tx, "award.granted", 1, 2), undone)
		})
		if got := l.take(); !errors.Is(err, undone) || len(got) > 0 {
			t.Errorf("what was undone (%v) is told: %+v", err, got)
		}
	})
}

// within runs fn in a transaction, and checks that nothing is told before it ends.
func (l *told) within(t *testing.T, book *store.Store, fn func(ctx context.Context, tx *store.Tx) error) error {
	t.Helper()
	return book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		err := fn(ctx, tx)
		if len(l.take()) > 0 {
			t.Error("something was told before its commit")
		}
		return err
	})
}

func sameChange(x, y store.Change) bool {
	return slices.Equal(x.Users, y.Users) && slices.Equal(x.Namespaces, y.Namespaces) && x.All == y.All && x.Newcomers == y.Newcomers
}

// When the commit's outcome is not known, it is told of: it may have happened.
func TestUnknownOutcomesAreTold(t *testing.T) {
	t.Parallel()

	l := &told{}
	book := testkit.OpenWith(t, store.Config{URL: testkit.PostgresURL(t), MaxConns: 2, Changed: l.tell})
	ctx, cancel := context.WithCancel(t.Context())
	err := book.InTx(ctx, func(_ context.Context, tx *store.Tx) error {
		tx.Touch(store.Change{Users: []int64{1}})
		cancel()
		return nil
	})
	if got := l.take(); err == nil || len(got) == 0 {
		t.Errorf("a commit that failed with %v told of %+v", err, got)
	}
}
