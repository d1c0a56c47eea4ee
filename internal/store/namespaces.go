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

	ID          int64 `bun:",pk,autoincrement"`
	FullPath    string
	Name        string
	Visibility  achievement.Visibility
	Leaderboard bool
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

func (r *namespaceRow) namespace() *achievement.Namespace {
	return &achievement.Namespace{
		ID: r.ID, FullPath: r.FullPath, Name: r.Name, Visibility: r.Visibility, Leaderboard: r.Leaderboard,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// CreateNamespace stores a new namespace and fills in the id. A path that is taken, in whatever
// case, is a Conflict "path_taken".
func (tx *Tx) CreateNamespace(ctx context.Context, n *achievement.Namespace) error {
	row := &namespaceRow{
		FullPath: n.FullPath, Name: n.Name, Visibility: n.Visibility, Leaderboard: n.Leaderboard, CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
	}
	id, err := insertedID(ctx, tx.db.NewInsert().Model(row))
	if err != nil || id == 0 {
		return orTaken(err, "path_taken", "there is a namespace %q already", n.FullPath)
	}
	n.ID = id
	tx.touchAll()
	return nil
}

// NamespaceByID returns the namespace with the id.
func (tx *Tx) NamespaceByID(ctx context.Context, id int64) (*achievement.Namespace, error) {
	return tx.namespace(ctx, tx.db.NewSelect(), "id = ?", id)
}

// NamespaceByPath returns the namespace with the full path, in whatever case.
func (tx *Tx) NamespaceByPath(ctx context.Context, fullPath string) (*achievement.Namespace, error) {
	return tx.namespace(ctx, tx.db.NewSelect(), "lower(full_path) = ?", strings.ToLower(fullPath))
}

func (tx *Tx) namespace(ctx context.Context, q *bun.SelectQuery, where string, arg any) (*achievement.Namespace, error) {
	var row namespaceRow
	if err := q.Model(&row).Where(where, arg).Scan(ctx); err != nil {
		return nil, found(err, "namespace")
	}
	return row.namespace(), nil
}

// NamespacesByID returns those of the namespaces that exist.
func (tx *Tx) NamespacesByID(ctx context.Context, ids []int64) (map[int64]*achievement.Namespace, error) {
	return byID(ctx, tx, ids, func(r *namespaceRow) (int64, *achievement.Namespace) { return r.ID, r.namespace() })
}

// NamespaceFilter chooses namespaces.
type NamespaceFilter struct {
	// Search, unless empty, is a part of the path or the name, in whatever case.
	Search string
	// ReaderID is who must be able to read them: by a public visibility, for 0; by an internal one,
	// too, for a user; and by a membership here or around. All lets everything through.
	ReaderID int64
	All      bool
}

// memberAround, with a ) after it, says that the user is a member m of the namespace n, or of one
// around it.
const memberAround = `EXISTS (SELECT 1 FROM members AS m JOIN namespaces AS o ON o.id = m.namespace_id WHERE m.user_id = ?
	AND (o.id = n.id OR lower(substr(n.full_path, 1, length(o.full_path) + 1)) = lower(o.full_path) || '/')`

// readableBy says that the user, 0 for nobody known, may read the namespace n.
func readableBy(userID int64) (which string, args []any) {
	if userID == 0 {
		return "n.visibility = ?", []any{achievement.Public}
	}
	return "(n.visibility <> ? OR " + memberAround + "))", []any{achievement.Private, userID}
}

// givenWhereReadable says that the user, 0 for nobody known, may read the namespace that gave the award aw.
func givenWhereReadable(userID int64) (which string, args []any) {
	which, args = readableBy(userID)
	return "EXISTS (SELECT 1 FROM achievements AS a JOIN namespaces AS n ON n.id = a.namespace_id WHERE a.id = aw.achievement_id AND " + which + ")", args
}

// ListNamespaces returns a page of the chosen namespaces, oldest first, and the cursor of the next page.
func (tx *Tx) ListNamespaces(ctx context.Context, f NamespaceFilter, p Page) ([]achievement.Namespace, string, error) {
	var rows []namespaceRow
	q := tx.db.NewSelect().Model(&rows).Order("n.id").Limit(int64(p.limit()) + 1)
	if !f.All {
		which, args := readableBy(f.ReaderID)
		q = q.Where(which, args...)
	}
	if f.Search != "" {
		like := containing(f.Search)
		q = q.Where(`(lower(n.full_path) LIKE ? ESCAPE '\' OR lower(n.name) LIKE ? ESCAPE '\')`, like, like)
	}
	q, err := p.from(q, "n.id > ?")
	if err != nil {
		return nil, "", err
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(r *namespaceRow) position { return position{r.ID} })
	namespaces := make([]achievement.Namespace, len(rows))
	for i := range rows {
		namespaces[i] = *rows[i].namespace()
	}
	return namespaces, next, nil
}

// NamespaceForUpdate returns the namespace like NamespaceByID and keeps others from changing it until
// the transaction ends.
func (tx *Tx) NamespaceForUpdate(ctx context.Context, id int64) (*achievement.Namespace, error) {
	return tx.namespace(ctx, tx.dialect.lock(tx.db.NewSelect(), false), "id = ?", id)
}

// UpdateNamespace stores the name and the visibility.
func (tx *Tx) UpdateNamespace(ctx context.Context, n *achievement.Namespace) error {
	_, err := tx.db.NewUpdate().Model((*namespaceRow)(nil)).Set("name = ?", n.Name).Set("visibility = ?", n.Visibility).
		Set("leaderboard = ?", n.Leaderboard).
		Set("updated_at = ?", n.UpdatedAt).Where("id = ?", n.ID).Exec(ctx)
	return err
}

// DeleteNamespace deletes the namespace and its members. While it has achievements that is a Conflict
// "not_empty".
func (tx *Tx) DeleteNamespace(ctx context.Context, id int64) error {
	used, err := tx.db.NewSelect().Model((*achievementRow)(nil)).Where("namespace_id = ?", id).Exists(ctx)
	if err != nil || used {
		return orTaken(err, "not_empty", "the namespace has achievements, which people may hold; delete those first")
	}
	_, err = tx.db.NewDelete().Model((*namespaceRow)(nil)).Where("id = ?", id).Exec(ctx)
	return err
}
