package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/server"
)

const page = "https://page.example.com"

// crossOrigin returns the headers that speak to browsers of other origins.
func crossOrigin(a answer) map[string]string {
	found := map[string]string{}
	for name, values := range a.header {
		if name, ok := strings.CutPrefix(name, "Access-Control-"); ok {
			found[name] = strings.Join(values, "|")
		}
	}
	return found
}

func TestPagesOfOtherOrigins(t *testing.T) {
	t.Parallel()

	const exposed = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, Idempotent-Replayed"
	for name, tc := range map[string]struct {
		origins []string
		origin  string
		want    map[string]string
		varies  bool
	}{
		"none are configured":  {nil, page, map[string]string{}, false},
		"listed":               {[]string{"https://a.example", page}, page, map[string]string{"Allow-Origin": page, "Expose-Headers": exposed}, true},
		"not listed":           {[]string{page}, "https://evil.example.com", map[string]string{}, true},
		"listed without TLS":   {[]string{page}, "http://page.example.com", map[string]string{}, true},
		"a longer name":        {[]string{page}, page + ".evil.example", map[string]string{}, true},
		"a subdomain":          {[]string{page}, "https://a.page.example.com", map[string]string{}, true},
		"another port":         {[]string{page}, page + ":8443", map[string]string{}, true},
		"null":                 {[]string{page}, "null", map[string]string{}, true},
		"no origin":            {[]string{page}, "", map[string]string{}, true},
		"everyone":             {[]string{"*"}, page, map[string]string{"Allow-Origin": "*", "Expose-Headers": exposed}, true},
		"everyone and another": {[]string{page, "*"}, page, map[string]string{"Allow-Origin": "*", "Expose-Headers": exposed}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := configured(t, func(cfg *server.Config) { cfg.CORSOrigins = tc.origins })
			headers := []string{"Origin", tc.origin}
			if tc.origin == "" {
				headers = nil
			}
			for _, path := range []string{"/api/v1/users/admin", "/api/v1/user", "/api/v1/nothing"} {
				got := d.knock("GET", path, headers...)
				if diff := cmp.Diff(tc.want, crossOrigin(got)); diff != "" {
					t.Errorf("%s is shared otherwise (-want +got):\n%s", path, diff)
				}
				if varies := slices.Contains(got.header.Values("Vary"), "Origin"); varies != tc.varies {
					t.Errorf("%s: Vary is %q", path, got.header.Values("Vary"))
				}
			}
			for _, path := range []string{"/livez", "/nowhere"} {
				if got := crossOrigin(d.knock("GET", path, headers...)); len(got) > 0 {
					t.Errorf("%s is shared: %v", path, got)
				}
			}
			if got := crossOrigin(d.knock("POST", "/hooks/forge", headers...)); len(got) > 0 {
				t.Errorf("webhooks are shared: %v", got)
			}
		})
	}
}

// Before a browser sends what is not simple, it asks.
func TestPreflights(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) { cfg.CORSOrigins, cfg.Limits.Anonymous = []string{page}, 1 })
	paths(t, func(path string, methods []string) {
		got := d.knock("OPTIONS", path, "Origin", page, "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "private-token, x-other")
		found := crossOrigin(got)
		if diff := cmp.Diff(methods, sorted(found["Allow-Methods"])); got.status != http.StatusNoContent || got.text != "" || diff != "" {
			t.Errorf("%s is asked about and answers %d %q (-want +got):\n%s", path, got.status, got.text, diff)
		}
		delete(found, "Allow-Methods")
		delete(found, "Expose-Headers") // there is nothing to read
		want := map[string]string{
			"Allow-Origin": page, "Max-Age": "7200",
			"Allow-Headers": "Authorization, Private-Token, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-ID",
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s answers otherwise (-want +got):\n%s", path, diff)
		}
		if vary := got.header.Values("Vary"); !slices.Contains(vary, "Origin") {
			t.Errorf("%s: Vary is %q", path, vary)
		}
		got = d.knock("OPTIONS", path, "Origin", "https://evil.example.com", "Access-Control-Request-Method", "PATCH")
		if found := crossOrigin(got); got.status != http.StatusNoContent || len(found) > 0 || got.header.Get("Allow") == "" {
			t.Errorf("%s answers another page %d %v", path, got.status, found)
		}
	})
	for path, want := range map[string]int{"/hooks/forge": 204, "/livez": 204, "/api/v1/nothing": 404} {
		got := d.knock("OPTIONS", path, "Origin", page, "Access-Control-Request-Method", "POST")
		if found := crossOrigin(got); got.status != want || found["Allow-Methods"] != "" {
			t.Errorf("%s is asked about and answers %d %v", path, got.status, found)
		}
	}
}
