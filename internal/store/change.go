package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// This file changes and deletes what people made by hand: achievements, and what is theirs of awards.

// AchievementForUpdate returns the achievement like AchievementByID and keeps others from changing it,
// and from awarding it, until the transaction ends.
func (tx *Tx) AchievementForUpdate(ctx context.Context, id int64) (*achievement.Achievement, error) {
	return tx.achievement(ctx, tx.dialect.lock(tx.db.NewSelect(), false), id)
}

// UpdateAchievement stores the name, description, kind and avatar of an achievement that this
// transaction has locked. A name that another one of the namespace has is a Conflict "name_taken"; a
// kind that the awards so far do not allow, a Conflict "kind_in_use" that says which awards. HoldRevision with exclusive set
// must have been called before.
func (tx *Tx) UpdateAchievement(ctx context.Context, a *achievement.Achievement) error {
	var before achievementRow
	if err := tx.db.NewSelect().Model(&before).Where("id = ?", a.ID).Scan(ctx); err != nil {
		return found(err, "achievement")
	}
	wanted := rowOfAchievement(a)
	if err := tx.nameIsFree(ctx, wanted); err != nil {
		return err
	}
	if wanted.Kind != before.Kind {
		if err := tx.changeKind(ctx, a.ID, wanted.Kind); err != nil {
			return err
		}
	}
	_, err := tx.db.NewUpdate().Model(wanted).
		Column("name", "name_folded", "description", "kind", "avatar_hash", "updated_at").WherePK().Exec(ctx)
	if err != nil || wanted.Kind == before.Kind && wanted.Name == before.Name {
		return err
	}
	return tx.NoteChange(ctx)
}

// changeKind makes the awards of the achievement awards of the kind. By hand, each award of a
// repeatable achievement has an occurrence of its own; other kinds know none.
func (tx *Tx) changeKind(ctx context.Context, id int64, kind achievement.Kind) error {
	if err := tx.allowsKind(ctx, id, kind); err != nil {
		return err
	}
	if err := tx.dialect.deferKeys(ctx, tx.db); err != nil {
		return err
	}
	update := tx.db.NewUpdate().Model((*awardRow)(nil)).Set("kind = ?", kind).Where("achievement_id = ?", id)
	if kind == achievement.Repeatable {
		update = update.Set("occurrence = CASE WHEN occurrence = '' THEN 'award:' || id ELSE occurrence END")
	} else {
		update = update.Set("occurrence = ''")
	}
	_, err := update.Exec(ctx)
	return err
}

// maxNamed is how many awards an error names.
const maxNamed = 5

// allowsKind refuses a kind whose promise the awards break: for an irrevocable one, any that was
// revoked, and for both that are given once, a second one that stands.
func (tx *Tx) allowsKind(ctx context.Context, id int64, kind achievement.Kind) error {
	if kind == achievement.Repeatable {
		return nil
	}
	const second = `aw.revoked_at IS NULL AND EXISTS (SELECT 1 FROM awards AS o WHERE o.achievement_id = aw.achievement_id
		AND o.user_id = aw.user_id AND o.revoked_at IS NULL AND o.id < aw.id)`
	q := tx.db.NewSelect().Model((*awardRow)(nil)).Column("aw.id").Where("aw.achievement_id = ?", id).Order("aw.id").Limit(maxNamed + 1)
	if kind == achievement.Irrevocable {
		q = q.Where("(aw.revoked_at IS NOT NULL OR (" + second + "))")
	} else {
		q = q.Where(second)
	}
	var ids []int64
	if err := q.Scan(ctx, &ids); err != nil || len(ids) == 0 {
		return err
	}
	named := strings.Trim(fmt.Sprint(ids[:min(len(ids), maxNamed)]), "[]")
	if len(ids) > maxNamed {
		named += " and more"
	}
	return fault.New(fault.Conflict, "kind_in_use", "it cannot become %s: these awards are revoked, or a second one of the same user: %s",
		kind, strings.ReplaceAll(named, " ", ", "))
}

// DeleteAchievement deletes the achievement with all its awards, revoked ones too. HoldRevision with exclusive set must have
// been called before.
func (tx *Tx) DeleteAchievement(ctx context.Context, id int64) error {
	if _, err := tx.db.NewDelete().Model((*achievementRow)(nil)).Where("id = ?", id).Exec(ctx); err != nil {
		return err
	}
	return tx.NoteChange(ctx)
}

// UpdateAward stores whether the award is shown and its message.
func (tx *Tx) UpdateAward(ctx context.Context, a *achievement.Award) error {
	_, err := tx.db.NewUpdate().Model((*awardRow)(nil)).Set("show_on_profile = ?", a.ShowOnProfile).
		Set("message = ?", a.Message).Where("id = ?", a.ID).Exec(ctx)
	return err
}

// OrderAwards puts the user's awards first on the profile, in this order, and takes the place of all
// others. It returns the ids that are no award of the user, or none in the state; then nothing has changed.
func (tx *Tx) OrderAwards(ctx context.Context, userID int64, ids []int64, state AwardState) (strangers []int64, err error) {
	var own []int64
	q := state.among(tx.db.NewSelect().Model((*awardRow)(nil)).Column("id").Where("user_id = ?", userID).Where("id IN (?)", bun.List(ids)).Order("id"))
	if len(ids) > 0 {
		if err := tx.dialect.lock(q, false).Scan(ctx, &own); err != nil {
			return nil, err
		}
	}
	if strangers = without(ids, own); len(strangers) > 0 {
		return strangers, nil
	}
	tx.Touch(Change{Users: []int64{userID}})
	_, err = tx.db.NewUpdate().Model((*awardRow)(nil)).Set("priority = NULL").
		Where("user_id = ?", userID).Where("priority IS NOT NULL").Exec(ctx)
	for place, id := range ids {
		if err != nil {
			return nil, err
		}
		_, err = tx.db.NewUpdate().Model((*awardRow)(nil)).Set("priority = ?", place).Where("id = ?", id).Exec(ctx)
	}
	return nil, err
}

// PrioritisedAwards returns the ids of the user's awards that have a place on the profile, in that order.
func (tx *Tx) PrioritisedAwards(ctx context.Context, userID int64) ([]int64, error) {
	var ids []int64
	err := tx.db.NewSelect().Model((*awardRow)(nil)).Column("id").Where("user_id = ?", userID).
		Where("priority IS NOT NULL").Order("priority", "id").Scan(ctx, &ids)
	return ids, err
}

// without returns the ids that are not among the others.
func without(ids, others []int64) []int64 {
	there := make(map[int64]bool, len(others))
	for _, id := range others {
		there[id] = true
	}
	var missing []int64
	for _, id := range ids {
		if !there[id] {
			missing = append(missing, id)
		}
	}
	return missing
}

// AnyShown reports whether one of the achievement's awards is on a profile that everyone sees.
func (tx *Tx) AnyShown(ctx context.Context, achievementID int64) (bool, error) {
	return tx.db.NewSelect().Model((*awardRow)(nil)).Join("JOIN users AS u ON u.id = aw.user_id").
		Where("aw.achievement_id = ?", achievementID).Where("aw.revoked_at IS NULL").Where(shownToAll).Exists(ctx)
}

// AnyOf reports whether one of the achievement's awards is the user's; who had one taken away still sees what it was.
func (tx *Tx) AnyOf(ctx context.Context, achievementID, userID int64) (bool, error) {
	return tx.db.NewSelect().Model((*awardRow)(nil)).Where("aw.achievement_id = ?", achievementID).
		Where("aw.user_id = ?", userID).Exists(ctx)
}

// AllAwardsOf returns every award of the user, revoked ones too, oldest first.
func (tx *Tx) AllAwardsOf(ctx context.Context, userID int64) ([]achievement.Award, error) {
	var rows []awardRow
	err := tx.db.NewSelect().Model(&rows).Where("user_id = ?", userID).Order("awarded_at", "id").Scan(ctx)
	return awardsOf(rows), err
}

// AccountsOf returns the user's accounts, oldest first.
func (tx *Tx) AccountsOf(ctx context.Context, userID int64) ([]achievement.Account, error) {
	var rows []accountRow
	if err := tx.db.NewSelect().Model(&rows).Where("user_id = ?", userID).Order("id").Scan(ctx); err != nil {
		return nil, err
	}
	accounts := make([]achievement.Account, len(rows))
	for i := range rows {
		accounts[i] = rows[i].account()
	}
	return accounts, nil
}

// LinkAccount makes the account the user's, fills in its id, and reports whether it is new. An account
// that is another user's is a Conflict "account_taken".
func (tx *Tx) LinkAccount(ctx context.Context, a *achievement.Account, now time.Time) (created bool, err error) {
	var row accountRow
	err = tx.dialect.lock(tx.db.NewSelect(), false).Model(&row).
		Where("source = ?", a.Source).Where("forge_user_id = ?", a.ForgeUserID).Scan(ctx)
	if ignoreNoRows(err) != nil {
		return false, err
	}
	if err == nil && row.UserID != a.UserID {
		return false, fault.New(fault.Conflict, "account_taken", "this account is the user %d's", row.UserID)
	}
	if err == nil {
		row.Login = a.Login
		*a = row.account()
		_, err := tx.db.NewUpdate().Model(&row).Column("login").WherePK().Exec(ctx)
		return false, err
	}
	id, err := insertedID(ctx, tx.db.NewInsert().Model(&accountRow{
		UserID: a.UserID, Source: a.Source, ForgeUserID: a.ForgeUserID, Login: a.Login, Bot: a.Bot, CreatedAt: now,
	}))
	if err != nil || id == 0 {
		return false, orTaken(err, "account_taken", "this account was linked to somebody just now")
	}
	a.ID = id
	return true, nil
}

// UnlinkAccounts makes the user's accounts on the source nobody's.
func (tx *Tx) UnlinkAccounts(ctx context.Context, userID int64, source string) error {
	err := one(tx.db.NewDelete().Model((*accountRow)(nil)).
		Where("user_id = ?", userID).Where("source = ?", source).Exec(ctx))("account")
	if err != nil {
		return err
	}
	return tx.NoteChange(ctx)
}
