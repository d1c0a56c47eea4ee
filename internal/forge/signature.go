package forge

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// A GitLab signing token is used as the Standard Webhooks specification says
// (https://www.standardwebhooks.com): its reference libraries accept a clock difference of five
// minutes.
const (
	signingPrefix    = "whsec_"
	signingTolerance = 5 * time.Minute
)

func missingSignature(header string) error {
	return fault.New(fault.Unauthenticated, "missing_signature", "the delivery is not signed: the header %s is missing or empty", header)
}

func badSignature(header string) error {
	return fault.New(fault.Unauthenticated, "bad_signature", "the header %s does not match the body and the configured secret", header)
}

// onlyValue returns the value of a header that carries a credential. A header that came twice is
// refused: which of them a proxy in between has looked at cannot be known.
func onlyValue(req Request, header string) (string, error) {
	values := req.Header.Values(header)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return "", missingSignature(header)
	}
	if len(values) > 1 {
		return "", badSignature(header)
	}
	return values[0], nil
}

func hmacSHA256(key []byte, message ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range message {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// verifyHex checks a header of the form prefix + hex(HMAC-SHA256(secret, message)).
func verifyHex(req Request, header, prefix string, secrets []string, message []byte) error {
	value, err := onlyValue(req, header)
	if err != nil {
		return err
	}
	digits, ok := strings.CutPrefix(value, prefix)
	given, err := hex.DecodeString(digits)
	if !ok || err != nil || len(given) != sha256.Size {
		return badSignature(header)
	}
	matches := 0
	for _, secret := range secrets {
		if secret != "" {
			matches |= subtle.ConstantTimeCompare(given, hmacSHA256([]byte(secret), message))
		}
	}
	if matches == 0 {
		return badSignature(header)
	}
	return nil
}

func signHex(header http.Header, name, prefix, secret string, message []byte) {
	header.Set(name, prefix+hex.EncodeToString(hmacSHA256([]byte(secret), message)))
}

// verifyToken checks a header that is the secret itself. Both sides are hashed, so that the
// comparison takes the same time for every length.
func verifyToken(req Request, header string, secrets []string) error {
	value, err := onlyValue(req, header)
	if err != nil {
		return err
	}
	given := sha256.Sum256([]byte(value))
	matches := 0
	for _, secret := range secrets {
		if secret != "" {
			wanted := sha256.Sum256([]byte(secret))
			matches |= subtle.ConstantTimeCompare(given[:], wanted[:])
		}
	}
	if matches == 0 {
		return badSignature(header)
	}
	return nil
}

func isSigningToken(secret string) bool { return strings.HasPrefix(secret, signingPrefix) }

// signingKey returns the key of a signing token, or nil if it is not one.
func signingKey(secret string) []byte {
	encoded, ok := strings.CutPrefix(secret, signingPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) == 0 {
		return nil
	}
	return key
}

// signedContent returns what a Standard Webhooks signature covers.
func signedContent(id, timestamp string, body []byte) [][]byte {
	return [][]byte{[]byte(id + "." + timestamp + "."), body}
}

// verifyStandard checks a Standard Webhooks signature: of the space separated list, one
// signature of version 1 must match one of the signing tokens. A timestamp more than five
// minutes away from the receipt is refused, so that a captured delivery cannot be replayed later.
func verifyStandard(req Request, secrets []string) error {
	const header = "Webhook-Signature"
	list, err := onlyValue(req, header)
	if err != nil {
		return err
	}
	id, err := onlyValue(req, "Webhook-Id")
	if err != nil {
		return err
	}
	timestamp, err := onlyValue(req, "Webhook-Timestamp")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return badSignature(header)
	}
	const tolerance = int64(signingTolerance / time.Second)
	if now := req.ReceivedAt.Unix(); seconds <= now-tolerance || seconds > now+tolerance {
		return fault.New(fault.Unauthenticated, "bad_signature", "the signed timestamp is not within %s of the clock here", signingTolerance)
	}
	matches := 0
	for _, secret := range secrets {
		key := signingKey(secret)
		if key == nil {
			continue
		}
		wanted := hmacSHA256(key, signedContent(id, timestamp, req.Body)...)
		for signature := range strings.FieldsSeq(list) {
			version, encoded, _ := strings.Cut(signature, ",")
			given, err := base64.StdEncoding.DecodeString(encoded)
			if version == "v1" && err == nil {
				matches |= subtle.ConstantTimeCompare(given, wanted)
			}
		}
	}
	if matches == 0 {
		return badSignature(header)
	}
	return nil
}

// signStandard signs with the headers webhook-id and webhook-timestamp that req carries.
func signStandard(token string, req Request) {
	content := signedContent(req.Header.Get("Webhook-Id"), req.Header.Get("Webhook-Timestamp"), req.Body)
	mac := hmacSHA256(signingKey(token), content...)
	req.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac))
}
