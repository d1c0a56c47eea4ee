package graphql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/vikstrous/dataloadgen"

	api "github.com/seed-504bad89/accolade/api/graphql"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// wait is how long the first of several lists waits for others of its kind, so that one statement reads all.
const wait = 3 * time.Millisecond

// listKey says which part of whose list is wanted.
type listKey struct {
	parent int64
	window operation.Window
	// hidden is of users' awards, and only, a list of ids, of namespaces' achievements.
	hidden bool
	only   string
}

// loaders read the lists of one query, many at once.
type loaders struct {
	awards       *dataloadgen.Loader[listKey, *operation.Connection[operation.AwardView]]
	profiles     *dataloadgen.Loader[listKey, *operation.Connection[operation.AwardView]]
	holders      *dataloadgen.Loader[listKey, *operation.Connection[operation.UserView]]
	achievements *dataloadgen.Loader[listKey, *operation.Connection[operation.AchievementView]]
}

type loadersKey struct{}

func withLoaders(ctx context.Context, operations *operation.Operations) context.Context {
	caller := operation.CallerFrom(ctx)
	return context.WithValue(ctx, loadersKey{}, &loaders{
		awards: loader(func(ctx context.Context, ids []int64, key listKey) (map[int64]*operation.Connection[operation.AwardView], error) {
			return operations.AwardsOfAchievements(ctx, caller, ids, key.window)
		}),
		profiles: loader(func(ctx context.Context, ids []int64, key listKey) (map[int64]*operation.Connection[operation.AwardView], error) {
			return operations.AwardsOfUsers(ctx, caller, ids, key.hidden, key.window)
		}),
		holders: loader(func(ctx context.Context, ids []int64, key listKey) (map[int64]*operation.Connection[operation.UserView], error) {
			return operations.HoldersOfAchievements(ctx, caller, ids, key.window)
		}),
		achievements: loader(func(ctx context.Context, ids []int64, key listKey) (map[int64]*operation.Connection[operation.AchievementView], error) {
			only, err := parseGIDs(strings.Fields(key.only), achievementClass)
			if err != nil {
				return nil, err
			}
			return operations.AchievementsOfNamespaces(ctx, caller, ids, only, key.window)
		}),
	})
}

func loadersFrom(ctx context.Context) *loaders {
	found, ok := ctx.Value(loadersKey{}).(*loaders)
	if !ok {
		panic("a resolver ran without loaders")
	}
	return found
}

// loader reads the lists of keys that differ by their parent alone in one go. A list that is not the caller's to read
// is nil.
func loader[T any](read func(context.Context, []int64, listKey) (map[int64]*T, error)) *dataloadgen.Loader[listKey, *T] {
	return dataloadgen.NewLoader(func(ctx context.Context, keys []listKey) ([]*T, []error) {
		lists, faults := make([]*T, len(keys)), make([]error, len(keys))
		alike := map[listKey][]int{}
		for i, key := range keys {
			key.parent = 0
			alike[key] = append(alike[key], i)
		}
		for key, indices := range alike {
			ids := make([]int64, len(indices))
			for i, index := range indices {
				ids[i] = keys[index].parent
			}
			found, err := read(ctx, ids, key)
			for i, index := range indices {
				lists[index], faults[index] = found[ids[i]], err
			}
		}
		return lists, faults
	}, dataloadgen.WithWait(wait))
}

// windowOf reads the arguments of a connection; whether the items are counted, the selection says.
func windowOf(ctx context.Context, after, before *string, first, last *int) (operation.Window, error) {
	w := operation.Window{After: value(after), Before: value(before), First: value(first), Last: value(last)}
	switch {
	case first != nil && last != nil:
		return w, shown("Can only provide either `first` or `last`, not both")
	case first != nil && *first < 0 || last != nil && *last < 0:
		return w, shown("`first` and `last` must not be negative")
	}
	for _, field := range gqlgen.CollectFieldsCtx(ctx, nil) {
		w.Count = w.Count || field.Name == "count"
	}
	return w, nil
}

// checkCursors makes of a cursor that is none an error that says so.
func checkCursors(err error) error {
	if err == nil {
		return nil
	}
	if strings.Contains(err.Error(), "cursor") {
		return shown("a cursor is not of this list")
	}
	return fmt.Errorf("reading a list: %w", err)
}

// none reports whether a page of no items was asked for.
func none(first, last *int) bool { return first != nil && *first == 0 || last != nil && *last == 0 }

func pageInfo[T any](of *operation.Connection[T]) *api.PageInfo {
	info := &api.PageInfo{HasNextPage: of.HasNext, HasPreviousPage: of.HasPrevious}
	if len(of.Cursors) > 0 {
		info.StartCursor, info.EndCursor = &of.Cursors[0], &of.Cursors[len(of.Cursors)-1]
	}
	return info
}

// empty leaves of a connection only how many items there are.
func empty[T any](of *operation.Connection[T]) *operation.Connection[T] {
	return &operation.Connection[T]{Count: of.Count, HasNext: len(of.Items) > 0}
}

// load returns a list, nil when it is not the caller's to read.
func load[T any](
	ctx context.Context, from *dataloadgen.Loader[listKey, *operation.Connection[T]], key listKey, first, last *int,
) (*operation.Connection[T], error) {
	found, err := from.Load(ctx, key)
	if errors.Is(err, dataloadgen.ErrNotFound) {
		err = nil
	}
	if err != nil || found == nil {
		return nil, checkCursors(err)
	}
	if none(first, last) {
		found = empty(found)
	}
	return found, nil
}

func (s shape) awards(of *operation.Connection[operation.AwardView]) *api.UserAchievementConnection {
	if of == nil {
		return nil
	}
	out := &api.UserAchievementConnection{Count: of.Count, PageInfo: pageInfo(of), Nodes: []*api.UserAchievement{}, Edges: []*api.UserAchievementEdge{}}
	for i := range of.Items {
		node := s.award(&of.Items[i])
		out.Nodes, out.Edges = append(out.Nodes, node), append(out.Edges, &api.UserAchievementEdge{Cursor: of.Cursors[i], Node: node})
	}
	return out
}

func (s shape) holders(of *operation.Connection[operation.UserView]) *api.UserCoreConnection {
	if of == nil {
		return nil
	}
	out := &api.UserCoreConnection{Count: of.Count, PageInfo: pageInfo(of), Nodes: []*api.UserCore{}, Edges: []*api.UserCoreEdge{}}
	for i := range of.Items {
		node := s.user(&of.Items[i])
		out.Nodes, out.Edges = append(out.Nodes, node), append(out.Edges, &api.UserCoreEdge{Cursor: of.Cursors[i], Node: node})
	}
	return out
}

func (s shape) achievements(of *operation.Connection[operation.AchievementView]) *api.AchievementConnection {
	if of == nil {
		return nil
	}
	out := &api.AchievementConnection{Count: of.Count, PageInfo: pageInfo(of), Nodes: []*api.Achievement{}, Edges: []*api.AchievementEdge{}}
	for i := range of.Items {
		node := s.achievement(&of.Items[i])
		out.Nodes, out.Edges = append(out.Nodes, node), append(out.Edges, &api.AchievementEdge{Cursor: of.Cursors[i], Node: node})
	}
	return out
}
