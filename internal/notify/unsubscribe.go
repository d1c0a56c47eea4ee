package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// UnsubscribePath is what the token is added to in links.
const UnsubscribePath = "/unsubscribe/"

// SecretName is the name of the secret that the tokens are made with, and SecretSize how many bytes a secret has.
const (
	SecretName = "unsubscribe"
	SecretSize = 32
)

// ForUser returns the token with which whoever has a mail to the user ends the mails: the user's id,
// and a mark that nobody makes without the secret. It does not expire, as the mail does not.
func ForUser(secret []byte, userID int64) string {
	id := binary.BigEndian.AppendUint64(nil, uint64(userID)) //nolint:gosec // ids are not negative
	return base64.RawURLEncoding.EncodeToString(append(id, mark(secret, "unsubscribe ", id)...))
}

// UserOf returns whose token it is, and whether it is one.
func UserOf(secret []byte, token string) (userID int64, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 8+sha256.Size || !hmac.Equal(raw[8:], mark(secret, "unsubscribe ", raw[:8])) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(raw)), true //nolint:gosec // it was one of ours
}

// mark makes what is signed good for the one purpose and no other.
func mark(secret []byte, purpose string, signed []byte) []byte {
	sum := hmac.New(sha256.New, secret)
	sum.Write([]byte(purpose))
	sum.Write(signed)
	return sum.Sum(nil)
}
