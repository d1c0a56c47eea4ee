package store

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// Window asks for the same part of each of several lists, such as the awards of each of several achievements.
type Window struct {
	// First and Last are how many items the part holds at most, counted from the beginning or from the end; at most one
	// of them is not 0, and both 0 is MaxPage from the beginning. More than MaxPage is MaxPage.
	First, Last int
	// After and Before are cursors that the part lies between; empty for the list's ends.
	After, Before string
	// Count says that the items of the whole lists are counted, too.
	Count bool
}

func (w Window) limit() int {
	limit := max(w.First, w.Last)
	if limit <= 0 {
		limit = MaxPage
	}
	return min(limit, MaxPage)
}

// Part is a part of a list.
type Part[T any] struct {
	Items []T
	// Cursors are where each item stands.
	Cursors []string
	// HasNext and HasPrevious say whether there is more after and before the part.
	HasNext, HasPrevious bool
	// Count is how many items the whole list has, if that was asked for.
	Count int
}

// ordering is what lists are ordered by, and how a row's place in them is written.
type ordering[Row any] struct {
	columns []string
	of      func(*Row) position
	// values makes of a cursor what the columns are compared with.
	values func(position) []any
}

// byIDs orders by the column, which holds ids.
func byIDs[Row any](column string, id func(*Row) int64) ordering[Row] {
	return ordering[Row]{
		[]string{column}, func(r *Row) position { return position{id(r)} }, func(p position) []any { return []any{p[0]} },
	}
}

// within cuts the window out of each list that the query holds, one for each value of the column "of". The query
// is over the rows' own table, and has no order yet.
func within[Row any](ctx context.Context, q *bun.SelectQuery, of string, by ordering[Row], w Window) ([]Row, error) {
	for _, bound := range []struct{ cursor, than string }{{w.After, ">"}, {w.Before, "<"}} {
		if bound.cursor == "" {
			continue
		}
		at, err := parseCursor(bound.cursor, len(by.columns))
		if err != nil {
			return nil, err
		}
		q = q.Where("("+strings.Join(by.columns, ", ")+") "+bound.than+" (?)", bun.List(by.values(at)))
	}
	order := strings.Join(by.columns, ", ")
	if w.Last > 0 {
		order = strings.Join(by.columns, " DESC, ") + " DESC"
	}
	q = q.ColumnExpr("row_number() OVER (PARTITION BY " + of + " ORDER BY " + order + ") AS place")
	var rows []Row
	err := q.DB().NewSelect().Model(&rows).ModelTableExpr("(?) AS ?TableAlias", q).Where("place <= ?", w.limit()+1).
		OrderExpr("place").Scan(ctx)
	return rows, err
}

// parts sorts rows into the lists that they are of.
func parts[Row, T any](rows []Row, of func(*Row) int64, by ordering[Row], w Window, item func(*Row) T) map[int64]*Part[T] {
	lists := map[int64][]*Row{}
	for i := range rows {
		id := of(&rows[i])
		lists[id] = append(lists[id], &rows[i])
	}
	found := make(map[int64]*Part[T], len(lists))
	for id, list := range lists {
		more := len(list) > w.limit()
		list = list[:min(len(list), w.limit())]
		part := &Part[T]{HasNext: more, HasPrevious: w.After != ""}
		if w.Last > 0 {
			slices.Reverse(list)
			part.HasNext, part.HasPrevious = w.Before != "", more
		}
		for _, row := range list {
			part.Items, part.Cursors = append(part.Items, item(row)), append(part.Cursors, by.of(row).cursor())
		}
		found[id] = part
	}
	return found
}

// counted is how many items a list has.
type counted struct {
	Parent, N int64
}

func count[T any](ctx context.Context, q *bun.SelectQuery, of, what string, into map[int64]*Part[T]) error {
	var rows []counted
	if err := q.ColumnExpr(of+" AS parent").ColumnExpr("count("+what+") AS n").GroupExpr(of).Scan(ctx, &rows); err != nil {
		return err
	}
	for _, row := range rows {
		if into[row.Parent] == nil {
			into[row.Parent] = &Part[T]{}
		}
		into[row.Parent].Count = int(row.N)
	}
	return nil
}

// Sight says which awards somebody sees.
type Sight struct {
	// All sees every award.
	All bool
	// ViewerID sees the own ones, and those of the namespaces that are Maintained; 0 is nobody. Everyone sees what
	// stands on open profiles.
	ViewerID   int64
	Maintained []int64
	// OnlyReadable takes from what everyone sees the awards of namespaces that the viewer may not read.
	OnlyReadable bool
}

// seen keeps the awards that stand and are seen.
func (s Sight) seen(q *bun.SelectQuery) *bun.SelectQuery {
	q = q.Where("aw.revoked_at IS NULL")
	if s.All {
		return q
	}
	open, args := "EXISTS (SELECT 1 FROM users AS u WHERE u.id = aw.user_id AND "+shownToAll+")", []any{s.ViewerID}
	if s.OnlyReadable {
		which, more := givenWhereReadable(s.ViewerID)
		open, args = "("+open+" AND "+which+")", append(args, more...)
	}
	return q.Where("(aw.user_id = ? OR "+open+" OR EXISTS (SELECT 1 FROM achievements AS a WHERE a.id = aw.achievement_id AND a.namespace_id IN (?)))",
		append(args, bun.List(append(slices.Clone(s.Maintained), 0)))...)
}

// AwardsOfAchievements returns the window of each achievement's awards that are seen, by id.
func (tx *Tx) AwardsOfAchievements(ctx context.Context, ids []int64, s Sight, w Window) (map[int64]*Part[achievement.Award], error) {
	by := byIDs("aw.id", func(r *awardRow) int64 { return r.ID })
	return tx.awardsWithin(ctx, "aw.achievement_id", ids, by, w, func(r *awardRow) int64 { return r.AchievementID }, s.seen)
}

// AwardsOfUsers returns the window of the awards on each user's profile that are seen, in the profile's order. Those
// that are hidden from the profile are among them only if they are wanted.
func (tx *Tx) AwardsOfUsers(ctx context.Context, ids []int64, s Sight, hidden bool, w Window) (map[int64]*Part[achievement.Award], error) {
	by := ordering[awardRow]{
		[]string{"coalesce(aw.priority, 9223372036854775807)", "aw.awarded_at", "aw.id"}, onProfile,
		func(p position) []any { return []any{p[0], fromMicros(p[1]), p[2]} },
	}
	return tx.awardsWithin(ctx, "aw.user_id", ids, by, w, func(r *awardRow) int64 { return r.UserID },
		func(q *bun.SelectQuery) *bun.SelectQuery {
			if !hidden {
				q = q.Where("aw.show_on_profile")
			}
			return s.seen(q)
		})
}

// onProfile is where an award's row stands on a profile.
func onProfile(r *awardRow) position { return placeOn(r.Priority, r.AwardedAt, r.ID) }

func (tx *Tx) awardsWithin(
	ctx context.Context, of string, ids []int64, by ordering[awardRow], w Window, parent func(*awardRow) int64,
	narrow func(*bun.SelectQuery) *bun.SelectQuery,
) (map[int64]*Part[achievement.Award], error) {
	base := func() *bun.SelectQuery {
		return narrow(tx.db.NewSelect().Model((*awardRow)(nil)).Where(of+" IN (?)", bun.List(unique(ids))))
	}
	rows, err := within(ctx, base().ColumnExpr("aw.*"), of, by, w)
	if err != nil {
		return nil, err
	}
	found := parts(rows, parent, by, w, func(r *awardRow) achievement.Award { return *r.award() })
	if w.Count {
		err = count(ctx, base(), of, "*", found)
	}
	return found, err
}

// holderRow says that a user holds an achievement.
type holderRow struct {
	bun.BaseModel `bun:"table:awards,alias:aw"`

	AchievementID int64
	UserID        int64
}

// HoldersOfAchievements returns the window of those who hold each achievement by an award that is seen, by id.
func (tx *Tx) HoldersOfAchievements(ctx context.Context, ids []int64, s Sight, w Window) (map[int64]*Part[int64], error) {
	by := byIDs("aw.user_id", func(r *holderRow) int64 { return r.UserID })
	base := func() *bun.SelectQuery {
		return s.seen(tx.db.NewSelect().Model((*holderRow)(nil)).Where("aw.achievement_id IN (?)", bun.List(unique(ids))))
	}
	rows, err := within(ctx, base().Column("achievement_id", "user_id").Group("aw.achievement_id", "aw.user_id"), "aw.achievement_id", by, w)
	if err != nil {
		return nil, err
	}
	found := parts(rows, func(r *holderRow) int64 { return r.AchievementID }, by, w, func(r *holderRow) int64 { return r.UserID })
	if w.Count {
		err = count(ctx, base(), "aw.achievement_id", "DISTINCT aw.user_id", found)
	}
	return found, err
}

// AchievementsOfNamespaces returns the window of each namespace's achievements, by id; with only, those of these ids alone.
func (tx *Tx) AchievementsOfNamespaces(ctx context.Context, ids, only []int64, w Window) (map[int64]*Part[achievement.Achievement], error) {
	by := byIDs("a.id", func(r *achievementRow) int64 { return r.ID })
	base := func() *bun.SelectQuery {
		q := tx.db.NewSelect().Model((*achievementRow)(nil)).Where("a.namespace_id IN (?)", bun.List(unique(ids)))
		if len(only) > 0 {
			q = q.Where("a.id IN (?)", bun.List(unique(only)))
		}
		return q
	}
	rows, err := within(ctx, base().ColumnExpr("a.*"), "a.namespace_id", by, w)
	if err != nil {
		return nil, err
	}
	found := parts(rows, func(r *achievementRow) int64 { return r.NamespaceID }, by, w,
		func(r *achievementRow) achievement.Achievement { return *r.achievement() })
	if w.Count {
		err = count(ctx, base(), "a.namespace_id", "*", found)
	}
	return found, err
}
