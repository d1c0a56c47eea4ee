package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// keyDigest is a natural key in few bytes: what the book keeps for ever of every event, to count none twice. Keys that
// share all but a number near their beginning lie side by side in the order of it, so that what happens now in a repository
// is found and stored in one place, however large the book is. Twelve bytes of SHA-256 tell such keys apart.
//
// The digests of events from before there were any are made by the databases, in the same way: see the migrations.
func keyDigest(source, key string) []byte {
	head, number := keyPlace(key)
	near, whole := sha256.Sum256([]byte(source+"\x00"+head)), sha256.Sum256([]byte(source+"\x00"+key))
	digest := append(make([]byte, 0, 4+4+12), near[:4]...)
	digest = binary.BigEndian.AppendUint32(digest, number)
	return append(digest, whole[:12]...)
}

// keyPlace returns the last of a key's first three parts that is a number, or rather its last nine digits, and what is
// before it; without a number, the first part and 0.
func keyPlace(key string) (head string, number uint32) {
	end := 0
	head, _, _ = strings.Cut(key, ":")
	for range 3 {
		part, rest, more := strings.Cut(key[end:], ":")
		if part != "" && strings.Trim(part, "0123456789") == "" {
			head = key[:end]
			n, _ := strconv.ParseUint(part[max(0, len(part)-9):], 10, 32) // at most nine digits
			number = uint32(n)
		}
		if !more {
			break
		}
		end = len(key) - len(rest)
	}
	return head, number
}

// EventIDs returns the ids of those of the events of a source that were ever stored, by their natural keys. The book may
// no longer hold the events themselves.
func (tx *Tx) EventIDs(ctx context.Context, source string, keys []string) (map[string]int64, error) {
	ids := make(map[string]int64, len(keys))
	if len(keys) == 0 {
		return ids, nil
	}
	digests := make([][]byte, 0, len(keys))
	by := make(map[string]string, len(keys))
	for _, key := range unique(keys) {
		digest := keyDigest(source, key)
		digests = append(digests, digest)
		by[string(digest)] = key
	}
	var rows []keyRow
	err := tx.db.NewSelect().Model(&rows).Where("digest IN (?)", bun.List(digests)).Scan(ctx)
	for i := range rows {
		ids[by[string(rows[i].Digest)]] = rows[i].ID
	}
	return ids, err
}

// EventID returns the id of the event with the natural key. The book may no longer hold the event itself.
func (tx *Tx) EventID(ctx context.Context, source, key string) (int64, error) {
	ids, err := tx.EventIDs(ctx, source, []string{key})
	if err == nil && ids[key] == 0 {
		err = fault.NotFoundFor("event")
	}
	return ids[key], err
}

type keyRow struct {
	bun.BaseModel `bun:"table:event_keys,alias:ek"`

	ID     int64
	Digest []byte
}
