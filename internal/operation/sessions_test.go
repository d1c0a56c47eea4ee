package operation_test

import (
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// session signs the user in and returns the caller who comes with it.
func (b *bench) session(identity operation.Identity) operation.Caller {
	b.t.Helper()

	begun, err := b.SignIn(b.t.Context(), operation.Caller{}, identity)
	if err != nil {
		b.t.Fatal(err)
	}
	caller, err := b.AuthenticateSession(b.t.Context(), begun.Secret)
	if err != nil {
		b.t.Fatal(err)
	}
	return caller
}

func TestSessionsAreOnesOwn(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		b := newBench(t, book)
		ada := operation.Identity{Provider: "sso", Source: "sso", ForgeUserID: "1", Login: "ada"}
		here, there := b.session(ada), b.session(ada)
		grace := b.session(operation.Identity{Provider: "sso", Source: "sso", ForgeUserID: "2", Login: "grace"})
		list := func(caller operation.Caller) (ids []int64) {
			t.Helper()
			sessions, err := b.ListSessions(t.Context(), caller)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range sessions {
				if s.Provider != "sso" || s.TokenID != 0 || s.UserID != caller.ID() {
					t.Errorf("the session is %+v", s)
				}
				ids = append(ids, s.ID)
			}
			return ids
		}
		if ids := list(here); len(ids) != 2 || ids[0] != here.SessionID() || ids[1] != there.SessionID() {
			t.Errorf("ada's sessions are %v", ids)
		}
		for what, got := range map[string]struct {
			err  error
			want string
		}{
			"another's session": {b.EndSession(t.Context(), grace, here.SessionID()), "not found not_found"},
			"one's own":         {b.EndSession(t.Context(), here, there.SessionID()), "ok"},
			"signing out":       {b.SignOut(t.Context(), here), "ok"},
			"signing out again": {b.SignOut(t.Context(), here), "ok"},
		} {
			if codeOf(got.err) != got.want {
				t.Errorf("%s: %v, want %s", what, got.err, got.want)
			}
		}
		if ids := list(grace); len(ids) != 1 {
			t.Errorf("grace's sessions are %v", ids)
		}
		b.clock.Advance(achievement.SessionIdle)
		if ids := list(grace); len(ids) != 0 {
			t.Errorf("grace's sessions are %v when they are over", ids)
		}
	})
}

// A session may do what its token may, and one that a provider began what its user may.
func TestWhatSessionsMay(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		b := newBench(t, book)
		b.user(achievement.User{Username: "chief", Admin: true})
		name := "Another"
		yes, no := true, false
		chief := operation.Identity{Provider: "sso", Source: "sso", ForgeUserID: "1", Login: "boss", Admin: &yes}
		may := func(caller operation.Caller, write, admin string) {
			t.Helper()
			_, err := b.UpdateCurrentUser(t.Context(), caller, operation.UserChange{Name: &name})
			_, adminErr := b.ListAuditEvents(t.Context(), caller, operation.Page{})
			if codeOf(err) != write || codeOf(adminErr) != admin {
				t.Errorf("%v may write: %v, administer: %v", caller.Username(), err, adminErr)
			}
		}
		withToken := func(scope achievement.Scope) operation.Caller {
			t.Helper()
			issued, err := b.CreateToken(t.Context(), b.admin(), operation.NewToken{User: "chief", Name: "x", Scopes: []achievement.Scope{scope}})
			if err != nil {
				t.Fatal(err)
			}
			begun, err := b.SignInWithToken(t.Context(), operation.Caller{}, issued.Secret)
			if err != nil {
				t.Fatal(err)
			}
			caller, err := b.AuthenticateSession(t.Context(), begun.Secret)
			if err != nil {
				t.Fatal(err)
			}
			return caller
		}
		may(withToken(achievement.ScopeRead), "forbidden insufficient_scope", "forbidden insufficient_scope")
		may(withToken(achievement.ScopeWrite), "ok", "forbidden insufficient_scope")
		may(withToken(achievement.ScopeAdmin), "ok", "ok")
		may(b.session(chief), "ok", "ok")
		chief.Admin = nil
		may(b.session(chief), "ok", "ok")
		chief.Admin = &no
		may(b.session(chief), "ok", codeOf(fault.New(fault.Forbidden, "forbidden", "")))
		if err := b.ConnectAccount(t.Context(), withToken(achievement.ScopeRead), chief); codeOf(err) != "forbidden insufficient_scope" {
			t.Errorf("connecting as a reader: %v", err)
		}
	})
}

func TestReadingWritesLittle(t *testing.T) {
	t.Parallel()

	b := newBench(t, testkit.SQLite(t))
	begun, err := b.SignIn(t.Context(), operation.Caller{}, operation.Identity{Provider: "sso", Source: "sso", ForgeUserID: "1", Login: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ later, seen time.Duration }{
		{time.Minute, 0}, {time.Hour - time.Minute, 0}, {time.Minute, time.Hour + time.Minute}, {time.Hour, time.Hour + time.Minute},
	} {
		b.clock.Advance(tc.later)
		caller, err := b.AuthenticateSession(t.Context(), begun.Secret)
		if err != nil {
			t.Fatal(err)
		}
		sessions, err := b.ListSessions(t.Context(), caller)
		if err != nil || sessions[0].LastSeenAt.Sub(begun.CreatedAt) != tc.seen {
			t.Errorf("at %s it was seen at %s: %v", b.clock.Now(), sessions[0].LastSeenAt, err)
		}
	}
}
