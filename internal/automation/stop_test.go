package automation_test

import (
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Who stops while the database does not answer tries no batch after the other in vain.
func TestStoppingWhileTheDatabaseIsSilent(t *testing.T) {
	t.Parallel()

	databaseURL, relay := testkit.Behind(t, testkit.PostgresURL(t))
	m := start(t, testkit.Open(t, databaseURL), mergeRules)
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
