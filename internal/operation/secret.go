package operation

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"strings"
)

// A secret is "acc_", 30 characters by chance and their CRC32 in 6: a scanner can tell one from
// noise, and a mistyped one is refused without asking the database.
const (
	secretPrefix   = "acc_"
	secretRandom   = 30
	secretChecksum = 6
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	// maxSecret bounds what is hashed for a caller whom nobody knows yet.
	maxSecret = 512
)

// newSecret returns a new secret of a token. It holds 178 bits of chance.
func newSecret() string { return newSecretOf(secretPrefix) }

func newSecretOf(prefix string) string {
	random := make([]byte, 0, secretRandom)
	var pool [2 * secretRandom]byte
	for len(random) < secretRandom {
		_, _ = rand.Read(pool[:]) // never fails: the program ends first
		for _, b := range pool {
			// The last 8 values would make some characters likelier than others.
			if int(b) < 256-256%len(base62) && len(random) < secretRandom {
				random = append(random, base62[int(b)%len(base62)])
			}
		}
	}
	return prefix + string(random) + checksum(string(random))
}

// checksum returns the CRC32 (IEEE) of the text in base 62, most significant digit first.
func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	var digits [secretChecksum]byte
	for i := secretChecksum - 1; i >= 0; i-- {
		digits[i] = base62[sum%uint32(len(base62))]
		sum /= uint32(len(base62))
	}
	return string(digits[:])
}

// plausible reports whether the secret may be one that we know: whatever claims to be issued must
// have the form and the checksum; the configured admin token has any form.
func plausible(secret string) bool {
	if !strings.HasPrefix(secret, secretPrefix) {
		return secret != "" && len(secret) <= maxSecret
	}
	return plausibleOf(secretPrefix, secret)
}

// plausibleOf reports whether the secret has the form of those with the prefix, and its checksum.
func plausibleOf(prefix, secret string) bool {
	rest, issued := strings.CutPrefix(secret, prefix)
	if !issued || len(rest) != secretRandom+secretChecksum {
		return false
	}
	return checksum(rest[:secretRandom]) == rest[secretRandom:]
}

// hash is what is stored of a secret. A plain hash is enough: secrets are not guessable.
func hash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }
