package store

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/uptrace/bun"
)

type idempotencyRow struct {
	bun.BaseModel `bun:"table:idempotency_keys,alias:ik"`

	Key         []byte `bun:",pk"`
	Fingerprint []byte
	Response    []byte
	CreatedAt   time.Time
}

// KeptResponse is what was answered to a request that had a key.
type KeptResponse struct {
	// Fingerprint tells the request from others that have the same key.
	Fingerprint [32]byte
	Response    []byte
}

// ClaimKey makes the key this transaction's alone and returns the response that was kept for it since
// the time, nil for none. It reports false when another transaction has claimed the key and still runs.
func (tx *Tx) ClaimKey(ctx context.Context, key [32]byte, since time.Time) (kept *KeptResponse, claimed bool, err error) {
	number := int64(binary.BigEndian.Uint64(key[:8])) //nolint:gosec // any 64 bits will do
	if claimed, err = tx.dialect.claim(ctx, tx.db, number); err != nil || !claimed {
		return nil, false, err
	}
	var row idempotencyRow
	err = tx.db.NewSelect().Model(&row).Where("key = ?", key[:]).Where("created_at > ?", since).Scan(ctx)
	if err != nil {
		return nil, true, ignoreNoRows(err)
	}
	return &KeptResponse{Fingerprint: [32]byte(row.Fingerprint), Response: row.Response}, true, nil
}

// KeepResponse keeps the response for the claimed key.
func (tx *Tx) KeepResponse(ctx context.Context, key [32]byte, response KeptResponse, now time.Time) error {
	_, err := tx.db.NewInsert().Model(&idempotencyRow{
		Key: key[:], Fingerprint: response.Fingerprint[:], Response: response.Response, CreatedAt: now,
	}).On("CONFLICT (key) DO UPDATE").Set("fingerprint = EXCLUDED.fingerprint").
		Set("response = EXCLUDED.response").Set("created_at = EXCLUDED.created_at").Exec(ctx)
	return err
}

// ForgetResponses deletes the responses that were kept before the time.
func (tx *Tx) ForgetResponses(ctx context.Context, before time.Time) error {
	_, err := tx.db.NewDelete().Model((*idempotencyRow)(nil)).Where("created_at <= ?", before).Exec(ctx)
	return err
}
