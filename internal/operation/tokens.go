package operation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// NewToken is what CreateToken makes a token of.
type NewToken struct {
	// User is the id or username of whom it is for.
	User   string
	Name   string
	Scopes []achievement.Scope
	// ExpiresAt is zero for a token that does not expire.
	ExpiresAt time.Time
}

// IssuedToken is a token with its secret, which is shown this once.
type IssuedToken struct {
	achievement.Token

	Secret string
}

// CreateToken issues a token. Role: the user, for themselves; admin, for anyone. A token passes on
// only scopes that it has.
func (o *Operations) CreateToken(ctx context.Context, caller Caller, in NewToken) (*IssuedToken, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	now := o.now()
	name, badName := achievement.CleanName("name", in.Name)
	if err := allOf(badName, checkScopes(in.Scopes), checkExpiry(in.ExpiresAt, now)); err != nil {
		return nil, err
	}
	issued := &IssuedToken{Secret: newSecret()}
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUser(ctx, tx, in.User)
		if err != nil {
			return err
		}
		if err := mayIssue(caller, user, in.Scopes); err != nil {
			return err
		}
		issued.Token = achievement.Token{
			UserID: user.ID, Name: name, Scopes: in.Scopes, CreatedAt: now,
			ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond),
		}
		if err := tx.CreateToken(ctx, &issued.Token, hash(issued.Secret)); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, tokenDeed("token.issued", &issued.Token))
	})
	if err != nil {
		return nil, err
	}
	return issued, nil
}

func checkScopes(scopes []achievement.Scope) error {
	if len(scopes) == 0 {
		return fault.InvalidField("scopes", "required", "must hold at least one scope")
	}
	seen := map[achievement.Scope]bool{}
	for _, scope := range scopes {
		switch scope {
		case achievement.ScopeRead, achievement.ScopeWrite, achievement.ScopeAdmin:
		default:
			return fault.InvalidField("scopes", "unknown", "must be read, write or admin")
		}
		if seen[scope] {
			return fault.InvalidField("scopes", "duplicate", "must not hold a scope twice")
		}
		seen[scope] = true
	}
	return nil
}

func checkExpiry(at, now time.Time) error {
	if !at.IsZero() && !at.After(now) {
		return fault.InvalidField("expires_at", "in_the_past", "must be in the future")
	}
	return nil
}

func tokenDeed(action string, token *achievement.Token) deed {
	return deed{
		action: action, subjectID: token.UserID, object: "token", objectID: token.ID,
		details: map[string]any{"name": token.Name, "scopes": token.Scopes},
	}
}

// ListTokens returns a user's tokens, oldest first. Role: the user; admin.
func (o *Operations) ListTokens(ctx context.Context, caller Caller, ref string) ([]achievement.Token, error) {
	var tokens []achievement.Token
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUserAs(ctx, tx, caller, ref, "tokens")
		if err != nil {
			return err
		}
		tokens, err = tx.TokensOf(ctx, user.ID)
		return err
	})
	return tokens, err
}

// RevokeToken ends a token at once: every request asks the book. Role: the user; admin.
func (o *Operations) RevokeToken(ctx context.Context, caller Caller, ref string, id int64) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUserAs(ctx, tx, caller, ref, "tokens")
		if err != nil {
			return err
		}
		if err := tx.DeleteToken(ctx, user.ID, id); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{action: "token.revoked", subjectID: user.ID, object: "token", objectID: id})
	})
}
