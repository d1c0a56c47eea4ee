package operation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// UserQuery says which users ListUsers lists.
type UserQuery struct {
	// Search, unless empty, is a part of the username or the name, in upper or lower case.
	Search string
	Page   Page
}

// ListUsers lists users, oldest first. Role: anyone with a token.
func (o *Operations) ListUsers(ctx context.Context, caller Caller, in UserQuery) (*Listing[UserView], error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	search, err := achievement.CleanText("search", in.Search, achievement.MaxName)
	if err != nil {
		return nil, err
	}
	listing := &Listing[UserView]{}
	err = o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		users, next, err := tx.ListUsers(ctx, search, in.Page.inStore())
		if err != nil {
			return err
		}
		listing.Items, listing.Next = make([]UserView, len(users)), next
		for i := range users {
			listing.Items[i] = UserView{User: users[i], Known: knowsProfile(caller, &users[i])}
		}
		return nil
	})
	return listing, err
}

// UserChange is what UpdateUser and UpdateCurrentUser change: what is not nil. Settings are for oneself,
// what the service makes of a user is for admins.
type UserChange struct {
	Name, Email *string

	PrivateProfile, AchievementsEnabled, AwardEmails, ShareProgress *bool

	Admin, Bot, Blocked *bool

	Match Match[UserView]
}

func (c *UserChange) clean() error {
	var badName, badEmail error
	if c.Name != nil {
		*c.Name, badName = achievement.CleanName("name", *c.Name)
	}
	if c.Email != nil {
		*c.Email, badEmail = cleanEmail("email", *c.Email)
	}
	return allOf(badName, badEmail)
}

func (c *UserChange) apply(to *achievement.User) {
	for _, text := range []struct {
		from *string
		to   *string
	}{{c.Name, &to.Name}, {c.Email, &to.Email}} {
		if text.from != nil {
			*text.to = *text.from
		}
	}
	for _, flag := range []struct {
		from *bool
		to   *bool
	}{
		{c.PrivateProfile, &to.PrivateProfile}, {c.AchievementsEnabled, &to.AchievementsEnabled}, {c.AwardEmails, &to.AwardEmails},
		{c.ShareProgress, &to.ShareProgress},
		{c.Admin, &to.Admin}, {c.Bot, &to.Bot}, {c.Blocked, &to.Blocked},
	} {
		if flag.from != nil {
			*flag.to = *flag.from
		}
	}
}

// UpdateCurrentUser changes the caller's profile and settings. Role: oneself. Faults: changed.
func (o *Operations) UpdateCurrentUser(ctx context.Context, caller Caller, in UserChange) (*UserView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	in.Admin, in.Bot, in.Blocked = nil, nil, nil
	return o.updateUser(ctx, caller, strconv.FormatInt(caller.ID(), 10), in)
}

// UpdateUser changes what the service knows of a user. Role: admin. Faults: built_in, changed,
// last_admin.
func (o *Operations) UpdateUser(ctx context.Context, caller Caller, ref string, in UserChange) (*UserView, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	in.PrivateProfile, in.AchievementsEnabled, in.AwardEmails, in.ShareProgress = nil, nil, nil, nil
	return o.updateUser(ctx, caller, ref, in)
}

func (o *Operations) updateUser(ctx context.Context, caller Caller, ref string, in UserChange) (*UserView, error) {
	if err := in.clean(); err != nil {
		return nil, err
	}
	var view *UserView
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := lockUser(ctx, tx, ref)
		if err != nil {
			return err
		}
		view = &UserView{User: *user, Known: true}
		if err := in.Match.check("user", view); err != nil {
			return err
		}
		in.apply(&view.User)
		if err := mayStopAdministering(ctx, tx, user, view.Admin && !view.Blocked); err != nil {
			return err
		}
		view.UpdatedAt = o.now()
		if err := tx.UpdateUser(ctx, &view.User); err != nil {
			return err
		}
		if view.Blocked {
			if err := tx.EndSessions(ctx, user.ID); err != nil {
				return err
			}
		}
		return o.note(ctx, tx, caller, deed{
			action: "user.updated", subjectID: user.ID, object: "user", objectID: user.ID,
			details: fields(when(in.Name, "name"), when(in.Email, "email"), when(in.PrivateProfile, "private_profile"),
				when(in.AchievementsEnabled, "achievements_enabled"), when(in.AwardEmails, "award_emails"),
				when(in.ShareProgress, "share_progress"),
				when(in.Admin, "admin"), when(in.Bot, "bot"), when(in.Blocked, "blocked")),
		})
	})
	if err != nil {
		return nil, err
	}
	return view, nil
}

// lockUser returns the user with the id or username, locked until the transaction ends. The house user
// is a Conflict "built_in".
func lockUser(ctx context.Context, tx *store.Tx, ref string) (*achievement.User, error) {
	user, err := findUser(ctx, tx, ref)
	if err != nil {
		return nil, err
	}
	if user.ID == achievement.HouseUserID {
		return nil, fault.New(fault.Conflict, "built_in", "%s acts for rules and cannot be changed", user.Username)
	}
	return tx.UserForUpdate(ctx, user.ID)
}

// EraseUser erases everything about a person. What is left is a nameless mark, by which later events
// find nobody. Role: the user; admin. Faults: built_in, changed, last_admin.
func (o *Operations) EraseUser(ctx context.Context, caller Caller, ref string, match Match[UserView]) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := findUserAs(ctx, tx, caller, ref, "erasures"); err != nil {
			return err
		}
		user, err := lockUser(ctx, tx, ref)
		if err != nil {
			return err
		}
		if err := match.check("user", &UserView{User: *user, Known: true}); err != nil {
			return err
		}
		if err := mayStopAdministering(ctx, tx, user, false); err != nil {
			return err
		}
		if err := o.eraseUser(ctx, tx, user); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{action: "user.erased", subjectID: user.ID, object: "user", objectID: user.ID})
	})
}

// eraseUser leaves nameless marks of the user and of all who were merged into them.
func (o *Operations) eraseUser(ctx context.Context, tx *store.Tx, user *achievement.User) error {
	if err := tx.EraseUser(ctx, user.ID); err != nil {
		return err
	}
	names, err := tx.MergedFrom(ctx, user.ID)
	if err != nil {
		return err
	}
	now := o.now()
	for _, id := range append(names, user.ID) {
		nobody := &achievement.User{
			ID: id, Username: fmt.Sprintf("erased-%d", id), Name: "Erased", Bot: user.Bot, Blocked: true,
			PrivateProfile: true, CreatedAt: user.CreatedAt, UpdatedAt: now, ErasedAt: now,
		}
		if err := tx.UpdateUser(ctx, nobody); err != nil {
			return err
		}
	}
	return nil
}

// UserExport is everything that is kept about a person.
type UserExport struct {
	ExportedAt  time.Time
	User        UserView
	Accounts    []achievement.Account
	Memberships []Membership
	Tokens      []achievement.Token
	Sessions    []achievement.Session
	Awards      []AwardView
	Audit       []AuditView
}

// Membership is a user's role in a namespace.
type Membership struct {
	Namespace achievement.Namespace
	Role      achievement.Role
}

// ExportUser returns everything that is kept about a person. Role: the user; admin.
func (o *Operations) ExportUser(ctx context.Context, caller Caller, ref string) (*UserExport, error) {
	export := &UserExport{ExportedAt: o.now()}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUserAs(ctx, tx, caller, ref, "exports")
		if err != nil {
			return err
		}
		export.User = UserView{User: *user, Known: true}
		if export.Accounts, err = tx.AccountsOf(ctx, user.ID); err != nil {
			return err
		}
		if export.Tokens, err = tx.TokensOf(ctx, user.ID); err != nil {
			return err
		}
		if export.Sessions, err = tx.SessionsOf(ctx, user.ID); err != nil {
			return err
		}
		if export.Memberships, err = membershipsOf(ctx, tx, user.ID); err != nil {
			return err
		}
		awards, err := tx.AllAwardsOf(ctx, user.ID)
		if err != nil {
			return err
		}
		if export.Awards, err = o.viewAll(ctx, tx, caller, awards); err != nil {
			return err
		}
		audit, err := tx.AllAudit(ctx, store.AuditFilter{PersonID: user.ID})
		if err != nil {
			return err
		}
		if !caller.admin() {
			hideWhereOthersWere(audit, user.ID)
		}
		export.Audit, err = viewAudit(ctx, tx, audit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return export, nil
}

// hideWhereOthersWere takes out of events from where others than the user did what they did.
func hideWhereOthersWere(events []achievement.AuditEvent, userID int64) {
	for i := range events {
		if events[i].ActorID != userID {
			events[i].Address, events[i].RequestID = "", ""
		}
	}
}

func membershipsOf(ctx context.Context, tx *store.Tx, userID int64) ([]Membership, error) {
	found, err := tx.MembershipsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	ids := set{}
	for _, m := range found {
		ids.add(m.NamespaceID)
	}
	namespaces, err := tx.NamespacesByID(ctx, ids.ids())
	if err != nil {
		return nil, err
	}
	memberships := make([]Membership, len(found))
	for i, m := range found {
		memberships[i] = Membership{Namespace: *namespaces[m.NamespaceID], Role: m.Role}
	}
	return memberships, nil
}

// findUserAs returns the user if the caller is the user or an admin; what is theirs alone says why not.
func findUserAs(ctx context.Context, tx *store.Tx, caller Caller, ref, what string) (*achievement.User, error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	user, err := findUser(ctx, tx, ref)
	if err != nil {
		return nil, err
	}
	return user, mayBe(caller, user, what)
}
