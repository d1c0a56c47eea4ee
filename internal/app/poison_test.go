package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// postOK asks the API as the admin and fails unless it answers 200.
func postOK(t *testing.T, url, body string) map[string]any {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	request.Header.Set("Content-Type", "application/json")
	status, answer := exchange(t, request)
	if status != http.StatusOK {
		t.Fatalf("POST %s answered %d: %v", url, status, answer)
	}
	return answer
}

// A delivery that cannot be judged is parked where everybody who may looks, and once the cause is gone one call
// judges it. Until then each try leaves it as it is.
func TestPoisonIsReplayed(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		address := start(t, configuration(databaseURL, hotRules))
		testkit.Refuse(t, databaseURL, "acme/merge")
		_, answer := deliver(t, address, "pull_request", testkit.MergedPullRequest(1, 815, "ada"))
		mustBe(t, "the outcome", answer["outcome"], "failed")
		failed := get(t, address+"/api/v1/deliveries?outcome=failed")["items"].([]any)
		mustBe(t, "how many are parked", len(failed), 1)
		replay := fmt.Sprintf("%s/api/v1/deliveries/%.0f/replay", address, failed[0].(map[string]any)["id"])
		mustBe(t, "the outcome while the cause is there", postOK(t, replay, `{}`)["outcome"], "failed")
		mustBe(t, "how many are parked", len(get(t, address+"/api/v1/deliveries?outcome=failed")["items"].([]any)), 1)

		testkit.Permit(t, databaseURL)
		replayed := postOK(t, replay, `{}`)
		mustBe(t, "the outcome when it is gone", replayed["outcome"], "judged")
		mustBe(t, "what it gives", len(replayed["awards"].([]any)), 2)
		mustBe(t, "how many are parked", len(get(t, address+"/api/v1/deliveries?outcome=failed")["items"].([]any)), 0)
	})
}

// A source that floods is answered with 202 or 429, and one beside it as on any other day.
func TestFloodLeavesRoom(t *testing.T) {
	t.Parallel()

	cfg := configuration(testkit.SQLitePath(t), hotRules)
	cfg.Sources = append(cfg.Sources, forge.Source{Name: "beside", Forge: "github", Secrets: []string{secret}})
	cfg.WebhookRate = 5
	address := start(t, cfg)
	send := func(source string, id int64) int {
		request, err := testkit.GitHubDelivery(t.Context(), address, source, secret, "pull_request", testkit.MergedPullRequest(id, 815, "ada"))
		if err != nil {
			t.Error(err)
			return 0
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return 0
		}
		response.Body.Close()
		if response.StatusCode == http.StatusTooManyRequests && response.Header.Get("Retry-After") == "" {
			t.Error("the refusal does not say when to come back")
		}
		return response.StatusCode
	}
	var flood sync.WaitGroup
	var mutex sync.Mutex
	statuses := map[int]int{}
	for sender := range int64(8) {
		flood.Go(func() {
			for i := range int64(50) {
				status := send("forge", 1000*sender+i+1)
				mutex.Lock()
				statuses[status]++
				mutex.Unlock()
			}
		})
	}
	for id := range int64(4) {
		began := time.Now()
		mustBe(t, "the status of the source beside it", send("beside", 100_000+id), http.StatusAccepted)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the source beside it waited %s", took)
		}
	}
	flood.Wait()
	if statuses[http.StatusAccepted] < 5 || statuses[http.StatusAccepted]+statuses[http.StatusTooManyRequests] != 400 || statuses[http.StatusTooManyRequests] == 0 {
		t.Errorf("the flood is answered %v", statuses)
	}
}
