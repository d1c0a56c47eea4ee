package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:se"`

	ID         int64 `bun:",pk,autoincrement"`
	Hash       []byte
	UserID     int64
	TokenID    int64 `bun:",nullzero"`
	Provider   string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

func (r *sessionRow) session() achievement.Session {
	return achievement.Session{
		ID: r.ID, UserID: r.UserID, TokenID: r.TokenID, Provider: r.Provider,
		CreatedAt: r.CreatedAt.UTC(), LastSeenAt: r.LastSeenAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
	}
}

// CreateSession stores a new session by the SHA-256 of its secret and fills in the id.
func (tx *Tx) CreateSession(ctx context.Context, s *achievement.Session, hash [32]byte) error {
	id, err := insertedID(ctx, tx.db.NewInsert().Model(&sessionRow{
		Hash: hash[:], UserID: s.UserID, TokenID: s.TokenID, Provider: s.Provider,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt,
	}))
	if err != nil || id == 0 {
		return orTaken(err, "session_taken", "this session is in use already")
	}
	s.ID = id
	return nil
}

// SessionByHash returns the session whose secret has the SHA-256, expired or not.
func (tx *Tx) SessionByHash(ctx context.Context, hash [32]byte) (*achievement.Session, error) {
	var row sessionRow
	if err := tx.db.NewSelect().Model(&row).Where("hash = ?", hash[:]).Scan(ctx); err != nil {
		return nil, found(err, "session")
	}
	session := row.session()
	return &session, nil
}

// SessionsOf returns the user's sessions, oldest first, expired ones too.
func (tx *Tx) SessionsOf(ctx context.Context, userID int64) ([]achievement.Session, error) {
	var rows []sessionRow
	if err := tx.db.NewSelect().Model(&rows).Where("user_id = ?", userID).Order("id").Scan(ctx); err != nil {
		return nil, err
	}
	sessions := make([]achievement.Session, len(rows))
	for i := range rows {
		sessions[i] = rows[i].session()
	}
	return sessions, nil
}

// TouchSession notes that the session was used, unless it was noted since the time.
func (tx *Tx) TouchSession(ctx context.Context, id int64, now, since time.Time) error {
	_, err := tx.db.NewUpdate().Model((*sessionRow)(nil)).Set("last_seen_at = ?", now).
		Where("id = ?", id).Where("last_seen_at < ?", since).Exec(ctx)
	return err
}

// DeleteSession ends the user's session with the id.
func (tx *Tx) DeleteSession(ctx context.Context, userID, id int64) error {
	return one(tx.db.NewDelete().Model((*sessionRow)(nil)).Where("id = ?", id).Where("user_id = ?", userID).Exec(ctx))("session")
}

// EndSessions ends all sessions of the user.
func (tx *Tx) EndSessions(ctx context.Context, userID int64) error {
	_, err := tx.db.NewDelete().Model((*sessionRow)(nil)).Where("user_id = ?", userID).Exec(ctx)
	return err
}

// EndProvidedSessions ends those of the user's sessions that no token began.
func (tx *Tx) EndProvidedSessions(ctx context.Context, userID int64) error {
	_, err := tx.db.NewDelete().Model((*sessionRow)(nil)).Where("user_id = ?", userID).Where("token_id IS NULL").Exec(ctx)
	return err
}

// ExpireSessions deletes at most limit sessions whose time is over, or that were not seen since a time, and returns
// how many.
func (tx *Tx) ExpireSessions(ctx context.Context, now, unseenSince time.Time, limit int) (int64, error) {
	over := tx.db.NewSelect().Model((*sessionRow)(nil)).Column("id").
		Where("(expires_at <= ? OR last_seen_at <= ?)", now, unseenSince).Order("id").Limit(int64(limit))
	done, err := tx.db.NewDelete().Model((*sessionRow)(nil)).Where("id IN (?)", tx.dialect.lock(over, true)).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// SignIn is somebody who went away to a provider and can come back once.
type SignIn struct {
	// State and Browser are the SHA-256 of what the provider sends back, and of what only the browser has.
	State, Browser [32]byte
	Provider       string
	// Nonce is what the provider must have signed, Verifier the proof that we asked (RFC 7636).
	Nonce, Verifier string
	ReturnTo        string
	// UserID is the user who connects an account; 0 for somebody who signs in.
	UserID    int64
	CreatedAt time.Time
}

type signInRow struct {
	bun.BaseModel `bun:"table:sign_ins,alias:si"`

	State     []byte `bun:",pk"`
	Browser   []byte
	Provider  string
	Nonce     string
	Verifier  string
	ReturnTo  string
	UserID    int64 `bun:",nullzero"`
	CreatedAt time.Time
}

// BeginSignIn keeps what is needed when somebody comes back.
func (tx *Tx) BeginSignIn(ctx context.Context, s *SignIn) error {
	_, err := tx.db.NewInsert().Model(&signInRow{
		State: s.State[:], Browser: s.Browser[:], Provider: s.Provider, Nonce: s.Nonce, Verifier: s.Verifier,
		ReturnTo: s.ReturnTo, UserID: s.UserID, CreatedAt: s.CreatedAt,
	}).Returning("NULL").Exec(ctx)
	return err
}

// TakeSignIn forgets the sign-in with the state and returns it: nobody can take it again.
func (tx *Tx) TakeSignIn(ctx context.Context, state [32]byte) (*SignIn, error) {
	var rows []signInRow
	err := tx.db.NewDelete().Model((*signInRow)(nil)).Where("state = ?", state[:]).Returning("*").Scan(ctx, &rows)
	if ignoreNoRows(err) != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.NotFoundFor("sign-in")
	}
	r := &rows[0]
	return &SignIn{
		State: [32]byte(r.State), Browser: [32]byte(r.Browser), Provider: r.Provider, Nonce: r.Nonce, Verifier: r.Verifier,
		ReturnTo: r.ReturnTo, UserID: r.UserID, CreatedAt: r.CreatedAt.UTC(),
	}, nil
}

// ForgetSignIns deletes the sign-ins that began before a time.
func (tx *Tx) ForgetSignIns(ctx context.Context, before time.Time) error {
	_, err := tx.db.NewDelete().Model((*signInRow)(nil)).Where("created_at <= ?", before).Exec(ctx)
	return err
}
