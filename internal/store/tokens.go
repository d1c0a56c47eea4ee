package store

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens,alias:t"`

	ID        int64 `bun:",pk,autoincrement"`
	UserID    int64
	Name      string
	Hash      []byte
	Scopes    string
	ExpiresAt time.Time `bun:",nullzero"`
	CreatedAt time.Time
}

func (r *tokenRow) token() *achievement.Token {
	t := &achievement.Token{
		ID: r.ID, UserID: r.UserID, Name: r.Name, ExpiresAt: utc(r.ExpiresAt), CreatedAt: r.CreatedAt.UTC(),
	}
	for scope := range strings.FieldsSeq(r.Scopes) {
		t.Scopes = append(t.Scopes, achievement.Scope(scope))
	}
	return t
}

// CreateToken stores a new token by the SHA-256 of its secret and fills in the id. A secret that is
// in use already is a Conflict "token_taken".
func (tx *Tx) CreateToken(ctx context.Context, t *achievement.Token, hash [32]byte) error {
	scopes := make([]string, len(t.Scopes))
	for i, scope := range t.Scopes {
		scopes[i] = string(scope)
	}
	id, err := insertedID(ctx, tx.db.NewInsert().Model(&tokenRow{
		UserID: t.UserID, Name: t.Name, Hash: hash[:], Scopes: strings.Join(scopes, " "),
		ExpiresAt: t.ExpiresAt, CreatedAt: t.CreatedAt,
	}))
	if err != nil || id == 0 {
		return orTaken(err, "token_taken", "this token is in use already")
	}
	t.ID = id
	return nil
}

// TokenByHash returns the token whose secret has the SHA-256, expired or not.
func (tx *Tx) TokenByHash(ctx context.Context, hash [32]byte) (*achievement.Token, error) {
	var row tokenRow
	if err := tx.db.NewSelect().Model(&row).Where("hash = ?", hash[:]).Scan(ctx); err != nil {
		return nil, found(err, "token")
	}
	return row.token(), nil
}

// AnyAdminToken reports whether an admin who is not blocked has a token with the admin scope that
// does not expire.
func (tx *Tx) AnyAdminToken(ctx context.Context) (bool, error) {
	return tx.db.NewSelect().Model((*tokenRow)(nil)).Join("JOIN users AS u ON u.id = t.user_id").
		Where("u.admin").Where("NOT u.blocked").Where("t.expires_at IS NULL").
		Where("' ' || t.scopes || ' ' LIKE ?", "% "+string(achievement.ScopeAdmin)+" %").Exists(ctx)
}
