package app_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/testkit"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// spy goes through the life of a service and keeps everything that it says to those who are not told a secret: the log at its
// most talkative, the metrics, the traces, every problem and page, and in the end the tables.
type spy struct {
	*post

	relay   *testkit.Relay
	issuer  *testkit.Issuer
	traces  *testkit.Collector
	metrics string
	logs    []*logged
	// heard are the texts, by where they are from, and secrets what none may hold, by what it is.
	heard   map[string]string
	secrets map[string]string
	client  *http.Client
	cookies map[string]string
}

func startSpied(t *testing.T, databaseURL string) *spy {
	t.Helper()

	s := &spy{
		heard: map[string]string{}, cookies: map[string]string{},
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	s.traces = testkit.NewCollector(t)
	s.issuer = testkit.NewIssuer(t, func() time.Time { return s.clock.Now() })
	database, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	s.relay = testkit.NewRelay(t, database.Host)
	database.Host, database.User = s.relay.Addr(), url.UserPassword(database.User.Username(), "database-secret-0451")
	s.secrets = map[string]string{
		"the database's password": "database-secret-0451", "a webhook secret": "webhook-secret-0452", "a signing token": signingToken, "a forge's token": "forge-secret-0453",
		"the admin's token": adminToken, "the mail server's password": "correct horse", "the same in a URL": "correct%20horse",
		"the provider's secret": testkit.OIDCSecret, "the same in a URL, too": url.QueryEscape(testkit.OIDCSecret), "the cache's password": "redis-secret-0454",
		"a token that was guessed": "guessed-secret-0455", "a token in the URL": "query-secret-0456", "a code of a provider": "code-secret-0457",
		"a key of the traces' collector": "collector-secret-0458",
	}
	server := testkit.NewMailServer(t, false)
	s.metrics = "http://" + freeAddress(t) + "/metrics"
	s.post = startPost(t, database.String(), mailServerURL("smtp", server), server, func(cfg *app.Config) {
		cfg.Log = slog.New(slog.NewJSONHandler(s.logTo(), &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
		cfg.Sources = []forge.Source{
			{Name: "forge", Forge: forge.GitHub, Secrets: []string{secret, s.secrets["a webhook secret"]}, Token: s.secrets["a forge's token"]},
			{Name: "gitlab", Forge: forge.GitLab, Secrets: []string{s.secrets["a webhook secret"]}},
			{Name: "signing", Forge: forge.GitLab, Secrets: []string{signingToken}},
		}
		cfg.Cache.RedisURL = "redis://:redis-secret-0454@" + freeAddress(t) + "/0" // which is away
		cfg.SignIn = []signin.Config{{
			Name: "sso", Kind: "oidc", URL: s.issuer.URL, ClientID: testkit.OIDCClient, ClientSecret: testkit.OIDCSecret, Source: "forge",
		}}
		cfg.Traces = trace.Config{URL: s.traces.URL + "/v1/traces", Headers: map[string]string{"Api-Key": s.secrets["a key of the traces' collector"]}, Sample: 1}
		cfg.MetricsListen = strings.TrimSuffix(strings.TrimPrefix(s.metrics, "http://"), "/metrics")
	})
	return s
}

// logTo makes a log.
func (s *spy) logTo() *logged {
	log := &logged{}
	s.logs = append(s.logs, log)
	return log
}

// freeAddress returns an address on which nobody listens yet.
func freeAddress(t *testing.T) string {
	t.Helper()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// hear sends a request with the cookies and keeps what is answered.
func (s *spy) hear(method, path string, header http.Header, body string) (int, http.Header, string) {
	s.t.Helper()

	target := path
	if strings.HasPrefix(path, "/") {
		target = s.address + path
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	for name, value := range s.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if strings.HasPrefix(target, s.address) {
		for _, cookie := range response.Cookies() {
			s.cookies[cookie.Name] = cookie.Value
		}
	}
	if response.Header.Get("Location") == "" { // who is signing in is told their own state
		s.heard[fmt.Sprintf("%d: %s %s", len(s.heard), method, path)] = string(text)
	}
	return response.StatusCode, response.Header, string(text)
}

// deliveries come in well signed, badly signed, with the token of another, and as nothing that can be read.
func (s *spy) deliveries() {
	s.t.Helper()

	for _, body := range []string{string(testkit.MergedPullRequest(1, 815, "ada")), "{ no JSON", strings.Repeat("[", 100)} {
		for _, source := range []string{"forge", "gitlab", "signing"} {
			for _, key := range []string{s.secrets["a webhook secret"], signingToken, "guessed-secret-0455"} {
				header := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}, "X-Gitlab-Event": {"Merge Request Hook"}}
				forge.Sign(map[string]string{"forge": forge.GitHub, "signing": forge.GitLab, "gitlab": forge.GitLab}[source], key, header, []byte(body))
				header.Set("X-Gitlab-Token", key)
				header.Set("Authorization", "Bearer "+key)
				header.Set("Cookie", "session="+key)
				header.Set("X-Hub-Signature", "sha1="+key)
				s.hear("POST", "/hooks/"+source, header, body)
			}
		}
	}
}

// strangers try what they have no right to.
func (s *spy) strangers() {
	s.t.Helper()

	guess := http.Header{"Authorization": {"Bearer guessed-secret-0455"}}
	for _, path := range []string{"/api/v1/user", "/api/v1/audit-events", "/api/graphql", "/admin", "/hooks/forge", "/debug/pprof/", "/metrics", "/sign-in/sso/callback?state=x&code=code-secret-0457", "/api/v1/users/ada?private_token=query-secret-0456&access_token=query-secret-0456"} {
		s.hear("GET", path, guess, "")
		s.hear("POST", path, guess, `{"token":"guessed-secret-0455"`)
		s.hear("GET", path, nil, "")
	}
	s.hear("POST", "/sign-in/token", form(), url.Values{"token": {"guessed-secret-0455"}}.Encode())
}

func form() http.Header {
	return http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}}
}

// signIn signs in by the provider and by a token; the cookies and the token are secrets, too.
func (s *spy) signIn() {
	s.t.Helper()

	s.issuer.Serves(map[string]any{"sub": "4711", "preferred_username": "grace", "name": "Grace", "email": "grace@example.com", "email_verified": true}, nil)
	_, header, _ := s.hear("GET", "/sign-in/sso", nil, "")
	_, header, _ = s.hear("GET", header.Get("Location"), nil, "")
	back, err := url.Parse(header.Get("Location"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.secrets["a code that the provider gave"], s.secrets["a state"] = back.Query().Get("code"), back.Query().Get("state")
	if status, _, text := s.hear("GET", back.RequestURI(), nil, ""); status != http.StatusSeeOther {
		s.t.Fatalf("signing in by the provider is answered %d: %s", status, text)
	}
	s.keepCookies("the provider's")
	s.hear("GET", "/settings/sessions", nil, "")
	s.hear("GET", "/settings/data/export.json", nil, "")

	s.do("PATCH", "/api/v1/users/ada", map[string]any{"email": "ada@example.com"})
	s.secrets["ada's token"] = s.tokenOf("ada")
	s.cookies = map[string]string{}
	if status, _, text := s.hear("POST", "/sign-in/token", form(), url.Values{"token": {adminToken}}.Encode()); status != http.StatusSeeOther {
		s.t.Fatalf("signing in with a token is answered %d: %s", status, text)
	}
	s.keepCookies("the admin's")
	s.award("ada")
	s.next()
}

func (s *spy) keepCookies(whose string) {
	for name, value := range s.cookies {
		if value != "" {
			s.secrets[whose+" cookie "+name] = value
		}
	}
}

// look looks at all that an admin can see.
func (s *spy) look() {
	s.t.Helper()

	bearer := http.Header{"Authorization": {"Bearer " + adminToken}}
	for _, path := range []string{
		"/admin", "/admin/deliveries", "/admin/rules", "/admin/audit", "/admin/users", "/admin/users/ada", "/admin/users/grace", "/admin/groups", "/settings", "/settings/tokens",
		"/settings/sessions", "/settings/accounts", "/settings/data/export.json", "/users/ada", "/users/ada/feed.atom", "/api/v1/audit-events?limit=100",
		"/api/v1/sources", "/api/v1/users/ada/export", "/api/v1/users/ada/tokens", "/api/v1/users/admin/sessions", "/api/v1/deliveries?limit=100", "/livez", "/readyz", s.metrics,
	} {
		if status, _, text := s.hear("GET", path, bearer, ""); status >= http.StatusInternalServerError {
			s.t.Errorf("%s is answered %d: %s", path, status, text)
		}
	}
	for _, delivery := range get(s.t, s.address+"/api/v1/deliveries?limit=100")["items"].([]any) {
		id := jsonNumber(delivery.(map[string]any)["id"])
		s.hear("GET", "/api/v1/deliveries/"+id, bearer, "")
		s.hear("GET", "/admin/deliveries/"+id, nil, "")
	}
}

// Whatever happens to a service in its life, no secret is told to anybody whose it is not, nor written down.
func TestRow58NoSecretIsTold(t *testing.T) {
	t.Parallel()

	databaseURL := testkit.PostgresURL(t)
	s := startSpied(t, databaseURL)
	s.deliveries()
	s.strangers()
	s.signIn()
	s.look()
	s.relay.Cut()
	s.deliveries()
	s.strangers()
	s.relay.Restore()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if status, _, _ := s.hear("GET", "/readyz", nil, ""); status == http.StatusOK || time.Now().After(deadline) {
			break
		}
	}
	s.look()
	// A configuration that cannot work is told without its passwords.
	for _, spoil := range []func(*app.Config){
		func(cfg *app.Config) {
			cfg.Store.URL = strings.Replace(s.database(), s.relay.Addr(), freeAddress(t), 1)
		},
		func(cfg *app.Config) { cfg.Store.URL = "postgres://user:database-secret-0451@host:port/%zz" },
		func(cfg *app.Config) { cfg.Cache.RedisURL = "redis://:redis-secret-0454@host:port/x y" },
		func(cfg *app.Config) {
			cfg.MailServer = "smtp://accolade:correct%20horse@host:port"
			cfg.MailFrom = "a@acme.example"
		},
	} {
		cfg := configuration(testkit.SQLitePath(t), hotRules)
		cfg.Log = slog.New(slog.NewTextHandler(s.logTo(), nil))
		spoil(&cfg)
		service, err := app.New(t.Context(), cfg)
		if err == nil {
			err = service.Close()
			t.Error("a configuration that cannot work does")
		}
		s.heard[fmt.Sprint("an error ", len(s.heard))] = fmt.Sprint(err)
	}
	for i, log := range s.logs {
		s.heard[fmt.Sprint("log ", i)] = log.text()
	}
	s.traces.Wait("of a request that failed", func(span testkit.CollectedSpan) bool { return span.Failed && span.Kind == "SPAN_KIND_SERVER" })
	s.heard["the traces"] = strings.Join(s.traces.Texts(), "")
	for table, text := range tables(t, databaseURL) {
		s.heard["the table "+table] = text
	}
	s.check()
}

// check fails for every secret that was told.
func (s *spy) check() {
	s.t.Helper()

	size := 0
	for place, text := range s.heard {
		size += len(text)
		for what, value := range s.secrets {
			encoded := base64.StdEncoding.EncodeToString([]byte(value))
			for _, form := range []string{value, encoded, fmt.Sprintf("%x", value), fmt.Sprintf("%v", []byte(value))} {
				if strings.Contains(text, form) {
					at := strings.Index(text, form)
					s.t.Errorf("%s tells %s: ...%s...", place, what, text[max(0, at-100):min(len(text), at+len(form)+20)])
				}
			}
		}
	}
	s.t.Logf("%d secrets are in none of %d texts of %d KiB", len(s.secrets), len(s.heard), size>>10)
}

func (s *spy) database() string {
	return "postgres://user:database-secret-0451@" + s.relay.Addr() + "/accolade"
}

// tables returns all that a Postgres database holds, by table.
func tables(t *testing.T, databaseURL string) map[string]string {
	t.Helper()

	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found := map[string]string{}
	for _, name := range column(t, db, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`) {
		found[name] = strings.Join(column(t, db, fmt.Sprintf(`SELECT x::text FROM %q x`, name)), "\n")
	}
	if len(found) < 10 {
		t.Errorf("there are %d tables only", len(found))
	}
	return found
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()

	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		found = append(found, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
