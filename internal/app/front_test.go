package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// profile returns the status, the age and how many awards an anonymous reader is told of.
func profile(t *testing.T, address, username string) (status int, age string, awards int) {
	t.Helper()

	request := plain(t, address+"/api/v1/users/"+username+"/awards")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	status, answer := exchange(t, request)
	items, _ := answer["items"].([]any)
	return status, response.Header.Get("Age"), len(items)
}

// eventually waits until an anonymous reader is told of so many awards; it returns how long that took.
func eventually(t *testing.T, what, address, username string, want int) time.Duration {
	t.Helper()

	for began := time.Now(); ; {
		_, _, got := profile(t, address, username)
		if took := time.Since(began); got == want || took > 30*time.Second {
			mustBe(t, what, got, want)
			return took
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// replicas starts two servers on one Postgres and one Redis, and returns what stands between them and either.
func replicas(t *testing.T) (one, two string, database, redis *testkit.Relay) {
	t.Helper()

	cfg := configuration(testkit.PostgresURL(t), hotRules)
	cfg.Cache = redisOf(t)
	one = start(t, cfg)
	cfg.Store.URL, database = testkit.Behind(t, cfg.Store.URL)
	cfg.Cache.RedisURL, redis = testkit.Behind(t, cfg.Cache.RedisURL)
	return one, start(t, cfg), database, redis
}

func TestReplicasHearOfEachOthersChanges(t *testing.T) {
	t.Parallel()

	one, two, database, redis := replicas(t)
	// In this order, so that the second one makes nobody and changes nothing itself.
	deliver(t, one, "pull_request", testkit.MergedPullRequest(1, 583231, "ada"))
	mustBe(t, "what both give at first", len(awardsOf(t, one, "ada")), 2)
	eventually(t, "what the second one tells", two, "ada", 2)
	time.Sleep(2 * time.Second) // until it hears
	eventually(t, "what the second one tells, from memory", two, "ada", 2)
	deliver(t, one, "pull_request", testkit.MergedPullRequest(2, 583231, "ada"))
	if took := eventually(t, "what the second one tells after the first one gave", two, "ada", 3); took > 3*time.Second {
		t.Errorf("the second one heard of it after %s", took)
	}

	redis.Cut()
	deliver(t, one, "pull_request", testkit.MergedPullRequest(3, 583231, "ada"))
	if took := eventually(t, "what the second one tells without Redis", two, "ada", 4); took > 8*time.Second {
		t.Errorf("without Redis, the second one tells of it after %s", took)
	}
	redis.Restore()
	time.Sleep(3 * time.Second)
	eventually(t, "what the second one tells with Redis back", two, "ada", 4)
	deliver(t, one, "pull_request", testkit.MergedPullRequest(4, 583231, "ada"))
	if took := eventually(t, "what the second one tells with Redis back", two, "ada", 5); took > 3*time.Second {
		t.Errorf("with Redis back, the second one heard of it after %s", took)
	}

	// Erased is erased, also where the book cannot be read: the word of it is enough.
	eventually(t, "what is in memory", two, "ada", 5)
	database.Cut()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, one+"/api/v1/users/ada", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	mustBe(t, "the status of an erasure", response.StatusCode, http.StatusNoContent)
	for deadline := time.Now().Add(10 * time.Second); ; {
		status, _, _ := profile(t, two, "ada")
		if status == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("who was erased is still shown where the database is away: %d", status)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// While the database is away, readers are given what they were given before, and callers are not.
func TestReadersWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()

	one, two, database, _ := replicas(t)
	deliver(t, one, "pull_request", testkit.MergedPullRequest(1, 583231, "ada"))
	eventually(t, "what is told at first", two, "ada", 2)
	time.Sleep(2 * time.Second) // until it hears of changes, and forgets nothing any more
	eventually(t, "what is told at first", two, "ada", 2)
	database.Cut()
	for range 3 {
		status, _, awards := profile(t, two, "ada")
		mustBe(t, "the status", status, http.StatusOK)
		mustBe(t, "what is told", awards, 2)
	}
	request := plain(t, two+"/api/v1/users/ada/awards")
	request.Header.Set("Authorization", "Bearer "+adminToken)
	status, _ := exchange(t, request)
	mustBe(t, "the status for a caller", status, http.StatusServiceUnavailable)
	status, _, _ = profile(t, two, "nobody-ever-asked-for")
	mustBe(t, "the status of what was never read", status, http.StatusServiceUnavailable)
	database.Restore()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if status, _ := exchange(t, request); status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the service did not recover")
		}
	}
	status, age, awards := profile(t, two, "ada")
	mustBe(t, "what is told in the end", []any{status, age, awards}, []any{200, "", 2})
}
