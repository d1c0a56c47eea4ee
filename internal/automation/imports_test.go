package automation_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const (
	importRules = `
namespace: acme
achievements:
  - key: merges
    name: Merges
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: {}}
    tiers:
      - {at: 1, name: One merge}
      - {at: 60, name: Sixty merges}
      - {at: 120, name: Many merges}
  - key: opened
    name: All opened
    kind: irrevocable
    award: {on: merge_request.opened, to: event.author, count: 130}
  - key: crew
    name: Crew
    kind: revocable
    award: {on: member.added, to: event.member}
    revoke: {on: member.removed, to: event.member}
`
	pullsOfAda = 130
)

// reading is an automation whose source may read a fake GitHub.
func reading(t *testing.T, book *store.Store, api *testkit.GitHubAPI, rules string, options ...func(*automation.Config)) *machine {
	t.Helper()

	source := forge.Source{
		Name: "forge", Forge: forge.GitHub, Secrets: []string{secret}, Token: "a token of the tests", APIURL: api.URL, Projects: []string{"acme"},
	}
	return start(t, book, rules, slices.Concat([]func(*automation.Config){func(cfg *automation.Config) {
		cfg.Sources = []forge.Source{source}
		cfg.Forges = forgeapi.Config{Now: cfg.Now, Sleep: func(context.Context, time.Duration) error { return nil }}
	}}, options)...)
}

// read starts an import and goes on until it has ended or waits.
func (m *machine) read(im store.Import) *store.Import {
	m.t.Helper()
	m.begin(&im)
	return m.goOn(im.ID)
}

func (m *machine) begin(im *store.Import) {
	m.t.Helper()
	if im.Source = "forge"; im.Purpose == "" {
		im.Purpose = automation.Importing
	}
	m.do(func(ctx context.Context, tx *store.Tx) error { return m.StartImport(ctx, tx, im) })
}

func (m *machine) goOn(id int64) *store.Import {
	m.t.Helper()
	for range 500 {
		busy, err := m.ImportStep(m.t.Context(), "forge")
		if err != nil {
			m.t.Fatal(err)
		}
		if im := m.importOf(id); !busy || !im.FinishedAt.IsZero() || !im.WaitUntil.IsZero() {
			return im
		}
	}
	m.t.Fatal("the import has no end")
	return nil
}

func (m *machine) importOf(id int64) *store.Import {
	m.t.Helper()
	var im *store.Import
	m.do(func(ctx context.Context, tx *store.Tx) error {
		var err error
		im, err = tx.ImportByID(ctx, id)
		return err
	})
	return im
}

// mergesOfAda lets the API know Ada's pull requests, and returns their deliveries.
func mergesOfAda(t *testing.T, api *testkit.GitHubAPI) [][]byte {
	t.Helper()
	deliveries := make([][]byte, pullsOfAda)
	for i := range deliveries {
		deliveries[i] = testkit.MergedPullRequest(int64(i+1), 3000, "ada")
		// Many have changed at the same time, as after a script that labels all.
		api.Merged(t, deliveries[i], time.Date(2026, time.November, 2, 9, 20+i/70, 0, 0, time.UTC))
	}
	return deliveries
}

// readingMerges is an automation whose source may read Ada's pull requests.
func readingMerges(t *testing.T, book *store.Store) (*machine, *testkit.GitHubAPI) {
	t.Helper()

	api := testkit.NewGitHubAPI(t)
	mergesOfAda(t, api)
	return reading(t, book, api, importRules), api
}

// heldByAda returns what Ada holds, by name and occurrence, with when she got it.
func (m *machine) heldByAda() []string {
	m.t.Helper()
	var held []string
	names := m.names("ada")
	for i, award := range m.awards("ada") {
		held = append(held, fmt.Sprintf("%s %s %s", names[i], award.Occurrence, award.AwardedAt.Format(time.RFC3339)))
	}
	slices.Sort(held)
	return held
}

// Whatever comes first of an import, webhooks and redeliveries, the same awards stand in the end, at the same times.
func TestImportAndWebhooksInAnyOrder(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		deliveries := mergesOfAda(t, api)
		api.Members(map[int64]string{3000: "ada"})
		m := reading(t, book, api, importRules)
		im := m.read(store.Import{})
		same(t, "the problem of the import", im.Problem, "")
		want := m.heldByAda()
		if len(want) != 5 {
			t.Fatalf("Ada holds %q", want)
		}
		again := m.read(store.Import{})
		same(t, "new events of a second import", newEvents(again), int64(0))
		for _, i := range rand.Perm(len(deliveries)) { // Every webhook comes late, in any order.
			if given := m.merge(int64(i+1), "ada"); len(given) > 0 {
				t.Errorf("the webhook of pull request %d gave %q again", i+1, given)
			}
		}
		same(t, "what stands after webhooks", m.heldByAda(), want)
	})
}

func newEvents(im *store.Import) (count int64) {
	for _, part := range im.Parts {
		count += part.NewEvents
	}
	return count
}

// Some webhooks came, then the import, then the same webhooks again and the others.
func TestImportAmongWebhooks(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m, _ := readingMerges(t, book)
		for _, i := range rand.Perm(pullsOfAda)[:50] {
			m.merge(int64(i+1), "ada")
		}
		im := m.read(store.Import{})
		same(t, "new events", newEvents(im), int64(2*pullsOfAda-50))
		for _, i := range rand.Perm(pullsOfAda) {
			m.merge(int64(i+1), "ada")
		}
		m.do(func(ctx context.Context, tx *store.Tx) error {
			keys := make([]string, 0, 2*pullsOfAda)
			for i := range pullsOfAda {
				keys = append(keys, fmt.Sprintf("merge_request:7301:%d:merged", i+1), fmt.Sprintf("merge_request:7301:%d:opened", i+1))
			}
			known, err := tx.KnownEvents(ctx, "forge", keys)
			same(t, "how many events the book holds", len(known), 2*pullsOfAda)
			return err
		})
		for _, name := range []string{"One merge", "Sixty merges", "Many merges"} {
			if count := len(slices.DeleteFunc(m.names("ada"), func(n string) bool { return n != name })); count != 1 {
				t.Errorf("Ada holds %q %d times", name, count)
			}
		}
	})
}

// A server that dies at any request of an import, or between any two steps, loses nothing and repeats nothing.
func TestImportOutlivesServers(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m, api := readingMerges(t, book)
		clock := m.clock
		im := store.Import{}
		m.begin(&im)
		for died := 0; ; died++ {
			ctx, die := context.WithCancel(t.Context())
			from := api.Asked()
			after := rand.IntN(150)
			api.Fail(func(asked int, _ http.ResponseWriter, r *http.Request) bool {
				if asked-from >= after {
					die()
					<-r.Context().Done() // The connection is cut.
					return true
				}
				return false
			})
			for ctx.Err() == nil {
				busy, err := m.ImportStep(ctx, "forge")
				if err != nil && ctx.Err() == nil {
					t.Fatal(err)
				}
				if !busy {
					break
				}
			}
			die()
			if now := m.importOf(im.ID); !now.FinishedAt.IsZero() {
				same(t, "new events", newEvents(now), int64(2*pullsOfAda))
				same(t, "awards", now.Awards, int64(4))
				break
			}
			if died > 200 {
				t.Fatal("the import has no end")
			}
			m.stop()
			clock.Advance(11 * time.Minute) // The claim of the dead one ends.
			m = reading(t, book, api, "", func(cfg *automation.Config) { cfg.Now = clock.Now })
			if err := m.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What a forge asks for is honoured, and an import that cannot go on waits, longer each time.
func TestImportWaits(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m, api := readingMerges(t, book)
		refusing := func(status int, header map[string]string, body string) {
			from := api.Asked()
			api.Fail(func(asked int, w http.ResponseWriter, _ *http.Request) bool {
				if asked < from+60 {
					return false
				}
				for name, value := range header {
					w.Header().Set(name, value)
				}
				http.Error(w, body, status)
				return true
			})
		}
		refusing(http.StatusTooManyRequests, map[string]string{"Retry-After": "90"}, `{"message":"slow down"}`)
		im := m.read(store.Import{})
		same(t, "until when it waits", im.WaitUntil.Sub(m.clock.Now()), 91*time.Second)
		same(t, "failures", im.Failures, 0)

		asked := api.Asked()
		im = m.goOn(im.ID)
		same(t, "requests while it waits", api.Asked(), asked)

		m.clock.Advance(92 * time.Second)
		refusing(http.StatusBadGateway, nil, "<html>")
		im = m.goOn(im.ID)
		same(t, "failures when the forge is away", im.Failures, 1)
		same(t, "until when it waits then", im.WaitUntil.Sub(m.clock.Now()), time.Minute)

		m.clock.Advance(2 * time.Minute)
		refusing(http.StatusForbidden, nil, `{"message":"You have exceeded a secondary rate limit."}`)
		im = m.goOn(im.ID)
		same(t, "until when it waits after a secondary limit", im.WaitUntil.Sub(m.clock.Now()), 61*time.Second)

		m.clock.Advance(2 * time.Minute)
		api.Fail(nil)
		im = m.goOn(im.ID)
		same(t, "the problem in the end", im.Problem, "")
		same(t, "new events", newEvents(im), int64(2*pullsOfAda))
	})
}

// What changes while it is read is read in any case.
func TestImportOfWhatChanges(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		deliveries := mergesOfAda(t, api)
		m := reading(t, book, api, importRules)
		touched := 0
		api.Fail(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/repos/acme/rocket/issues" && touched < 20 {
				// Those that were read, and those that were not, move to the end.
				api.Touch(t, deliveries[touched], time.Date(2026, time.November, 2, 9, 52, touched, 0, time.UTC))
				api.Touch(t, deliveries[len(deliveries)-1-touched], time.Date(2026, time.November, 2, 9, 53, touched, 0, time.UTC))
				touched++
			}
			return false
		})
		im := m.read(store.Import{})
		same(t, "the problem", im.Problem, "")
		same(t, "new events", newEvents(im), int64(2*pullsOfAda))
	})
}

// Since leaves out what happened before, even of a thing that changed after.
func TestImportSince(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m, _ := readingMerges(t, book)
		// They were opened at 07:30 and merged at 09:47.
		im := m.read(store.Import{Since: time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC)})
		same(t, "new events", newEvents(im), int64(pullsOfAda))
	})
}
