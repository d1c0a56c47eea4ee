package server_test

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// An answer from memory is the same whether the engine had a hand in it or not. With a log of everything it always has.
func TestTheEngineAddsNothingToAnswersFromMemory(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.person("ada")
	d.namespace("acme", "public")
	for _, name := range []string{"One", "Two", "Three", "Four"} {
		d.award(d.achievement("acme", name, "irrevocable"), "ada")
	}
	chatty := *d
	chatty.level = slog.LevelDebug
	through := chatty.mode(func(*operation.Config) {})
	asking := func(d *door, method, path string, headers map[string]string) answer {
		request, err := http.NewRequestWithContext(t.Context(), method, d.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		return d.send(request)
	}
	for _, path := range []string{"/users/ada/badge.svg", "/users/ada/badge.svg?style=flat-square", "/users/nobody/badge.svg", "/users/ada/card.svg"} {
		tag := asking(d, http.MethodGet, path, nil).header.Get("ETag")
		asking(through, http.MethodGet, path, nil)
		for _, headers := range []map[string]string{
			{}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}, {"X-Request-ID": "mine"}, {"Origin": "https://elsewhere.example"},
			{"If-None-Match": tag}, {"If-None-Match": "W/" + tag}, {"If-None-Match": "*"}, {"If-None-Match": `"other"`},
			{"If-None-Match": tag, "Accept-Encoding": "gzip"}, {"Accept": "image/svg+xml"}, {"Accept": "text/html"},
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				statements := d.statements.Load()
				got, want := asking(d, method, path, headers), asking(through, method, path, headers)
				if got.status != want.status || got.text != want.text {
					t.Errorf("%s %s %v: %d %q, and through the engine %d %q", method, path, headers, got.status, got.text, want.status, want.text)
				}
				own := func(header http.Header) map[string][]string {
					kept := maps.Clone(map[string][]string(header))
					maps.DeleteFunc(kept, func(name string, _ []string) bool {
						return name == "Date" || name == "X-Request-Id" && headers["X-Request-ID"] == ""
					})
					return kept
				}
				if diff := cmp.Diff(own(want.header), own(got.header)); diff != "" {
					t.Errorf("%s %s %v: headers differ (- through the engine):\n%s", method, path, headers, diff)
				}
				if len(got.header.Get("X-Request-ID")) == 0 {
					t.Errorf("%s %s %v: there is no request id", method, path, headers)
				}
				if slices.Contains([]string{"text/html"}, headers["Accept"]) {
					continue
				}
				if d.statements.Load() != statements {
					t.Errorf("%s %s %v: the book was read", method, path, headers)
				}
			}
		}
	}
}
