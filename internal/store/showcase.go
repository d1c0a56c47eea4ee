package store

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// ShownAward is the award of an achievement that stands first on a profile, and what is to be said of the others.
type ShownAward struct {
	achievement.Award

	// Times is how often the achievement stands on the profile.
	Times int
	// Recency is 1 for the achievement that was awarded last, 2 for the one before.
	Recency int
}

type shownRow struct {
	awardRow `bun:",extend"`

	Times   int64 `bun:",scanonly"`
	Recency int64 `bun:",scanonly"`
}

// ShowcaseOf returns the chosen awards of a user, one of each achievement, in the order in which a profile shows them: at
// most so many, however often each was awarded.
func (tx *Tx) ShowcaseOf(ctx context.Context, f UserAwardFilter, most int) ([]ShownAward, error) {
	each := tx.db.NewSelect().Model((*awardRow)(nil)).
		ColumnExpr("aw.id").ColumnExpr("count(*) OVER (PARTITION BY aw.achievement_id) AS times").
		ColumnExpr("max(aw.awarded_at) OVER (PARTITION BY aw.achievement_id) AS latest").
		ColumnExpr("row_number() OVER (PARTITION BY aw.achievement_id ORDER BY " + profileOrder + ") AS place").
		Apply(f.chosen)
	var rows []shownRow
	err := tx.db.NewSelect().Model(&rows).ColumnExpr("aw.*, e.times").
		ColumnExpr("row_number() OVER (ORDER BY e.latest DESC, aw.id DESC) AS recency").
		Join("JOIN (?) AS e ON e.id = aw.id AND e.place = 1", each).
		OrderExpr(profileOrder).Limit(int64(most)).Scan(ctx)
	if err != nil {
		return nil, err
	}
	shown := make([]ShownAward, len(rows))
	for i := range rows {
		shown[i] = ShownAward{*rows[i].award(), int(rows[i].Times), int(rows[i].Recency)}
	}
	return shown, nil
}

// Avatars returns those of the pictures that are kept, by their hashes.
func (tx *Tx) Avatars(ctx context.Context, hashes [][]byte) (map[string][]byte, error) {
	pictures := make(map[string][]byte, len(hashes))
	if len(hashes) == 0 {
		return pictures, nil
	}
	var rows []avatarRow
	if err := tx.db.NewSelect().Model(&rows).Where("hash IN (?)", bun.List(hashes)).Scan(ctx); err != nil {
		return nil, err
	}
	for i := range rows {
		pictures[string(rows[i].Hash)] = rows[i].PNG
	}
	return pictures, nil
}
