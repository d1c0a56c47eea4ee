package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// AcceptPath is what the token is added to in links.
const AcceptPath = "/awards/accept/"

// AcceptWithin is how long the link of a mail is good.
const AcceptWithin = 30 * 24 * time.Hour

// AcceptSecretName is the name of the secret that the tokens are made with.
const AcceptSecretName = "accept"

// acceptSigned is how many bytes of a token are signed: the award's id and the end of the token's time.
const acceptSigned = 16

// ForAward returns the token with which whoever has the mail of an award accepts it: the award's id, the time, to the
// second, until which it is good, and a mark that nobody makes without the secret.
func ForAward(secret []byte, awardID int64, until time.Time) string {
	signed := binary.BigEndian.AppendUint64(nil, uint64(awardID)) //nolint:gosec // ids are not negative
	signed = binary.BigEndian.AppendUint64(signed, uint64(max(until.Unix(), 0)))
	return base64.RawURLEncoding.EncodeToString(append(signed, mark(secret, "accept ", signed)...))
}

// AwardOf returns which award the token accepts and until when, and whether it is one. That it is still good is for
// the caller to see to.
func AwardOf(secret []byte, token string) (awardID int64, until time.Time, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != acceptSigned+sha256.Size || !hmac.Equal(raw[acceptSigned:], mark(secret, "accept ", raw[:acceptSigned])) {
		return 0, time.Time{}, false
	}
	awardID = int64(binary.BigEndian.Uint64(raw))                       //nolint:gosec // it was one of ours
	until = time.Unix(int64(binary.BigEndian.Uint64(raw[8:])), 0).UTC() //nolint:gosec // it was one of ours
	return awardID, until, true
}
