package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Revision is a set of rules files that was applied.
type Revision struct {
	ID int64
	// Hash tells the files' meaning.
	Hash string
	// Files is whatever the caller needs to load them again.
	Files     []byte
	CreatedAt time.Time
}

type revisionRow struct {
	bun.BaseModel `bun:"table:revisions,alias:r"`

	ID        int64 `bun:",pk,autoincrement"`
	Hash      string
	Files     string
	CreatedAt time.Time
	AppliedAt time.Time
}

func (r *revisionRow) revision() *Revision {
	return &Revision{ID: r.ID, Hash: r.Hash, Files: []byte(r.Files), CreatedAt: r.CreatedAt.UTC()}
}

// EnsureRevision makes the revision with the hash the latest one, and makes it at all if the book
// does not hold it.
func (tx *Tx) EnsureRevision(ctx context.Context, hash string, files []byte, now time.Time) (*Revision, error) {
	row := &revisionRow{Hash: hash, Files: string(files), CreatedAt: now, AppliedAt: now}
	var stored []revisionRow
	err := tx.db.NewInsert().Model(row).ExcludeColumn("id").On("CONFLICT (hash) DO UPDATE").
		Set("applied_at = EXCLUDED.applied_at").Set("files = EXCLUDED.files").Returning("*").Scan(ctx, &stored)
	if err != nil {
		return nil, err
	}
	return stored[0].revision(), nil
}

// LatestRevision returns the revision that was applied last.
func (tx *Tx) LatestRevision(ctx context.Context) (*Revision, error) {
	var row revisionRow
	if err := tx.db.NewSelect().Model(&row).Order("applied_at DESC", "id DESC").Limit(1).Scan(ctx); err != nil {
		return nil, found(err, "revision")
	}
	return row.revision(), nil
}
