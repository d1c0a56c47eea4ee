package operation

import (
	"context"
	"net/mail"
	"strconv"
	"strings"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// UserView is a user as a caller sees them.
type UserView struct {
	achievement.User

	// Known says that the caller sees everything; else e-mail address and settings are not for them.
	Known bool
}

// NewUser is what CreateUser makes a user of.
type NewUser struct {
	Username, Name string
	// Email may be empty.
	Email      string
	Admin, Bot bool
}

// CreateUser creates a person or a bot. Role: admin. Faults: username_taken.
func (o *Operations) CreateUser(ctx context.Context, caller Caller, in NewUser) (*UserView, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	name, badName := achievement.CleanName("name", in.Name)
	email, badEmail := cleanEmail("email", in.Email)
	if err := allOf(achievement.CheckUsername("username", in.Username), badName, badEmail); err != nil {
		return nil, err
	}
	now := o.now()
	var user achievement.User
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		user = achievement.User{
			Username: in.Username, Name: name, Email: email, Admin: in.Admin, Bot: in.Bot,
			Claimed: true, AchievementsEnabled: true, AwardEmails: true, CreatedAt: now, UpdatedAt: now,
		}
		if err := tx.CreateUser(ctx, &user); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "user.created", subjectID: user.ID, object: "user", objectID: user.ID,
			details: map[string]any{"admin": in.Admin, "bot": in.Bot},
		})
	})
	if err != nil {
		return nil, err
	}
	return &UserView{User: user, Known: true}, nil
}

// GetUser returns the user with the id or username. Role: anyone.
func (o *Operations) GetUser(ctx context.Context, caller Caller, ref string) (*UserView, error) {
	var view *UserView
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUser(ctx, tx, ref)
		if err != nil {
			return err
		}
		view = &UserView{User: *user, Known: knowsProfile(caller, user)}
		return nil
	})
	return view, err
}

// GetCurrentUser returns the caller. Role: anyone with a token.
func (*Operations) GetCurrentUser(_ context.Context, caller Caller) (*UserView, error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	return &UserView{User: caller.user, Known: true}, nil
}

// findUser returns the user with the id or username.
func findUser(ctx context.Context, tx *store.Tx, ref string) (*achievement.User, error) {
	if id, ok := parseID(ref); ok {
		return tx.UserByID(ctx, id)
	}
	if achievement.CheckUsername("user", ref) != nil {
		return nil, fault.NotFoundFor("user")
	}
	return tx.UserByUsername(ctx, ref)
}

// parseID tells ids from names: no username and no path is a number alone.
func parseID(ref string) (int64, bool) {
	id, err := strconv.ParseInt(ref, 10, 64)
	return id, err == nil && id > 0
}

// cleanEmail trims an address and checks its form; whether somebody reads there, only a mail can tell.
func cleanEmail(field, email string) (string, error) {
	email = strings.TrimSpace(email)
	if email == "" {
		return "", nil
	}
	if len(email) > achievement.MaxEmail {
		return "", fault.InvalidField(field, "too_long", "is too long (maximum is %d characters)", achievement.MaxEmail)
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email {
		return "", fault.InvalidField(field, "bad_email", "must be an e-mail address")
	}
	return email, nil
}
