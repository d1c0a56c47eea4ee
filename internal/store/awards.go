package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

type awardRow struct {
	bun.BaseModel `bun:"table:awards,alias:aw"`

	ID            int64 `bun:",pk,autoincrement"`
	AchievementID int64
	UserID        int64
	Kind          achievement.Kind
	Occurrence    string
	AwardedAt     time.Time
	AwardedBy     int64
	RevokedAt     time.Time `bun:",nullzero"`
	RevokedBy     int64     `bun:",nullzero"`
	RevokeReason  string    `bun:",nullzero"`
	Priority      *int64
	ShowOnProfile bool
	Message       string
	Rule          string    `bun:",nullzero"`
	RevisionID    int64     `bun:",nullzero"`
	EventID       int64     `bun:",nullzero"`
	EventURL      string    `bun:",nullzero"`
	ExpiresAt     time.Time `bun:",nullzero"`
}

func rowOfAward(a *achievement.Award) *awardRow {
	return &awardRow{
		ID: a.ID, AchievementID: a.AchievementID, UserID: a.UserID, Kind: a.Kind, Occurrence: a.Occurrence,
		AwardedAt: a.AwardedAt, AwardedBy: a.AwardedBy,
		RevokedAt: a.RevokedAt, RevokedBy: a.RevokedBy, RevokeReason: a.RevokeReason,
		Priority: a.Priority, ShowOnProfile: a.ShowOnProfile, Message: a.Message,
		Rule: a.Rule, RevisionID: a.RevisionID, EventID: a.EventID, EventURL: a.EventURL, ExpiresAt: a.ExpiresAt,
	}
}

func (r *awardRow) award() *achievement.Award {
	return &achievement.Award{
		ID: r.ID, AchievementID: r.AchievementID, UserID: r.UserID, Kind: r.Kind, Occurrence: r.Occurrence,
		AwardedAt: r.AwardedAt.UTC(), AwardedBy: r.AwardedBy,
		RevokedAt: utc(r.RevokedAt), RevokedBy: r.RevokedBy, RevokeReason: r.RevokeReason,
		Priority: r.Priority, ShowOnProfile: r.ShowOnProfile, Message: r.Message,
		Rule: r.Rule, RevisionID: r.RevisionID, EventID: r.EventID, EventURL: r.EventURL, ExpiresAt: utc(r.ExpiresAt),
	}
}

func awardsOf(rows []awardRow) []achievement.Award {
	awards := make([]achievement.Award, len(rows))
	for i := range rows {
		awards[i] = *rows[i].award()
	}
	return awards
}

// CreateAward stores an award by hand and fills in the id; it clears a marker that a deleted award
// left. When the achievement's kind does not allow another award, that is a Conflict
// "already_awarded", whose text names the award that stands.
func (tx *Tx) CreateAward(ctx context.Context, a *achievement.Award) error {
	id, err := insertedID(ctx, tx.db.NewInsert().Model(rowOfAward(a)))
	if err != nil {
		return err
	}
	if id == 0 {
		var standing awardRow
		err := tx.db.NewSelect().Model(&standing).Where("achievement_id = ?", a.AchievementID).Where("user_id = ?", a.UserID).
			Where("occurrence = ?", a.Occurrence).OrderExpr("revoked_at IS NOT NULL, id").Limit(1).Scan(ctx)
		if err != nil {
			return err
		}
		return errAlreadyAwarded(standing.ID)
	}
	a.ID = id
	_, err = tx.db.NewDelete().Model((*markerRow)(nil)).Where("achievement_id = ?", a.AchievementID).
		Where("user_id = ?", a.UserID).Where("occurrence = ?", a.Occurrence).Exec(ctx)
	return err
}

// AwardByID returns the award with the id, revoked or not.
func (tx *Tx) AwardByID(ctx context.Context, id int64) (*achievement.Award, error) {
	return tx.award(ctx, tx.db.NewSelect(), id)
}

// AwardsByID returns those of the awards that exist.
func (tx *Tx) AwardsByID(ctx context.Context, ids []int64) (map[int64]*achievement.Award, error) {
	return byID(ctx, tx, ids, func(r *awardRow) (int64, *achievement.Award) { return r.ID, r.award() })
}

// AwardForUpdate returns the award like AwardByID and keeps others from changing it until the
// transaction ends.
func (tx *Tx) AwardForUpdate(ctx context.Context, id int64) (*achievement.Award, error) {
	return tx.award(ctx, tx.dialect.lock(tx.db.NewSelect(), false), id)
}

func (tx *Tx) award(ctx context.Context, q *bun.SelectQuery, id int64) (*achievement.Award, error) {
	var row awardRow
	if err := q.Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, found(err, "award")
	}
	return row.award(), nil
}

// RevokeAward takes the award away; the row stays and says when, by whom and why.
func (tx *Tx) RevokeAward(ctx context.Context, id int64, at time.Time, by int64, reason string) error {
	_, err := tx.db.NewUpdate().Model((*awardRow)(nil)).
		Set("revoked_at = ?", at).Set("revoked_by = ?", by).Set("revoke_reason = ?", bun.NullZero(reason)).
		Where("id = ?", id).Exec(ctx)
	return err
}

// AwardState chooses awards by whether they stand.
type AwardState string

// The states of awards.
const (
	StateActive  AwardState = "active"
	StateRevoked AwardState = "revoked"
	StateAll     AwardState = "all"
)

// shownToAll says that the award aw is on the profile of the user u, which everyone sees.
const shownToAll = "aw.show_on_profile AND u.achievements_enabled AND NOT u.private_profile"

// AwardFilter chooses the awards of an achievement.
type AwardFilter struct {
	AchievementID int64
	State         AwardState
	// OnlyOpen leaves out what is not on a profile that everyone sees, but for the viewer's own.
	OnlyOpen bool
	ViewerID int64
}

// among narrows a query of awards down to those in the state.
func (s AwardState) among(q *bun.SelectQuery) *bun.SelectQuery {
	switch s {
	case StateActive:
		q = q.Where("revoked_at IS NULL")
	case StateRevoked:
		q = q.Where("revoked_at IS NOT NULL")
	case StateAll:
	}
	return q
}

// ListAwards returns a page of an achievement's awards, oldest first, and the cursor of the next
// page, which is empty after the last one.
func (tx *Tx) ListAwards(ctx context.Context, f AwardFilter, p Page) ([]achievement.Award, string, error) {
	var rows []awardRow
	q := tx.db.NewSelect().Model(&rows).Where("achievement_id = ?", f.AchievementID).
		Order("awarded_at", "id").Limit(int64(p.limit()) + 1)
	if f.OnlyOpen {
		q = q.Where("aw.user_id = ? OR EXISTS (SELECT 1 FROM users AS u WHERE u.id = aw.user_id AND "+shownToAll+")", f.ViewerID)
	}
	q = f.State.among(q)
	if p.After != "" {
		after, err := parseCursor(p.After, 2)
		if err != nil {
			return nil, "", err
		}
		q = q.Where("(awarded_at, id) > (?, ?)", fromMicros(after[0]), after[1])
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(r *awardRow) position { return position{micros(r.AwardedAt), r.ID} })
	return awardsOf(rows), next, nil
}

// UserAwardFilter chooses the awards of a user.
type UserAwardFilter struct {
	UserID int64
	// OnlyShown leaves out the awards that the user hides.
	OnlyShown bool
	// InNamespaces, unless nil, leaves out the awards of other namespaces' achievements.
	InNamespaces []int64
	// AlsoInNamespaces keeps awards that OnlyShown would leave out when they were given by one of
	// these namespaces.
	AlsoInNamespaces []int64
	// OnlyReadable leaves out the awards of namespaces that the viewer, 0 for nobody known, may not read.
	OnlyReadable bool
	ViewerID     int64
}

// profileOrder is the order of awards on a profile.
const profileOrder = "coalesce(aw.priority, 9223372036854775807), aw.awarded_at, aw.id"

// chosen keeps the awards that the filter chooses.
func (f UserAwardFilter) chosen(q *bun.SelectQuery) *bun.SelectQuery {
	q = q.Where("aw.user_id = ?", f.UserID).Where("aw.revoked_at IS NULL")
	const givenBy = "EXISTS (SELECT 1 FROM achievements AS a WHERE a.id = aw.achievement_id AND a.namespace_id IN (?))"
	if f.InNamespaces != nil {
		q = q.Where(givenBy, bun.List(f.InNamespaces))
	}
	if f.OnlyShown {
		q = q.Where("aw.show_on_profile OR "+givenBy, bun.List(f.AlsoInNamespaces))
	}
	if f.OnlyReadable {
		which, args := givenWhereReadable(f.ViewerID)
		q = q.Where(which, args...)
	}
	return q
}

// ListUserAwards returns a page of a user's standing awards as a profile shows them: those with a
// priority first, then by time; and the cursor of the next page, which is empty after the last one.
func (tx *Tx) ListUserAwards(ctx context.Context, f UserAwardFilter, p Page) ([]achievement.Award, string, error) {
	var rows []awardRow
	q := tx.db.NewSelect().Model(&rows).Apply(f.chosen).OrderExpr(profileOrder).Limit(int64(p.limit()) + 1)
	if p.After != "" {
		after, err := parseCursor(p.After, 3)
		if err != nil {
			return nil, "", err
		}
		q = q.Where("(coalesce(aw.priority, 9223372036854775807), aw.awarded_at, aw.id) > (?, ?, ?)",
			after[0], fromMicros(after[1]), after[2])
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), onProfile)
	return awardsOf(rows), next, nil
}
