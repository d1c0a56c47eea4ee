package automation

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/seed-504bad89/accolade/internal/store"
)

// A body is stored compressed with zstd: alone, or with another body as its dictionary, its base, which the same source sent of
// the same event within the last hour and which stands alone. What a forge sends of one event is mostly the same text, so that a
// third of the bytes is saved (docs/decisions/0025-bodies-packed-on-others.md).

const (
	// baseAge is for how long others are packed on a body; a tenth of the time for which bodies are kept, if that is less. For so
	// long it is kept beyond that time.
	baseAge = time.Hour
	// smallestBase and largestBase are the sizes of a body that others are packed on, and of those that are.
	smallestBase, largestBase = 512, 64 << 10
	// knownBases is how many bases a process remembers, and packingAtOnce how many bodies are packed on each at once. An encoder
	// needs about half a megabyte.
	knownBases, packingAtOnce = 16, 2
)

// sort of body that others are packed on.
type baseKey struct{ source, event string }

// base is a body in the book that others are packed on.
type base struct {
	id      int64
	body    []byte
	encoder *zstd.Encoder
	until   time.Time
	// lost says that the book may not hold it.
	lost atomic.Bool
}

// bases are what this process packs bodies on.
type bases struct {
	mutex sync.Mutex
	known *lru.Cache[baseKey, *base]
	age   time.Duration
}

// newBases is told for how long bodies are kept; 0 is for ever.
func newBases(retention time.Duration) *bases {
	known, err := lru.New[baseKey, *base](knownBases)
	if err != nil {
		panic("a fixed positive size was refused: " + err.Error())
	}
	return &bases{known: known, age: ageOfBases(retention)}
}

func ageOfBases(retention time.Duration) time.Duration {
	if retention > 0 {
		return min(baseAge, retention/10)
	}
	return baseAge
}

// find returns what a body is packed on at a time; nil for nothing.
func (b *bases) find(key baseKey, now time.Time) *base {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if on, ok := b.known.Get(key); ok && now.Before(on.until) {
		return on
	}
	return nil
}

// offer has others packed on a committed delivery, if it is of use for that and none is known.
func (b *bases) offer(in *intake, now time.Time) {
	d, key := &in.delivery, in.baseKey()
	until := d.ReceivedAt.Add(b.age)
	if d.Existing || d.BaseID != 0 || d.BodySize < smallestBase || d.BodySize > largestBase || !now.Before(until) || b.find(key, now) != nil {
		return
	}
	body, err := unpack(d)
	if err != nil {
		return // it was packed by this process
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(packingAtOnce),
		zstd.WithEncoderDictRaw(dictionaryID, body))
	if err != nil {
		return // no length of a dictionary is refused
	}
	on := &base{id: d.ID, body: body, encoder: encoder, until: until}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.known.Add(key, on)
}

// lose forgets all bases: the book has turned out not to hold one, as after a standby took over that had not heard of it.
func (b *bases) lose() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, on := range b.known.Values() {
		on.lost.Store(true)
	}
	b.known.Purge()
}

func (in *intake) baseKey() baseKey { return baseKey{in.source, in.delivery.EventName} }

// pack compresses the body of a delivery.
func (a *Automation) pack(in *intake, body []byte) {
	if len(body) >= smallestBase && len(body) <= largestBase {
		if in.on = a.bases.find(in.baseKey(), a.now()); in.on != nil {
			in.delivery.BaseID, in.delivery.Body = in.on.id, in.on.encoder.EncodeAll(body, make([]byte, 0, len(body)/4))
			return
		}
	}
	in.delivery.Body = a.compress(body)
}

// compress packs a body alone.
func (a *Automation) compress(body []byte) []byte {
	if len(body) < largeBody {
		return a.encoder.EncodeAll(body, make([]byte, 0, len(body)/3))
	}
	return slices.Clone(a.encoder.EncodeAll(body, make([]byte, 0, a.encoder.MaxEncodedSize(len(body)))))
}

// standAlone packs the body of a delivery anew so that it needs no other.
func (a *Automation) standAlone(in *intake) error {
	if in.on == nil {
		return nil
	}
	body, err := in.body()
	if err == nil {
		in.on, in.delivery.BaseID, in.delivery.Body = nil, 0, a.compress(body)
	}
	return err
}

// mend has those of the deliveries stand alone whose bases are lost.
func (a *Automation) mend(batch []*intake) error {
	for _, in := range batch {
		if in.on != nil && in.on.lost.Load() {
			if err := a.standAlone(in); err != nil {
				return err
			}
		}
	}
	return nil
}

// body returns the body as it was sent.
func (in *intake) body() ([]byte, error) {
	if in.on == nil {
		return unpack(&in.delivery)
	}
	return decompress(in.delivery.Body, in.on.body)
}

// unpack returns the body of a stored delivery as it was sent.
func unpack(d *store.Delivery) ([]byte, error) {
	if d.BaseID == 0 {
		return decompress(d.Body, nil)
	}
	on, err := decompress(d.Base, nil)
	if err != nil {
		return nil, err
	}
	return decompress(d.Body, on)
}

// dictionaryID stands in what is packed on a base. Which base it is, the book says; another one is noticed by the checksum.
const dictionaryID = 1

// decompress returns what was compressed, with a dictionary unless that is nil.
func decompress(packed, dictionary []byte) ([]byte, error) {
	options := []zstd.DOption{zstd.WithDecoderConcurrency(1)}
	if dictionary != nil {
		options = append(options, zstd.WithDecoderDictRaw(dictionaryID, dictionary))
	}
	reader, err := zstd.NewReader(nil, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing decompression: %w", err)
	}
	defer reader.Close()
	body, err := reader.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("decompressing the delivery: %w", err)
	}
	return body, nil
}

// keyOf identifies a delivery by its transport id together with its body: the id alone is not covered by any forge's
// signature, and Gitea gives every redelivery another one.
func keyOf(transportID string, body []byte) (key [16]byte) {
	digest := sha256.New()
	digest.Write([]byte(transportID))
	digest.Write([]byte{0})
	digest.Write(body)
	copy(key[:], digest.Sum(nil))
	return key
}
