package server_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// configured starts a new service with a configuration of its own, and a door that any answer may come through.
func configured(t *testing.T, change func(*server.Config)) *door {
	t.Helper()

	clock := testkit.NewClock()
	limiter, err := cache.NewLimiter(cache.Config{}, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	d := onSQLite(t, func(cfg *server.Config) {
		cfg.Limits = server.Limits{Limiter: limiter}
		cfg.Mount = func(routes gin.IRouter) {
			routes.POST("/hooks/:source", func(c *gin.Context) { c.JSON(http.StatusAccepted, gin.H{}) })
		}
		change(cfg)
	})
	d.clock, d.client = clock, &http.Client{}
	return d
}

// knock sends a request without a body and with the headers, which are pairs of name and value.
func (d *door) knock(method, path string, headers ...string) answer {
	d.t.Helper()

	request, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, http.NoBody)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	return d.send(request)
}

// exhaust repeats a request until it is refused and returns how often it was not.
func (d *door) exhaust(ask func(i int) answer) int {
	d.t.Helper()

	for i := range 100 {
		if got := ask(i); got.status == http.StatusTooManyRequests {
			return i
		}
	}
	d.t.Fatal("nothing is refused")
	return 0
}

func TestATokenIsLimited(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) { cfg.Limits.Token, cfg.Limits.Anonymous = 6, 2 })
	ada, second := d.person("ada"), d.token("ada", "read")
	for left := 5; left >= 0; left-- {
		got := d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil)
		if want := fmt.Sprintf(`"token";r=%d;t=%d`, left, 10*(6-left)); got.header.Get("Ratelimit") != want {
			t.Errorf("RateLimit is %s, want %s", got.header.Get("Ratelimit"), want)
		}
		if policy := got.header.Get("Ratelimit-Policy"); policy != `"token";q=6;w=60` {
			t.Errorf("RateLimit-Policy is %s", policy)
		}
	}
	d.clock.Advance(1500 * time.Millisecond)
	got := d.refused(http.StatusTooManyRequests, "rate_limited", ada, "GET", "/api/v1/user", nil)
	want := map[string]string{
		"Retry-After": "9", "Ratelimit": `"token";r=0;t=59`, "Ratelimit-Policy": `"token";q=6;w=60`, "Cache-Control": "no-store",
	}
	for name, value := range want {
		if got.header.Get(name) != value {
			t.Errorf("refused, %s is %q, want %q", name, got.header.Get(name), value)
		}
	}
	d.must(http.StatusOK, second, "GET", "/api/v1/user", nil)
	d.must(http.StatusOK, "", "GET", "/api/v1/users/ada", nil)
	d.clock.Advance(8500 * time.Millisecond)
	d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil)
	d.refused(http.StatusTooManyRequests, "rate_limited", ada, "GET", "/api/v1/user", nil)
}

// Refusals of other kinds are counted as well, and say what is left.
func TestWhatIsRefusedIsCounted(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) { cfg.Limits.Token, cfg.Limits.Anonymous = 5, 5 })
	for _, headers := range [][]string{{"Private-Token", adminToken}, {}} {
		for i, path := range []string{"/api/v1/users/nobody", "/api/v1/awards/x", "/api/v1/awards/4711"} {
			got := d.knock("GET", path, headers...)
			if left := fmt.Sprintf(";r=%d;", 4-i); got.status < 400 || !strings.Contains(got.header.Get("Ratelimit"), left) {
				t.Errorf("%s answers %d, RateLimit %q", path, got.status, got.header.Get("Ratelimit"))
			}
		}
	}
}

func TestAnAddressIsLimited(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) {
		cfg.Limits.Anonymous, cfg.TrustedProxies = 3, []string{"127.0.0.1/32"}
	})
	from := func(address string) func(int) answer {
		return func(int) answer { return d.knock("GET", "/api/v1/awards/4711", "X-Forwarded-For", address) }
	}
	for _, step := range []struct {
		address string
		want    int
	}{
		{"192.0.2.1", 3},
		{"::ffff:192.0.2.1", 0},
		{"192.0.2.2", 3},
		{"2001:db8:1:2::1", 3},
		{"2001:db8:1:2:ffff:ffff:ffff:ffff", 0},
		{"2001:db8:1:3::1", 3},
	} {
		if got := d.exhaust(from(step.address)); got != step.want {
			t.Errorf("%s was allowed %d requests, want %d", step.address, got, step.want)
		}
	}
	if got := from("192.0.2.1")(0); got.header.Get("Ratelimit-Policy") != `"address";q=3;w=60` || got.object["code"] != "rate_limited" {
		t.Errorf("an address is refused with %v %s", got.header, got.text)
	}
}

// Nobody gets around the limit by saying that they are somebody else.
func TestAddressesAreNotForged(t *testing.T) {
	t.Parallel()

	proxy := []string{"127.0.0.0/8", "10.0.0.0/8"}
	for name, tc := range map[string]struct {
		trusted []string
		headers func(i int) []string
		want    int
	}{
		"no proxy is trusted":        {nil, func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i)} }, 3},
		"another proxy is trusted":   {proxy[1:], func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i)} }, 3},
		"the proxy is trusted":       {proxy, func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i%10)} }, 30},
		"before what the proxy says": {proxy, func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 192.0.2.1", i)} }, 3},
		"before a chain of proxies": {proxy, func(i int) []string {
			return []string{"X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 192.0.2.1, 10.1.1.1", i)}
		}, 3},
		"in a header of their own": {proxy, func(i int) []string {
			return []string{"X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i), "X-Forwarded-For", "192.0.2.1"}
		}, 3},
		"as garbage": {proxy, func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf("garbage %d", i)} }, 3},
		"in headers that no proxy sets": {proxy, func(i int) []string {
			return []string{"X-Real-IP", fmt.Sprintf("192.0.2.%d", i), "Forwarded", fmt.Sprintf("for=192.0.2.%d", i), "CF-Connecting-IP", fmt.Sprintf("192.0.2.%d", i)}
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := configured(t, func(cfg *server.Config) { cfg.Limits.Anonymous, cfg.TrustedProxies = 3, tc.trusted })
			if got := d.exhaust(func(i int) answer { return d.knock("GET", "/api/v1/awards/4711", tc.headers(i)...) }); got != tc.want {
				t.Errorf("%d requests were allowed, want %d", got, tc.want)
			}
		})
	}
}

func TestGuessingTokensIsLimited(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) {
		cfg.Limits.Token, cfg.TrustedProxies = 1000, []string{"127.0.0.1/32"}
	})
	known, unknown := d.person("ada"), d.person("grace")
	d.must(http.StatusOK, known, "GET", "/api/v1/user", nil)
	guess := func(i int) answer {
		return d.knock("GET", "/api/v1/user", "Authorization", "Bearer guess-number-000"+strconv.Itoa(i))
	}
	first := guess(1000)
	if first.status != http.StatusUnauthorized || first.header.Get("Ratelimit-Policy") != `"authentication";q=30;w=60` || first.header.Get("Ratelimit") != `"authentication";r=29;t=2` {
		t.Errorf("a wrong token is answered %d %v", first.status, first.header)
	}
	if got := d.knock("GET", "/api/v1/user", "Authorization", "Basic x"); got.status != http.StatusUnauthorized || !strings.Contains(got.header.Get("Ratelimit"), ";r=28;") {
		t.Errorf("a wrong scheme is answered %d %v", got.status, got.header)
	}
	if got := d.exhaust(guess); got != 28 {
		t.Errorf("%d further guesses were allowed, want 28", got)
	}
	// The book is not asked any more: even a good token is refused that was not used before.
	got := d.refused(http.StatusTooManyRequests, "rate_limited", unknown, "GET", "/api/v1/user", nil)
	if got.header.Get("Retry-After") != "2" || got.header.Get("Ratelimit") != `"authentication";r=0;t=60` {
		t.Errorf("the refusal says %v", got.header)
	}
	// A neighbour's faults lock out nobody who was here before, nor those elsewhere or without a token.
	d.must(http.StatusOK, known, "GET", "/api/v1/user", nil)
	if got := d.knock("GET", "/api/v1/user", "Private-Token", unknown, "X-Forwarded-For", "192.0.2.1"); got.status != http.StatusOK {
		t.Errorf("from elsewhere, the token is answered %d", got.status)
	}
	d.must(http.StatusOK, "", "GET", "/api/v1/users/ada", nil)
	d.clock.Advance(2 * time.Second)
	if got := guess(0); got.status != http.StatusUnauthorized {
		t.Errorf("after a while, a guess is answered %d", got.status)
	}
	d.clock.Advance(time.Minute)
	d.must(http.StatusOK, unknown, "GET", "/api/v1/user", nil)
}

func TestWhatIsNotLimited(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) { cfg.Limits.Token, cfg.Limits.Anonymous = 1, 1 })
	d.exhaust(func(int) answer { return d.knock("GET", "/api/v1/awards/4711") })
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/openapi.yaml": 200, "/nowhere": 404} {
		if got := d.knock("GET", path); got.status != want || got.header.Get("Ratelimit") != "" {
			t.Errorf("%s answers %d, RateLimit %q", path, got.status, got.header.Get("Ratelimit"))
		}
	}
	for range 3 {
		if got := d.knock("POST", "/hooks/forge"); got.status != http.StatusAccepted || got.header.Get("Ratelimit") != "" {
			t.Errorf("a webhook is answered %d, RateLimit %q", got.status, got.header.Get("Ratelimit"))
		}
	}
}

func TestLimitsCanBeOff(t *testing.T) {
	t.Parallel()

	d := configured(t, func(*server.Config) {})
	for _, headers := range [][]string{{"Private-Token", adminToken}, {}} {
		for range 20 {
			got := d.knock("GET", "/api/v1/users/admin", headers...)
			if got.status != http.StatusOK || got.header.Get("Ratelimit")+got.header.Get("Ratelimit-Policy") != "" {
				t.Fatalf("without limits it answers %d %v", got.status, got.header)
			}
		}
	}
}

// A refusal can be found in the log by the id that its answer holds.
func TestRefusalsAreFoundInTheLog(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) { cfg.Limits.Anonymous = 1 })
	for _, tc := range []struct{ path, code string }{
		{"/nowhere", "not_found"}, {"/api/v1/user", "unauthenticated"}, {"/api/v1/user", "rate_limited"},
	} {
		d.log.Reset()
		got := d.knock("GET", tc.path, "X-Request-ID", "request-"+tc.code)
		if id := got.header.Get("X-Request-ID"); id != "request-"+tc.code || got.object["code"] != tc.code {
			t.Errorf("%s answers %s with the id %q", tc.path, got.text, id)
		}
		if line := d.log.String(); !strings.Contains(line, `"request_id":"request-`+tc.code+`"`) || !strings.Contains(line, `"code":"`+tc.code+`"`) {
			t.Errorf("%s is logged as %s", tc.path, line)
		}
	}
}
