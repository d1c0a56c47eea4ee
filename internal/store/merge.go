package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// Merged says what became of the awards of two people who are one.
type Merged struct {
	// Moved were only the one's; of those that both had the earlier one stays, and Collapsed counts the others.
	Moved, Collapsed int
}

// MergeUser gives all that one user has to another one, but for progress, tokens and sessions, and leaves a name that leads
// there. Awards that both have become one. HoldRevision with exclusive set must have been called before.
func (tx *Tx) MergeUser(ctx context.Context, from, into int64, now time.Time) (Merged, error) {
	tx.touchAll()
	merged, err := tx.mergeAwards(ctx, from, into)
	if err != nil {
		return merged, err
	}
	for _, statement := range []string{
		"UPDATE accounts SET user_id = ?1 WHERE user_id = ?0",
		"INSERT INTO award_markers SELECT achievement_id, ?1, occurrence, created_at FROM award_markers WHERE user_id = ?0 ON CONFLICT DO NOTHING",
		"DELETE FROM award_markers WHERE user_id = ?0",
		"UPDATE members SET role = (SELECT max(m.role) FROM members AS m WHERE m.namespace_id = members.namespace_id AND m.user_id IN (?0, ?1)) WHERE user_id = ?1",
		"INSERT INTO members SELECT namespace_id, ?1, role, created_at, updated_at FROM members WHERE user_id = ?0 ON CONFLICT DO NOTHING",
		"DELETE FROM members WHERE user_id = ?0",
		"DELETE FROM sessions WHERE user_id = ?0",
		"DELETE FROM sign_ins WHERE user_id = ?0",
		"DELETE FROM tokens WHERE user_id = ?0",
		"UPDATE users SET merged_into = ?1 WHERE merged_into = ?0",
	} {
		if _, err := tx.db.NewRaw(statement, from, into).Exec(ctx); err != nil {
			return merged, err
		}
	}
	_, err = tx.db.NewUpdate().Model((*userRow)(nil)).Set("merged_into = ?", into).Set("admin = false").Set("email = NULL").
		Set("updated_at = ?", now).Where("id = ?", from).Exec(ctx)
	if err != nil {
		return merged, err
	}
	return merged, tx.NoteChange(ctx)
}

// place is where the awards of a person exclude each other.
type place struct {
	achievementID int64
	occurrence    string
	// revoked is 0 for what excludes others; awards that were revoked exclude none of a revocable achievement.
	revoked int64
}

func placeOf(r *awardRow) place {
	where := place{achievementID: r.AchievementID, occurrence: r.Occurrence}
	if r.Kind == achievement.Revocable && !r.RevokedAt.IsZero() {
		where.revoked = r.ID
	}
	return where
}

// mergeAwards moves awards. Of two in one place the one that stands is kept, and else the earlier one.
func (tx *Tx) mergeAwards(ctx context.Context, from, into int64) (Merged, error) {
	var rows []awardRow
	err := tx.dialect.lock(tx.db.NewSelect(), false).Model(&rows).Where("user_id IN (?, ?)", from, into).Order("id").Scan(ctx)
	if err != nil {
		return Merged{}, err
	}
	slices.SortStableFunc(rows, func(x, y awardRow) int {
		return cmp.Or(order(!x.RevokedAt.IsZero(), !y.RevokedAt.IsZero()), x.AwardedAt.Compare(y.AwardedAt))
	})
	var merged Merged
	taken := map[place]bool{}
	var moved, dropped []int64
	last := int64(-1)
	for i := range rows {
		row := &rows[i]
		switch where := placeOf(row); {
		case taken[where]:
			dropped = append(dropped, row.ID)
			merged.Collapsed++
		case row.UserID == from:
			taken[where] = true
			moved = append(moved, row.ID)
			merged.Moved++
		default:
			taken[where] = true
		}
		if row.UserID == into && row.Priority != nil {
			last = max(last, *row.Priority)
		}
	}
	// What is dropped goes first: it stands where another one will.
	if len(dropped) > 0 {
		if _, err := tx.db.NewDelete().Model((*awardRow)(nil)).Where("id IN (?)", bun.List(dropped)).Exec(ctx); err != nil {
			return merged, err
		}
	}
	if len(moved) == 0 {
		return merged, nil
	}
	// What the one has put first comes after what the other one has.
	_, err = tx.db.NewUpdate().Model((*awardRow)(nil)).Set("user_id = ?", into).Set("priority = priority + ?", last+1).
		Where("id IN (?)", bun.List(moved)).Exec(ctx)
	return merged, err
}

// order sorts false before true.
func order(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	default:
		return -1
	}
}

// MergedInto returns whom those of the users have become who were merged into others.
func (tx *Tx) MergedInto(ctx context.Context, ids []int64) (map[int64]int64, error) {
	into := map[int64]int64{}
	if len(ids) == 0 {
		return into, nil
	}
	var rows []userRow
	err := tx.db.NewSelect().Model(&rows).Column("id", "merged_into").Where("id IN (?)", bun.List(unique(ids))).
		Where("merged_into IS NOT NULL").Scan(ctx)
	for _, row := range rows {
		into[row.ID] = row.MergedInto
	}
	return into, err
}

// MergedFrom returns the ids of the users who were merged into one.
func (tx *Tx) MergedFrom(ctx context.Context, into int64) ([]int64, error) {
	var ids []int64
	err := tx.db.NewSelect().Model((*userRow)(nil)).Column("id").Where("merged_into = ?", into).Order("id").Scan(ctx, &ids)
	return ids, err
}

// AllProgress returns all states of the users but counts, and those that the house has under the measures, locked.
func (tx *Tx) AllProgress(ctx context.Context, users, shared []int64) (map[ProgressKey]Progress, error) {
	var rows []progressRow
	q := tx.db.NewSelect().Model(&rows).WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("user_id IN (?)", bun.List(users))
		if len(shared) > 0 {
			q = q.WhereOr("user_id = ? AND measure_id IN (?)", achievement.HouseUserID, bun.List(shared))
		}
		return q
	}).Order("measure_id", "user_id", "bucket")
	if err := tx.dialect.lock(q, false).Scan(ctx); err != nil {
		return nil, err
	}
	states := make(map[ProgressKey]Progress, len(rows))
	for i := range rows {
		states[rows[i].key()] = Progress{rows[i].N, rows[i].Data}
	}
	return states, nil
}

// DeleteProgress deletes all states of the user but counts.
func (tx *Tx) DeleteProgress(ctx context.Context, userID int64) error {
	_, err := tx.db.NewDelete().Model((*progressRow)(nil)).Where("user_id = ?", userID).Exec(ctx)
	return err
}
