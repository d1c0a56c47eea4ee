package forge_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
)

const (
	secret  = "correct horse"
	rotated = "battery staple"
	body    = `{"action":"opened"}`
)

// signatureHeaders are the headers that carry each forge's signature.
var signatureHeaders = map[string]string{
	forge.GitHub:  "X-Hub-Signature-256",
	forge.GitLab:  "X-Gitlab-Token",
	forge.Gitea:   "X-Gitea-Signature",
	forge.Forgejo: "X-Forgejo-Signature",

	forge.BitbucketCloud:  "X-Hub-Signature",
	forge.BitbucketServer: "X-Hub-Signature",
	forge.CloudEvents:     "Authorization",
}

// signed returns a delivery that the forge signed with the secret.
func signed(forgeName, secret, body string) forge.Request {
	req := forge.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: receivedAt}
	forge.Sign(forgeName, secret, req.Header, req.Body)
	return req
}

// refused checks that Verify refuses with the code.
func refused(t *testing.T, forgeName, code string, secrets []string, req forge.Request) {
	t.Helper()

	err := speak(t, forgeName).Verify(secrets, req)
	if !fault.Is(err, fault.Unauthenticated) || fault.As(err).Code != code {
		t.Errorf("%s: Verify = %v, want an Unauthenticated fault with the code %s", forgeName, err, code)
	}
	for _, secret := range secrets {
		if err != nil && secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the fault %q shows a secret", forgeName, err)
		}
	}
}

func accepted(t *testing.T, forgeName string, secrets []string, req forge.Request) {
	t.Helper()

	if err := speak(t, forgeName).Verify(secrets, req); err != nil {
		t.Errorf("%s: Verify = %v, want nil", forgeName, err)
	}
}

func TestVerifyAcceptsEveryConfiguredSecret(t *testing.T) {
	t.Parallel()

	for _, forgeName := range forge.Names() {
		accepted(t, forgeName, []string{secret}, signed(forgeName, secret, body))
		accepted(t, forgeName, []string{rotated, secret}, signed(forgeName, secret, body))
		accepted(t, forgeName, []string{secret, rotated}, signed(forgeName, secret, body))
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()

	const missing, bad = "missing_signature", "bad_signature"
	for _, forgeName := range forge.Names() {
		header := signatureHeaders[forgeName]
		for _, tc := range []struct {
			name, code string
			change     func(http.Header)
		}{
			{"missing", missing, func(h http.Header) { h.Del(header) }},
			{"empty", missing, func(h http.Header) { h.Set(header, "") }},
			{"short", bad, func(h http.Header) { h.Set(header, h.Get(header)[:len(h.Get(header))-2]) }},
			{"long", bad, func(h http.Header) { h.Set(header, h.Get(header)+"00") }},
			{"one bit flipped", bad, func(h http.Header) {
				value := []byte(h.Get(header))
				value[len(value)-1] ^= 1
				h.Set(header, string(value))
			}},
			{"prefix only", bad, func(h http.Header) { h.Set(header, "sha256=") }},
			{"not hex", bad, func(h http.Header) { h.Set(header, strings.Repeat("z", 64)) }},
			{"sha1", bad, func(h http.Header) { h.Set(header, "sha1="+sha1Hex(secret)) }},
			{"sha1 called sha256", bad, func(h http.Header) { h.Set(header, "sha256="+sha1Hex(secret)) }},
			{"sha256 called sha1", bad, func(h http.Header) { h.Set(header, "sha1="+strings.TrimPrefix(h.Get(header), "sha256=")) }},
			{"the secret itself", bad, func(h http.Header) { h.Set(header, secret+" ") }},
			{"of another forge", bad, func(h http.Header) { h.Set(header, otherSignature(forgeName)) }},
			{"twice, one of them valid", bad, func(h http.Header) { h.Add(header, "other") }},
		} {
			t.Run(forgeName+"/"+tc.name, func(t *testing.T) {
				t.Parallel()

				req := signed(forgeName, secret, body)
				tc.change(req.Header)
				refused(t, forgeName, tc.code, []string{secret}, req)
			})
		}
		t.Run(forgeName+"/other secret", func(t *testing.T) {
			t.Parallel()
			refused(t, forgeName, bad, []string{secret}, signed(forgeName, rotated, body))
		})
		t.Run(forgeName+"/no secret", func(t *testing.T) {
			t.Parallel()
			refused(t, forgeName, bad, nil, signed(forgeName, secret, body))
			req := signed(forgeName, "", body)
			code := bad
			if forgeName == forge.GitLab { // Its signature is the secret, which is empty.
				code = missing
			}
			refused(t, forgeName, code, []string{""}, req)
		})
	}
}

// otherSignature returns a signature with the right secret as a forge would send it that writes it in another way.
func otherSignature(forgeName string) string {
	other := forge.Gitea
	if forgeName == forge.Gitea || forgeName == forge.Forgejo {
		other = forge.GitHub
	}
	return signed(other, secret, body).Header.Get(signatureHeaders[other])
}

func sha1Hex(secret string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// The body is what is signed; GitLab's plain token signs nothing.
func TestVerifyRefusesAnotherBody(t *testing.T) {
	t.Parallel()

	for _, forgeName := range slices.DeleteFunc(codeForges(), func(name string) bool { return name == forge.GitLab }) {
		req := signed(forgeName, secret, body)
		req.Body = []byte(body + " ")
		refused(t, forgeName, "bad_signature", []string{secret}, req)
	}
}

// The source decides the verifier: the valid headers of all other forges do not help.
func TestVerifyNeverFallsBackToOtherHeaders(t *testing.T) {
	t.Parallel()

	for _, forgeName := range forge.Names() {
		req := forge.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: receivedAt}
		for _, other := range forge.Names() {
			if signatureHeaders[other] != signatureHeaders[forgeName] {
				forge.Sign(other, secret, req.Header, req.Body)
			}
		}
		code := "missing_signature"
		req.Header.Set("X-Hub-Signature", "sha1="+sha1Hex(secret))
		if signatureHeaders[forgeName] == "X-Hub-Signature" { // There it is Bitbucket's, and of another algorithm.
			code = "bad_signature"
		}
		refused(t, forgeName, code, []string{secret}, req)
		req.Header.Set(signatureHeaders[forgeName], "sha256=00")
		refused(t, forgeName, "bad_signature", []string{secret}, req)
	}
}

// The value is the example that GitHub's documentation gives for implementers to check against.
func TestVerifyGitHubDocumentedExample(t *testing.T) {
	t.Parallel()

	req := forge.Request{Body: []byte("Hello, World!"), Header: http.Header{}}
	req.Header.Set("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	accepted(t, forge.GitHub, []string{"It's a Secret to Everybody"}, req)

	req.Header.Set("X-Gitea-Signature", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	accepted(t, forge.Gitea, []string{"It's a Secret to Everybody"}, req)
}

// GitHub signs a form as it is sent, Gitea and Forgejo sign the payload in it.
func TestVerifyForms(t *testing.T) {
	t.Parallel()

	const form = `payload=%7B%22action%22%3A%22opened%22%7D`
	request := func(forgeName, signedText string) forge.Request {
		req := signed(forgeName, secret, signedText)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Body = []byte(form)
		return req
	}
	accepted(t, forge.GitHub, []string{secret}, request(forge.GitHub, form))
	refused(t, forge.GitHub, "bad_signature", []string{secret}, request(forge.GitHub, body))
	refused(t, forge.GitHub, "bad_signature", []string{secret}, request(forge.GitHub, form+"&payload=%7B%7D"))
	refused(t, forge.GitHub, "missing_signature", []string{secret}, forge.Request{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form)})
	for _, forgeName := range []string{forge.Gitea, forge.Forgejo} {
		accepted(t, forgeName, []string{secret}, request(forgeName, body))
		refused(t, forgeName, "bad_signature", []string{secret}, request(forgeName, form))

		twice := request(forgeName, body)
		twice.Body = []byte(form + "&payload=%7B%7D")
		refused(t, forgeName, "bad_signature", []string{secret}, twice)
	}
}

// The key, the message and its signature are those of the Standard Webhooks reference tests.
const (
	signingToken = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	signedID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	signedBody   = `{"test": 2432232314}`
	signature    = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	signedAt     = 1614265330
)

func TestVerifyGitLabSigningToken(t *testing.T) {
	t.Parallel()

	const missing, bad = "missing_signature", "bad_signature"
	for _, tc := range []struct {
		name    string
		code    string // empty: accepted
		secrets []string
		change  func(*forge.Request)
	}{
		{name: "reference vector"},
		{name: "rotation", secrets: []string{"whsec_AAAA", signingToken}},
		{name: "list with another version and key", change: set("Webhook-Signature", "v1a,AAAA v1,AAAA "+signature)},
		{name: "299 s old", change: received(299)},
		{name: "300 s ahead", change: received(-300)},
		{name: "300 s old", code: bad, change: received(300)},
		{name: "301 s ahead", code: bad, change: received(-301)},
		{name: "distant past", code: bad, change: set("Webhook-Timestamp", "-9223372036854775808")},
		{name: "timestamp changed", code: bad, change: set("Webhook-Timestamp", "1614265331")},
		{name: "timestamp no number", code: bad, change: set("Webhook-Timestamp", "yesterday")},
		{name: "id changed", code: bad, change: set("Webhook-Id", "msg_other")},
		{name: "body changed", code: bad, change: func(req *forge.Request) { req.Body = []byte(`{}`) }},
		{name: "another version only", code: bad, change: set("Webhook-Signature", "v2"+signature[2:])},
		{name: "without version", code: bad, change: set("Webhook-Signature", signature[3:])},
		{name: "another key", code: bad, secrets: []string{"whsec_AAAA"}},
		{name: "no signature", code: missing, change: set("Webhook-Signature", "")},
		{name: "no id", code: missing, change: set("Webhook-Id", "")},
		{name: "no timestamp", code: missing, change: set("Webhook-Timestamp", "")},
		{name: "plain token beside a signing token", code: missing, secrets: []string{secret, signingToken}, change: func(req *forge.Request) {
			req.Header = http.Header{"X-Gitlab-Token": {secret}}
		}},
		{name: "signing token as plain token", code: missing, change: func(req *forge.Request) {
			req.Header = http.Header{"X-Gitlab-Token": {signingToken}}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			req := forge.Request{
				Header: http.Header{
					"Webhook-Id": {signedID}, "Webhook-Timestamp": {strconv.Itoa(signedAt)}, "Webhook-Signature": {signature},
				},
				Body: []byte(signedBody), ReceivedAt: time.Unix(signedAt, 0),
			}
			if tc.change != nil {
				tc.change(&req)
			}
			if tc.secrets == nil {
				tc.secrets = []string{signingToken}
			}
			if tc.code == "" {
				accepted(t, forge.GitLab, tc.secrets, req)
				return
			}
			refused(t, forge.GitLab, tc.code, tc.secrets, req)
		})
	}
}

func set(header, value string) func(*forge.Request) {
	return func(req *forge.Request) { req.Header.Set(header, value) }
}

// received moves the receipt to so many seconds after the signed timestamp.
func received(secondsLater int) func(*forge.Request) {
	return func(req *forge.Request) { req.ReceivedAt = time.Unix(int64(signedAt+secondsLater), 0) }
}

func TestSignWithASigningToken(t *testing.T) {
	t.Parallel()

	header := http.Header{"Webhook-Id": {signedID}, "Webhook-Timestamp": {strconv.Itoa(signedAt)}}
	forge.Sign(forge.GitLab, signingToken, header, []byte(signedBody))
	if got := header.Get("Webhook-Signature"); got != signature {
		t.Errorf("the signature is %q, want %q", got, signature)
	}
}

func TestSignKnowsOnlyForges(t *testing.T) {
	t.Parallel()

	header := http.Header{}
	forge.Sign("bitkeeper", secret, header, []byte(body))
	if len(header) > 0 {
		t.Errorf("an unknown forge set %v", header)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		name, field string // field empty: fine
		change      func(*forge.Source)
	}{
		{"as it should be", "", func(*forge.Source) {}},
		{"with everything", "", func(s *forge.Source) { s.BaseURL, s.Bots = "https://gitlab.example.com/git", []string{"renovate"} }},
		{"no name", "name", func(s *forge.Source) { s.Name = "" }},
		{"upper case", "name", func(s *forge.Source) { s.Name = "Acme" }},
		{"slash", "name", func(s *forge.Source) { s.Name = "a/b" }},
		{"line break", "name", func(s *forge.Source) { s.Name = "a\n" }},
		{"long name", "name", func(s *forge.Source) { s.Name = strings.Repeat("a", 65) }},
		{"unknown forge", "forge", func(s *forge.Source) { s.Forge = "bitkeeper" }},
		{"no forge", "forge", func(s *forge.Source) { s.Forge = "" }},
		{"no secrets", "secrets", func(s *forge.Source) { s.Secrets = nil }},
		{"empty secret", "secrets[0]", func(s *forge.Source) { s.Secrets = []string{""} }},
		{"blank second secret", "secrets[1]", func(s *forge.Source) { s.Secrets = []string{secret, " \n"} }},
		{"signing token", "", func(s *forge.Source) { s.Secrets = []string{signingToken} }},
		{"broken signing token", "secrets[0]", func(s *forge.Source) { s.Secrets = []string{"whsec_%"} }},
		{"empty signing token", "secrets[0]", func(s *forge.Source) { s.Secrets = []string{"whsec_"} }},
		{"like a signing token elsewhere", "", func(s *forge.Source) { s.Forge, s.Secrets = forge.Gitea, []string{"whsec_%"} }},
		{"trusted logins", "", func(s *forge.Source) { s.TrustedLogins = true }},
		{"trusted nicknames", "trusted_logins", func(s *forge.Source) { s.Forge, s.TrustedLogins = forge.BitbucketCloud, true }},
		{"trusted logins of Data Center", "", func(s *forge.Source) { s.Forge, s.TrustedLogins = forge.BitbucketServer, true }},
		{"address without scheme", "base_url", func(s *forge.Source) { s.BaseURL = "gitlab.example.com" }},
		{"address of another scheme", "base_url", func(s *forge.Source) { s.BaseURL = "ssh://gitlab.example.com" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			src := source(forge.GitLab)
			tc.change(&src)
			err := src.Check()
			if tc.field == "" {
				if err != nil {
					t.Errorf("Check = %v, want nil", err)
				}
				return
			}
			if !fault.Is(err, fault.Invalid) || fault.As(err).Fields[0].Field != tc.field {
				t.Errorf("Check = %v, want an Invalid fault about %s", err, tc.field)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()

	for _, name := range forge.Names() {
		speak(t, name)
		if signatureHeaders[name] == "" {
			t.Errorf("the tests do not know where %s puts its signature", name)
		}
	}
	if _, ok := forge.ByName("bitkeeper"); ok || slices.Contains(forge.Names(), "") {
		t.Error("an unknown forge is known")
	}
}
