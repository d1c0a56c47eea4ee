package operation

import (
	"context"
	"strings"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// This file holds all authorisation: who may see what, and who may do what.

// mustBeKnown refuses an anonymous caller.
func mustBeKnown(caller Caller) error {
	if caller.Anonymous() {
		return fault.New(fault.Unauthenticated, "unauthenticated", "this needs a token")
	}
	return nil
}

// mayWrite refuses callers who may change nothing, whatever it is.
func mayWrite(caller Caller) error {
	if err := mustBeKnown(caller); err != nil {
		return err
	}
	return needsScope(caller, achievement.ScopeWrite)
}

// mayAdminister refuses everyone but admins who call with a token for it.
func mayAdminister(caller Caller) error {
	if err := mustBeKnown(caller); err != nil {
		return err
	}
	if !caller.user.Admin {
		return forbidden("this needs an admin")
	}
	return needsScope(caller, achievement.ScopeAdmin)
}

func needsScope(caller Caller, scope achievement.Scope) error {
	if !caller.has(scope) {
		return fault.New(fault.Forbidden, "insufficient_scope", "this needs a token with the scope %q", scope)
	}
	return nil
}

func forbidden(format string, args ...any) error {
	return fault.New(fault.Forbidden, "forbidden", format, args...)
}

// sessionScopes returns what a user may do who a provider says it is: all that the user may.
func sessionScopes(user *achievement.User) []achievement.Scope {
	scopes := []achievement.Scope{achievement.ScopeRead, achievement.ScopeWrite}
	if user.Admin {
		scopes = append(scopes, achievement.ScopeAdmin)
	}
	return scopes
}

// mayComeIn refuses users who may not use the service at all.
func mayComeIn(user *achievement.User) error {
	switch {
	case !user.ErasedAt.IsZero():
		return fault.New(fault.Unauthenticated, "user_erased", "everything about the person with this account was erased, and stays so")
	case user.Blocked:
		return blockedUser()
	}
	return nil
}

// mayAdopt refuses to take over users who are somebody already.
func mayAdopt(user *achievement.User) error {
	if user.Claimed || user.Admin {
		return fault.New(fault.Conflict, "account_taken",
			"this account is %s's; to make one user of both, sign in as %s, or ask an administrator to merge them", user.Username, user.Username)
	}
	return nil
}

// mayStopAdministering refuses what leaves nobody who administers the service: the user, who is locked, is an admin that is not
// blocked, is none afterwards, and there is no other.
func mayStopAdministering(ctx context.Context, tx *store.Tx, user *achievement.User, afterwards bool) error {
	if !user.Admin || user.Blocked || afterwards {
		return nil
	}
	others, err := tx.OtherAdmins(ctx, user.ID)
	if err != nil || others > 0 {
		return err
	}
	return fault.New(fault.Conflict, "last_admin", "%s is the last admin; make somebody else one first", user.Username)
}

// mayIssue refuses tokens for others, except by admins, and tokens that could do what the caller's
// cannot or what their user may not.
func mayIssue(caller Caller, user *achievement.User, scopes []achievement.Scope) error {
	if user.ID != caller.ID() && !caller.admin() {
		return forbidden("only an admin may issue tokens for others")
	}
	for _, scope := range scopes {
		if !caller.has(scope) {
			return needsScope(caller, scope)
		}
		if scope == achievement.ScopeAdmin && !user.Admin {
			return forbidden("%s is no admin, and cannot have a token with the scope %q", user.Username, scope)
		}
	}
	return nil
}

// mayBe refuses everyone but the user and admins.
func mayBe(caller Caller, user *achievement.User, what string) error {
	if err := mustBeKnown(caller); err != nil {
		return err
	}
	if !knowsProfile(caller, user) {
		return forbidden("%s are for the user and admins alone", what)
	}
	return nil
}

// mayMerge refuses everyone but admins, and the one user with a token of the other one, which proven is the owner of:
// who holds tokens of both is both.
func mayMerge(caller Caller, into, from *achievement.User, proven int64) error {
	switch {
	case caller.admin():
		return nil
	case caller.ID() != into.ID:
		return forbidden("only an admin may merge others")
	case proven != from.ID:
		return forbidden("only an admin may merge %s without a token of that user", from.Username)
	}
	return nil
}

// knowable returns the progress that the caller may know: of the user themselves and for admins, in whatever
// namespace they may read; for others, in those that they maintain. Who may know none is refused.
func knowable(
	ctx context.Context, tx *store.Tx, caller Caller, user *achievement.User, progress []automation.Progress,
) ([]automation.Progress, error) {
	about := knowsProfile(caller, user)
	standings := map[string]standing{}
	known := make([]automation.Progress, 0, len(progress))
	maintains := false
	for i := range progress {
		in, err := standingAt(ctx, tx, caller, progress[i].Namespace, standings)
		if err != nil {
			return nil, err
		}
		maintains = maintains || in.atLeast(achievement.Maintainer)
		if about && in.reads || in.atLeast(achievement.Maintainer) {
			known = append(known, progress[i])
		}
	}
	if !about && !maintains {
		return nil, mayBe(caller, user, "progress and its reasons")
	}
	return known, discreet(ctx, tx, caller, known, standings)
}

// discreet leaves out of what is missing what belongs to namespaces that the caller may not read.
func discreet(ctx context.Context, tx *store.Tx, caller Caller, progress []automation.Progress, standings map[string]standing) error {
	for i := range progress {
		var told []rule.Ref
		for _, ref := range progress[i].Missing {
			in, err := standingAt(ctx, tx, caller, ref.Namespace, standings)
			if err != nil {
				return err
			}
			if in.reads {
				told = append(told, ref)
			}
		}
		progress[i].Missing = told
	}
	return nil
}

// sharesProgress reports whether the caller is shown on the user's page how far the user has come.
func sharesProgress(caller Caller, user *achievement.User) bool {
	return knowsProfile(caller, user) || user.ShareProgress && openProfile(user)
}

// leaderboardOff refuses to rank people where nobody asked for it.
func leaderboardOff() error {
	return fault.New(fault.NotFound, "leaderboard_off", "this namespace shows no leaderboard; an owner can switch it on")
}

// mayExplain refuses events that do not name the user, except to admins: what happens in private
// repositories is nobody else's business. That there is one is not told.
func mayExplain(ctx context.Context, tx *store.Tx, caller Caller, user *achievement.User, ev *event.Event) error {
	if caller.admin() {
		return nil
	}
	accounts, err := tx.AccountsOf(ctx, user.ID)
	if err != nil {
		return err
	}
	for _, person := range ev.People() {
		for i := range accounts {
			if accounts[i].Source == ev.Source && accounts[i].ForgeUserID == person.ID {
				return nil
			}
		}
	}
	return fault.NotFoundFor("event")
}

// mayRemove refuses to end another's membership, except to owners.
func mayRemove(caller Caller, in standing, user *achievement.User) error {
	if caller.ID() == user.ID {
		return nil
	}
	return in.must(achievement.Owner)
}

// readable chooses the namespaces that the caller may read.
func readable(caller Caller, search string) store.NamespaceFilter {
	return store.NamespaceFilter{Search: search, ReaderID: caller.ID(), All: caller.admin()}
}

// maySeeAvatar refuses those who may neither read the namespace nor hold the achievement.
func maySeeAvatar(ctx context.Context, tx *store.Tx, caller Caller, namespace *achievement.Namespace, achievementID int64) error {
	in, err := standingIn(ctx, tx, caller, namespace)
	if err != nil || in.reads {
		return err
	}
	own := false
	if !caller.Anonymous() {
		if own, err = tx.AnyOf(ctx, achievementID, caller.ID()); err != nil {
			return err
		}
	}
	if !own {
		return fault.NotFoundFor("achievement")
	}
	return nil
}

// mayChangeAward refuses what is not the caller's to change of an award: whether it is shown is for the
// recipient, the message for a maintainer.
func mayChangeAward(caller Caller, in standing, award *achievement.Award, shown, message bool) error {
	if shown && caller.ID() != award.UserID {
		return forbidden("only the recipient may show or hide an award")
	}
	if message {
		return in.must(achievement.Maintainer)
	}
	return nil
}

// knowsProfile reports whether the caller sees a user's settings and everything on the profile.
func knowsProfile(caller Caller, user *achievement.User) bool {
	return caller.admin() || !caller.Anonymous() && caller.ID() == user.ID
}

// openProfile reports whether everyone sees the awards on a profile.
func openProfile(user *achievement.User) bool {
	return !user.PrivateProfile && user.AchievementsEnabled
}

// standing is what a caller is in one namespace.
type standing struct {
	admin bool
	role  achievement.Role
	// reads says whether the caller may know that the namespace exists.
	reads bool
}

func standingOf(caller Caller, namespace *achievement.Namespace, role achievement.Role) standing {
	s := standing{admin: caller.admin(), role: role}
	switch namespace.Visibility {
	case achievement.Public:
		s.reads = true
	case achievement.Internal:
		s.reads = !caller.Anonymous()
	case achievement.Private:
	}
	s.reads = s.reads || s.admin || role > achievement.NoRole
	return s
}

// standingIn looks up what the caller is in the namespace.
func standingIn(ctx context.Context, tx *store.Tx, caller Caller, namespace *achievement.Namespace) (standing, error) {
	if caller.Anonymous() {
		return standingOf(caller, namespace, achievement.NoRole), nil
	}
	role, err := tx.RoleIn(ctx, caller.ID(), namespace.FullPath)
	if err != nil {
		return standing{}, err
	}
	return standingOf(caller, namespace, role), nil
}

// standingsIn does the same for many namespaces at once.
func standingsIn(ctx context.Context, tx *store.Tx, caller Caller, namespaces map[int64]*achievement.Namespace) (map[int64]standing, error) {
	roles := map[string]achievement.Role{}
	if !caller.Anonymous() && len(namespaces) > 0 {
		paths := make([]string, 0, len(namespaces))
		for _, namespace := range namespaces {
			paths = append(paths, namespace.FullPath)
		}
		var err error
		if roles, err = tx.RolesIn(ctx, caller.ID(), paths); err != nil {
			return nil, err
		}
	}
	standings := make(map[int64]standing, len(namespaces))
	for id, namespace := range namespaces {
		standings[id] = standingOf(caller, namespace, roles[namespace.FullPath])
	}
	return standings, nil
}

func (s standing) atLeast(role achievement.Role) bool { return s.admin || s.role >= role }

// must refuses a caller who is less than role in the namespace.
func (s standing) must(role achievement.Role) error {
	if !s.atLeast(role) {
		article := "a"
		if strings.ContainsRune("aeiou", rune(role.String()[0])) {
			article = "an"
		}
		return forbidden("this needs %s %s of the namespace", article, role)
	}
	return nil
}

// sight is how much of an award a caller sees.
type sight int

const (
	// unseen: the caller may not know that the award exists.
	unseen sight = iota
	// onProfile: what everyone sees on an open profile.
	onProfile
	// everything: also when it is hidden or revoked, and what happened in private.
	everything
)

// sightOf says how much of an award a caller sees who has the standing in the awarding namespace.
// Whether the namespace itself is private does not matter, because an award belongs to its recipient; unless such
// awards are hiding from those who may not read it.
func sightOf(caller Caller, in standing, award *achievement.Award, recipient *achievement.User, hiding bool) sight {
	switch {
	case knowsProfile(caller, recipient), in.atLeast(achievement.Maintainer):
		return everything
	case hiding && !in.reads:
		return unseen
	case openProfile(recipient) && award.ShowOnProfile && !award.Revoked():
		return onProfile
	default:
		return unseen
	}
}

// awardsSight says which awards the caller sees of all there are, as sightOf does of one.
func (o *Operations) awardsSight(ctx context.Context, tx *store.Tx, caller Caller) (store.Sight, error) {
	if caller.Anonymous() || caller.admin() {
		return store.Sight{All: caller.admin(), OnlyReadable: o.hiding}, nil
	}
	maintained, err := tx.MaintainedNamespaces(ctx, caller.ID())
	return store.Sight{ViewerID: caller.ID(), Maintained: maintained, OnlyReadable: o.hiding}, err
}

// listable chooses the awards of an achievement that the caller may see.
func listable(caller Caller, in standing, achievementID int64, state AwardState) store.AwardFilter {
	return store.AwardFilter{
		AchievementID: achievementID, State: state, OnlyOpen: !in.atLeast(achievement.Maintainer), ViewerID: caller.ID(),
	}
}

// profileFilter chooses the awards on a user's profile that the caller may see, and reports whether
// there can be any. Hidden ones are among them if they are wanted and the caller may see them.
func (o *Operations) profileFilter(ctx context.Context, tx *store.Tx, caller Caller, user *achievement.User, hidden bool) (store.UserAwardFilter, bool, error) {
	filter := store.UserAwardFilter{UserID: user.ID, OnlyShown: !hidden}
	if knowsProfile(caller, user) {
		return filter, true, nil
	}
	filter.OnlyReadable, filter.ViewerID = o.hiding, caller.ID()
	open := openProfile(user)
	if caller.Anonymous() || open && !hidden {
		filter.OnlyShown = true
		return filter, open, nil
	}
	maintained, err := tx.MaintainedNamespaces(ctx, caller.ID())
	if err != nil {
		return filter, false, err
	}
	if open {
		filter.OnlyShown, filter.AlsoInNamespaces = true, maintained
		return filter, true, nil
	}
	filter.InNamespaces = maintained
	return filter, len(maintained) > 0, nil
}
