package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// While the database is away, senders are told to come back and nothing is half-done; when it is
// back, what they send again counts once.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()

	databaseURL, relay := testkit.Behind(t, testkit.PostgresURL(t))
	address := start(t, configuration(databaseURL, hotRules))

	body := testkit.MergedPullRequest(1, 583231, "ada")
	relay.Cut()
	for _, request := range []func() *http.Request{
		func() *http.Request {
			request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", body)
			if err != nil {
				t.Fatal(err)
			}
			return request
		},
		func() *http.Request { return plain(t, address+"/readyz") },
		func() *http.Request { return plain(t, address+"/api/v1/users/ada") },
	} {
		asked := request()
		response, err := http.DefaultClient.Do(asked)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		mustBe(t, "the status of "+asked.URL.Path, response.StatusCode, http.StatusServiceUnavailable)
		if response.Header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to try again", asked.URL.Path)
		}
	}
	response, err := http.DefaultClient.Do(plain(t, address+"/livez"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	mustBe(t, "the status of /livez", response.StatusCode, http.StatusOK)

	relay.Restore()
	for deadline := time.Now().Add(30 * time.Second); ; {
		status, answer := deliver(t, address, "pull_request", body)
		if status == http.StatusAccepted {
			mustBe(t, "what the delivery gave", len(answer["awards"].([]any)), 2)
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the service did not recover: %d %v", status, answer)
		}
	}
	mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 2)
}

func plain(t *testing.T, address string) *http.Request {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return request
}
