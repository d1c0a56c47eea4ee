package operation

import (
	"context"
	"slices"
	"strconv"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// ListAccounts returns a user's accounts on forges, oldest first. Role: the user; admin.
func (o *Operations) ListAccounts(ctx context.Context, caller Caller, ref string) ([]achievement.Account, error) {
	var accounts []achievement.Account
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUserAs(ctx, tx, caller, ref, "accounts")
		if err != nil {
			return err
		}
		accounts, err = tx.AccountsOf(ctx, user.ID)
		return err
	})
	return accounts, err
}

// NewAccount says whose account LinkAccount links.
type NewAccount struct {
	// User is an id or username, Source the configured name of a source.
	User, Source string
	// ForgeUserID is the id that the forge never changes.
	ForgeUserID, Login string
}

// LinkAccount makes an account on a source the user's, and reports whether it was not. Role: admin.
// Faults: account_taken.
func (o *Operations) LinkAccount(ctx context.Context, caller Caller, in NewAccount) (*achievement.Account, bool, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, false, err
	}
	if err := o.checkSource(in.Source); err != nil {
		return nil, false, err
	}
	forgeUserID, badID := achievement.CleanName("forge_user_id", in.ForgeUserID)
	login, badLogin := achievement.CleanName("login", in.Login)
	if err := allOf(badID, badLogin); err != nil {
		return nil, false, err
	}
	account := &achievement.Account{}
	created := false
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := lockUser(ctx, tx, in.User)
		if err != nil {
			return err
		}
		*account = achievement.Account{UserID: user.ID, Source: in.Source, ForgeUserID: forgeUserID, Login: login, Bot: user.Bot}
		if created, err = tx.LinkAccount(ctx, account, o.now()); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "account.linked", subjectID: user.ID, object: "account", objectID: account.ID,
			details: map[string]any{detailSource: in.Source},
		})
	})
	if err != nil {
		return nil, false, err
	}
	return account, created, nil
}

// UnlinkAccount makes the user's accounts on a source nobody's, and ends the sessions that accounts began. Role: admin.
func (o *Operations) UnlinkAccount(ctx context.Context, caller Caller, ref, source string) error {
	if err := mayAdminister(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := lockUser(ctx, tx, ref)
		if err != nil {
			return err
		}
		if err := tx.UnlinkAccounts(ctx, user.ID, source); err != nil {
			return err
		}
		if err := tx.EndProvidedSessions(ctx, user.ID); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "account.unlinked", subjectID: user.ID, object: "user", objectID: user.ID,
			details: map[string]any{detailSource: source},
		})
	})
}

// NewMerge says who is merged into whom.
type NewMerge struct {
	// Into and From are ids or usernames.
	Into, From string
	// Token proves that the caller is From too, if it is for writing; admins need none.
	Token string
}

// MergedView says what a merge did.
type MergedView struct {
	User achievement.User
	// AwardsMoved were only the other user's; of those that both had, AwardsCollapsed are no more.
	AwardsMoved, AwardsCollapsed int
}

// MergeUser makes one person of two users. Role: admin; the user, with a token of the other one that may write. Faults: built_in,
// same_user, invalid_proof, user_blocked, last_admin.
func (o *Operations) MergeUser(ctx context.Context, caller Caller, in NewMerge) (*MergedView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	view := &MergedView{}
	var gone int64
	merged, err := o.automation.Merge(ctx, automation.Merger{
		People: func(ctx context.Context, tx *store.Tx) (from, into *achievement.User, err error) {
			from, into, err = o.mergeable(ctx, tx, caller, in)
			if err == nil {
				view.User, gone = *into, from.ID
			}
			return from, into, err
		},
		Note: func(ctx context.Context, tx *store.Tx, merged store.Merged) error {
			return o.note(ctx, tx, caller, deed{
				action: "user.merged", subjectID: view.User.ID, object: "user", objectID: gone,
				details: map[string]any{"awards_moved": merged.Moved, "awards_collapsed": merged.Collapsed},
			})
		},
	})
	if err != nil {
		return nil, err
	}
	view.AwardsMoved, view.AwardsCollapsed = merged.Moved, merged.Collapsed
	return view, nil
}

// mergeable returns the users, locked in the order of their ids, if the caller may make one of them.
func (o *Operations) mergeable(ctx context.Context, tx *store.Tx, caller Caller, in NewMerge) (from, into *achievement.User, err error) {
	if into, err = findUser(ctx, tx, in.Into); err != nil {
		return nil, nil, err
	}
	if from, err = findUser(ctx, tx, in.From); err != nil {
		return nil, nil, err
	}
	proven, err := o.proven(ctx, tx, in.Token)
	if err != nil {
		return nil, nil, err
	}
	if err := mayMerge(caller, into, from, proven); err != nil {
		return nil, nil, err
	}
	if from.ID == into.ID {
		return nil, nil, fault.New(fault.Conflict, "same_user", "both names are the user %s's", into.Username)
	}
	for _, id := range []int64{min(from.ID, into.ID), max(from.ID, into.ID)} {
		user, err := lockUser(ctx, tx, strconv.FormatInt(id, 10))
		if err != nil {
			return nil, nil, err
		}
		if !user.ErasedAt.IsZero() {
			return nil, nil, fault.NotFoundFor("user")
		}
		if id == from.ID {
			from = user
		} else {
			into = user
		}
	}
	if from.Blocked && !caller.admin() {
		return nil, nil, fault.New(fault.Forbidden, "user_blocked", "only an admin may merge %s, who is blocked", from.Username)
	}
	return from, into, mayStopAdministering(ctx, tx, from, into.Admin && !into.Blocked)
}

// proven returns whose token for writing has the secret; 0 for no secret. Who was given a token to read with is not its user.
func (o *Operations) proven(ctx context.Context, tx *store.Tx, secret string) (userID int64, err error) {
	if secret == "" {
		return 0, nil
	}
	invalid := fault.InvalidField("token", "invalid_proof", "is no valid token")
	if !plausible(secret) {
		return 0, invalid
	}
	token, err := tx.TokenByHash(ctx, hash(secret))
	switch {
	case fault.Is(err, fault.NotFound):
		return 0, invalid
	case err != nil:
		return 0, err
	case !token.ExpiresAt.IsZero() && !o.now().Before(token.ExpiresAt):
		return 0, invalid
	case !slices.Contains(token.Scopes, achievement.ScopeWrite) && !slices.Contains(token.Scopes, achievement.ScopeAdmin):
		return 0, fault.InvalidField("token", "invalid_proof", "may only read")
	}
	return token.UserID, nil
}

func (o *Operations) checkSource(name string) error {
	if !o.sources[name] {
		return fault.NotFoundFor("source")
	}
	return nil
}
