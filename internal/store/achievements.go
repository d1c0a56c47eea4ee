package store

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

type achievementRow struct {
	bun.BaseModel `bun:"table:achievements,alias:a"`

	ID          int64 `bun:",pk,autoincrement"`
	NamespaceID int64
	Key         string `bun:",nullzero"`
	Name        string
	NameFolded  string
	Description string
	Kind        achievement.Kind
	Series      string `bun:",nullzero"`
	Tier        int
	AvatarHash  []byte    `bun:",nullzero"`
	RetiredAt   time.Time `bun:",nullzero"`
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

func rowOfAchievement(a *achievement.Achievement) *achievementRow {
	return &achievementRow{
		ID: a.ID, NamespaceID: a.NamespaceID, Key: a.Key, Name: a.Name, NameFolded: fold(a.Name),
		Description: a.Description, Kind: a.Kind, Series: a.Series, Tier: a.Tier,
		AvatarHash: a.AvatarHash, RetiredAt: a.RetiredAt, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

func (r *achievementRow) achievement() *achievement.Achievement {
	return &achievement.Achievement{
		ID: r.ID, NamespaceID: r.NamespaceID, Key: r.Key, Name: r.Name, Description: r.Description,
		Kind: r.Kind, Series: r.Series, Tier: r.Tier, AvatarHash: r.AvatarHash, RetiredAt: utc(r.RetiredAt),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// fold makes names that differ in case alone equal.
func fold(name string) string { return strings.ToLower(name) }

// containing returns the pattern of LIKE for texts in lower case that contain the part, with \ as
// its escape.
func containing(part string) string {
	return "%" + literally(fold(part)) + "%"
}

// literally returns the pattern of LIKE, with \ as its escape, that means the text itself.
func literally(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// utc keeps the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// CreateAchievement stores a new achievement and fills in the id. A name that another one of the
// namespace has, in whatever case, is a Conflict "name_taken".
func (tx *Tx) CreateAchievement(ctx context.Context, a *achievement.Achievement) error {
	id, err := insertedID(ctx, tx.db.NewInsert().Model(rowOfAchievement(a)))
	if err != nil || id == 0 {
		return orTaken(err, "name_taken", "the namespace has an achievement %q already", a.Name)
	}
	a.ID = id
	return nil
}

// AchievementByID returns the achievement with the id.
func (tx *Tx) AchievementByID(ctx context.Context, id int64) (*achievement.Achievement, error) {
	return tx.achievement(ctx, tx.db.NewSelect(), id)
}

func (tx *Tx) achievement(ctx context.Context, q *bun.SelectQuery, id int64) (*achievement.Achievement, error) {
	var row achievementRow
	if err := q.Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, found(err, "achievement")
	}
	return row.achievement(), nil
}

// AchievementsByID returns those of the achievements that exist.
func (tx *Tx) AchievementsByID(ctx context.Context, ids []int64) (map[int64]*achievement.Achievement, error) {
	return byID(ctx, tx, ids, func(r *achievementRow) (int64, *achievement.Achievement) { return r.ID, r.achievement() })
}

// AchievementFilter chooses achievements; the zero value of a field chooses all.
type AchievementFilter struct {
	NamespaceID int64
	IDs         []int64
	Kind        achievement.Kind
	// Search is a part of the name, in whatever case.
	Search string
}

// ListAchievements returns a page of the chosen achievements, oldest first, and the cursor of the
// next page, which is empty after the last one.
func (tx *Tx) ListAchievements(ctx context.Context, f AchievementFilter, p Page) ([]achievement.Achievement, string, error) {
	var rows []achievementRow
	q := tx.db.NewSelect().Model(&rows).Order("id").Limit(int64(p.limit()) + 1)
	if f.NamespaceID != 0 {
		q = q.Where("namespace_id = ?", f.NamespaceID)
	}
	if len(f.IDs) > 0 {
		q = q.Where("id IN (?)", bun.List(f.IDs))
	}
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Search != "" {
		q = q.Where(`name_folded LIKE ? ESCAPE '\'`, containing(f.Search))
	}
	q, err := p.from(q, "id > ?")
	if err != nil {
		return nil, "", err
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(r *achievementRow) position { return position{r.ID} })
	items := make([]achievement.Achievement, len(rows))
	for i := range rows {
		items[i] = *rows[i].achievement()
	}
	return items, next, nil
}

// DeclareAchievements makes the book hold the achievements as rules files declare them, and fills in the rest
// of each from the book. They are matched by namespace and key; one that was made by hand under the same
// name and has no key is adopted. A name that another declared achievement has is a Conflict "name_taken";
// a kind that the awards so far do not allow, a Conflict "kind_in_use". The error of one comes with its index.
func (tx *Tx) DeclareAchievements(ctx context.Context, all []*achievement.Achievement) (index int, err error) {
	known, err := tx.declarable(ctx, all)
	if err != nil {
		return 0, err
	}
	var missing []int
	for i, a := range all {
		row := known[declaredAs{a.NamespaceID, a.Key}]
		if row == nil {
			row = known[declaredAs{a.NamespaceID, "name " + fold(a.Name)}]
		}
		if row == nil {
			missing = append(missing, i)
			continue
		}
		if err := tx.declareAgain(ctx, a, row); err != nil {
			return i, err
		}
	}
	for part := range slices.Chunk(missing, declaredAtOnce) {
		if i, err := tx.insertDeclared(ctx, all, part); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// declaredAtOnce is how many achievements one statement makes.
const declaredAtOnce = 1_000

// declaredAs is a key in a namespace, or "name " and a folded name of one that has no key.
type declaredAs struct {
	namespaceID int64
	key         string
}

// declarable returns the achievements of the namespaces by key, and those without one by name.
func (tx *Tx) declarable(ctx context.Context, all []*achievement.Achievement) (map[declaredAs]*achievementRow, error) {
	ids := make([]int64, len(all))
	for i, a := range all {
		ids[i] = a.NamespaceID
	}
	known := map[declaredAs]*achievementRow{}
	if len(ids) == 0 {
		return known, nil
	}
	var rows []achievementRow
	if err := tx.db.NewSelect().Model(&rows).Where("namespace_id IN (?)", bun.List(unique(ids))).Scan(ctx); err != nil {
		return nil, err
	}
	for i := range rows {
		as := declaredAs{rows[i].NamespaceID, rows[i].Key}
		if rows[i].Key == "" {
			as.key = "name " + rows[i].NameFolded
		}
		known[as] = &rows[i]
	}
	return known, nil
}

// insertDeclared makes the achievements with the indexes.
func (tx *Tx) insertDeclared(ctx context.Context, all []*achievement.Achievement, indexes []int) (int, error) {
	tx.touchAll()
	rows := make([]*achievementRow, len(indexes))
	for i, index := range indexes {
		rows[i] = rowOfAchievement(all[index])
	}
	var made []achievementRow
	err := tx.db.NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT DO NOTHING").Returning("id, namespace_id, key").Scan(ctx, &made)
	if ignoreNoRows(err) != nil {
		return indexes[0], err
	}
	ids := make(map[declaredAs]int64, len(made))
	for i := range made {
		ids[declaredAs{made[i].NamespaceID, made[i].Key}] = made[i].ID
	}
	for _, index := range indexes {
		a := all[index]
		if a.ID = ids[declaredAs{a.NamespaceID, a.Key}]; a.ID == 0 {
			return index, orTaken(nil, "name_taken", "the namespace has an achievement %q already", a.Name)
		}
	}
	return 0, nil
}

func (tx *Tx) declareAgain(ctx context.Context, a *achievement.Achievement, row *achievementRow) error {
	a.ID, a.CreatedAt = row.ID, row.CreatedAt.UTC()
	if a.AvatarHash == nil { // the files name no picture, so that one that was uploaded stays
		a.AvatarHash = row.AvatarHash
	}
	wanted := rowOfAchievement(a)
	wanted.CreatedAt, wanted.UpdatedAt = row.CreatedAt, row.UpdatedAt
	if reflect.DeepEqual(wanted, row) {
		a.UpdatedAt = row.UpdatedAt.UTC()
		return nil
	}
	wanted.UpdatedAt = a.UpdatedAt
	return tx.redeclare(ctx, wanted, row.Kind)
}

// nameIsFree refuses a name that another achievement of the namespace has, in whatever case.
func (tx *Tx) nameIsFree(ctx context.Context, wanted *achievementRow) error {
	taken, err := tx.db.NewSelect().Model((*achievementRow)(nil)).Where("namespace_id = ?", wanted.NamespaceID).
		Where("name_folded = ?", wanted.NameFolded).Where("id <> ?", wanted.ID).Exists(ctx)
	if err != nil || taken {
		return orTaken(err, "name_taken", "the namespace has an achievement %q already", wanted.Name)
	}
	return nil
}

func (tx *Tx) redeclare(ctx context.Context, wanted *achievementRow, before achievement.Kind) error {
	tx.touchAll()
	if err := tx.nameIsFree(ctx, wanted); err != nil {
		return err
	}
	if wanted.Kind != before {
		if err := tx.changeKind(ctx, wanted.ID, wanted.Kind); err != nil {
			return err
		}
	}
	_, err := tx.db.NewUpdate().Model(wanted).ExcludeColumn("id", "namespace_id", "created_at").WherePK().Exec(ctx)
	return err
}

// Declared returns all achievements that rules files declare or have declared, by id.
func (tx *Tx) Declared(ctx context.Context) ([]achievement.Achievement, error) {
	var rows []achievementRow
	if err := tx.db.NewSelect().Model(&rows).Where("key IS NOT NULL").Order("id").Scan(ctx); err != nil {
		return nil, err
	}
	items := make([]achievement.Achievement, len(rows))
	for i := range rows {
		items[i] = *rows[i].achievement()
	}
	return items, nil
}

// RetireAchievements retires the achievements with the ids: no rule gives them any more. Their awards stay.
func (tx *Tx) RetireAchievements(ctx context.Context, ids []int64, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	tx.touchAll()
	_, err := tx.db.NewUpdate().Model((*achievementRow)(nil)).Set("retired_at = ?", now).Set("updated_at = ?", now).
		Where("id IN (?)", bun.List(ids)).Where("retired_at IS NULL").Exec(ctx)
	return err
}

// errAlreadyAwarded names the award that stands in the way of another one.
func errAlreadyAwarded(id int64) *fault.Error {
	return fault.New(fault.Conflict, "already_awarded", "the user has this achievement already, by award %d", id)
}

// Handmade returns the achievements without a key, which rules of their names would adopt: by the full paths of
// their namespaces, which are chosen, and their names in lower case.
func (tx *Tx) Handmade(ctx context.Context, namespaces []string) (map[[2]string]*achievement.Achievement, error) {
	found := map[[2]string]*achievement.Achievement{}
	for _, path := range namespaces {
		var rows []achievementRow
		err := tx.db.NewSelect().Model(&rows).Join("JOIN namespaces AS n ON n.id = a.namespace_id").
			Where("lower(n.full_path) = ?", fold(path)).Where("a.key IS NULL").Scan(ctx)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			found[[2]string{path, rows[i].NameFolded}] = rows[i].achievement()
		}
	}
	return found, nil
}
