package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/server"
)

// TestWhoFollowsAMailReadsPages has people follow links of mails that do not work just now: a browser shows them a page, which
// does not tell the secret in its address, and a program gets a problem.
func TestWhoFollowsAMailReadsPages(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) { cfg.Limits.Anonymous = 3 })
	v := d.visitor()
	for _, step := range []struct {
		method, path, accept string
		status               int
		kind                 string
	}{
		{"POST", "/unsubscribe/c2VjcmV0", "text/html,*/*;q=0.8", http.StatusNotFound, "text/html; charset=utf-8"},
		{"POST", "/unsubscribe/c2VjcmV0", "*/*", http.StatusNotFound, "application/problem+json"},
		{"POST", "/unsubscribe/c2VjcmV0", "", http.StatusNotFound, "application/problem+json"},
		{"POST", "/unsubscribe/c2VjcmV0", "text/html,*/*;q=0.8", http.StatusTooManyRequests, "text/html; charset=utf-8"},
		{"GET", "/awards/accept/c2VjcmV0", "text/html,*/*;q=0.8", http.StatusTooManyRequests, "text/html; charset=utf-8"},
		{"GET", "/awards/accept/c2VjcmV0", "", http.StatusTooManyRequests, "application/problem+json"},
	} {
		v.headers["Accept"] = step.accept
		var form url.Values
		if step.method == "POST" {
			form = url.Values{"List-Unsubscribe": {"One-Click"}}
		}
		got := v.visit(step.method, step.path, form)
		what := step.method + " " + step.path + " for " + step.accept
		same(t, what, got.status, step.status)
		same(t, what, got.header.Get("Content-Type"), step.kind)
		same(t, what+": Referrer-Policy", got.header.Get("Referrer-Policy"), "no-referrer")
		same(t, what+": Cache-Control", got.header.Get("Cache-Control"), "no-store")
		same(t, what+": Retry-After", got.header.Get("Retry-After") != "", step.status == http.StatusTooManyRequests)
		if strings.Contains(got.text, "c2VjcmV0") {
			t.Errorf("%s tells the secret: %s", what, got.text)
		}
	}
}
