package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// ProlongAwards lets each award by a rule that stands where one of these would, and that lapses before this one
// does or never, lapse when this one does.
func (tx *Tx) ProlongAwards(ctx context.Context, awards []achievement.Award) error {
	for i := range awards {
		if awards[i].ExpiresAt.IsZero() {
			continue
		}
		_, err := tx.db.NewUpdate().Model((*awardRow)(nil)).Set("expires_at = ?", awards[i].ExpiresAt).
			Where("achievement_id = ?", awards[i].AchievementID).Where("user_id = ?", awards[i].UserID).
			Where("occurrence = ?", awards[i].Occurrence).
			Where("revoked_at IS NULL").Where("(expires_at < ? OR expires_at IS NULL AND rule IS NOT NULL)", awards[i].ExpiresAt).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// LapseAwards revokes at most limit awards whose time is over, as of the time at which each was, and returns
// them. Those that another transaction has at hand are left out.
func (tx *Tx) LapseAwards(ctx context.Context, now time.Time, limit int, by int64) ([]achievement.Award, error) {
	over := tx.db.NewSelect().Model((*awardRow)(nil)).Column("id").Where("expires_at <= ?", now).
		Where("revoked_at IS NULL").Where("kind <> ?", achievement.Irrevocable).Order("expires_at", "id").Limit(int64(limit))
	var rows []awardRow
	err := tx.db.NewUpdate().Model((*awardRow)(nil)).
		Set("revoked_at = expires_at").Set("revoked_by = ?", by).Set("revoke_reason = ?", "its time was over").
		Where("id IN (?)", tx.dialect.lock(over, true)).Returning("*").Scan(ctx, &rows)
	if ignoreNoRows(err) != nil {
		return nil, err
	}
	return awardsOf(rows), nil
}

// Holding is an award that stands, by its achievement's names.
type Holding struct {
	UserID, AchievementID int64
	// Namespace is the full path, and Key empty for an achievement without one.
	Namespace, Key string
	Since          time.Time
}

// Holdings returns what the users hold, each achievement once with the time of the first award that stands.
func (tx *Tx) Holdings(ctx context.Context, users []int64) ([]Holding, error) {
	if len(users) == 0 {
		return nil, nil
	}
	var rows []struct {
		UserID, AchievementID int64
		Namespace, Key        string
		Since                 time.Time
	}
	err := tx.db.NewSelect().TableExpr("awards AS aw").
		Join("JOIN achievements AS a ON a.id = aw.achievement_id").Join("JOIN namespaces AS n ON n.id = a.namespace_id").
		ColumnExpr("aw.user_id, aw.achievement_id, n.full_path AS namespace, coalesce(a.key, '') AS key, aw.awarded_at AS since").
		Where("aw.user_id IN (?)", bun.List(unique(users))).Where("aw.revoked_at IS NULL").
		Order("aw.awarded_at", "aw.id").Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	type held struct{ user, achievement int64 }
	seen := map[held]bool{}
	var holdings []Holding
	for _, row := range rows {
		if where := (held{row.UserID, row.AchievementID}); !seen[where] {
			seen[where] = true
			row.Since = row.Since.UTC()
			holdings = append(holdings, Holding(row))
		}
	}
	return holdings, nil
}
