package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID                  int64 `bun:",pk,autoincrement"`
	Username            string
	Name                string
	Email               string `bun:",nullzero"`
	Admin               bool
	Bot                 bool
	Claimed             bool
	Blocked             bool
	PrivateProfile      bool
	AchievementsEnabled bool
	AwardEmails         bool
	ShareProgress       bool
	CreatedAt           time.Time
	UpdatedAt           time.Time
	ErasedAt            time.Time `bun:",nullzero"`
	// MergedInto is whom the user turned out to be.
	MergedInto int64 `bun:",nullzero"`
}

func rowOfUser(u *achievement.User) *userRow {
	return &userRow{
		ID: u.ID, Username: u.Username, Name: u.Name, Email: u.Email, Admin: u.Admin, Bot: u.Bot, Claimed: u.Claimed,
		Blocked: u.Blocked, PrivateProfile: u.PrivateProfile, AchievementsEnabled: u.AchievementsEnabled,
		AwardEmails: u.AwardEmails, ShareProgress: u.ShareProgress, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, ErasedAt: u.ErasedAt,
	}
}

func (r *userRow) user() *achievement.User {
	return &achievement.User{
		ID: r.ID, Username: r.Username, Name: r.Name, Email: r.Email, Admin: r.Admin, Bot: r.Bot, Claimed: r.Claimed,
		Blocked: r.Blocked, PrivateProfile: r.PrivateProfile, AchievementsEnabled: r.AchievementsEnabled,
		AwardEmails: r.AwardEmails, ShareProgress: r.ShareProgress, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), ErasedAt: utc(r.ErasedAt),
	}
}

// CreateUser stores a new user and fills in the id. A username that is taken, in whatever case,
// is a Conflict "username_taken".
func (tx *Tx) CreateUser(ctx context.Context, u *achievement.User) error {
	id, err := insertedID(ctx, tx.db.NewInsert().Model(rowOfUser(u)))
	if err != nil || id == 0 {
		return orTaken(err, "username_taken", "the username %q is taken", u.Username)
	}
	u.ID = id
	tx.Touch(Change{Newcomers: true})
	return nil
}

// UserByID returns the user with the id. Who was merged into another user is that one.
func (tx *Tx) UserByID(ctx context.Context, id int64) (*achievement.User, error) {
	return tx.user(ctx, tx.db.NewSelect(), "id = coalesce((SELECT m.merged_into FROM users AS m WHERE m.id = ?0), ?0)", id)
}

// UserByUsername returns the user with the name, in whatever case. The name of one who was merged into another
// user leads to that one.
func (tx *Tx) UserByUsername(ctx context.Context, username string) (*achievement.User, error) {
	return tx.user(ctx, tx.db.NewSelect(),
		"id = (SELECT coalesce(m.merged_into, m.id) FROM users AS m WHERE lower(m.username) = ?)", strings.ToLower(username))
}

func (tx *Tx) user(ctx context.Context, q *bun.SelectQuery, where string, arg any) (*achievement.User, error) {
	var row userRow
	if err := q.Model(&row).Where(where, arg).Scan(ctx); err != nil {
		return nil, found(err, "user")
	}
	return row.user(), nil
}

// UserForUpdate returns the user like UserByID and keeps others from changing them until the
// transaction ends.
func (tx *Tx) UserForUpdate(ctx context.Context, id int64) (*achievement.User, error) {
	return tx.user(ctx, tx.dialect.lock(tx.db.NewSelect(), false), "id = ?", id)
}

// UpdateUser stores all that can change of the user.
func (tx *Tx) UpdateUser(ctx context.Context, u *achievement.User) error {
	tx.touchAll()
	_, err := tx.db.NewUpdate().Model(rowOfUser(u)).ExcludeColumn("id", "created_at", "merged_into").WherePK().Exec(ctx)
	return err
}

// ListUsers returns a page of the users, oldest first, and the cursor of the next page. Search, unless
// empty, is a part of the username or the name, in whatever case. Those who were erased or merged into others are not among them.
func (tx *Tx) ListUsers(ctx context.Context, search string, p Page) ([]achievement.User, string, error) {
	var rows []userRow
	q := tx.db.NewSelect().Model(&rows).Where("erased_at IS NULL").Where("merged_into IS NULL").Order("id").Limit(int64(p.limit()) + 1)
	if search != "" {
		like := containing(search)
		q = q.Where(`(lower(username) LIKE ? ESCAPE '\' OR lower(name) LIKE ? ESCAPE '\')`, like, like)
	}
	q, err := p.from(q, "id > ?")
	if err != nil {
		return nil, "", err
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(r *userRow) position { return position{r.ID} })
	users := make([]achievement.User, len(rows))
	for i := range rows {
		users[i] = *rows[i].user()
	}
	return users, next, nil
}

// OtherAdmins returns how many users but this one are admins that are not blocked. Those stay so until the transaction ends.
func (tx *Tx) OtherAdmins(ctx context.Context, id int64) (int, error) {
	var rows []userRow
	err := tx.dialect.lock(tx.db.NewSelect(), false).Model(&rows).Where("admin").Where("NOT blocked").Where("id <> ?", id).
		Where("merged_into IS NULL").Order("id").Scan(ctx)
	return len(rows), err
}

// UsersByID returns those of the users that exist.
func (tx *Tx) UsersByID(ctx context.Context, ids []int64) (map[int64]*achievement.User, error) {
	return byID(ctx, tx, ids, func(r *userRow) (int64, *achievement.User) { return r.ID, r.user() })
}

// UsersAfter returns at most limit users whose id is larger, but for the house and those who were erased or merged into others, by id.
func (tx *Tx) UsersAfter(ctx context.Context, id int64, limit int) ([]achievement.User, error) {
	var rows []userRow
	err := tx.db.NewSelect().Model(&rows).Where("id > ?", max(id, achievement.HouseUserID)).Where("erased_at IS NULL").
		Where("merged_into IS NULL").Order("id").Limit(int64(limit)).Scan(ctx)
	users := make([]achievement.User, len(rows))
	for i := range rows {
		users[i] = *rows[i].user()
	}
	return users, err
}

// byID returns those of the nouns that exist.
func byID[Row, Noun any](ctx context.Context, tx *Tx, ids []int64, noun func(*Row) (int64, *Noun)) (map[int64]*Noun, error) {
	nouns := make(map[int64]*Noun, len(ids))
	if len(ids) == 0 {
		return nouns, nil
	}
	var rows []Row
	if err := tx.db.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	for i := range rows {
		id, n := noun(&rows[i])
		nouns[id] = n
	}
	return nouns, nil
}

// insertedID runs the insert of one row and returns its id, and 0 when a unique key was taken.
func insertedID(ctx context.Context, insert *bun.InsertQuery) (int64, error) {
	var ids []int64
	err := insert.ExcludeColumn("id").On("CONFLICT DO NOTHING").Returning("id").Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return 0, ignoreNoRows(err)
	}
	return ids[0], nil
}

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// orTaken returns err, or when there is none the Conflict for a name that another row has.
func orTaken(err error, code, format string, args ...any) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, code, format, args...)
}
