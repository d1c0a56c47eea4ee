package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

//nolint:paralleltest // it sets the environment and takes the standard output
func TestImportOnTheCommandLine(t *testing.T) {
	api := testkit.NewGitHubAPI(t)
	for number := range int64(120) {
		api.Merged(t, testkit.MergedPullRequest(number+1, 815, "ada"), time.Date(2026, time.November, 3, 10, 0, int(number), 0, time.UTC))
	}
	api.Fail(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/milestones") {
			return false
		}
		http.Error(w, `{"message":"Resource not accessible by personal access token"}`, http.StatusForbidden)
		return true
	})
	serve(t, func(cfg *app.Config) {
		source := &cfg.Sources[0]
		source.Token, source.APIURL, source.Projects = "a token of the tests", api.URL, []string{"acme/rocket"}
		cfg.Rules = fstest.MapFS{"rules.yaml": {Data: []byte(`
namespace: acme
achievements:
  - {key: hundred, name: A hundred merges, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: 100}}
`)}}
	})
	for _, tc := range []struct {
		line string
		code int
		want []string
	}{
		{"import forge --since yesterday", 1, nil},
		{"import forge --since 2999-01-01", 1, nil},
		{"import nobody", 1, nil},
		{"import forge --dry-run", 0, []string{
			"120 new: merge_request.merged", "ada would get acme/hundred", "240 new; 1 awards, 0 revocations would come of them",
		}},
		{"import forge --since 2026-11-02T09:00:00Z", 0, []string{"120 new; 1 awards, 0 revocations"}},
		{"import forge", 0, []string{"120 new; 0 awards, 0 revocations", "1 of 7 lists are switched off there, or not shown with the token"}},
		{"reconcile forge", 0, []string{"0 new"}},
		{"import forge --detach", 0, []string{"has begun"}},
	} {
		out, err := accolade(t, strings.Fields(tc.line)...)
		if codeOf(err) != tc.code {
			t.Errorf("accolade %s ends with %v", tc.line, err)
		}
		for _, want := range tc.want {
			if !strings.Contains(out, want) {
				t.Errorf("accolade %s prints %q, want %q in it", tc.line, out, want)
			}
		}
	}
	if _, err := accolade(t, "import", "nobody"); err == nil || err.Error() != "the service refused: no such source (not_found)" {
		t.Errorf("importing from nobody ends with %v", err)
	}
	knownByWebhooks(t)
}

// knownByWebhooks delivers what was imported, which changes nothing.
func knownByWebhooks(t *testing.T) {
	t.Helper()
	for number := range int64(120) {
		deliver(t, "pull_request", testkit.MergedPullRequest(number+1, 815, "ada"))
	}
	if out, err := accolade(t, "deliveries", "list", "--kind", "merge_request.merged"); err != nil || out != "" {
		t.Errorf("deliveries that told of something first: %q, %v", out, err)
	}
	mustHaveOne(t, "ada")
}

// mustHaveOne fails unless a person has one award.
func mustHaveOne(t *testing.T, person string) {
	t.Helper()

	answer, err := http.Get(os.Getenv("ACCOLADE_BASE_URL") + "/api/v1/users/" + person + "/awards")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || strings.Count(string(text), `"awarded_at"`) != 1 {
		t.Errorf("the awards of %s are %s", person, text)
	}
}
