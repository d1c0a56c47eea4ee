package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
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
			details: map[string]any{"source": in.Source},
		})
	})
	if err != nil {
		return nil, false, err
	}
	return account, created, nil
}

// UnlinkAccount makes the user's accounts on a source nobody's. Role: admin.
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
		return o.note(ctx, tx, caller, deed{
			action: "account.unlinked", subjectID: user.ID, object: "user", objectID: user.ID,
			details: map[string]any{"source": source},
		})
	})
}

func (o *Operations) checkSource(name string) error {
	if !o.sources[name] {
		return fault.NotFoundFor("source")
	}
	return nil
}
