package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

type markerRow struct {
	bun.BaseModel `bun:"table:award_markers,alias:am"`

	AchievementID int64 `bun:",pk"`
	UserID        int64 `bun:",pk"`
	Occurrence    string
	CreatedAt     time.Time
}

// standing is where at most one award of a rule can stand.
type standing struct {
	AchievementID int64
	UserID        int64
	Occurrence    string
}

// DeleteAward removes the award as if it had never been, but for a marker that keeps rules from
// giving it again.
func (tx *Tx) DeleteAward(ctx context.Context, id int64, now time.Time) error {
	var row awardRow
	if err := tx.db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return found(err, "award")
	}
	marker := &markerRow{AchievementID: row.AchievementID, UserID: row.UserID, Occurrence: row.Occurrence, CreatedAt: now}
	if _, err := tx.db.NewInsert().Model(marker).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return err
	}
	_, err := tx.db.NewDelete().Model(&row).WherePK().Exec(ctx)
	return err
}

// GrantAwards stores the awards that rules give and returns those that were not there, with their
// ids. What the achievement's kind does not allow again, or an owner deleted, is left out.
func (tx *Tx) GrantAwards(ctx context.Context, awards []achievement.Award) ([]achievement.Award, error) {
	if len(awards) == 0 {
		return nil, nil
	}
	marked, err := tx.marked(ctx, awards)
	if err != nil {
		return nil, err
	}
	wanted := map[standing]*achievement.Award{}
	rows := make([]*awardRow, 0, len(awards))
	for i := range awards {
		where := standing{awards[i].AchievementID, awards[i].UserID, awards[i].Occurrence}
		if marked[where] || wanted[where] != nil {
			continue
		}
		wanted[where] = &awards[i]
		rows = append(rows, rowOfAward(&awards[i]))
	}
	if len(rows) == 0 {
		return nil, nil
	}
	var inserted []struct {
		standing

		ID int64
	}
	err = tx.db.NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT DO NOTHING").
		Returning("id, achievement_id, user_id, occurrence").Scan(ctx, &inserted)
	if ignoreNoRows(err) != nil {
		return nil, err
	}
	granted := make([]achievement.Award, len(inserted))
	for i, row := range inserted {
		granted[i] = *wanted[row.standing]
		granted[i].ID = row.ID
	}
	return granted, nil
}

// marked returns the places among the awards' that a marker keeps free.
func (tx *Tx) marked(ctx context.Context, awards []achievement.Award) (map[standing]bool, error) {
	users := make([]int64, len(awards))
	for i := range awards {
		users[i] = awards[i].UserID
	}
	var rows []standing
	err := tx.db.NewSelect().Model((*markerRow)(nil)).Column("achievement_id", "user_id", "occurrence").
		Where("user_id IN (?)", bun.List(users)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	marked := make(map[standing]bool, len(rows))
	for _, row := range rows {
		marked[row] = true
	}
	return marked, nil
}

// Revocation takes away the award that stands at a place, if one does.
type Revocation struct {
	AchievementID int64
	UserID        int64
	Occurrence    string
	At            time.Time
	By            int64
	Reason        string
}

// RevokeStanding carries out the revocations and returns the awards that were taken away. Where no
// award stands, nothing happens.
func (tx *Tx) RevokeStanding(ctx context.Context, revocations []Revocation) ([]achievement.Award, error) {
	var revoked []achievement.Award
	for _, r := range revocations {
		var rows []awardRow
		err := tx.db.NewUpdate().Model((*awardRow)(nil)).
			Set("revoked_at = ?", r.At).Set("revoked_by = ?", r.By).Set("revoke_reason = ?", bun.NullZero(r.Reason)).
			Where("achievement_id = ?", r.AchievementID).Where("user_id = ?", r.UserID).Where("occurrence = ?", r.Occurrence).
			Where("revoked_at IS NULL").Where("kind <> ?", achievement.Irrevocable).
			Returning("*").Scan(ctx, &rows)
		if ignoreNoRows(err) != nil {
			return nil, err
		}
		revoked = append(revoked, awardsOf(rows)...)
	}
	return revoked, nil
}
