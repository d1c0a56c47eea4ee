package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// nobodyCame fails the test unless the answer is a refusal that signs nobody in and links no account.
func (v *visitor) nobodyCame(what string, got answer) {
	v.t.Helper()

	if got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized || got.at("code") == nil {
		v.t.Errorf("%s: answered %d %s", what, got.status, got.text)
	}
	same(v.t, what+": who is there", v.whoami(), "")
	same(v.t, what+": the accounts", v.accounts("victim"), "victim: forge/4711")
	if listed := v.must(http.StatusOK, adminToken, "GET", "/api/v1/users", nil).items(); len(listed) != 3 {
		v.t.Errorf("%s: there are %d users", what, len(listed))
	}
}

// victims returns a service with one user who has an account, besides the house and the admin.
func victims(t *testing.T, more ...signin.Config) (*door, *testkit.Issuer) {
	t.Helper()

	d := onSQLite(t)
	issuer := testkit.NewIssuer(t, d.clock.Now)
	d = d.asks(append([]signin.Config{sso(issuer)}, more...)...)
	d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users", map[string]any{"username": "victim", "name": "V", "email": "victim@example.com"})
	d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/victim/accounts/forge", map[string]any{"forge_user_id": "4711", "login": "victim"})
	issuer.Serves(map[string]any{"sub": "4711", "preferred_username": "victim", "name": "V", "email": "victim@example.com", "email_verified": true}, nil)
	return d, issuer
}

// What a provider, or whoever pretends to be one, may not make us believe.
func TestLiesOfProvidersAreRefused(t *testing.T) {
	t.Parallel()

	d, issuer := victims(t)
	now := d.clock.Now
	claims := func(name string, value any) testkit.Lie { return testkit.Lie{Claims: map[string]any{name: value}} }
	signed := func(algorithm jose.SignatureAlgorithm, key any) testkit.Lie {
		return testkit.Lie{Sign: func(text []byte) string { return testkit.SignJWT(algorithm, key, text) }}
	}
	brings := func(name, value string) testkit.Lie {
		return testkit.Lie{Callback: func(answer url.Values) {
			answer.Set(name, value)
			if value == "" {
				answer.Del(name)
			}
		}}
	}
	for what, lie := range map[string]testkit.Lie{
		"another nonce": claims("nonce", "another"), "no nonce": claims("nonce", nil), "an empty nonce": claims("nonce", ""),
		"another audience":    claims("aud", "another client"),
		"several audiences":   claims("aud", []string{testkit.OIDCClient, "another"}),
		"another party":       {Claims: map[string]any{"aud": []string{testkit.OIDCClient, "another"}, "azp": "another"}},
		"expired":             claims("exp", now().Add(-2*time.Minute).Unix()),
		"from the future":     claims("iat", now().Add(2*time.Minute).Unix()),
		"another issuer":      claims("iss", "https://issuer.example"),
		"no subject":          claims("sub", ""),
		"an endless subject":  claims("sub", strings.Repeat("4711", 100)),
		"a wrong token hash":  claims("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"nobody's signature":  {Sign: testkit.UnsignedJWT},
		"the secret as key":   signed(jose.HS256, []byte(testkit.OIDCSecret)),
		"the client as key":   signed(jose.HS256, []byte(strings.Repeat(testkit.OIDCClient, 4))),
		"another's key":       signed(jose.ES256, testkit.OthersKey()),
		"no token at all":     {Sign: func([]byte) string { return "" }},
		"no JWT":              {Sign: func([]byte) string { return "a.b.c" }},
		"another's answer":    brings("iss", "https://issuer.example"),
		"nobody's answer":     brings("iss", ""),
		"no state":            brings("state", ""),
		"an unknown state":    brings("state", "AAAAAAAAAAAAAAAAAAAAAAAAAA"),
		"an endless state":    brings("state", strings.Repeat("A", 4000)),
		"an unknown code":     brings("code", "AAAAAAAAAAAAAAAAAAAAAAAAAA"),
		"no code":             brings("code", ""),
		"an error":            brings("error", "access_denied"),
		"an error with HTML":  brings("error", "<script>alert(1)</script>"),
		"another one's infos": {Claims: map[string]any{"email": nil}, Told: map[string]any{"sub": "1"}},
	} {
		issuer.Lies(lie)
		v := d.visitor()
		got := v.signInAt("sso")
		v.nobodyCame(what, got)
		if strings.Contains(got.text, "<script>") {
			t.Errorf("%s: the answer is %s", what, got.text)
		}
	}
	issuer.Lies(testkit.Lie{Claims: map[string]any{"exp": now().Add(-30 * time.Second).Unix(), "iat": now().Add(30 * time.Second).Unix(), "azp": testkit.OIDCClient}})
	v := d.visitor()
	v.signInAt("sso")
	same(t, "who is there by a clock that differs a little", v.whoami(), "victim")
}

// What a browser may not bring back.
func TestAnswersComeBackOnceToWhereTheyBegan(t *testing.T) {
	t.Parallel()

	second := testkit.NewIssuer(t, testkit.NewClock().Now)
	other := sso(second)
	other.Name, other.Source = "other", ""
	d, _ := victims(t, other)
	begun := func() (*visitor, string) {
		v := d.visitor()
		back := v.away(v.visit("GET", "/sign-in/sso", nil))
		return v, back
	}

	v, back := begun()
	delete(v.cookies, "__Host-accolade-state")
	v.nobodyCame("without the cookie", v.visit("GET", back, nil))
	_, back = begun()
	w, _ := begun()
	w.nobodyCame("in another browser", w.visit("GET", back, nil))
	v, back = begun()
	v.nobodyCame("to another provider", v.visit("GET", strings.Replace(back, "/sso/", "/other/", 1), nil))
	v.nobodyCame("after that", v.visit("GET", back, nil))
	v, back = begun()
	d.clock.Advance(10 * time.Minute)
	v.nobodyCame("too late", v.visit("GET", back, nil))

	v, back = begun()
	same(t, "a HEAD request, which uses up nothing", v.visit("HEAD", back, nil).status, http.StatusMethodNotAllowed)
	state := v.cookies["__Host-accolade-state"]
	v.visit("GET", back, nil)
	same(t, "who is there", v.whoami(), "victim")
	v.visit("POST", "/sign-out", url.Values{})
	v.cookies["__Host-accolade-state"] = state
	v.nobodyCame("once more", v.visit("GET", back, nil))
	// With a state of its own, too, a code is good once, and for whoever began.
	_, fresh := begun()
	code := func(path string) string {
		_, query, _ := strings.Cut(path, "?")
		values, _ := url.ParseQuery(query)
		return values.Get("code")
	}
	x, stolen := begun()
	x.nobodyCame("another's code", x.visit("GET", strings.Replace(stolen, code(stolen), code(fresh), 1), nil))
	x, stolen = begun()
	x.nobodyCame("a code that was used", x.visit("GET", strings.Replace(stolen, code(stolen), code(back), 1), nil))

	// Two tabs of one browser do not disturb each other.
	v, back = begun()
	v.away(v.visit("GET", "/sign-in/sso", nil))
	same(t, "the first of two tabs", v.visit("GET", back, nil).status, http.StatusSeeOther)
	for _, to := range []string{"//evil.example", `/\evil.example`, `\\evil.example`, "http://evil.example", "/%0d%0aX:y\r\n", ""} {
		v := d.visitor()
		got := v.visit("GET", v.away(v.visit("GET", "/sign-in/sso?return_to="+url.QueryEscape(to), nil)), nil)
		same(t, "where "+to+" leads", got.header.Get("Location"), "/")
	}
	for _, path := range []string{"/sign-in/nobody", "/sign-in/token", "/sign-in/nobody/callback?state=x&code=y"} {
		got := d.visitor().visit("GET", path, nil)
		same(t, path, []any{got.status, got.at("code")}, []any{http.StatusNotFound, "not_found"})
	}
}

// An address that nobody has verified is nobody's.
func TestAnUnverifiedAddressIsNotBelieved(t *testing.T) {
	t.Parallel()

	d, issuer := victims(t)
	for i, verified := range []any{false, nil, "yes", 1, "false", []any{true}} {
		id := string(rune('a' + i))
		issuer.Serves(map[string]any{"sub": id, "preferred_username": "mallory-" + id, "email": "victim@example.com", "email_verified": verified}, nil)
		v := d.visitor()
		v.signInAt("sso")
		same(t, "who is there", v.whoami(), "mallory-"+id)
		same(t, "the address", d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/mallory-"+id, nil).at("email"), nil)
	}
	same(t, "the accounts", d.accounts("victim"), "victim: forge/4711")
}

func TestAProviderThatIsAway(t *testing.T) {
	t.Parallel()

	d, issuer := victims(t)
	await := func(what string, lie testkit.Lie, asked int) {
		t.Helper()
		issuer.Lies(lie)
		got := d.visitor().visit("GET", "/sign-in/sso", nil)
		same(t, what, []any{got.status, got.at("code")}, []any{http.StatusServiceUnavailable, "provider_unavailable"})
		same(t, what+": how often it was asked", issuer.Asked("/.well-known/openid-configuration"), asked)
	}
	await("one that is down", testkit.Lie{Down: true}, 1)
	await("one that was down just now", testkit.Lie{}, 1)
	d.clock.Advance(time.Second)
	await("one that says too much", testkit.Lie{Size: 2 << 20}, 2)
	d.clock.Advance(time.Second)
	await("one that is left alone a little longer", testkit.Lie{}, 2)
	d.clock.Advance(time.Second)
	await("one with another name", testkit.Lie{Slashed: true}, 3)
	d.clock.Advance(time.Minute)
	issuer.Lies(testkit.Lie{})
	v := d.visitor()
	back := v.away(v.visit("GET", "/sign-in/sso", nil))
	issuer.Lies(testkit.Lie{Down: true})
	same(t, "one that is down at the end", v.visit("GET", back, nil).at("code"), any("provider_unavailable"))
	for _, to := range []string{"/elsewhere", "http://127.0.0.1:1/"} {
		issuer.Lies(testkit.Lie{Redirect: to})
		same(t, "one that redirects", v.signInAt("sso").at("code"), any("provider_unavailable"))
	}
	same(t, "what was asked elsewhere", issuer.Asked("/elsewhere"), 0)
	issuer.Lies(testkit.Lie{})
	v.signInAt("sso")
	same(t, "who is there at last", v.whoami(), "victim")
}

func TestBeginningSignInsIsLimited(t *testing.T) {
	t.Parallel()

	clock := testkit.NewClock()
	issuer := testkit.NewIssuer(t, clock.Now)
	d := configured(t, func(cfg *server.Config) {
		visits(cfg)
		cfg.Limits.Anonymous = 4
		cfg.SignIn = signin.New([]signin.Config{sso(issuer)}, signin.Options{BaseURL: cfg.BaseURL, Now: clock.Now})
	})
	same(t, "how often", d.exhaust(func(int) answer { return d.visitor().visit("GET", "/sign-in/sso", nil) }), 4)
}

// GitHub as its documentation has it; an Enterprise Server, whose API is on the same host.
func fakeGitHub(t *testing.T, scopes *string) *httptest.Server {
	t.Helper()

	mux := http.NewServeMux()
	challenge := ""
	mux.HandleFunc("GET /login/oauth/authorize", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		*scopes, challenge = query.Get("scope"), query.Get("code_challenge_method")+query.Get("code_challenge")
		http.Redirect(w, r, query.Get("redirect_uri")+"?"+url.Values{"code": {"the code"}, "state": {query.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /login/oauth/access_token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		form := []string{r.PostFormValue("client_id"), r.PostFormValue("client_secret"), r.PostFormValue("code")}
		if strings.Join(form, " ") != "Iv1 hush the code" || !strings.HasPrefix(challenge, "S256") || r.PostFormValue("code_verifier") == "" {
			_, _ = w.Write([]byte(`{"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."}`))
			return
		}
		_, _ = w.Write([]byte(`{"access_token": "gho_token", "scope": "user:email", "token_type": "bearer"}`))
	})
	api := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer gho_token" {
				http.Error(w, `{"message": "Bad credentials"}`, http.StatusUnauthorized)
				return
			}
			_, _ = w.Write([]byte(text))
		}
	}
	mux.HandleFunc("GET /api/v3/user", api(`{"login": "octocat", "id": 583231, "name": "The Octocat", "type": "User", "email": "public@example.com"}`))
	mux.HandleFunc("GET /api/v3/user/emails", api(`[
		{"email": "other@example.com", "primary": false, "verified": true, "visibility": null},
		{"email": "octocat@example.com", "primary": true, "verified": true, "visibility": "private"}]`))
	hub := httptest.NewServer(mux)
	t.Cleanup(hub.Close)
	return hub
}

func TestSigningInAtGitHub(t *testing.T) {
	t.Parallel()

	scopes := ""
	hub := fakeGitHub(t, &scopes)
	d := onSQLite(t)
	cfg := signin.Config{Name: "github", Kind: "github", URL: hub.URL + "/", ClientID: "Iv1", ClientSecret: "hush", Source: "forge"}
	wrong := cfg
	wrong.Name, wrong.ClientSecret = "wrong", "another"
	d = d.asks(cfg, wrong)
	d.met("583231", "octocat")
	v := d.visitor()
	v.signInAt("github")
	same(t, "who is there", v.whoami(), "octocat")
	user := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/octocat", nil)
	same(t, "what is known", []any{user.at("name"), user.at("email"), user.at("claimed"), scopes}, []any{"The Octocat", "octocat@example.com", true, "user:email"})
	got := d.visitor().signInAt("wrong")
	same(t, "a wrong secret", []any{got.status, got.at("code")}, []any{http.StatusUnauthorized, "bad_identity"})
}

func TestForgesThatAreIssuers(t *testing.T) {
	t.Parallel()

	for _, kind := range []string{"gitlab", "gitea", "forgejo"} {
		for _, slashed := range []bool{false, true} {
			d := onSQLite(t)
			issuer := testkit.NewIssuer(t, d.clock.Now)
			cfg := sso(issuer)
			cfg.Name, cfg.Kind, cfg.URL, cfg.AdminGroup = kind, kind, issuer.URL+"/", "acme/admins"
			d = d.asks(cfg)
			sign := func(groups any, told map[string]any) (string, any) {
				issuer.Serves(map[string]any{"sub": "7", "preferred_username": "ada", "name": "Ada", "email": "ada@example.com", "groups": groups}, told)
				issuer.Lies(testkit.Lie{Slashed: slashed, Claims: map[string]any{"iat": nil}}) // Gitea's tokens do not say when they were issued
				v := d.visitor()
				v.signInAt(kind)
				return v.whoami(), d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil).at("admin")
			}
			for _, tc := range []struct {
				groups any
				told   map[string]any
				admin  bool
			}{
				{nil, map[string]any{"groups": []string{"acme", "acme/admins"}}, true},
				{[]string{"acme/admins"}, nil, true},
				{[]string{"acme/admins/others", "ACME/ADMINS"}, nil, false},
				{[]string{"acme/admins"}, nil, true},
				{nil, nil, false},
				{"acme/admins", nil, false},
			} {
				who, admin := sign(tc.groups, tc.told)
				same(t, kind+": who is there, and whether as an admin", []any{who, admin}, []any{"ada", tc.admin})
			}
		}
	}
}
