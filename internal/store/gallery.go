package store

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// CountPeople returns how many people there are: users who are no bots, and neither erased nor merged into others.
func (tx *Tx) CountPeople(ctx context.Context) (int, error) {
	n, err := tx.db.NewSelect().Model((*userRow)(nil)).Where("NOT bot").Where("erased_at IS NULL").Where("merged_into IS NULL").Count(ctx)
	return int(n), err
}

// CountAwards returns how many awards of the achievement there are, revoked ones too.
func (tx *Tx) CountAwards(ctx context.Context, achievementID int64) (int, error) {
	n, err := tx.db.NewSelect().Model((*awardRow)(nil)).Where("aw.achievement_id = ?", achievementID).Count(ctx)
	return int(n), err
}

// NamespacesByPath returns those of the namespaces that exist, the ones with the shortest paths first.
func (tx *Tx) NamespacesByPath(ctx context.Context, paths []string) ([]achievement.Namespace, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	folded := make([]string, len(paths))
	for i, path := range paths {
		folded[i] = strings.ToLower(path)
	}
	var rows []namespaceRow
	err := tx.db.NewSelect().Model(&rows).Where("lower(full_path) IN (?)", bun.List(folded)).OrderExpr("length(full_path)").Scan(ctx)
	namespaces := make([]achievement.Namespace, len(rows))
	for i := range rows {
		namespaces[i] = *rows[i].namespace()
	}
	return namespaces, err
}

// AchievementsOfSeries returns the steps of a ladder, the lowest first.
func (tx *Tx) AchievementsOfSeries(ctx context.Context, namespaceID int64, series string) ([]achievement.Achievement, error) {
	var rows []achievementRow
	err := tx.db.NewSelect().Model(&rows).Where("namespace_id = ?", namespaceID).Where("series = ?", series).Order("tier").Scan(ctx)
	steps := make([]achievement.Achievement, len(rows))
	for i := range rows {
		steps[i] = *rows[i].achievement()
	}
	return steps, err
}

// Leader is how much of a namespace's achievements somebody holds.
type Leader struct {
	UserID int64
	// Achievements are how many different ones, Awards how many awards.
	Achievements, Awards int
}

// Leaders returns the people, at most limit, who hold the most different achievements of the namespace by awards that
// everyone sees; of those with as many, who has more awards, and then who was there first.
func (tx *Tx) Leaders(ctx context.Context, namespaceID int64, limit int) ([]Leader, error) {
	var leaders []Leader
	err := openAwards(tx.db.NewSelect(), namespaceID).ColumnExpr("aw.user_id").
		ColumnExpr("count(DISTINCT aw.achievement_id) AS achievements").ColumnExpr("count(*) AS awards").
		Where("NOT u.bot").GroupExpr("aw.user_id").OrderExpr("achievements DESC, awards DESC, aw.user_id").Limit(int64(limit)).Scan(ctx, &leaders)
	return leaders, err
}

// LatestAwards returns the latest awards of a namespace's achievements, at most limit, that everyone sees; newest first.
func (tx *Tx) LatestAwards(ctx context.Context, namespaceID int64, limit int) ([]achievement.Award, error) {
	var rows []awardRow
	err := openAwards(tx.db.NewSelect(), namespaceID).ColumnExpr("aw.*").
		OrderExpr("aw.awarded_at DESC, aw.id DESC").Limit(int64(limit)).Scan(ctx, &rows)
	return awardsOf(rows), err
}

// LatestUserAwards returns the latest of a user's standing awards that the filter chooses, at most limit; newest first.
func (tx *Tx) LatestUserAwards(ctx context.Context, f UserAwardFilter, limit int) ([]achievement.Award, error) {
	var rows []awardRow
	err := tx.db.NewSelect().Model(&rows).Apply(f.chosen).OrderExpr("aw.awarded_at DESC, aw.id DESC").Limit(int64(limit)).Scan(ctx)
	return awardsOf(rows), err
}

// openAwards chooses the standing awards of a namespace's achievements that are on profiles which everyone sees.
func openAwards(q *bun.SelectQuery, namespaceID int64) *bun.SelectQuery {
	return q.TableExpr("awards AS aw").Join("JOIN achievements AS a ON a.id = aw.achievement_id").
		Join("JOIN users AS u ON u.id = aw.user_id").
		Where("a.namespace_id = ?", namespaceID).Where("aw.revoked_at IS NULL").Where(shownToAll)
}

// FindAchievements returns achievements of all namespaces by a part of the name or of "namespace/key", in whatever case.
func (tx *Tx) FindAchievements(ctx context.Context, search string, limit int) ([]achievement.Achievement, error) {
	like := containing(search)
	var rows []achievementRow
	err := tx.db.NewSelect().Model(&rows).Join("JOIN namespaces AS n ON n.id = a.namespace_id").
		Where(`(lower(a.name) LIKE ? ESCAPE '\' OR lower(n.full_path || '/' || coalesce(a.key, '')) LIKE ? ESCAPE '\')`, like, like).
		OrderExpr("n.full_path, a.name, a.id").Limit(int64(limit)).Scan(ctx)
	found := make([]achievement.Achievement, len(rows))
	for i := range rows {
		found[i] = *rows[i].achievement()
	}
	return found, err
}

// AwardsTo returns what awards of an achievement a user has or had, the newest first, at most limit.
func (tx *Tx) AwardsTo(ctx context.Context, achievementID, userID int64, limit int) ([]achievement.Award, error) {
	var rows []awardRow
	err := tx.db.NewSelect().Model(&rows).Where("achievement_id = ?", achievementID).Where("user_id = ?", userID).
		Order("awarded_at DESC", "id DESC").Limit(int64(limit)).Scan(ctx)
	awards := make([]achievement.Award, len(rows))
	for i := range rows {
		awards[i] = *rows[i].award()
	}
	return awards, err
}
