package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/server"
)

const whoAmI = `{"query":"{ currentUser { username } }"}`

// Tokens in the URL, by what the three APIs answer when they are let in and when they are not.
func TestTokensInTheQuery(t *testing.T) {
	t.Parallel()

	for mode, on := range map[string]bool{"off": false, "on": true} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()

			d := onSQLite(t, func(cfg *server.Config) { cfg.QueryTokens = on })
			ada, grace := d.person("ada"), d.person("grace")
			for _, tc := range []struct {
				name, query, header string
				// off and on are who is calling in each mode: nobody when empty, "refused" by 401.
				off, on string
			}{
				{"GitLab's own", "?private_token=" + ada, "", "", "ada"},
				{"OAuth's", "?access_token=" + ada, "", "", "ada"},
				{"with other parameters", "?a=b&private_token=" + ada + "&c=%20d", "", "", "ada"},
				{"escaped", "?private%5Ftoken=" + strings.Replace(ada, "_", "%5f", 1), "", "", "ada"},
				{"the same one twice", "?access_token=" + ada + "&private_token=" + ada, "", "", "ada"},
				{"two different ones", "?access_token=" + ada + "&private_token=" + grace, "", "", "refused"},
				{"the same one in the header", "?access_token=" + ada, ada, "ada", "ada"},
				{"another one in the header", "?access_token=" + ada, grace, "grace", "refused"},
				{"an empty one", "?private_token=", "", "", ""},
				{"an empty one and a header", "?private_token=&access_token", ada, "ada", "ada"},
				{"one that nobody has", "?private_token=guessed-secret-0000", "", "", "refused"},
				{"badly escaped", "?private_token=%zz", "", "", "refused"},
				{"by another name", "?token=" + ada, "", "", ""},
			} {
				want := tc.off
				if on {
					want = tc.on
				}
				for api, status := range map[string]int{"/api/v1/user": http.StatusUnauthorized, "/api/v4/user": http.StatusUnauthorized, "/api/graphql": http.StatusOK} {
					got := d.as(tc.header, api, tc.query)
					who, _ := got.object["username"].(string)
					if api == "/api/graphql" {
						who, _ = at(got.object, "data", "currentUser", "username").(string)
					}
					switch {
					case want == "refused":
						status = http.StatusUnauthorized
					case want != "":
						status = http.StatusOK
					}
					if got.status != status || who != strings.TrimPrefix(want, "refused") {
						t.Errorf("%s at %s: %d, %q is calling, want %d and %q", tc.name, api, got.status, who, status, want)
					}
					if strings.Contains(got.text, ada) || strings.Contains(got.text, "guessed") {
						t.Errorf("%s at %s: the answer holds the token: %s", tc.name, api, got.text)
					}
				}
			}
			for _, secret := range []string{ada, grace, ada[4:], "guessed-secret"} {
				if strings.Contains(d.log.String(), secret) {
					t.Errorf("the log holds %q", secret)
				}
			}
		})
	}
}

// as asks the API who is calling.
func (d *door) as(token, api, query string) answer {
	d.t.Helper()

	method, body := http.MethodGet, any(nil)
	if api == "/api/graphql" {
		method, body = http.MethodPost, whoAmI
	}
	return d.plain().call(token, method, api+query, body)
}

// However a request ends, its token is in nothing that is answered or kept.
func TestTokensInTheQueryGoNoFurther(t *testing.T) {
	t.Parallel()

	d := onSQLite(t, func(cfg *server.Config) { cfg.QueryTokens = true })
	const secret = "private_token=the%20admin%20token%20of%20the%20tests"
	d.namespace("acme", "public")
	d.achievement("acme", "One", "repeatable")
	d.achievement("acme", "Two", "repeatable")
	for _, tc := range []struct {
		name, method, path string
		body               any
		status             int
	}{
		{"a page", "GET", "/api/v1/namespaces/acme/achievements?limit=1&" + secret, nil, 200},
		{"a bad parameter", "GET", "/api/v1/namespaces/acme/achievements?limit=many&" + secret, nil, 400},
		{"a bad cursor", "GET", "/api/v1/namespaces/acme/achievements?" + secret + "&cursor=x", nil, 400},
		{"what is not there", "GET", "/api/v1/awards/99?" + secret, nil, 404},
		{"a path that is not there", "GET", "/api/v1/nothing?" + secret, nil, 404},
		{"a method that is not there", "DELETE", "/api/v1/user?" + secret, nil, 405},
		{"what is created once", "POST", "/api/v1/namespaces?" + secret, map[string]any{"full_path": "crew", "name": "Crew", "visibility": "public"}, 201},
		{"what is taken", "POST", "/api/v1/namespaces?" + secret, map[string]any{"full_path": "acme", "name": "Acme", "visibility": "public"}, 409},
		{"a list of GitLab's", "GET", "/api/v4/users?username=nobody&" + secret, nil, 200},
		{"what GitLab has not", "GET", "/api/v4/groups/99?" + secret, nil, 404},
		{"a query that is none", "POST", "/api/graphql?" + secret, map[string]any{"query": "{ nothing }"}, 200},
		{"no query", "POST", "/api/graphql?" + secret, "{", 400},
	} {
		got := d.plain().with(map[string]string{"Idempotency-Key": tc.name}, "", tc.method, tc.path, tc.body)
		if got.status != tc.status {
			t.Errorf("%s: %d %s, want %d", tc.name, got.status, got.text, tc.status)
		}
		said := []string{got.text}
		for name, values := range got.header {
			said = append(said, name+": "+strings.Join(values, ", "))
		}
		holdsNone(t, tc.name, strings.Join(said, "\n"))
	}
	if next := d.plain().call("", "GET", "/api/v1/namespaces/acme/achievements?limit=1&"+secret, nil).header.Get("Link"); !strings.Contains(next, "limit=1") {
		t.Errorf("the next page is at %q", next)
	}
	holdsNone(t, "the log", d.log.String())
}

func holdsNone(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range []string{"private_token", "the admin token", "the%20admin", "the+admin"} {
		if strings.Contains(text, form) {
			t.Errorf("%s holds %q: %s", where, form, text)
		}
	}
}
