package operation

import (
	"context"
	"slices"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	adminUsername  = "admin"
	minAdminToken  = 16
	adminTokenName = "first admin"
	// adminAttempts is how often EnsureAdmin tries again when replicas start together and another
	// one was faster.
	adminAttempts = 3
)

// EnsureAdmin makes sure that somebody can administer a new service. The configured token, when
// there is one, becomes a token of the user "admin"; without one, and when there is no admin's token
// yet, one is made and returned. It returns "" in all other cases. Tokens that were configured before stay: the log says so.
//
// The token must have at least 16 characters. Calling it again, or from several replicas at once,
// changes nothing.
func (o *Operations) EnsureAdmin(ctx context.Context, token string) (string, error) {
	if token != "" && (len(token) < minAdminToken || !plausible(token)) {
		return "", fault.InvalidField("admin_token", "bad_token",
			"must have %d to %d characters, and a right checksum if it begins with %s", minAdminToken, maxSecret, secretPrefix)
	}
	var issued string
	var further bool
	var err error
	for range adminAttempts {
		issued, further = "", false
		err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			var err error
			if token == "" {
				issued, err = o.firstAdminToken(ctx, tx)
				return err
			}
			further, err = o.acceptAdminToken(ctx, tx, token)
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			break
		}
	}
	if err == nil && further {
		o.log.WarnContext(ctx, "the configured admin token is a further one: revoke the one before, which is as good", "user", adminUsername)
	}
	return issued, err
}

// firstAdminToken makes a token when no admin has one.
func (o *Operations) firstAdminToken(ctx context.Context, tx *store.Tx) (string, error) {
	known, err := tx.AnyAdminToken(ctx)
	if err != nil || known {
		return "", err
	}
	admin, err := o.adminUser(ctx, tx)
	if err != nil {
		return "", err
	}
	// Of replicas that start together, one makes the user. The others find it, and its token with it,
	// if they look now; before, they may have looked too early.
	if known, err = tx.AnyAdminToken(ctx); err != nil || known {
		return "", err
	}
	secret := newSecret()
	return secret, o.storeAdminToken(ctx, tx, admin, secret)
}

// acceptAdminToken makes the secret a token of the user "admin", unless it is an admin's already. It is a further one when an
// admin has another.
func (o *Operations) acceptAdminToken(ctx context.Context, tx *store.Tx, secret string) (further bool, err error) {
	known, err := tx.TokenByHash(ctx, hash(secret))
	if err == nil {
		return false, checkAdminToken(ctx, tx, known)
	}
	if !fault.Is(err, fault.NotFound) {
		return false, err
	}
	admin, err := o.adminUser(ctx, tx)
	if err != nil {
		return false, err
	}
	if further, err = tx.AnyAdminToken(ctx); err != nil {
		return false, err
	}
	return further, o.storeAdminToken(ctx, tx, admin, secret)
}

func (o *Operations) storeAdminToken(ctx context.Context, tx *store.Tx, admin *achievement.User, secret string) error {
	return tx.CreateToken(ctx, &achievement.Token{
		UserID: admin.ID, Name: adminTokenName, Scopes: []achievement.Scope{achievement.ScopeAdmin}, CreatedAt: o.now(),
	}, hash(secret))
}

func checkAdminToken(ctx context.Context, tx *store.Tx, token *achievement.Token) error {
	user, err := tx.UserByID(ctx, token.UserID)
	if err != nil {
		return err
	}
	if !user.Admin || !slices.Contains(token.Scopes, achievement.ScopeAdmin) {
		return fault.InvalidField("admin_token", "not_an_admins", "is a token of %s that may not administer", user.Username)
	}
	return nil
}

func (o *Operations) adminUser(ctx context.Context, tx *store.Tx) (*achievement.User, error) {
	admin, err := tx.UserByUsername(ctx, adminUsername)
	if err == nil && !admin.Admin {
		// A forge told of somebody called "admin". Whoever that is must not become ours.
		return nil, fault.InvalidField("admin_token", "admin_taken",
			"cannot be given to the user %q, who is not an admin", adminUsername)
	}
	if !fault.Is(err, fault.NotFound) {
		return admin, err
	}
	now := o.now()
	admin = &achievement.User{
		Username: adminUsername, Name: "Administrator", Admin: true, Claimed: true, AchievementsEnabled: true, AwardEmails: true,
		CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.CreateUser(ctx, admin); err != nil {
		return nil, err
	}
	return admin, nil
}
