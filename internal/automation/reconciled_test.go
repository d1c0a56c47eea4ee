package automation_test

import (
	"fmt"
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

// release lets the API list a release that was published at a time, or refuse to list any.
func release(api *testkit.GitHubAPI, published time.Time, refuse int) {
	api.Fail(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		switch {
		case !strings.HasSuffix(r.URL.Path, "/releases"):
			return false
		case refuse != 0:
			http.Error(w, `{"message":"Resource not accessible by personal access token"}`, refuse)
		default:
			fmt.Fprintf(w, `[{"id":7,"tag_name":"v1","name":"One","draft":false,"prerelease":false,"author":{"id":3000,"login":"ada"},"created_at":%[1]q,"published_at":%[1]q}]`,
				published.UTC().Format(time.RFC3339))
		}
		return true
	})
}

// partOf returns the part of an import that reads a list.
func partOf(im *store.Import, listing string) store.ImportPart {
	for _, part := range im.Parts {
		if part.Listing == listing {
			return part
		}
	}
	return store.ImportPart{}
}

// What a list would have told while the token had lost the right to it is found when the right is back.
func TestReconcilingAfterALossOfRights(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		m := reading(t, book, api, importRules)
		same(t, "the problem of the import", m.read(store.Import{}).Problem, "")
		read := m.clock.Now()
		m.clock.Advance(time.Hour)
		published := m.clock.Now()
		for range 2 {
			m.clock.Advance(time.Hour)
			release(api, published, http.StatusForbidden)
			im := m.read(store.Import{Purpose: automation.Reconciling})
			if !strings.HasPrefix(im.Problem, "1 of 9 lists could not be read: releases of acme/rocket: the forge refused") {
				t.Errorf("the problem is %q", im.Problem)
			}
			same(t, "since when releases were read", partOf(im, "releases").Since, read.Add(-10*time.Minute))
		}
		m.clock.Advance(time.Hour)
		release(api, published, 0)
		im := m.read(store.Import{Purpose: automation.Reconciling})
		same(t, "the problem in the end", im.Problem, "")
		same(t, "since when releases were read in the end", partOf(im, "releases").Since, read.Add(-10*time.Minute))
		same(t, "new events", newEvents(im), int64(1))
	})
}

// A list that the token never could see is asked for once each time, is no problem, and keeps no other one back. When the token
// gets the right, it is read since the first reading.
func TestReconcilingWithoutARight(t *testing.T) {
	t.Parallel()

	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusGone} {
		testkit.EachStore(t, func(t *testing.T, book *store.Store) {
			t.Helper()

			api := testkit.NewGitHubAPI(t)
			m := reading(t, book, api, importRules, func(cfg *automation.Config) { cfg.ReconcileEvery = 24 * time.Hour })
			first := m.clock.Now()
			published := first.Add(time.Hour)
			release(api, published, status)
			var asked int
			for day := range int64(40) {
				if _, err := m.ImportStep(m.t.Context(), "forge"); err != nil { // It becomes due.
					t.Fatal(err)
				}
				before := api.Asked()
				im := m.goOn(day + 1)
				same(t, "the problem", im.Problem, "")
				same(t, "pages of releases", partOf(im, "releases").Steps, int64(0))
				if count := api.Asked() - before; day == 0 {
					asked = count
				} else if count != asked {
					t.Errorf("on day %d there were %d requests, and %d on the first", day, count, asked)
				}
				if since := partOf(im, "issues").Since; day > 0 && !since.Equal(first.Add(time.Duration(day-1)*(24*time.Hour+time.Minute)-10*time.Minute)) {
					t.Errorf("on day %d issues are read since %s", day, since)
				}
				m.clock.Advance(24*time.Hour + time.Minute)
			}
			release(api, published, 0)
			if _, err := m.ImportStep(m.t.Context(), "forge"); err != nil {
				t.Fatal(err)
			}
			same(t, "new events", newEvents(m.goOn(41)), int64(1))
		})
	}
}
