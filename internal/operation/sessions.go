package operation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// sessionPrefix tells a session's secret from a token: neither is ever taken for the other.
	sessionPrefix = "acs_"
	// seenPrecision is how exactly the book says when a session was used last.
	seenPrecision = time.Hour
)

// NewSession is a session with its secret, which is shown this once.
type NewSession struct {
	achievement.Session

	User   achievement.User
	Secret string
}

// SignInWithToken begins a session that may do what the token may, and ends with it. The session that the caller has
// ends. Role: whoever has the token. Faults: invalid_token, expired_token, user_blocked.
func (o *Operations) SignInWithToken(ctx context.Context, caller Caller, secret string) (*NewSession, error) {
	if !plausible(secret) {
		return nil, invalidToken()
	}
	var begun *NewSession
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		token, err := o.validToken(ctx, tx, secret)
		if err != nil {
			return err
		}
		user, err := tx.UserForUpdate(ctx, token.UserID)
		if err != nil {
			return err
		}
		if err := mayComeIn(user); err != nil {
			return err
		}
		if err := o.claim(ctx, tx, user); err != nil {
			return err
		}
		begun, err = o.beginSession(ctx, tx, caller, user, achievement.Session{TokenID: token.ID, ExpiresAt: token.ExpiresAt})
		return err
	})
	return begun, err
}

// validToken returns the token whose secret it is, unless it has expired.
func (o *Operations) validToken(ctx context.Context, tx *store.Tx, secret string) (*achievement.Token, error) {
	token, err := tx.TokenByHash(ctx, hash(secret))
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, invalidToken()
	case err != nil:
		return nil, err
	case !token.ExpiresAt.IsZero() && !o.now().Before(token.ExpiresAt):
		return nil, fault.New(fault.Unauthenticated, "expired_token", "this token has expired")
	}
	return token, nil
}

// claim notes that the user has signed in.
func (o *Operations) claim(ctx context.Context, tx *store.Tx, user *achievement.User) error {
	if user.Claimed {
		return nil
	}
	user.Claimed, user.UpdatedAt = true, o.now()
	return tx.UpdateUser(ctx, user)
}

// beginSession begins a session of the user, who is locked, and ends the one that the caller has. A session whose end
// is not given, or is later, ends by its age.
func (o *Operations) beginSession(
	ctx context.Context, tx *store.Tx, caller Caller, user *achievement.User, session achievement.Session,
) (*NewSession, error) {
	if err := o.endSession(ctx, tx, caller); err != nil {
		return nil, err
	}
	now := o.now()
	oldest := now.Add(achievement.SessionLifetime)
	if session.ExpiresAt.IsZero() || session.ExpiresAt.After(oldest) {
		session.ExpiresAt = oldest
	}
	session.UserID, session.CreatedAt, session.LastSeenAt = user.ID, now, now
	begun := &NewSession{User: *user, Secret: newSecretOf(sessionPrefix)}
	if err := tx.CreateSession(ctx, &session, hash(begun.Secret)); err != nil {
		return nil, err
	}
	begun.Session = session
	details := map[string]any{}
	if session.Provider != "" {
		details[detailProvider] = session.Provider
	}
	if session.TokenID != 0 {
		details["token_id"] = session.TokenID
	}
	return begun, o.note(ctx, tx, Caller{user: *user}, deed{
		action: "session.began", subjectID: user.ID, object: "session", objectID: session.ID, details: details,
	})
}

// endSession ends the session that the caller has, if there is one and it is not ended yet.
func (o *Operations) endSession(ctx context.Context, tx *store.Tx, caller Caller) error {
	if caller.sessionID == 0 {
		return nil
	}
	err := tx.DeleteSession(ctx, caller.ID(), caller.sessionID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return o.note(ctx, tx, caller, sessionEnded(caller.ID(), caller.sessionID))
}

func sessionEnded(userID, id int64) deed {
	return deed{action: "session.ended", subjectID: userID, object: "session", objectID: id}
}

// AuthenticateSession returns the caller whose session's secret this is. It refuses with Unauthenticated a session
// that is unknown, over, or a blocked user's.
func (o *Operations) AuthenticateSession(ctx context.Context, secret string) (Caller, error) {
	if !plausibleOf(sessionPrefix, secret) {
		return Caller{}, invalidSession()
	}
	var caller Caller
	var seen time.Time
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		session, err := tx.SessionByHash(ctx, hash(secret))
		if fault.Is(err, fault.NotFound) {
			return invalidSession()
		}
		if err != nil {
			return err
		}
		now := o.now()
		if !now.Before(session.ExpiresAt) || !now.Before(session.LastSeenAt.Add(achievement.SessionIdle)) {
			return fault.New(fault.Unauthenticated, "expired_session", "this session is over; sign in again")
		}
		user, err := tx.UserByID(ctx, session.UserID)
		if err != nil {
			return err
		}
		if user.Blocked {
			return blockedUser()
		}
		scopes := sessionScopes(user)
		if session.TokenID != 0 {
			if scopes, err = scopesOfToken(ctx, tx, session); err != nil {
				return err
			}
		}
		caller, seen = Caller{user: *user, tokenID: session.TokenID, sessionID: session.ID, scopes: scopes}, session.LastSeenAt
		return nil
	})
	if err == nil && o.now().Sub(seen) > seenPrecision {
		o.seen(ctx, caller.sessionID)
	}
	return caller, err
}

func scopesOfToken(ctx context.Context, tx *store.Tx, session *achievement.Session) ([]achievement.Scope, error) {
	tokens, err := tx.TokensOf(ctx, session.UserID)
	if err != nil {
		return nil, err
	}
	for i := range tokens {
		if tokens[i].ID == session.TokenID {
			return tokens[i].Scopes, nil
		}
	}
	return nil, invalidSession()
}

// seen notes that a session is used; a request waits for that no longer than for the note about a token.
func (o *Operations) seen(ctx context.Context, sessionID int64) {
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	now := o.now()
	_ = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.TouchSession(ctx, sessionID, now, now.Add(-seenPrecision))
	})
}

// SignOut ends the caller's session, if it is one that the caller has. Role: oneself.
func (o *Operations) SignOut(ctx context.Context, caller Caller) error {
	if err := mustBeKnown(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return o.endSession(ctx, tx, caller) })
}

// ListSessions returns the caller's sessions that are not over, oldest first. Role: oneself.
func (o *Operations) ListSessions(ctx context.Context, caller Caller) ([]achievement.Session, error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	var current []achievement.Session
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		current = nil
		sessions, err := tx.SessionsOf(ctx, caller.ID())
		now := o.now()
		for _, s := range sessions {
			if now.Before(s.ExpiresAt) && now.Before(s.LastSeenAt.Add(achievement.SessionIdle)) {
				current = append(current, s)
			}
		}
		return err
	})
	return current, err
}

// EndSession ends one of the caller's sessions. Role: oneself.
func (o *Operations) EndSession(ctx context.Context, caller Caller, id int64) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.DeleteSession(ctx, caller.ID(), id); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, sessionEnded(caller.ID(), id))
	})
}

func invalidSession() error {
	return fault.New(fault.Unauthenticated, "invalid_session", "this session is not valid; sign in again")
}

func blockedUser() error {
	return fault.New(fault.Unauthenticated, "user_blocked", "this user is blocked; an administrator can tell why")
}
