package server_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
)

// codeOfPage is how a page that says what is wrong tells programs which fault it is.
var codeOfPage = regexp.MustCompile(`data-code="(\w+)"`)

// visitor is somebody's browser: it keeps the cookies that it is given, as it would over a secure connection.
type visitor struct {
	*door

	cookies map[string]string
	headers map[string]string
}

// visits is an option of a service with a page that says who is signed in.
func visits(cfg *server.Config) {
	cfg.Pages = func(routes gin.IRouter) {
		routes.GET("/whoami", func(c *gin.Context) {
			caller := operation.CallerFrom(c.Request.Context())
			c.JSON(http.StatusOK, gin.H{"username": caller.Username(), "session": caller.SessionID()})
		})
	}
}

func (d *door) visitor() *visitor {
	other := d.plain()
	other.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &visitor{other, map[string]string{}, map[string]string{"Sec-Fetch-Site": "same-origin"}}
}

// visit sends a request; a form is nil for GET.
func (v *visitor) visit(method, path string, form url.Values) answer {
	v.t.Helper()

	target := path
	if strings.HasPrefix(path, "/") {
		target = v.url + path
	}
	request, err := http.NewRequestWithContext(v.t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range v.headers {
		request.Header.Set(name, value)
	}
	for name, value := range v.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	got := v.send(request)
	if mark := codeOfPage.FindStringSubmatch(got.text); mark != nil {
		got.object = map[string]any{"code": mark[1]}
	}
	for _, set := range (&http.Response{Header: got.header}).Cookies() {
		if !strings.HasPrefix(set.Name, "__Host-") || !set.Secure || !set.HttpOnly || set.Path != "/" || set.Domain != "" || set.SameSite != http.SameSiteLaxMode {
			v.t.Errorf("the cookie is %s", set)
		}
		if v.cookies[set.Name] = set.Value; set.MaxAge < 0 {
			delete(v.cookies, set.Name)
		}
	}
	return got
}

// signIn signs in with a token and returns the cookie's value.
func (v *visitor) signIn(token string) string {
	v.t.Helper()

	got := v.visit("POST", "/sign-in/token", url.Values{"token": {token}, "return_to": {"/users/ada"}})
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/users/ada" {
		v.t.Fatalf("signing in answers %d, leads to %q: %s", got.status, got.header.Get("Location"), got.text)
	}
	return v.cookies["__Host-accolade"]
}

// whoami returns the name of who is signed in, and checks what caches are told.
func (v *visitor) whoami() string {
	v.t.Helper()

	got := v.visit("GET", "/whoami", nil)
	name, _ := got.object["username"].(string)
	control := got.header.Get("Cache-Control")
	if got.status != http.StatusOK || !strings.Contains(strings.Join(got.header.Values("Vary"), ","), "Cookie") || name != "" && control != "private, no-store" {
		v.t.Errorf("the page answers %d, Vary %v, Cache-Control %q: %s", got.status, got.header.Values("Vary"), control, got.text)
	}
	return name
}

func TestSigningInWithAToken(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.mode(func(*operation.Config) {}, visits)
		ada, grace := d.person("ada", "read"), d.person("grace")
		v := d.visitor()
		same(t, "who is there first", v.whoami(), "")
		first := v.signIn(" " + ada + "\n")
		same(t, "who is there then", v.whoami(), "ada")

		// Whoever knew the cookie from before does not know the new one, and the old one is over.
		second := v.signIn(ada)
		if first == second || first == "" {
			t.Errorf("the cookie stays %q", first)
		}
		old := d.visitor()
		old.cookies["__Host-accolade"] = first
		same(t, "who has the old cookie", old.whoami(), "")
		if _, kept := old.cookies["__Host-accolade"]; kept {
			t.Error("a cookie that is over is kept")
		}
		// A session is no token, and a token no session.
		d.refused(http.StatusUnauthorized, "invalid_token", second, "GET", "/api/v1/user", nil)
		old.cookies["__Host-accolade"] = ada
		same(t, "who has a token as a cookie", old.whoami(), "")
		same(t, "the API for a cookie", v.visit("GET", "/api/v1/user", nil).status, http.StatusUnauthorized)

		other := d.visitor()
		other.signIn(grace)
		export := d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada/export", nil)
		if sessions, _ := export.object["sessions"].([]any); len(sessions) != 1 {
			t.Errorf("the export holds the sessions %v", export.object["sessions"])
		}
		same(t, "signing out", v.visit("POST", "/sign-out", url.Values{}).status, http.StatusSeeOther)
		same(t, "who is there at last", v.whoami(), "")
		same(t, "the cookies at last", len(v.cookies), 0)
		same(t, "who is there elsewhere", other.whoami(), "grace")
		same(t, "signing out again", v.visit("POST", "/sign-out", url.Values{}).header.Get("Location"), "/")
		v.cookies["__Host-accolade"] = second
		same(t, "who has the cookie of whoever signed out", v.whoami(), "")

		var noted []string
		for _, item := range d.must(http.StatusOK, adminToken, "GET", "/api/v1/audit-events?limit=100", nil).items() {
			action, _ := item.object["action"].(string)
			if what, ok := strings.CutPrefix(action, "session."); ok {
				noted = append(noted, what)
			}
		}
		same(t, "what is noted, newest first", strings.Join(noted, " "), "ended began began ended began") //nolint:dupword // it began twice
	})
}

// What ends a session at once, on every replica: that its token or its user does.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.mode(func(*operation.Config) {}, visits)
		other := d.mode(func(*operation.Config) {}, visits) // another replica
		for _, tc := range []struct {
			name string
			end  func(name, token string)
		}{
			{"revoked", func(name, _ string) {
				list := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/"+name+"/tokens", nil).items()
				d.must(http.StatusNoContent, adminToken, "DELETE", "/api/v1/users/"+name+"/tokens/"+list[0].id(), nil)
			}},
			{"blocked", func(name, _ string) {
				d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/"+name, map[string]any{"blocked": true})
				d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/"+name, map[string]any{"blocked": false})
			}},
			{"erased", func(name, token string) { d.must(http.StatusNoContent, token, "DELETE", "/api/v1/users/"+name, nil) }},
			{"merged", func(name, _ string) {
				d.person("one")
				d.must(http.StatusOK, adminToken, "POST", "/api/v1/users/one/merge", map[string]any{"from": name})
			}},
		} {
			token := d.person(tc.name)
			here, there := d.visitor(), other.visitor()
			there.cookies["__Host-accolade"] = here.signIn(token)
			same(t, tc.name+": who is there", there.whoami(), tc.name)
			tc.end(tc.name, token)
			same(t, tc.name+": who is there at the end", there.whoami(), "")
			if got := here.visit("POST", "/sign-in/token", url.Values{"token": {token}}); (got.status == http.StatusUnauthorized) == (tc.name == "blocked") {
				t.Errorf("%s: signing in again answers %d", tc.name, got.status)
			}
		}
	})
}

func TestSessionsEndInTime(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.mode(func(*operation.Config) {}, visits)
		d.person("late", "read")
		until := d.clock.Now().Add(2 * time.Hour).Format(time.RFC3339)
		issued := d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users/late/tokens", map[string]any{"name": "short", "scopes": []string{"read"}, "expires_at": until})
		short, _ := issued.object["token"].(string)
		late, idle, long := d.visitor(), d.visitor(), d.visitor()
		late.signIn(short)
		idle.signIn(d.person("idle"))
		long.signIn(d.person("long"))
		d.clock.Advance(2*time.Hour - time.Second)
		same(t, "who has a token for a little longer", late.whoami(), "late")
		d.clock.Advance(time.Second)
		same(t, "who had a token for two hours", late.whoami(), "")
		for range 9 {
			d.clock.Advance(9 * 24 * time.Hour)
			same(t, "who comes every nine days", long.whoami(), "long")
		}
		d.clock.Advance(9*24*time.Hour - 3*time.Hour)
		same(t, "who came for ninety days", long.whoami(), "long")
		d.clock.Advance(time.Hour)
		same(t, "who is over ninety days", long.whoami(), "")
		same(t, "who did not come", idle.whoami(), "")
		if _, err := d.automation.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		export := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/idle/export", nil)
		same(t, "the sessions that are kept", export.at("sessions"), any([]any{}))
	})
}

func TestSignInWithATokenRefuses(t *testing.T) {
	t.Parallel()

	d := onSQLite(t, visits)
	ada := d.person("ada")
	for _, tc := range []struct {
		form   url.Values
		status int
		code   string
	}{
		{url.Values{}, http.StatusBadRequest, "invalid"},
		{url.Values{"token": {"  "}}, http.StatusBadRequest, "invalid"},
		{url.Values{"token": {"acc_wrong"}}, http.StatusUnauthorized, "invalid_token"},
		{url.Values{"token": {ada[:len(ada)-1]}}, http.StatusUnauthorized, "invalid_token"},
		{url.Values{"token": {strings.Repeat("x", 2<<20)}}, http.StatusRequestEntityTooLarge, "body_too_large"},
	} {
		v := d.visitor()
		got := v.visit("POST", "/sign-in/token", tc.form)
		if got.status != tc.status || got.object["code"] != tc.code || len(v.cookies) > 0 {
			t.Errorf("%.40v answers %d %s, cookies %v", tc.form, got.status, got.text, v.cookies)
		}
	}
	v := d.visitor()
	got := v.visit("POST", "/sign-in/token?token="+url.QueryEscape(ada), url.Values{})
	same(t, "a token in the URL", got.status, http.StatusBadRequest)
	for _, to := range []string{"//evil.example", `/\evil.example`, `\\evil.example`, "http://evil.example", "javascript:alert(1)"} {
		got := v.visit("POST", "/sign-in/token", url.Values{"token": {ada}, "return_to": {to}})
		same(t, "where "+to+" leads", got.header.Get("Location"), "/")
	}
}

// What another site's page lets a browser send changes nothing.
func TestOtherSitesSignNobodyInOrOut(t *testing.T) {
	t.Parallel()

	d := onSQLite(t, visits)
	ada := d.person("ada")
	v := d.visitor()
	v.signIn(ada)
	for _, headers := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
	} {
		v.headers = headers
		for path, form := range map[string]url.Values{"/sign-out": {}, "/sign-in/token": {"token": {ada}}} {
			got := v.visit("POST", path, form)
			if got.status != http.StatusForbidden || got.object["code"] != "cross_origin" {
				t.Errorf("%v: %s answers %d %s", headers, path, got.status, got.text)
			}
		}
		same(t, "who is there then", v.whoami(), "ada")
	}
	v.headers = map[string]string{"Origin": d.url}
	same(t, "an old browser's own page", v.visit("POST", "/sign-out", url.Values{}).status, http.StatusSeeOther)
}

// Who has a token may sign in with it as often as an address may ask: each time is a row in the book.
func TestSignInsAreLimited(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) {
		visits(cfg)
		cfg.Limits.Anonymous = 5
	})
	ada := d.person("ada")
	same(t, "how often one may sign in", d.exhaust(func(int) answer {
		return d.visitor().visit("POST", "/sign-in/token", url.Values{"token": {ada}})
	}), 5)
}

func TestGuessesOfSessionsAreLimited(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) { visits(cfg) })
	ada := d.person("ada")
	good := d.visitor()
	good.signIn(ada)
	same(t, "who is there", good.whoami(), "ada")
	v := d.visitor()
	guesses := d.exhaust(func(int) answer {
		v.cookies["__Host-accolade"] = "acs_guess"
		return v.visit("GET", "/whoami", nil)
	})
	same(t, "the guesses", guesses, 30)
	same(t, "a guess of a token", v.visit("POST", "/sign-in/token", url.Values{"token": {"acc_guess"}}).status, http.StatusTooManyRequests)
	same(t, "who is there still", good.whoami(), "ada")
}
