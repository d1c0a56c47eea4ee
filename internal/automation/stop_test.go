package automation_test

import (
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Who stops while the database does not answer tries no batch after the other in vain.
func TestStoppingWhileTheDatabaseIsSilent(t *testing.T) {
	t.Parallel()

	database, err := url.Parse(testkit.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	relay := testkit.NewRelay(t, database.Host)
	database.Host = relay.Addr()
	m := start(t, testkit.Open(t, database.String()), mergeRules)
	m.merge(1, "ada")
	relay.Set(testkit.Paused)
	var sending sync.WaitGroup
	for id := range int64(600) {
		sending.Go(func() {
			if _, err := m.receive("pull_request", testkit.MergedPullRequest(id+2, 815, "ada")); !fault.Is(err, fault.Unavailable) {
				t.Errorf("a delivery gives %v", err)
			}
		})
	}
	time.Sleep(2 * time.Second) // until most of them are queued
	began := time.Now()
	m.stop()
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("stopping took %s, as long as batches that fail one after the other", took)
	}
	sending.Wait()
	relay.Restore()
}
