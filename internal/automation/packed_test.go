package automation

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// noise returns bytes that nothing makes shorter.
func noise(size int) []byte {
	random := rand.NewChaCha8([32]byte{})
	bytes := make([]byte, size)
	_, _ = random.Read(bytes)
	return bytes
}

func zstdOf(t *testing.T, body []byte, options ...zstd.EOption) []byte {
	t.Helper()

	encoder, err := zstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	return encoder.EncodeAll(body, nil)
}

// A body that is packed on another one is read as it was sent, whatever it is, and also one that an older version packed.
func TestPackedIsReadAsItWasSent(t *testing.T) {
	t.Parallel()

	base := testkit.MergedPullRequest(1, 815, "ada")
	for name, body := range map[string][]byte{
		"of the same kind": testkit.MergedPullRequest(2, 815, "bob"),
		"the same":         base,
		"another kind":     bytes.Repeat([]byte("<tag/>"), 100),
		"noise":            noise(smallestBase),
		"the largest":      bytes.Repeat(testkit.MergedPullRequest(2, 815, "bob"), 1+largestBase/500)[:largestBase],
		"large noise":      noise(largestBase),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for by, packed := range map[string][]byte{
				"by this version": packOn(dictionaryOf(base), body),
				"by an older one": zstdOf(t, body, zstd.WithEncoderDictRaw(dictionaryID, base)),
			} {
				read, err := unpack(&store.Delivery{BaseID: 1, Base: zstdOf(t, base), Body: packed})
				if err != nil || !bytes.Equal(read, body) {
					t.Errorf("packed %s: %v; %.100q is read", by, err, read)
				}
			}
		})
	}
}

// What is not what was packed, or was packed on another body, is an error and never another body.
func TestPackedIsReadWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()

	base, other := testkit.MergedPullRequest(1, 815, "ada"), testkit.MergedPullRequest(3, 816, "eve")
	body := testkit.MergedPullRequest(2, 815, "bob")
	packed := packOn(dictionaryOf(base), body)
	if read, err := unpackFrom(dictionaryOf(other), packed); err == nil {
		t.Errorf("on another base it reads %.100q", read)
	}
	if read, err := unpackFrom(nil, packed); err == nil {
		t.Errorf("on nothing it reads %.100q", read)
	}
	for length := range packed {
		if read, err := unpackFrom(dictionaryOf(base), packed[:length]); err == nil {
			t.Errorf("the first %d of %d bytes read %.100q", length, len(packed), read)
		}
	}
	for at := range packed {
		damaged := bytes.Clone(packed)
		damaged[at] ^= 1 << (at % 8)
		if read, err := unpackFrom(dictionaryOf(base), damaged); err == nil && !bytes.Equal(read, body) {
			t.Errorf("with another byte %d it reads %.100q", at, read)
		}
	}
	if read, err := unpackFrom(dictionaryOf(base), []byte{0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0, 0}); err == nil {
		t.Errorf("of what would have 4 GiB %.100q is read", read)
	}
}
