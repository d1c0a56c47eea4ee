package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// limited serves with limits of 5 requests a minute for a token and 3 for an address, behind a proxy on
// the same machine. The admin's own requests are few enough.
func limited(t *testing.T) (*door, *testkit.Clock) {
	t.Helper()

	clock := testkit.NewClock()
	limiter, err := cache.NewLimiter(cache.Config{}, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return onSQLite(t, func(cfg *server.Config) {
		cfg.Limits = server.Limits{Limiter: limiter, Token: 5, Anonymous: 3}
		cfg.TrustedProxies = []string{"127.0.0.1/32"}
	}), clock
}

func from(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }

func TestTooManyRequests(t *testing.T) {
	t.Parallel()

	d, clock := limited(t)
	ada, grace := d.person("ada"), d.person("grace") // 4 requests of the admin's
	for i := range 5 {
		got := d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil)
		same(t, "the policy", got.header.Get("Ratelimit-Policy"), `"token";q=5;w=60`)
		same(t, "what is left", got.header.Get("Ratelimit"), fmt.Sprintf(`"token";r=%d;t=%d`, 4-i, 12*(i+1)))
	}
	got := d.refused(http.StatusTooManyRequests, "rate_limited", ada, "GET", "/api/v1/user", nil)
	same(t, "when to come back", got.header.Get("Retry-After"), "12")
	d.must(http.StatusOK, grace, "GET", "/api/v1/user", nil)
	clock.Advance(12 * time.Second)
	d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil)
	d.refused(http.StatusTooManyRequests, "rate_limited", ada, "GET", "/api/v1/user", nil)
	d.must(http.StatusOK, "", "GET", "/livez", nil)
}

func TestTooManyRequestsFromOneAddress(t *testing.T) {
	t.Parallel()

	d, _ := limited(t)
	ask := func(address string) int { return d.with(from(address), "", "GET", "/api/v1/namespaces", nil).status }
	for range 3 {
		same(t, "one of three", ask("192.0.2.1"), http.StatusOK)
		same(t, "one of three from a network", ask("2001:db8::1"), http.StatusOK)
	}
	for address, want := range map[string]int{
		"192.0.2.1": http.StatusTooManyRequests, "192.0.2.2": http.StatusOK,
		"2001:db8::ffff": http.StatusTooManyRequests, "2001:db8:0:1::1": http.StatusOK,
		// What a client writes in front of its own address is not believed.
		"10.1.1.1, 192.0.2.1": http.StatusTooManyRequests,
	} {
		same(t, "another one from "+address, ask(address), want)
	}
}

func TestAnAddressCannotGuessTokensForLong(t *testing.T) {
	t.Parallel()

	d, clock := limited(t)
	guess := func(address string, i int) answer {
		return d.with(from(address), fmt.Sprintf("guess-%020d", i), "GET", "/api/v1/user", nil)
	}
	for i := range 30 {
		same(t, "a guess", guess("192.0.2.1", i).status, http.StatusUnauthorized)
	}
	before := d.statements.Load()
	same(t, "one guess too many", guess("192.0.2.1", 30).status, http.StatusTooManyRequests)
	same(t, "a right one then", d.with(from("192.0.2.1"), adminToken, "GET", "/api/v1/user", nil).status, http.StatusTooManyRequests)
	same(t, "what the database was asked", d.statements.Load()-before, int64(0))
	same(t, "a right one from elsewhere", d.with(from("192.0.2.2"), adminToken, "GET", "/api/v1/user", nil).status, http.StatusOK)
	clock.Advance(2 * time.Second)
	same(t, "a right one later", d.with(from("192.0.2.1"), adminToken, "GET", "/api/v1/user", nil).status, http.StatusOK)
}

func TestForwardedAddressesOfStrangersAreNotBelieved(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	d.with(from("192.0.2.1"), adminToken, "PATCH", "/api/v1/namespaces/acme", map[string]any{"name": "New"})
	got := d.must(http.StatusOK, adminToken, "GET", "/api/v1/namespaces/acme/audit-events", nil).items()[0]
	same(t, "where the change came from", got.object["address"], any("127.0.0.1"))
}

func TestOriginsOfScripts(t *testing.T) {
	t.Parallel()

	ask := func(d *door, method, path, origin string, headers map[string]string) answer {
		all := map[string]string{"Origin": origin}
		maps.Copy(all, headers)
		return d.with(all, "", method, path, nil)
	}
	preflight := map[string]string{"Access-Control-Request-Method": "PATCH"}
	d := onSQLite(t, func(cfg *server.Config) { cfg.CORSOrigins = []string{"https://a.example", "https://b.example"} })
	got := ask(d, "GET", "/api/v1/namespaces", "https://b.example", nil)
	same(t, "who may read", got.header.Get("Access-Control-Allow-Origin"), "https://b.example")
	same(t, "what it depends on", got.header.Values("Vary"), []string{"Origin", "Authorization, Private-Token"})
	same(t, "cookies", got.header.Get("Access-Control-Allow-Credentials"), "")
	got = ask(d, "OPTIONS", "/api/v1/awards/1", "https://a.example", preflight)
	same(t, "the answer to a browser", got.status, http.StatusNoContent)
	same(t, "the methods", got.header.Get("Access-Control-Allow-Methods"), "GET, HEAD, PATCH, DELETE")
	for _, tc := range []struct{ path, origin string }{
		{"/api/v1/namespaces", "https://c.example"}, {"/api/v1/namespaces", "https://a.example.evil"}, {"/api/v1/namespaces", "null"}, {"/livez", "https://a.example"},
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			got := ask(d, method, tc.path, tc.origin, preflight)
			same(t, method+" "+tc.path+" for "+tc.origin, got.header.Get("Access-Control-Allow-Origin")+got.header.Get("Access-Control-Allow-Methods"), "")
		}
	}
	open := onSQLite(t, func(cfg *server.Config) { cfg.CORSOrigins = []string{"*"} })
	same(t, "who may read what is open", ask(open, "GET", "/api/v1/namespaces", "https://x.example", nil).header.Get("Access-Control-Allow-Origin"), "*")
	same(t, "who may read by default", ask(onSQLite(t), "GET", "/api/v1/namespaces", "https://x.example", nil).header.Get("Access-Control-Allow-Origin"), "")
}

func TestMethodsAndTypes(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	badge := d.decorated("acme", "Badge")
	head := d.call("", "HEAD", badge, nil)
	got := d.must(http.StatusOK, "", "GET", badge, nil)
	same(t, "HEAD", []any{head.status, head.text, head.header.Get("ETag")}, []any{http.StatusOK, "", got.header.Get("ETag")})
	options := d.call("", "OPTIONS", badge, nil)
	same(t, "OPTIONS", []any{options.status, options.header.Get("Allow")}, []any{http.StatusNoContent, "GET, HEAD, PATCH, DELETE"})
	same(t, "HEAD of what takes a POST", d.call("", "HEAD", "/api/v1/awards/1/revoke", nil).status, http.StatusMethodNotAllowed)
	for accept, want := range map[string]int{
		"application/json": 200, "*/*": 200, "application/*": 200, "text/html, application/json;q=0.9": 200, "text/html;q=0.9,*/*;q=0.1": 200,
		"text/html": 406, "application/json;q=0": 406, "image/png": 406, "application/xml, text/*": 406, ";;": 200,
	} {
		same(t, "Accept: "+accept, d.with(map[string]string{"Accept": accept}, "", "GET", badge, nil).status, want)
	}
	same(t, "Accept of a picture", d.with(map[string]string{"Accept": "image/*"}, "", "GET", badge+"/avatar", nil).status, http.StatusOK)
	same(t, "Accept of no content", d.with(map[string]string{"Accept": "text/html"}, adminToken, "DELETE", badge, nil).status, http.StatusNoContent)
}

func TestWhatCachesMayKeep(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	for _, tc := range []struct{ token, path, want string }{
		{"", "/api/v1/namespaces/acme", "no-cache"}, {adminToken, "/api/v1/namespaces/acme", "private, no-cache"},
		{"", "/api/v1/namespaces/other", "no-store"}, {"", "/livez", "no-store"},
	} {
		got := d.call(tc.token, "GET", tc.path, nil)
		same(t, tc.path, got.header.Get("Cache-Control"), tc.want)
	}
	same(t, "what it depends on", d.call("", "GET", "/api/v1/namespaces/acme", nil).header.Get("Vary"), "Authorization, Private-Token")
	same(t, "an answer to a change", d.call(adminToken, "PATCH", "/api/v1/namespaces/acme", map[string]any{}).header.Get("Cache-Control"), "no-store")
}
