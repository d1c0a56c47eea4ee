package store

import (
	"context"
	"crypto/rand"

	"github.com/uptrace/bun"
)

type secretRow struct {
	bun.BaseModel `bun:"table:secrets,alias:s"`

	Name  string `bun:",pk"`
	Value []byte
}

// Secret returns the book's secret of the name. When it has none yet, one of so many bytes is made.
func (tx *Tx) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	fresh := make([]byte, size)
	_, _ = rand.Read(fresh) // never fails: the program ends first
	if _, err := tx.db.NewInsert().Model(&secretRow{Name: name, Value: fresh}).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return nil, err
	}
	var row secretRow
	err := tx.db.NewSelect().Model(&row).Where("name = ?", name).Scan(ctx)
	return row.Value, err
}

// KnownSecret returns the book's secret of the name, nil when none was made yet.
func (tx *Tx) KnownSecret(ctx context.Context, name string) ([]byte, error) {
	var row secretRow
	err := tx.db.NewSelect().Model(&row).Where("name = ?", name).Scan(ctx)
	return row.Value, ignoreNoRows(err)
}

// WantNoMails notes that the user wants no mail for awards any more.
func (tx *Tx) WantNoMails(ctx context.Context, userID int64) error {
	return one(tx.db.NewUpdate().Model((*userRow)(nil)).Set("award_emails = ?", false).
		Where("id = ?", userID).Exec(ctx))("user")
}
