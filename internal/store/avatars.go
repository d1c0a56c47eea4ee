package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

type avatarRow struct {
	bun.BaseModel `bun:"table:avatars,alias:av"`

	Hash      []byte `bun:",pk"`
	PNG       []byte
	CreatedAt time.Time
}

// PutAvatar keeps the picture under the SHA-256 of its bytes, once however many use it.
func (tx *Tx) PutAvatar(ctx context.Context, hash, png []byte, now time.Time) error {
	_, err := tx.db.NewInsert().Model(&avatarRow{Hash: hash, PNG: png, CreatedAt: now}).On("CONFLICT DO NOTHING").Exec(ctx)
	return err
}

// Avatar returns the picture with the hash, a PNG.
func (tx *Tx) Avatar(ctx context.Context, hash []byte) ([]byte, error) {
	var row avatarRow
	if err := tx.db.NewSelect().Model(&row).Where("hash = ?", hash).Scan(ctx); err != nil {
		return nil, found(err, "avatar")
	}
	return row.PNG, nil
}

// DropAvatar forgets the picture unless an achievement uses it. The empty hash is no picture.
func (tx *Tx) DropAvatar(ctx context.Context, hash []byte) error {
	if len(hash) == 0 {
		return nil
	}
	_, err := tx.db.NewDelete().Model((*avatarRow)(nil)).Where("hash = ?", hash).
		Where("NOT EXISTS (SELECT 1 FROM achievements AS a WHERE a.avatar_hash = av.hash)").Exec(ctx)
	return err
}
