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

// Recipient is what there is to know of a user to whom something may be given.
type Recipient struct {
	Username     string
	Bot, Blocked bool
}

// Recipients returns those of the users that exist.
func (tx *Tx) Recipients(ctx context.Context, ids []int64) (map[int64]Recipient, error) {
	recipients := make(map[int64]Recipient, len(ids))
	if len(ids) == 0 {
		return recipients, nil
	}
	err := tx.timed(ctx, "SELECT", "users", func() error {
		return tx.dialect.among(ctx, tx.db, recipientColumns, unique(ids), readRecipients(recipients))
	})
	return recipients, err
}

const recipientColumns = "id, username, bot, blocked FROM users"

// readRecipients reads a row of recipientColumns.
func readRecipients(into map[int64]Recipient) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var id int64
		var r Recipient
		err := scan(&id, &r.Username, &r.Bot, &r.Blocked)
		into[id] = r
		return err
	}
}

// GrantAwards stores the awards that rules give and returns those that were not there, with their
// ids. What the achievement's kind does not allow again, or an owner deleted, is left out.
func (tx *Tx) GrantAwards(ctx context.Context, awards []achievement.Award) ([]achievement.Award, error) {
	wanted := map[standing]*achievement.Award{}
	rows := make([]*awardRow, 0, len(awards))
	for i := range awards {
		where := standing{awards[i].AchievementID, awards[i].UserID, awards[i].Occurrence}
		if wanted[where] == nil {
			wanted[where] = &awards[i]
			rows = append(rows, rowOfAward(&awards[i]))
		}
	}
	var granted []achievement.Award
	err := tx.insert(ctx, insertion{
		table: "awards AS aw", rows: len(rows), columns: grantColumns(rows),
		unless: `SELECT 1 FROM award_markers AS am WHERE am.achievement_id = given.achievement_id AND am.user_id = given.user_id
			AND am.occurrence = given.occurrence`,
		then: "ON CONFLICT DO NOTHING RETURNING id, achievement_id, user_id, occurrence",
	}, func(scan func(...any) error) error {
		var id int64
		var where standing
		if err := scan(&id, &where.AchievementID, &where.UserID, &where.Occurrence); err != nil {
			return err
		}
		award := *wanted[where]
		award.ID = id
		granted = append(granted, award)
		return nil
	})
	return granted, err
}

// grantColumns are those that awards of rules have from the beginning.
func grantColumns(rows []*awardRow) []column {
	return []column{
		numbersOf("achievement_id", rows, func(r *awardRow) int64 { return r.AchievementID }),
		numbersOf("user_id", rows, func(r *awardRow) int64 { return r.UserID }),
		textsOf("kind", rows, func(r *awardRow) string { return string(r.Kind) }),
		textsOf("occurrence", rows, func(r *awardRow) string { return r.Occurrence }),
		timesOf("awarded_at", rows, func(r *awardRow) time.Time { return r.AwardedAt }),
		numbersOf("awarded_by", rows, func(r *awardRow) int64 { return r.AwardedBy }),
		columnOf("show_on_profile", "boolean", rows, func(r *awardRow) bool { return r.ShowOnProfile }),
		textsOf("message", rows, func(r *awardRow) string { return r.Message }),
		nullColumnOf("rule", "text", rows, func(r *awardRow) string { return r.Rule }),
		nullColumnOf("revision_id", "bigint", rows, func(r *awardRow) int64 { return r.RevisionID }),
		nullColumnOf("event_id", "bigint", rows, func(r *awardRow) int64 { return r.EventID }),
		nullColumnOf("event_url", "text", rows, func(r *awardRow) string { return r.EventURL }),
		nullColumnOf("expires_at", "timestamptz", rows, func(r *awardRow) time.Time { return utc(r.ExpiresAt) }),
	}
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
