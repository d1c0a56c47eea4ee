package automation_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// What an import was to leave out is not known, and a reconciliation finds what was lost of it.
func TestReconcilingAfterAnImportOfLess(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		m := reading(t, book, api, importRules)
		m.read(store.Import{})
		m.clock.Advance(time.Hour)
		api.Merged(t, testkit.MergedPullRequest(500, 3000, "ada"), m.clock.Now())
		m.clock.Advance(2 * time.Hour)
		less := m.read(store.Import{Since: m.clock.Now().Add(-time.Hour)})
		same(t, "new events of the import", newEvents(less), int64(0))
		m.clock.Advance(time.Hour)
		same(t, "new events", newEvents(m.read(store.Import{Purpose: automation.Reconciling})), int64(2))
	})
}

// What could not be read for long is read from where it was left, although old reconciliations are forgotten.
func TestReconcilingAfterALongTime(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		m := reading(t, book, api, importRules, func(cfg *automation.Config) { cfg.ReconcileEvery = 24 * time.Hour })
		var last int64
		day := func() *store.Import {
			m.t.Helper()
			if _, err := m.ImportStep(m.t.Context(), "forge"); err != nil { // It becomes due.
				t.Fatal(err)
			}
			last++
			im := m.goOn(last)
			m.clock.Advance(24*time.Hour + time.Minute)
			return im
		}
		same(t, "the problem of the first", day().Problem, "")
		api.Merged(t, testkit.MergedPullRequest(500, 3000, "ada"), m.clock.Now().Add(-12*time.Hour))
		api.Fail(func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/issues") {
				return false
			}
			http.Error(w, `{"message":"no"}`, http.StatusUnprocessableEntity)
			return true
		})
		for range 33 {
			if day().Problem == "" {
				t.Fatal("the list could be read")
			}
		}
		api.Fail(nil)
		same(t, "new events", newEvents(day()), int64(2))
	})
}

// Whom the forge does not show for once has not left.
func TestMembersThatAreNotShown(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		api.Members(map[int64]string{3000: "ada"})
		m := reading(t, book, api, importRules)
		m.read(store.Import{})
		m.clock.Advance(time.Hour)
		api.Fail(func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("role") != "all" {
				return false
			}
			http.Error(w, `{"message":"Resource not accessible by personal access token"}`, http.StatusForbidden)
			return true
		})
		same(t, "new events", newEvents(m.read(store.Import{Purpose: automation.Reconciling})), int64(0))
		same(t, "what Ada holds", m.names("ada"), []string{"Crew"})
	})
}
