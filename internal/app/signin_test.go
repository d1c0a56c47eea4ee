package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// What is configured works in the whole service: who signs in gets the awards that a webhook brought before.
func TestSigningInToTheWholeService(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		issuer := testkit.NewIssuer(t, time.Now)
		cfg := configuration(databaseURL, hotRules)
		cfg.SignIn = []signin.Config{{
			Name: "sso", Kind: "oidc", URL: issuer.URL, ClientID: testkit.OIDCClient, ClientSecret: testkit.OIDCSecret, Source: "forge",
		}}
		address := start(t, cfg)
		if status, answer := deliver(t, address, "pull_request", testkit.MergedPullRequest(1, 4711, "ada")); status != http.StatusAccepted {
			t.Fatalf("the delivery is answered %d %v", status, answer)
		}
		issuer.Serves(map[string]any{"sub": "4711", "preferred_username": "ada", "name": "Ada Lovelace", "email": "ada@example.com"}, nil)

		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		var cookies []*http.Cookie
		visit := func(url string) (*http.Response, string) {
			t.Helper()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			for _, cookie := range cookies {
				request.AddCookie(cookie)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if strings.HasPrefix(url, address) {
				cookies = response.Cookies()
			}
			return response, response.Header.Get("Location")
		}
		_, away := visit(address + "/sign-in/sso?return_to=/users/ada")
		_, back := visit(away)
		response, end := visit(back)
		if response.StatusCode != http.StatusSeeOther || end != "/users/ada" || len(cookies) != 2 {
			t.Fatalf("signing in answers %d, leads to %q with %d cookies", response.StatusCode, end, len(cookies))
		}
		user := get(t, address+"/api/v1/users/ada")
		mustBe(t, "the name", user["name"], any("Ada Lovelace"))
		mustBe(t, "the awards", len(awardsOf(t, address, "ada")), 2)
	})
}
