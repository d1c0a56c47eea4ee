package forge_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// newSigningToken is what signingToken is replaced by in a rotation.
const newSigningToken = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// wrongSignature is a signature of the reference tests that matches nothing.
const wrongSignature = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="

// The cases of the reference libraries of Standard Webhooks
// (https://github.com/standard-webhooks/standard-webhooks, the tests in libraries), for every forge that signs so.
func TestStandardWebhooksReferenceCases(t *testing.T) {
	t.Parallel()

	const missing, bad = "missing_signature", "bad_signature"
	const tolerance = 300
	for _, tc := range []struct {
		name, code string // no code: accepted
		signed     int    // seconds from the receipt
		change     func(http.Header)
	}{
		{name: "valid signature is valid"},
		{name: "missing id", code: missing, change: func(h http.Header) { h.Del("Webhook-Id") }},
		{name: "missing timestamp", code: missing, change: func(h http.Header) { h.Del("Webhook-Timestamp") }},
		{name: "missing signature", code: missing, change: func(h http.Header) { h.Del("Webhook-Signature") }},
		{name: "invalid timestamp", code: bad, change: func(h http.Header) { h.Set("Webhook-Timestamp", "hello") }},
		{name: "another timestamp", code: bad, change: func(h http.Header) { h.Set("Webhook-Timestamp", "946684800") }},
		{name: "invalid signature", code: bad, change: func(h http.Header) { h.Set("Webhook-Signature", wrongSignature) }},
		{name: "invalid signature by one character", code: bad, change: func(h http.Header) {
			h.Set("Webhook-Signature", strings.TrimSuffix(h.Get("Webhook-Signature"), "=")+"A")
		}},
		{name: "partial signature", code: bad, change: func(h http.Header) { h.Set("Webhook-Signature", "v1,") }},
		{name: "half of the signature", code: bad, change: func(h http.Header) { h.Set("Webhook-Signature", h.Get("Webhook-Signature")[:23]) }},
		{name: "old timestamp", code: bad, signed: -tolerance},
		{name: "older timestamp", code: bad, signed: -tolerance - 1},
		{name: "new timestamp", code: bad, signed: tolerance + 1},
		{name: "timestamp at the limits", signed: tolerance},
		{name: "timestamp within the limits", signed: -tolerance + 1},
		{name: "valid multi signature", change: func(h http.Header) {
			h.Set("Webhook-Signature", wrongSignature+" v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= "+h.Get("Webhook-Signature")+" "+wrongSignature)
		}},
		{name: "invalid multi signature", code: bad, change: func(h http.Header) {
			h.Set("Webhook-Signature", wrongSignature+" "+strings.Replace(h.Get("Webhook-Signature"), "v1,", "v2,", 1)+" "+wrongSignature)
		}},
		{name: "asymmetric version", code: bad, change: func(h http.Header) {
			h.Set("Webhook-Signature", strings.Replace(h.Get("Webhook-Signature"), "v1,", "v1a,", 1))
		}},
		{name: "commas between signatures", code: bad, change: func(h http.Header) {
			h.Set("Webhook-Signature", wrongSignature+","+h.Get("Webhook-Signature"))
		}},
		{name: "headers twice", code: bad, change: func(h http.Header) { h.Add("Webhook-Signature", wrongSignature) }},
		{name: "ids twice", code: bad, change: func(h http.Header) { h.Add("Webhook-Id", signedID) }},
		{name: "timestamps twice", code: bad, change: func(h http.Header) { h.Add("Webhook-Timestamp", h.Get("Webhook-Timestamp")) }},
	} {
		for _, forgeName := range []string{forge.GitLab, forge.CloudEvents} {
			req := signedStandard(forgeName, tc.signed, signingToken)
			if tc.change != nil {
				tc.change(req.Header)
			}
			t.Run(forgeName+"/"+tc.name, func(t *testing.T) {
				t.Parallel()

				if tc.code == "" {
					accepted(t, forgeName, []string{signingToken}, req)
					return
				}
				refused(t, forgeName, tc.code, []string{signingToken}, req)
			})
		}
	}
}

// signedStandard returns a delivery that was signed with the token so many seconds after its receipt.
func signedStandard(forgeName string, seconds int, token string) forge.Request {
	at := receivedAt.Add(time.Duration(seconds) * time.Second).Unix()
	req := forge.Request{
		Header: http.Header{"Webhook-Id": {signedID}, "Webhook-Timestamp": {strconv.FormatInt(at, 10)}},
		Body:   []byte(signedBody), ReceivedAt: receivedAt,
	}
	forge.Sign(forgeName, token, req.Header, req.Body)
	return req
}

// While a signing token is rotated, deliveries are signed with the old one, the new one or both.
func TestSigningTokensAreRotated(t *testing.T) {
	t.Parallel()

	for _, forgeName := range []string{forge.GitLab, forge.CloudEvents} {
		old, renewed := signedStandard(forgeName, 0, signingToken), signedStandard(forgeName, 0, newSigningToken)
		both := signedStandard(forgeName, 0, signingToken)
		both.Header.Set("Webhook-Signature", both.Header.Get("Webhook-Signature")+" "+renewed.Header.Get("Webhook-Signature"))
		for _, req := range []forge.Request{old, renewed, both} {
			accepted(t, forgeName, []string{signingToken, newSigningToken}, req)
			accepted(t, forgeName, []string{newSigningToken, signingToken}, req)
		}
		accepted(t, forgeName, []string{newSigningToken}, both)
		accepted(t, forgeName, []string{signingToken}, both)
		refused(t, forgeName, "bad_signature", []string{newSigningToken}, old)
		refused(t, forgeName, "bad_signature", []string{signingToken}, renewed)
	}
}

// As soon as there is a signing token, nothing else passes: not the plain token that is still configured beside it, nor
// that token together with a signature that does not match.
func TestSigningTokensAreNotDowngraded(t *testing.T) {
	t.Parallel()

	for _, secrets := range [][]string{{secret, signingToken}, {signingToken, secret}, {secret, signingToken, newSigningToken}} {
		plain := signed(forge.GitLab, secret, signedBody)
		accepted(t, forge.GitLab, []string{secret}, plain)
		refused(t, forge.GitLab, "missing_signature", secrets, plain)

		wrong := signedStandard(forge.GitLab, 0, signingToken)
		wrong.Header.Set("X-Gitlab-Token", secret)
		accepted(t, forge.GitLab, secrets, wrong)
		wrong.Header.Set("Webhook-Signature", wrongSignature)
		refused(t, forge.GitLab, "bad_signature", secrets, wrong)

		replayed := signedStandard(forge.GitLab, -3600, signingToken)
		replayed.Header.Set("X-Gitlab-Token", secret)
		refused(t, forge.GitLab, "bad_signature", secrets, replayed)
	}
	// Without one, a signature is not looked at, and does not stand in for the token.
	signedOnly := signedStandard(forge.GitLab, 0, signingToken)
	refused(t, forge.GitLab, "missing_signature", []string{secret}, signedOnly)
}
