package store

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

type namespaceRow struct {
	bun.BaseModel `bun:"table:namespaces,alias:n"`

	ID         int64 `bun:",pk,autoincrement"`
	FullPath   string
	Name       string
	Visibility achievement.Visibility
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

func (r *namespaceRow) namespace() *achievement.Namespace {
	return &achievement.Namespace{
		ID: r.ID, FullPath: r.FullPath, Name: r.Name, Visibility: r.Visibility,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// CreateNamespace stores a new namespace and fills in the id. A path that is taken, in whatever
// case, is a Conflict "path_taken".
func (tx *Tx) CreateNamespace(ctx context.Context, n *achievement.Namespace) error {
	row := &namespaceRow{
		FullPath: n.FullPath, Name: n.Name, Visibility: n.Visibility, CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
	}
	id, err := insertedID(ctx, tx.db.NewInsert().Model(row))
	if err != nil || id == 0 {
		return orTaken(err, "path_taken", "there is a namespace %q already", n.FullPath)
	}
	n.ID = id
	return nil
}

// NamespaceByID returns the namespace with the id.
func (tx *Tx) NamespaceByID(ctx context.Context, id int64) (*achievement.Namespace, error) {
	return tx.namespace(ctx, "id = ?", id)
}

// NamespaceByPath returns the namespace with the full path, in whatever case.
func (tx *Tx) NamespaceByPath(ctx context.Context, fullPath string) (*achievement.Namespace, error) {
	return tx.namespace(ctx, "lower(full_path) = ?", strings.ToLower(fullPath))
}

func (tx *Tx) namespace(ctx context.Context, where string, arg any) (*achievement.Namespace, error) {
	var row namespaceRow
	if err := tx.db.NewSelect().Model(&row).Where(where, arg).Scan(ctx); err != nil {
		return nil, found(err, "namespace")
	}
	return row.namespace(), nil
}

// NamespacesByID returns those of the namespaces that exist.
func (tx *Tx) NamespacesByID(ctx context.Context, ids []int64) (map[int64]*achievement.Namespace, error) {
	namespaces := make(map[int64]*achievement.Namespace, len(ids))
	if len(ids) == 0 {
		return namespaces, nil
	}
	var rows []namespaceRow
	if err := tx.db.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	for i := range rows {
		namespaces[rows[i].ID] = rows[i].namespace()
	}
	return namespaces, nil
}
