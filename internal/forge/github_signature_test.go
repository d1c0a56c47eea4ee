package forge_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"net/http"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// What other forges, other algorithms and older hooks put into a header is no signature of GitHub.
func TestVerifyGitHubRefusesOtherSignatures(t *testing.T) {
	t.Parallel()

	const header, missing, bad = "X-Hub-Signature-256", "missing_signature", "bad_signature"
	sum := sha512.Sum512([]byte(body))
	hexOf := func(text string) string { return hexSHA256(secret, text) }
	for name, tc := range map[string]struct {
		code, header, value string
	}{
		"SHA-1 in its own header":     {missing, "X-Hub-Signature", "sha1=" + sha1Hex(secret)},
		"SHA-256 in SHA-1's header":   {missing, "X-Hub-Signature", "sha256=" + hexOf(body)},
		"SHA-1 in place of SHA-256":   {bad, header, "sha256=" + sha1Hex(secret)},
		"SHA-1's word, SHA-256's sum": {bad, header, "sha1=" + hexOf(body)},
		"SHA-512":                     {bad, header, "sha512=" + hex.EncodeToString(sum[:])},
		"no algorithm, as Gitea's":    {bad, header, hexOf(body)},
		"upper case algorithm":        {bad, header, "SHA256=" + hexOf(body)},
		"the secret, as GitLab's":     {bad, header, secret},
		"a list, as GitLab's token's": {bad, header, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		"two of them":                 {bad, header, "sha256=" + hexOf(body) + ",sha256=" + hexOf(body)},
		"of an empty body":            {bad, header, "sha256=" + hexOf("")},
		"half of it":                  {bad, header, "sha256=" + hexOf(body)[:32]},
		"spaces":                      {bad, header, " "},
		"Gitea's header":              {missing, "X-Gitea-Signature", hexOf(body)},
		"Forgejo's header":            {missing, "X-Forgejo-Signature", hexOf(body)},
		"GitLab's header":             {missing, "X-Gitlab-Token", secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			req := forge.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: receivedAt}
			req.Header.Set(tc.header, tc.value)
			refused(t, forge.GitHub, tc.code, []string{secret}, req)
		})
	}
	accepted(t, forge.GitHub, []string{secret}, signed(forge.GitHub, secret, ""))
	empty := signed(forge.GitHub, secret, body)
	empty.Body = nil
	refused(t, forge.GitHub, bad, []string{secret}, empty)
}

func hexSHA256(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
