package operation

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// keptFor is how long the answer to a request with a key is kept.
const keptFor = 24 * time.Hour

// Once runs fn, in one transaction with all the operations that it calls, unless the caller did
// it under this key within the last 24 hours: then it returns the answer that fn gave at that time. An
// error of fn undoes everything and is kept for nobody. The fingerprint tells the request from
// others; what of it may differ is for the door to decide.
//
// Answers may hold a token's secret: they are kept sealed with the key, which is not kept.
// Faults: idempotency_key_reused, idempotency_key_busy.
func (o *Operations) Once(
	ctx context.Context, caller Caller, key string, fingerprint [32]byte, fn func(ctx context.Context) ([]byte, error),
) (answer []byte, err error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	name := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", caller.ID(), key))
	tried := false
	err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := o.now()
		kept, claimed, err := tx.ClaimKey(ctx, name, now.Add(-keptFor))
		switch {
		case err != nil:
			return err
		case !claimed:
			return fault.New(fault.Conflict, "idempotency_key_busy", "the first request with this Idempotency-Key is still running")
		case kept != nil && kept.Fingerprint != fingerprint:
			return fault.New(fault.Unusable, "idempotency_key_reused", "this Idempotency-Key was used with another request")
		case kept != nil:
			answer, err = unseal(key, kept.Response)
			return err
		case tried:
			// The request's body is read; only its sender can send it again.
			return fault.UnavailableFor("the database", time.Second)
		}
		tried = true
		if answer, err = fn(ctx); err != nil {
			return err
		}
		sealed, err := seal(key, answer)
		if err != nil {
			return err
		}
		if err := tx.ForgetResponses(ctx, now.Add(-keptFor)); err != nil {
			return err
		}
		return tx.KeepResponse(ctx, name, store.KeptResponse{Fingerprint: fingerprint, Response: sealed}, now)
	})
	if err != nil {
		return nil, err
	}
	o.announce()
	return answer, nil
}

func aead(key string) (cipher.AEAD, error) {
	secret, err := hkdf.Key(sha256.New, []byte(key), nil, "accolade idempotency", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("making a cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(key string, answer []byte) ([]byte, error) {
	sealer, err := aead(key)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(nil, nil, answer, nil), nil //nolint:gosec // the sealer makes a nonce by chance
}

func unseal(key string, sealed []byte) ([]byte, error) {
	opener, err := aead(key)
	if err != nil {
		return nil, err
	}
	answer, err := opener.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errors.Join(errors.New("the kept answer cannot be read"), err)
	}
	return answer, nil
}
