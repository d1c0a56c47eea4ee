package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const (
	secret     = "a webhook secret of the tests"
	adminToken = "an admin token of the tests"
)

// hotRules counts merges: one award for each merge, and ladder steps at 1, 2,000 and 2,001.
const hotRules = `
namespace: acme
achievements:
  - key: merge
    name: Merge
    kind: repeatable
    award: {on: merge_request.merged, to: event.author, per: event.object}
  - key: merges
    name: Merges
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: {}}
    tiers:
      - {at: 1, name: One merge}
      - {at: 2000, name: Two thousand merges}
      - {at: 2001, name: One merge too many}
`

// configuration returns a service's configuration with one GitHub source and the rules.
func configuration(databaseURL, rules string) app.Config {
	return app.Config{
		Listen: "127.0.0.1:0", Store: store.Config{URL: databaseURL, MaxConns: 8}, AutoMigrate: true,
		AdminToken: adminToken, StopTimeout: 10 * time.Second, ReadCache: 64 << 20,
		Rules:   fstest.MapFS{"rules.yaml": {Data: []byte(rules)}},
		Sources: []forge.Source{{Name: "forge", Forge: "github", Secrets: []string{secret}}},
		Log:     slog.New(slog.DiscardHandler),
	}
}

// start runs a service until the test ends and returns its address.
func start(t *testing.T, cfg app.Config) string {
	t.Helper()

	service, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- service.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("the service did not stop in order: %v", err)
		}
	})
	return service.URL()
}

// deliver sends a GitHub delivery and returns the status and the answer.
func deliver(t *testing.T, address, event string, body []byte) (int, map[string]any) {
	t.Helper()

	request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, event, body)
	if err != nil {
		t.Fatal(err)
	}
	return exchange(t, request)
}

func exchange(t *testing.T, request *http.Request) (int, map[string]any) {
	t.Helper()

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s answered %s, which is not JSON: %s", request.URL, response.Status, text)
	}
	return response.StatusCode, answer
}

// get asks the API as the admin and fails unless it answers 200.
func get(t *testing.T, url string) map[string]any {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	status, answer := exchange(t, request)
	if status != http.StatusOK {
		t.Fatalf("GET %s answered %d: %v", url, status, answer)
	}
	return answer
}

// awardsOf pages through a user's awards and returns how often each "name occurrence" is there.
func awardsOf(t *testing.T, address, username string) map[string]int {
	t.Helper()

	found := map[string]int{}
	cursor := ""
	for {
		page := get(t, address+"/api/v1/users/"+username+"/awards?limit=100&cursor="+cursor)
		for _, item := range page["items"].([]any) {
			award := item.(map[string]any)
			name := award["achievement"].(map[string]any)["name"].(string)
			occurrence, _ := award["occurrence"].(string)
			found[strings.TrimSpace(name+" "+occurrence)]++
		}
		next, more := page["next_cursor"].(string)
		if !more {
			return found
		}
		cursor = next
	}
}

func mustBe(t *testing.T, what string, got, want any) {
	t.Helper()

	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// redisOf points the service at the Redis of the test run, under names of its own.
func redisOf(t *testing.T) cache.Config {
	t.Helper()

	return cache.Config{RedisURL: testkit.RedisURL(t), Prefix: testkit.Prefix(t), TTL: time.Hour, MemorySize: 100}
}
