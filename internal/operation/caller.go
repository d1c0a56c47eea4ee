package operation

import (
	"context"
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Caller is who calls, and what their token or session may be used for. The zero Caller is anonymous.
type Caller struct {
	user    achievement.User
	tokenID int64
	// sessionID is 0 for whoever is not signed in with a browser.
	sessionID int64
	scopes    []achievement.Scope
}

// Anonymous reports whether nobody is known to call.
func (c Caller) Anonymous() bool { return c.user.ID == 0 }

// ID returns the user's id, 0 for an anonymous caller.
func (c Caller) ID() int64 { return c.user.ID }

// TokenID returns the id of the token that the caller came with, or began the session with; 0 when there is none.
func (c Caller) TokenID() int64 { return c.tokenID }

// SessionID returns the id of the session that the caller is signed in with, 0 when there is none.
func (c Caller) SessionID() int64 { return c.sessionID }

// Username returns the user's name, "" for an anonymous caller.
func (c Caller) Username() string { return c.user.Username }

// has reports whether the token may be used for the scope, by itself or by a scope that includes it.
func (c Caller) has(scope achievement.Scope) bool {
	switch scope {
	case achievement.ScopeRead:
		return len(c.scopes) > 0
	case achievement.ScopeWrite:
		return slices.Contains(c.scopes, achievement.ScopeWrite) || slices.Contains(c.scopes, achievement.ScopeAdmin)
	default:
		return slices.Contains(c.scopes, scope)
	}
}

// admin reports whether the caller has an admin's powers: is one, and calls with a token for them.
func (c Caller) admin() bool { return c.user.Admin && c.has(achievement.ScopeAdmin) }

type callerKey struct{}

// WithCaller returns a context that carries the caller from the middleware that found them to the
// door that calls an operation.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerFrom returns the context's caller, the anonymous one when there is none.
func CallerFrom(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// Authenticate returns the caller whose token this is. It refuses with Unauthenticated a token that
// is unknown, expired, or a blocked user's.
func (o *Operations) Authenticate(ctx context.Context, secret string) (Caller, error) {
	if !plausible(secret) {
		return Caller{}, invalidToken()
	}
	var caller Caller
	var lastUsed time.Time
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		token, err := o.validToken(ctx, tx, secret)
		if err != nil {
			return err
		}
		user, err := tx.UserByID(ctx, token.UserID)
		if err != nil {
			return err
		}
		if user.Blocked {
			return fault.New(fault.Unauthenticated, "user_blocked", "this token's user is blocked")
		}
		caller, lastUsed = Caller{user: *user, tokenID: token.ID, scopes: token.Scopes}, token.LastUsedAt
		return nil
	})
	if err == nil && o.now().Sub(lastUsed) > usePrecision {
		o.touch(ctx, caller.tokenID)
	}
	return caller, err
}

const (
	// usePrecision is how exactly the book says when a token was used last.
	usePrecision = time.Minute
	// touchPatience is how long a request waits for that note; when it cannot be made, it is missing.
	touchPatience = 250 * time.Millisecond
)

func (o *Operations) touch(ctx context.Context, tokenID int64) {
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	now := o.now()
	_ = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.TouchToken(ctx, tokenID, now, now.Add(-usePrecision))
	})
}

func invalidToken() error {
	return fault.New(fault.Unauthenticated, "invalid_token", "this token is not valid")
}
