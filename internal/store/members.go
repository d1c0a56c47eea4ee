package store

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

type memberRow struct {
	bun.BaseModel `bun:"table:members,alias:m"`

	NamespaceID int64 `bun:",pk"`
	UserID      int64 `bun:",pk"`
	Role        achievement.Role
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// PutMember gives the user the role in the namespace and reports whether they had none there before.
func (tx *Tx) PutMember(ctx context.Context, namespaceID, userID int64, role achievement.Role, now time.Time) (created bool, err error) {
	row := &memberRow{NamespaceID: namespaceID, UserID: userID, Role: role, CreatedAt: now, UpdatedAt: now}
	inserted, err := tx.db.NewInsert().Model(row).On("CONFLICT (namespace_id, user_id) DO NOTHING").Exec(ctx)
	if err != nil {
		return false, err
	}
	if n, err := inserted.RowsAffected(); err != nil || n > 0 {
		return n > 0, err
	}
	_, err = tx.db.NewUpdate().Model(row).Column("role", "updated_at").WherePK().Exec(ctx)
	return false, err
}

// RoleIn returns the user's highest role in the namespace with the path and those around it.
func (tx *Tx) RoleIn(ctx context.Context, userID int64, fullPath string) (achievement.Role, error) {
	roles, err := tx.RolesIn(ctx, userID, []string{fullPath})
	return roles[fullPath], err
}

// RolesIn returns the user's highest role in each of the namespaces, inherited ones included;
// a namespace where they have none is missing.
func (tx *Tx) RolesIn(ctx context.Context, userID int64, fullPaths []string) (map[string]achievement.Role, error) {
	own, err := tx.memberships(ctx, userID, fullPaths)
	if err != nil {
		return nil, err
	}
	roles := map[string]achievement.Role{}
	for _, path := range fullPaths {
		for _, around := range achievement.Ancestors(strings.ToLower(path)) {
			if own[around] > roles[path] {
				roles[path] = own[around]
			}
		}
	}
	return roles, nil
}

// memberships returns the user's roles in the namespaces and those around them, by lower-case path.
func (tx *Tx) memberships(ctx context.Context, userID int64, fullPaths []string) (map[string]achievement.Role, error) {
	var around []string
	for _, path := range fullPaths {
		around = append(around, achievement.Ancestors(strings.ToLower(path))...)
	}
	var rows []struct {
		Path string
		Role achievement.Role
	}
	err := tx.db.NewSelect().Model((*memberRow)(nil)).Join("JOIN namespaces AS n ON n.id = m.namespace_id").
		ColumnExpr("lower(n.full_path) AS path, m.role").
		Where("m.user_id = ?", userID).Where("lower(n.full_path) IN (?)", bun.List(around)).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	roles := make(map[string]achievement.Role, len(rows))
	for _, row := range rows {
		roles[row.Path] = row.Role
	}
	return roles, nil
}

// MaintainedNamespaces returns the ids of the namespaces where the user is maintainer or owner,
// by their own membership or that of a namespace around.
func (tx *Tx) MaintainedNamespaces(ctx context.Context, userID int64) ([]int64, error) {
	var ids []int64
	err := tx.db.NewSelect().Model((*namespaceRow)(nil)).Column("n.id").
		Where(memberAround+" AND m.role >= ?)", userID, achievement.Maintainer).
		Order("n.id").Scan(ctx, &ids)
	return ids, err
}

// Membership is a user's role in one namespace.
type Membership struct {
	NamespaceID int64
	UserID      int64
	Role        achievement.Role
}

// ListMembers returns a page of the namespace's own members, in the order of their ids, and the cursor
// of the next page.
func (tx *Tx) ListMembers(ctx context.Context, namespaceID int64, p Page) ([]Membership, string, error) {
	q := tx.db.NewSelect().Model((*memberRow)(nil)).Column("namespace_id", "user_id", "role").
		Where("namespace_id = ?", namespaceID).Order("user_id").Limit(int64(p.limit()) + 1)
	q, err := p.from(q, "user_id > ?")
	if err != nil {
		return nil, "", err
	}
	var members []Membership
	if err := q.Scan(ctx, &members); err != nil {
		return nil, "", err
	}
	members, next := cut(members, p.limit(), func(m *Membership) position { return position{m.UserID} })
	return members, next, nil
}

// MembershipsOf returns the user's own memberships, in the order of the namespaces' ids.
func (tx *Tx) MembershipsOf(ctx context.Context, userID int64) ([]Membership, error) {
	var members []Membership
	err := tx.db.NewSelect().Model((*memberRow)(nil)).Column("namespace_id", "user_id", "role").
		Where("user_id = ?", userID).Order("namespace_id").Scan(ctx, &members)
	return members, err
}

// OwnRole returns the user's role by a membership in the namespace itself.
func (tx *Tx) OwnRole(ctx context.Context, namespaceID, userID int64) (achievement.Role, error) {
	var roles []achievement.Role
	err := tx.db.NewSelect().Model((*memberRow)(nil)).Column("role").
		Where("namespace_id = ?", namespaceID).Where("user_id = ?", userID).Scan(ctx, &roles)
	if err != nil || len(roles) == 0 {
		return achievement.NoRole, err
	}
	return roles[0], nil
}

// RemoveMember ends the user's membership in the namespace itself.
func (tx *Tx) RemoveMember(ctx context.Context, namespaceID, userID int64) error {
	return one(tx.db.NewDelete().Model((*memberRow)(nil)).
		Where("namespace_id = ?", namespaceID).Where("user_id = ?", userID).Exec(ctx))("member")
}
