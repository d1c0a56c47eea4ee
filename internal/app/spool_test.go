package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// spooling returns the configuration of a service with a spool and a relay before its database.
func spooling(t *testing.T) (app.Config, *testkit.Relay) {
	t.Helper()

	databaseURL, relay := testkit.Behind(t, testkit.PostgresURL(t))
	cfg := configuration(databaseURL, hotRules)
	cfg.SpoolDirectory, cfg.SpoolMax = t.TempDir(), 64<<20
	return cfg, relay
}

// run runs a service until it is stopped, which the test's end does at the latest.
func run(t *testing.T, cfg app.Config) (address string, stop func()) {
	t.Helper()

	service, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- service.Run(ctx) }()
	over := false
	stop = func() {
		cancel()
		if over {
			return
		}
		over = true
		if err := <-stopped; err != nil {
			t.Errorf("the service did not stop in order: %v", err)
		}
	}
	t.Cleanup(stop)
	return service.URL(), stop
}

// spooled asks what webhooks can expect.
func spooled(t *testing.T, address string) (status int, records any) {
	t.Helper()

	status, answer := exchange(t, plain(t, address+"/readyz/hooks"))
	return status, answer["spooled"]
}

// drained waits until the spool is empty.
func drained(t *testing.T, address string) {
	t.Helper()

	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, records := spooled(t, address)
		if status == http.StatusOK && records == 0.0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the spool is not drained: %d, %v records", status, records)
		}
	}
}

// merge delivers the merge of ada's with the id, and fails unless it is taken with the outcome.
func merge(t *testing.T, address string, id int64, outcome string) map[string]any {
	t.Helper()

	status, answer := deliver(t, address, "pull_request", testkit.MergedPullRequest(id, 583231, "ada"))
	mustBe(t, fmt.Sprintf("the status of the merge %d", id), status, http.StatusAccepted)
	mustBe(t, fmt.Sprintf("the outcome of the merge %d", id), answer["outcome"], outcome)
	return answer
}

// kept returns the stored deliveries.
func kept(t *testing.T, address, query string) []map[string]any {
	t.Helper()

	var deliveries []map[string]any
	for _, item := range get(t, address+"/api/v1/deliveries?limit=100"+query)["items"].([]any) {
		deliveries = append(deliveries, item.(map[string]any))
	}
	return deliveries
}

// Row 11: while the database is away, a server with a spool takes webhooks, keeps them on the disk, and says so. When it is
// back, they are judged once each, as of when they came.
func TestSpoolWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()

	cfg, relay := spooling(t)
	clock := testkit.NewClock()
	cfg.Now = clock.Now
	address, _ := run(t, cfg)
	merge(t, address, 1, "judged")

	relay.Cut()
	for id := int64(2); id <= 20; id++ {
		clock.Advance(time.Second)
		answer := merge(t, address, id, "spooled")
		if _, has := answer["delivery_id"]; has || answer["duplicate"] != false || len(answer["awards"].([]any)) > 0 {
			t.Errorf("a delivery that is spooled is answered %v", answer)
		}
	}
	status, _ := deliver(t, address, "check_run", []byte(`{"action":`))
	mustBe(t, "the status of one that cannot be read", status, http.StatusAccepted)
	merge(t, address, 1, "spooled") // known, under another id
	status, records := spooled(t, address)
	mustBe(t, "the status of /readyz/hooks", status, http.StatusOK)
	mustBe(t, "how many wait", records, 21)
	status, ready := exchange(t, plain(t, address+"/readyz"))
	mustBe(t, "the status of /readyz", status, http.StatusServiceUnavailable)
	mustBe(t, "what it says", ready["detail"], "the database is not available right now; deliveries are kept in the spool until it is")
	mustBe(t, "the status of /livez", ask(t, address+"/livez", "").StatusCode, http.StatusOK)
	forged, err := testkit.GitHubDelivery(t.Context(), address, "forge", "another secret", "pull_request", []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	status, _ = exchange(t, forged)
	mustBe(t, "the status of a delivery that somebody else signed", status, http.StatusUnauthorized)

	relay.Restore()
	drained(t, address)
	merge(t, address, 21, "judged")
	mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 22)
	mustBe(t, "how many deliveries are stored", len(kept(t, address, "")), 23)
	received := map[string]bool{}
	for _, delivery := range kept(t, address, "") {
		received[fmt.Sprint(delivery["received_at"])] = true
	}
	// The last three came at the same time.
	mustBe(t, "at how many times they were received", len(received), 20)
	mustBe(t, "whether the time is kept", received["2026-11-02T10:00:07Z"], true)
	mustBe(t, "what is left in the directory", len(segments(t, cfg.SpoolDirectory)), 0)
}

func segments(t *testing.T, directory string) []string {
	t.Helper()

	paths, err := filepath.Glob(filepath.Join(directory, "*.spool"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// A spool that is full sends senders away until there is room.
func TestFullSpool(t *testing.T) {
	t.Parallel()

	cfg, relay := spooling(t)
	cfg.SpoolMax = 70 << 10
	address, _ := run(t, cfg)
	relay.Cut()
	taken, refused := 0, 0
	for id := range int64(150) {
		request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", testkit.MergedPullRequest(id+1, 583231, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		switch {
		case response.StatusCode == http.StatusAccepted && refused == 0:
			taken++
		case response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
			refused++
		default:
			t.Fatalf("delivery %d is answered %s", id, response.Status)
		}
	}
	if taken < 10 || refused < 10 {
		t.Errorf("%d were taken and %d refused", taken, refused)
	}
	status, _ := spooled(t, address)
	mustBe(t, "the status of /readyz/hooks", status, http.StatusServiceUnavailable)

	relay.Restore()
	drained(t, address)
	merge(t, address, 1000, "judged")
	mustBe(t, "ada's merges", len(awardsOf(t, address, "ada")), taken+2)
}

// A service that starts while the database is away takes webhooks, and nothing else, until it is there.
func TestStartWithoutTheDatabase(t *testing.T) {
	t.Parallel()

	cfg, relay := spooling(t)
	relay.Cut()
	address, stop := run(t, cfg)
	for id := int64(1); id <= 3; id++ {
		merge(t, address, id, "spooled")
	}
	status, records := spooled(t, address)
	mustBe(t, "the status of /readyz/hooks", status, http.StatusOK)
	mustBe(t, "how many wait", records, 3)
	for path, want := range map[string]int{"/livez": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/api/v1/users/ada": http.StatusServiceUnavailable} {
		mustBe(t, "the status of "+path, ask(t, address+path, "").StatusCode, want)
	}
	stop() // while it waits

	address, _ = run(t, cfg)
	merge(t, address, 4, "spooled")
	relay.Restore()
	for deadline := time.Now().Add(30 * time.Second); ask(t, address+"/readyz", "").StatusCode != http.StatusOK; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the service does not find its database")
		}
	}
	drained(t, address)
	merge(t, address, 5, "judged")
	mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 6)
}

// Without a spool there is nothing that it could do.
func TestStartWithoutDatabaseAndSpool(t *testing.T) {
	t.Parallel()

	cfg, relay := spooling(t)
	relay.Cut()
	cfg.SpoolDirectory = ""
	if _, err := app.New(t.Context(), cfg); !fault.Is(err, fault.Unavailable) {
		t.Errorf("New = %v", err)
	}
}

// What is in the spool when the service stops is judged by the next one, by its rules and its sources.
func TestSpoolOutlivesTheService(t *testing.T) {
	t.Parallel()

	cfg, relay := spooling(t)
	cfg.Sources = append(cfg.Sources, forge.Source{Name: "gone", Forge: "github", Secrets: []string{secret}})
	address, stop := run(t, cfg)
	relay.Cut()
	for id := int64(1); id <= 3; id++ {
		merge(t, address, id, "spooled")
	}
	request, err := testkit.GitHubDelivery(t.Context(), address, "gone", secret, "pull_request", testkit.MergedPullRequest(4, 583231, "ada"))
	if err != nil {
		t.Fatal(err)
	}
	status, _ := exchange(t, request)
	mustBe(t, "the status", status, http.StatusAccepted)
	merge(t, address, 5, "spooled")
	stop()

	relay.Restore()
	cfg.Sources = cfg.Sources[:1]
	address, _ = run(t, cfg)
	drained(t, address)
	mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 5)
	parked := kept(t, address, "&outcome=failed")
	mustBe(t, "how many are parked", len(parked), 1)
	mustBe(t, "of which source", parked[0]["source"], "gone")
}

// A delivery that cannot be judged is parked, as on any other day, and one that nobody can read is moved aside. Neither
// keeps others waiting.
func TestPoisonInTheSpool(t *testing.T) {
	t.Parallel()

	cfg, relay := spooling(t)
	direct := cfg.Store.URL
	rules := hotRules + `
  - key: poison
    name: Poison
    kind: repeatable
    award: {on: merge_request.merged, to: event.author, when: event.title == "Change 3", per: event.object}
`
	cfg.Rules = configuration("", rules).Rules
	address, stop := run(t, cfg)
	testkit.Refuse(t, direct, "acme/poison")
	relay.Cut()
	for id := int64(1); id <= 6; id++ {
		merge(t, address, id, "spooled")
	}
	stop()
	path := segments(t, cfg.SpoolDirectory)[0]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[50] ^= 1 // in the first record
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}

	relay.Restore()
	address, _ = run(t, cfg)
	drained(t, address)
	mustBe(t, "what is parked", len(kept(t, address, "&outcome=failed")), 1)
	mustBe(t, "what is judged", len(kept(t, address, "&outcome=judged")), 4)
	mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 5)
	aside, err := filepath.Glob(filepath.Join(cfg.SpoolDirectory, "*.corrupt"))
	if err != nil || len(aside) != 1 {
		t.Errorf("moved aside are %v, %v", aside, err)
	}
}
