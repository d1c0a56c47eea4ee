package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// ask sends a request to the API, as nobody when the token is empty, and returns the answer without
// its body.
func ask(t *testing.T, url, token string) *http.Response {
	t.Helper()

	request := plain(t, url)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

// Servers that share a Redis and a database share the limits: what one has allowed, the others count.
func TestServersShareTheLimits(t *testing.T) {
	t.Parallel()

	cfg := configuration(testkit.PostgresURL(t), hotRules)
	cfg.Cache = redisOf(t)
	cfg.Cache.Budget = time.Minute // a machine that is busy with other tests is not one whose Redis is away
	cfg.RateLimit, cfg.AnonymousRateLimit = 6, 5
	addresses := []string{start(t, cfg), start(t, cfg)}

	for token, quota := range map[string]int{adminToken: 6, "": 5} {
		began := time.Now()
		allowed := 0
		for i := range 4 * quota {
			response := ask(t, addresses[i%2]+"/api/v1/users/admin", token)
			if response.StatusCode == http.StatusOK {
				allowed++
				continue
			}
			mustBe(t, "the status", response.StatusCode, http.StatusTooManyRequests)
			if response.Header.Get("Retry-After") == "" {
				t.Error("the refusal does not say when to come back")
			}
		}
		// Each server for itself would allow twice the quota. A slow machine refills one meanwhile.
		if most := quota + int(time.Since(began)*time.Duration(quota)/time.Minute) + 1; allowed < quota || allowed > most {
			t.Errorf("%d requests were allowed, want %d", allowed, quota)
		}
	}
	// Webhooks are the forges', who do not come back for long.
	for id := range int64(20) {
		status, _ := deliver(t, addresses[id%2], "pull_request", testkit.MergedPullRequest(id+1, 583231, "ada"))
		mustBe(t, "the status of a webhook", status, http.StatusAccepted)
	}
}

// A Redis that is away makes no request fail; each server limits for itself, and says that something is missing.
func TestLimitsOutliveRedis(t *testing.T) {
	t.Parallel()

	cfg := configuration(testkit.SQLitePath(t), hotRules)
	cfg.Cache = redisOf(t)
	cfg.Cache.Budget = 2 * time.Second // as above
	cfg.RateLimit = 5
	through, relay := testkit.Behind(t, cfg.Cache.RedisURL)
	cfg.Cache.RedisURL = through
	address := start(t, cfg)
	reachRedis(t, address) // on a busy machine, it may have been too slow at first
	mustBe(t, "the status", ask(t, address+"/api/v1/user", adminToken).StatusCode, http.StatusOK)
	mustBe(t, "degraded", degraded(t, address), false)

	relay.Cut()
	statuses := map[int]int{}
	for range 20 {
		statuses[ask(t, address+"/api/v1/user", adminToken).StatusCode]++
	}
	if statuses[http.StatusOK] < 5 || statuses[http.StatusTooManyRequests] == 0 || len(statuses) != 2 {
		t.Errorf("without Redis, the statuses are %v", statuses)
	}
	mustBe(t, "degraded", degraded(t, address), true)

	relay.Restore()
	reachRedis(t, address)
	// Two requests were counted there, and a slow machine refills one meanwhile.
	left := ask(t, address+"/api/v1/user", adminToken).Header.Get("Ratelimit")
	if !strings.HasPrefix(left, `"token";r=3;`) && !strings.HasPrefix(left, `"token";r=4;`) {
		t.Errorf("back at Redis, there is left %s, want what was counted there", left)
	}
}

// reachRedis waits until the service knows that Redis is there.
func reachRedis(t *testing.T, address string) {
	t.Helper()

	for deadline := time.Now().Add(30 * time.Second); degraded(t, address); {
		if time.Now().After(deadline) {
			t.Fatal("Redis is there, and the service is still degraded")
		}
	}
}

func degraded(t *testing.T, address string) bool {
	t.Helper()

	response, err := http.DefaultClient.Do(plain(t, address+"/readyz"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var said struct{ Degraded bool }
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return said.Degraded
}
