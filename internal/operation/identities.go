package operation

import (
	"cmp"
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Identity is who a provider says that somebody is. Source and ForgeUserID decide which account that is; a login or an
// e-mail address never does, since both can become another's.
type Identity struct {
	// Provider is the name of who says it, Source that of the accounts.
	Provider, Source string
	ForgeUserID      string
	Login, Name      string
	Email            string
	EmailVerified    bool
	// Admin makes an admin of the user, or unmakes one; nil leaves it.
	Admin *bool
}

// clean bounds what the provider says. What is only shown and cannot be used is left out.
func (i *Identity) clean() error {
	id, err := achievement.CleanName("forge_user_id", i.ForgeUserID)
	if err != nil || id != i.ForgeUserID {
		return fault.New(fault.Unauthenticated, "bad_identity", "the provider names no id of yours that can be used")
	}
	for _, text := range []*string{&i.Login, &i.Name} {
		if *text, err = achievement.CleanName("name", *text); err != nil {
			*text = ""
		}
	}
	if i.Email, err = cleanEmail("email", i.Email); err != nil || !i.EmailVerified {
		i.Email = ""
	}
	return nil
}

func (i *Identity) ref() store.AccountRef {
	return store.AccountRef{Source: i.Source, ForgeUserID: i.ForgeUserID}
}

// SignIn begins a session of the user whose account the identity is, who becomes claimed; somebody who is new becomes a
// user. The session that the caller has ends. Role: whoever a provider says it is. Faults: bad_identity, user_blocked,
// user_erased.
func (o *Operations) SignIn(ctx context.Context, caller Caller, identity Identity) (*NewSession, error) {
	if err := identity.clean(); err != nil {
		return nil, err
	}
	var begun *NewSession
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := o.now()
		accounts, err := tx.EnsureAccounts(ctx, now, []store.Newcomer{{
			Account: achievement.Account{Source: identity.Source, ForgeUserID: identity.ForgeUserID, Login: identity.Login},
			Name:    identity.Name, SeenAt: now,
		}})
		if err != nil {
			return err
		}
		account := accounts[identity.ref()]
		user, err := tx.UserForUpdate(ctx, account.UserID)
		if err != nil {
			return err
		}
		if err := mayComeIn(user); err != nil {
			return err
		}
		if err := o.meet(ctx, tx, user, &account, &identity); err != nil {
			return err
		}
		begun, err = o.beginSession(ctx, tx, caller, user, achievement.Session{Provider: identity.Provider})
		return err
	})
	return begun, err
}

// meet notes what a provider says of the user, who is locked: that they are claimed, what was not known yet, and
// whether they are an admin.
func (o *Operations) meet(ctx context.Context, tx *store.Tx, user *achievement.User, account *achievement.Account, identity *Identity) error {
	before := *user
	nameless := !user.Claimed && (user.Name == user.Username || user.Name == account.Login)
	if identity.Name != "" && (user.Name == "" || nameless) {
		user.Name = identity.Name
	}
	user.Claimed = true
	user.Email = cmp.Or(user.Email, identity.Email)
	if identity.Admin != nil {
		user.Admin = *identity.Admin
	}
	if *user == before {
		return nil
	}
	user.UpdatedAt = o.now()
	if err := tx.UpdateUser(ctx, user); err != nil {
		return err
	}
	details := fields(changed(before.Claimed != user.Claimed, "claimed"), changed(before.Name != user.Name, "name"),
		changed(before.Email != user.Email, "email"), changed(before.Admin != user.Admin, "admin"))
	details[detailProvider] = identity.Provider
	return o.note(ctx, tx, Caller{user: *user}, deed{
		action: "user.updated", subjectID: user.ID, object: "user", objectID: user.ID, details: details,
	})
}

func changed(is bool, name string) string {
	if is {
		return name
	}
	return ""
}

// ConnectAccount makes the account that the identity is the caller's. One of a user whom nobody has claimed makes that
// user and the caller one. Role: oneself, whom a provider says it is. Faults: bad_identity, account_taken, user_blocked,
// user_erased.
func (o *Operations) ConnectAccount(ctx context.Context, caller Caller, identity Identity) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	if err := identity.clean(); err != nil {
		return err
	}
	var owner int64
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if owner, err = ownerOf(ctx, tx, &identity); err != nil || owner != 0 && owner != caller.ID() {
			return err
		}
		return o.connect(ctx, tx, caller, &identity)
	})
	if err != nil || owner == 0 || owner == caller.ID() {
		return err
	}
	return o.adopt(ctx, caller, owner, &identity)
}

// ownerOf returns the id of the user whose account the identity is, 0 when it is nobody's.
func ownerOf(ctx context.Context, tx *store.Tx, identity *Identity) (int64, error) {
	owners, err := tx.UsersOfAccounts(ctx, []store.AccountRef{identity.ref()})
	return owners[identity.ref()], err
}

// connect links an account that is nobody's or the caller's already.
func (o *Operations) connect(ctx context.Context, tx *store.Tx, caller Caller, identity *Identity) error {
	user, err := tx.UserForUpdate(ctx, caller.ID())
	if err != nil {
		return err
	}
	if err := mayComeIn(user); err != nil {
		return err
	}
	account := &achievement.Account{
		UserID: user.ID, Source: identity.Source, ForgeUserID: identity.ForgeUserID, Login: identity.Login, Bot: user.Bot,
	}
	created, err := tx.LinkAccount(ctx, account, o.now())
	if err != nil || !created {
		return err
	}
	return o.note(ctx, tx, caller, deed{
		action: "account.linked", subjectID: user.ID, object: "account", objectID: account.ID,
		details: map[string]any{detailSource: identity.Source, detailProvider: identity.Provider},
	})
}

// adopt makes one of the caller and a user whom nobody has claimed, whose account the identity is.
func (o *Operations) adopt(ctx context.Context, caller Caller, owner int64, identity *Identity) error {
	_, err := o.automation.Merge(ctx, automation.Merger{
		People: func(ctx context.Context, tx *store.Tx) (from, into *achievement.User, err error) {
			// They may have been merged, claimed or erased meanwhile.
			still, err := ownerOf(ctx, tx, identity)
			if err != nil {
				return nil, nil, err
			}
			if still != owner {
				return nil, nil, fault.New(fault.Conflict, "account_taken", "this account has just become another user's")
			}
			people := map[int64]*achievement.User{}
			for _, id := range []int64{min(owner, caller.ID()), max(owner, caller.ID())} {
				if people[id], err = tx.UserForUpdate(ctx, id); err != nil {
					return nil, nil, err
				}
				if err := mayComeIn(people[id]); err != nil {
					return nil, nil, err
				}
			}
			return people[owner], people[caller.ID()], mayAdopt(people[owner])
		},
		Note: func(ctx context.Context, tx *store.Tx, merged store.Merged) error {
			return o.note(ctx, tx, caller, deed{
				action: "user.merged", subjectID: caller.ID(), object: "user", objectID: owner,
				details: map[string]any{
					"awards_moved": merged.Moved, "awards_collapsed": merged.Collapsed,
					detailSource: identity.Source, detailProvider: identity.Provider,
				},
			})
		},
	})
	return err
}
