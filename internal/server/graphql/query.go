package graphql

import (
	"context"
	"strconv"
	"strings"

	api "github.com/seed-504bad89/accolade/api/graphql"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// root has a resolver for each type.
type root struct {
	operations *operation.Operations
	shape      shape
}

func (r *root) Query() api.QueryResolver             { return &query{r} }
func (r *root) Mutation() api.MutationResolver       { return &mutation{r} }
func (r *root) Achievement() api.AchievementResolver { return &achievements{r} }
func (r *root) Namespace() api.NamespaceResolver     { return &namespaces{r} }
func (r *root) Group() api.GroupResolver             { return &groups{r} }
func (r *root) UserCore() api.UserCoreResolver       { return &users{r} }
func (r *root) CurrentUser() api.CurrentUserResolver { return &currentUsers{r} }

type query struct{ *root }

func callerOf(ctx context.Context) operation.Caller { return operation.CallerFrom(ctx) }

// orNull makes null of what does not exist or is not the caller's to see.
func orNull(err error) error {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Unauthenticated) {
		return nil
	}
	return err
}

func (q *query) CurrentUser(ctx context.Context) (*api.CurrentUser, error) {
	found, err := q.operations.GetCurrentUser(ctx, callerOf(ctx))
	if err != nil {
		return nil, orNull(err)
	}
	return q.shape.current(found), nil
}

func (q *query) User(ctx context.Context, id, username *string) (*api.UserCore, error) {
	var ref string
	switch {
	case (id == nil) == (username == nil):
		return nil, shown("Provide either a single username or id")
	case id != nil:
		number, err := parseGID(*id, userClass)
		if err != nil {
			return nil, err
		}
		ref = strconv.FormatInt(number, 10)
	default:
		if ref = *username; strings.Trim(ref, "0123456789") == "" {
			return nil, nil //nolint:nilnil // no username is a number alone
		}
	}
	found, err := q.operations.GetUser(ctx, callerOf(ctx), ref)
	if err != nil {
		return nil, orNull(err)
	}
	return q.shape.user(found), nil
}

func (q *query) Namespace(ctx context.Context, fullPath string) (*api.Namespace, error) {
	if strings.Trim(fullPath, "0123456789") == "" {
		return nil, nil //nolint:nilnil // no path is a number alone
	}
	found, err := q.operations.GetNamespace(ctx, callerOf(ctx), fullPath)
	if err != nil {
		return nil, orNull(err)
	}
	return q.shape.namespace(found), nil
}

func (q *query) Group(ctx context.Context, fullPath string) (*api.Group, error) {
	if strings.Trim(fullPath, "0123456789") == "" {
		return nil, nil //nolint:nilnil // no path is a number alone
	}
	found, err := q.operations.GetNamespace(ctx, callerOf(ctx), fullPath)
	if err != nil {
		return nil, orNull(err)
	}
	return q.shape.group(found), nil
}

type achievements struct{ *root }

func (a *achievements) UserAchievements(
	ctx context.Context, of *api.Achievement, after, before *string, first, last *int,
) (*api.UserAchievementConnection, error) {
	key, err := keyOf(ctx, of.ID, after, before, first, last, achievementClass)
	if err != nil {
		return nil, err
	}
	found, err := load(ctx, loadersFrom(ctx).awards, key, first, last)
	return a.shape.awards(found), err
}

func (a *achievements) UniqueUsers(
	ctx context.Context, of *api.Achievement, after, before *string, first, last *int,
) (*api.UserCoreConnection, error) {
	key, err := keyOf(ctx, of.ID, after, before, first, last, achievementClass)
	if err != nil {
		return nil, err
	}
	found, err := load(ctx, loadersFrom(ctx).holders, key, first, last)
	return a.shape.holders(found), err
}

func keyOf(ctx context.Context, id string, after, before *string, first, last *int, classes ...string) (listKey, error) {
	parent, err := parseGID(id, classes...)
	if err != nil {
		return listKey{}, err
	}
	window, err := windowOf(ctx, after, before, first, last)
	return listKey{parent: parent, window: window}, err
}

type namespaces struct{ *root }

func (n *namespaces) Achievements(
	ctx context.Context, of *api.Namespace, ids []string, after, before *string, first, last *int,
) (*api.AchievementConnection, error) {
	return n.achievements(ctx, of.ID, ids, after, before, first, last)
}

type groups struct{ *root }

func (g *groups) Achievements(
	ctx context.Context, of *api.Group, ids []string, after, before *string, first, last *int,
) (*api.AchievementConnection, error) {
	return g.achievements(ctx, of.ID, ids, after, before, first, last)
}

func (r *root) achievements(
	ctx context.Context, namespace string, ids []string, after, before *string, first, last *int,
) (*api.AchievementConnection, error) {
	if _, err := parseGIDs(ids, achievementClass); err != nil {
		return nil, err
	}
	key, err := keyOf(ctx, namespace, after, before, first, last, namespaceClass, groupClass)
	if err != nil {
		return nil, err
	}
	key.only = strings.Join(ids, " ")
	found, err := load(ctx, loadersFrom(ctx).achievements, key, first, last)
	return r.shape.achievements(found), err
}

type users struct{ *root }

func (u *users) UserAchievements(
	ctx context.Context, of *api.UserCore, includeHidden *bool, after, before *string, first, last *int,
) (*api.UserAchievementConnection, error) {
	return u.profile(ctx, of.ID, includeHidden, after, before, first, last)
}

type currentUsers struct{ *root }

func (u *currentUsers) UserAchievements(
	ctx context.Context, of *api.CurrentUser, includeHidden *bool, after, before *string, first, last *int,
) (*api.UserAchievementConnection, error) {
	return u.profile(ctx, of.ID, includeHidden, after, before, first, last)
}

func (r *root) profile(
	ctx context.Context, user string, includeHidden *bool, after, before *string, first, last *int,
) (*api.UserAchievementConnection, error) {
	key, err := keyOf(ctx, user, after, before, first, last, userClass)
	if err != nil {
		return nil, err
	}
	key.hidden = value(includeHidden)
	found, err := load(ctx, loadersFrom(ctx).profiles, key, first, last)
	return r.shape.awards(found), err
}
