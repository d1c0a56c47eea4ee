package operation_test

import (
	"context"
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestOnlyTheHashOfATokenIsKept(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()
		b := newBench(t, book)
		ada := b.user(achievement.User{Username: "ada"})
		issued, err := b.CreateToken(t.Context(), b.admin(), operation.NewToken{User: "ada", Name: "n", Scopes: []achievement.Scope{achievement.ScopeRead}})
		if err != nil {
			t.Fatal(err)
		}
		b.change(func(ctx context.Context, tx *store.Tx) error {
			kept, err := tx.TokenByHash(ctx, sha256.Sum256([]byte(issued.Secret)))
			if err == nil && (kept.ID != issued.ID || kept.UserID != ada.ID) {
				t.Errorf("the hash belongs to %+v", kept)
			}
			return err
		})
		if caller := b.authenticate(issued.Secret); caller.ID() != ada.ID || caller.Anonymous() {
			t.Errorf("the token is %d's", caller.ID())
		}
	})
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()

	b := newBench(t, testkit.SQLite(t))
	b.user(achievement.User{Username: "ada"})
	b.user(achievement.User{Username: "blocked", Blocked: true})
	issue := func(user string, expires time.Time) string {
		issued, err := b.CreateToken(t.Context(), b.admin(), operation.NewToken{
			User: user, Name: "n", Scopes: []achievement.Scope{achievement.ScopeRead}, ExpiresAt: expires,
		})
		if err != nil {
			t.Fatal(err)
		}
		return issued.Secret
	}
	expiry := b.clock.Now().Add(time.Hour)
	good, brief := issue("ada", time.Time{}), issue("ada", expiry)
	b.clock.Advance(time.Hour - time.Microsecond)
	b.authenticate(brief)
	b.clock.Advance(time.Microsecond)
	for name, tc := range map[string]struct{ secret, want string }{
		"expired":         {brief, "unauthenticated expired_token"},
		"blocked":         {issue("blocked", time.Time{}), "unauthenticated user_blocked"},
		"unknown":         {"0123456789abcdef", "unauthenticated invalid_token"},
		"none":            {"", "unauthenticated invalid_token"},
		"mistyped":        {good[:39] + "!", "unauthenticated invalid_token"},
		"cut short":       {good[:39], "unauthenticated invalid_token"},
		"another's check": {good[:34] + brief[34:], "unauthenticated invalid_token"},
	} {
		if _, err := b.Authenticate(t.Context(), tc.secret); codeOf(err) != tc.want {
			t.Errorf("%s: %s, want %s", name, codeOf(err), tc.want)
		}
	}
}

func TestTheFirstAdmin(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()
		b := newBench(t, book)
		var issued sync.Map
		var replicas sync.WaitGroup
		for i := range 4 {
			replicas.Go(func() {
				secret, err := b.EnsureAdmin(t.Context(), "")
				if err != nil {
					t.Error(err)
				}
				if secret != "" {
					issued.Store(i, secret)
				}
			})
		}
		replicas.Wait()
		count := 0
		issued.Range(func(_, secret any) bool {
			count++
			text, _ := secret.(string)
			if user, err := b.GetCurrentUser(t.Context(), b.authenticate(text)); err != nil || user.Username != "admin" || !user.Admin {
				t.Errorf("the token is that of %+v, %v", user, err)
			}
			return true
		})
		if count != 1 {
			t.Errorf("replicas that started together made %d tokens, want 1", count)
		}
		for range 2 {
			if secret, err := b.EnsureAdmin(t.Context(), adminSecret); secret != "" || err != nil {
				t.Errorf("a configured token: %q, %v", secret, err)
			}
		}
		if _, err := b.CreateUser(t.Context(), b.authenticate(adminSecret), operation.NewUser{Username: "ada", Name: "Ada"}); err != nil {
			t.Errorf("the configured token cannot administer: %v", err)
		}
	})
}

func TestEnsureAdminRefuses(t *testing.T) {
	t.Parallel()

	b := newBench(t, testkit.SQLite(t))
	ada := b.user(achievement.User{Username: "ada"})
	b.change(func(ctx context.Context, tx *store.Tx) error {
		return tx.CreateToken(ctx, &achievement.Token{
			UserID: ada.ID, Name: "n", Scopes: []achievement.Scope{achievement.ScopeWrite}, CreatedAt: b.clock.Now(),
		}, sha256.Sum256([]byte("ada's own little token")))
	})
	for name, token := range map[string]string{
		"a short token":                "only 15 letters",
		"a bad checksum":               "acc_000000000000000000000000000000000000",
		"a token of somebody else":     "ada's own little token",
		"a token that nobody can send": string(make([]byte, 600)),
	} {
		if _, err := b.EnsureAdmin(t.Context(), token); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	squatted := newBench(t, testkit.SQLite(t))
	squatted.user(achievement.User{Username: "admin"})
	if _, err := squatted.EnsureAdmin(t.Context(), ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("somebody who happens to be called admin: %v", err)
	}
}
