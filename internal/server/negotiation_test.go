package server_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/server"
)

// paths calls f for each path of the API with its methods, as the contract has them and HEAD wherever
// GET is.
func paths(t *testing.T, f func(path string, methods []string)) {
	t.Helper()

	count := 0
	for path, item := range document(t).Paths.Map() {
		if !strings.HasPrefix(path, "/api/") {
			continue
		}
		count++
		methods := slices.Collect(maps.Keys(item.Operations()))
		if path == "/api/v1/deliveries/replay" { // it is one of /api/v1/deliveries/{id}, too
			methods = append(methods, "GET")
		}
		if slices.Contains(methods, "GET") {
			methods = append(methods, "HEAD")
		}
		slices.Sort(methods)
		f(filled(path), methods)
	}
	if count < 10 {
		t.Errorf("the contract has %d paths", count)
	}
}

func filled(path string) string {
	names := strings.NewReplacer("{id}", "1", "{user}", "ada", "{namespace}", "acme", "{source}", "forge")
	return strings.NewReplacer("{", "1", "}", "").Replace(names.Replace(path))
}

func sorted(list string) []string {
	methods := strings.Split(list, ", ")
	slices.Sort(methods)
	return methods
}

func TestEveryPathAllowsItsMethods(t *testing.T) {
	t.Parallel()

	d := configured(t, func(*server.Config) {})
	paths(t, func(path string, methods []string) {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} {
			if slices.Contains(methods, method) {
				continue
			}
			got := d.knock(method, path)
			if diff := cmp.Diff(methods, sorted(got.header.Get("Allow"))); got.status != http.StatusMethodNotAllowed || diff != "" {
				t.Errorf("%s %s answers %d, Allow (-want +got):\n%s", method, path, got.status, diff)
			}
			if method != "HEAD" && got.object["code"] != "method_not_allowed" {
				t.Errorf("%s %s answers %s", method, path, got.text)
			}
		}
		got := d.knock("OPTIONS", path)
		if diff := cmp.Diff(methods, sorted(got.header.Get("Allow"))); got.status != http.StatusNoContent || got.text != "" || diff != "" {
			t.Errorf("OPTIONS %s answers %d %q, Allow (-want +got):\n%s", path, got.status, got.text, diff)
		}
		if got.header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("OPTIONS %s speaks of other origins, and there are none", path)
		}
	})
	if got := d.knock("OPTIONS", "/nowhere"); got.status != http.StatusNotFound {
		t.Errorf("OPTIONS of nothing answers %d", got.status)
	}
}

// HEAD answers what GET answers, without the body.
func TestHeadIsGetWithoutTheBody(t *testing.T) {
	t.Parallel()

	d := configured(t, func(*server.Config) {})
	d.person("ada")
	d.namespace("acme", "public")
	d.award(d.achievement("acme", "Badge", "repeatable"), "ada")
	compare := func(path string, headers ...string) int {
		get, head := d.knock("GET", path, headers...), d.knock("HEAD", path, headers...)
		for _, got := range []answer{get, head} {
			got.header.Del("X-Request-ID")
			got.header.Del("Date")
		}
		if diff := cmp.Diff(get.header, head.header); head.status != get.status || head.text != "" || diff != "" {
			t.Errorf("HEAD %s answers %d %q, GET %d (-GET +HEAD):\n%s", path, head.status, head.text, get.status, diff)
		}
		return get.status
	}
	statuses := map[int]int{}
	paths(t, func(path string, methods []string) {
		if slices.Contains(methods, "GET") {
			statuses[compare(path, "Private-Token", adminToken)]++
			compare(path)
		}
	})
	if statuses[http.StatusOK] < 5 {
		t.Errorf("the statuses are %v, want some successes", statuses)
	}
	for _, path := range []string{"/livez", "/readyz", "/openapi.yaml", "/nowhere"} {
		compare(path)
	}
	if !strings.Contains(d.log.String(), `"operation":"getUser","method":"HEAD"`) {
		t.Error("HEAD is not in the log as what it is")
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()

	d := configured(t, func(*server.Config) {})
	d.person("ada")
	d.namespace("acme", "public")
	for accept, want := range map[string]int{
		"":                                   200,
		"*/*":                                200,
		"*":                                  200,
		"application/json":                   200,
		"Application/JSON":                   200,
		"application/*":                      200,
		"application/json; charset=utf-8":    200,
		"application/problem+json":           200,
		"text/html, */*;q=0.1":               200,
		"text/html;q=0.9,application/json":   200,
		"text/html":                          406,
		"image/*":                            406,
		"application/xml":                    406,
		"application/json;q=0":               406,
		"application/*;q=0, application/pdf": 406,
		"*/*;q=0":                            406,
		"*/*;q=0, application/json":          200,
		"*/*, application/json;q=0, application/problem+json;q=0": 406,
		"garbage;;;=": 200,
	} {
		headers := []string{"Accept", accept}
		if accept == "" {
			headers = nil
		}
		got := d.knock("GET", "/api/v1/users/ada", headers...)
		if got.status != want || want == 406 && (got.object["code"] != "not_acceptable" || got.header.Get("Content-Type") != "application/problem+json") {
			t.Errorf("Accept %q is answered %d %s, want %d", accept, got.status, got.text, want)
		}
	}
	if got := d.knock("GET", "/api/v1/users/ada", "Accept", "text/html", "Accept", "application/json"); got.status != http.StatusOK {
		t.Errorf("two headers are answered %d", got.status)
	}
	// What answers with nothing is acceptable to everyone.
	award := d.award(d.achievement("acme", "Badge", "repeatable"), "ada")
	if got := d.knock("DELETE", award, "Private-Token", adminToken, "Accept", "text/html"); got.status != http.StatusNoContent {
		t.Errorf("DELETE is answered %d", got.status)
	}
}

// Each operation answers who accepts what the contract says, and nobody who accepts something else.
func TestAcceptIsReadAgainstTheContract(t *testing.T) {
	t.Parallel()

	d := configured(t, func(*server.Config) {})
	for path, item := range document(t).Paths.Map() {
		for method, operation := range item.Operations() {
			types := map[string]bool{}
			for status, response := range operation.Responses.Map() {
				for kind := range response.Value.Content {
					types[kind] = types[kind] || strings.HasPrefix(status, "2")
				}
			}
			if !strings.HasPrefix(path, "/api/") || !slices.Contains(slices.Collect(maps.Values(types)), true) {
				continue
			}
			for _, kind := range []string{"application/json", "image/png", "text/csv"} {
				got := d.knock(method, filled(path), "Accept", kind)
				if refused := got.status == http.StatusNotAcceptable; refused == types[kind] {
					t.Errorf("%s, asked for %s, answers %d", operation.OperationID, kind, got.status)
				}
			}
		}
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()

	d := configured(t, func(*server.Config) {})
	for _, tc := range []struct {
		kind, username string
		want           int
	}{
		{"application/json; charset=utf-8", "ada", http.StatusCreated},
		{"Application/JSON", "grace", http.StatusCreated},
		{"application/merge-patch+json", "hedy", http.StatusUnsupportedMediaType},
		{"application/jsonx", "joan", http.StatusUnsupportedMediaType},
		{"", "edsger", http.StatusUnsupportedMediaType},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+"/api/v1/users",
			strings.NewReader(`{"username":"`+tc.username+`","name":"A"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header["Content-Type"] = []string{tc.kind}
		if tc.kind == "" {
			request.Header.Del("Content-Type")
		}
		request.Header.Set("Private-Token", adminToken)
		if got := d.send(request); got.status != tc.want {
			t.Errorf("%q is answered %d %s, want %d", tc.kind, got.status, got.text, tc.want)
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()

	d := configured(t, func(*server.Config) {})
	ada := d.person("ada")
	d.namespace("acme", "public")
	for _, tc := range []struct {
		method, path, token, want string
	}{
		{"GET", "/api/v1/users/ada", "", "no-cache"},
		{"HEAD", "/api/v1/users/ada", "", "no-cache"},
		{"GET", "/api/v1/users/ada", ada, "private, no-cache"},
		{"GET", "/api/v1/users/ada/awards", ada, "private, no-cache"},
		{"GET", "/api/v1/users/nobody", "", "no-store"},
		{"GET", "/api/v1/users/nobody", ada, "no-store"},
		{"GET", "/api/v1/awards/x", ada, "no-store"},
		{"GET", "/api/v1/user", "", "no-store"},
		{"GET", "/api/v1/user", "a token of nobody", "no-store"},
		{"DELETE", "/api/v1/awards/4711", adminToken, "no-store"},
		{"POST", "/api/v1/users", ada, "no-store"},
		{"OPTIONS", "/api/v1/user", "", "no-store"},
		{"GET", "/api/v1/nothing", "", "no-store"},
		{"GET", "/livez", "", "no-store"},
	} {
		got := d.call(tc.token, tc.method, tc.path, nil)
		if control := got.header.Get("Cache-Control"); control != tc.want {
			t.Errorf("%s %s answers %d, Cache-Control %q, want %q", tc.method, tc.path, got.status, control, tc.want)
		}
		if vary := got.header.Get("Vary"); tc.want != "no-store" && vary != "Authorization, Private-Token" {
			t.Errorf("%s %s: Vary is %q", tc.method, tc.path, vary)
		}
	}
}
