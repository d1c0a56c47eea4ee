package automation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/seed-504bad89/accolade/internal/store"
)

// A body is stored compressed: alone with zstd, or packed on another body, its base, which the same source sent of the same event
// within the last hour and which stands alone. What a forge sends of one event is mostly the same text, so that more than half
// of the bytes is saved (docs/decisions/0025-bodies-packed-on-others.md), and the quickest way to say so is enough: a block of S2 with the
// base as its dictionary, and behind it the CRC-32C of the body (docs/decisions/0031-cheaper-bodies.md).

const (
	// baseAge is for how long others are packed on a body; a tenth of the time for which bodies are kept, if that is less. For so
	// long it is kept beyond that time.
	baseAge = time.Hour
	// smallestBase and largestBase are the sizes of a body that others are packed on, and of those that are.
	smallestBase, largestBase = 512, 64 << 10
	// knownBases is how many bases a process has at once, each with 32 KB besides its body. Beyond them bodies stand alone.
	knownBases = 64
	// dictionaryID stands in what older versions packed on a base with zstd. Which base it is, the book says.
	dictionaryID = 1
)

// zstdMagic is how a frame of zstd begins (RFC 8878, section 3.1.1). A block of S2 begins with the length of the body, which would be
// 40 here: less than smallestBase.
var zstdMagic = []byte{0x28, 0xB5, 0x2F, 0xFD}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// scratches are where bodies are packed: S2 wants room for the body as it is.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// baseKey is a kind of body.
type baseKey struct{ source, event string }

// base is a body in the book that others are packed on.
type base struct {
	id         int64
	dictionary *s2.Dict
	until      time.Time
	// lost says that the book may not hold it.
	lost atomic.Bool
}

// bases are what this process packs bodies on.
type bases struct {
	mutex sync.Mutex
	known map[baseKey]*base
	age   time.Duration
}

// newBases is told for how long bodies are kept; 0 is for ever.
func newBases(retention time.Duration) *bases {
	age := baseAge
	if retention > 0 {
		age = min(baseAge, retention/10)
	}
	return &bases{known: map[baseKey]*base{}, age: age}
}

// find returns what a body is packed on at a time; nil for nothing.
func (b *bases) find(key baseKey, now time.Time) *base {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if on := b.known[key]; on != nil && now.Before(on.until) {
		return on
	}
	return nil
}

// wants reports whether there may be a base of a kind, and is none.
func (b *bases) wants(key baseKey, now time.Time) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	maps.DeleteFunc(b.known, func(_ baseKey, on *base) bool { return !now.Before(on.until) })
	return b.known[key] == nil && len(b.known) < knownBases
}

// offer has others packed on a committed delivery, if it is of use for that and none is known.
func (b *bases) offer(in *intake, now time.Time) {
	d, key := &in.delivery, in.baseKey()
	until := d.ReceivedAt.Add(b.age)
	if d.Existing || d.BaseID != 0 || d.BodySize < smallestBase || d.BodySize > largestBase || !now.Before(until) || !b.wants(key, now) {
		return
	}
	body, err := unpack(d)
	if err != nil {
		return // it was packed by this process
	}
	on := &base{id: d.ID, dictionary: dictionaryOf(body), until: until}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.known[key] = on
}

// lose forgets all bases: the book has turned out not to hold one, as after a standby took over that had not heard of it.
func (b *bases) lose() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, on := range b.known {
		on.lost.Store(true)
	}
	clear(b.known)
}

func (in *intake) baseKey() baseKey { return baseKey{in.source, in.delivery.EventName} }

// pack compresses the body of a delivery.
func (a *Automation) pack(in *intake, body []byte) {
	if len(body) >= smallestBase && len(body) <= largestBase {
		if in.on = a.bases.find(in.baseKey(), a.now()); in.on != nil {
			in.packed = packOn(in.on.dictionary, body)
			in.delivery.BaseID, in.delivery.Body = in.on.id, in.packed
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

// unbased returns the body of a delivery compressed so that it needs no other. It changes nothing: the delivery may be in a commit.
func (a *Automation) unbased(in *intake) ([]byte, error) {
	if in.on == nil {
		return in.delivery.Body, nil
	}
	body, err := in.body()
	if err != nil {
		return nil, err
	}
	return a.compress(body), nil
}

// standAlone has the book keep the delivery so that it needs no other.
func (a *Automation) standAlone(in *intake) error {
	if in.on == nil {
		return nil
	}
	body, err := a.unbased(in)
	if err == nil {
		in.delivery.BaseID, in.delivery.Body = 0, body
	}
	return err
}

// mend has those of the deliveries stand alone whose bases are lost.
func (a *Automation) mend(batch []*intake) error {
	for _, in := range batch {
		if in.on != nil && in.on.lost.Load() && in.delivery.BaseID != 0 {
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
	return unpackFrom(in.on.dictionary, in.packed)
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
	if bytes.HasPrefix(d.Body, zstdMagic) {
		return decompress(d.Body, on)
	}
	return unpackFrom(dictionaryOf(on), d.Body)
}

// dictionaryOf has others packed on a body: they begin as it does. It is nil for what is no base.
func dictionaryOf(body []byte) *s2.Dict { return s2.MakeDictManual(body, 0) }

// packOn packs a body on a base.
func packOn(dictionary *s2.Dict, body []byte) []byte {
	scratch, _ := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	if room := s2.MaxEncodedLen(len(body)); cap(*scratch) < room {
		*scratch = make([]byte, room)
	}
	block := dictionary.Encode(*scratch, body)
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, len(block)+crc32.Size), block...), crc32.Checksum(body, castagnoli))
}

// unpackFrom returns the body that was packed on a base.
func unpackFrom(dictionary *s2.Dict, packed []byte) ([]byte, error) {
	block := packed[:max(0, len(packed)-crc32.Size)]
	if size, err := s2.DecodedLen(block); err != nil || size > largestBase || dictionary == nil {
		return nil, errors.New("decompressing the delivery: it is not what was packed")
	}
	body, err := dictionary.Decode(nil, block)
	if err != nil {
		return nil, fmt.Errorf("decompressing the delivery: %w", err)
	}
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(packed[len(block):]) {
		return nil, errors.New("decompressing the delivery: its checksum is another one")
	}
	return body, nil
}

// decompress returns what was compressed with zstd, with a dictionary unless that is nil.
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
