package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens,alias:t"`

	ID         int64 `bun:",pk,autoincrement"`
	UserID     int64
	Name       string
	Hash       []byte
	Scopes     string
	ExpiresAt  time.Time `bun:",nullzero"`
	CreatedAt  time.Time
	LastUsedAt time.Time `bun:",nullzero"`
}

func (r *tokenRow) token() *achievement.Token {
	t := &achievement.Token{
		ID: r.ID, UserID: r.UserID, Name: r.Name, ExpiresAt: utc(r.ExpiresAt), CreatedAt: r.CreatedAt.UTC(),
		LastUsedAt: utc(r.LastUsedAt),
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

// TokensOf returns the user's tokens, oldest first, expired ones too.
func (tx *Tx) TokensOf(ctx context.Context, userID int64) ([]achievement.Token, error) {
	var rows []tokenRow
	if err := tx.db.NewSelect().Model(&rows).Where("user_id = ?", userID).Order("id").Scan(ctx); err != nil {
		return nil, err
	}
	tokens := make([]achievement.Token, len(rows))
	for i := range rows {
		tokens[i] = *rows[i].token()
	}
	return tokens, nil
}

// DeleteToken ends the user's token with the id.
func (tx *Tx) DeleteToken(ctx context.Context, userID, id int64) error {
	return one(tx.db.NewDelete().Model((*tokenRow)(nil)).Where("id = ?", id).Where("user_id = ?", userID).Exec(ctx))("token")
}

// TouchToken notes that the token was used, unless it was noted since the time.
func (tx *Tx) TouchToken(ctx context.Context, id int64, now, since time.Time) error {
	_, err := tx.db.NewUpdate().Model((*tokenRow)(nil)).Set("last_used_at = ?", now).
		Where("id = ?", id).Where("last_used_at IS NULL OR last_used_at < ?", since).Exec(ctx)
	return err
}

// one turns a statement that found no row into the NotFound fault for a noun.
func one(done sql.Result, err error) func(noun string) error {
	return func(noun string) error {
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fault.NotFoundFor(noun)
	}
}
