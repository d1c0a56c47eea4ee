package automation_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// A rehearsal says who would get what, and changes nothing.
func TestImportRehearsed(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m, _ := readingMerges(t, book)
		m.merge(1, "ada")
		im := m.read(store.Import{DryRun: true})
		same(t, "the problem", im.Problem, "")
		var found automation.Found
		if err := json.Unmarshal(im.Found, &found); err != nil {
			t.Fatal(err)
		}
		same(t, "new", found.New, map[string]int64{event.MergeRequestMerged: pullsOfAda - 1, event.MergeRequestOpened: pullsOfAda})
		same(t, "known", found.Known, map[string]int64{event.MergeRequestMerged: 1})
		same(t, "gains", found.GainsTotal, 3) // The first tier is had.
		same(t, "losses", found.LossesTotal, 0)
		same(t, "what Ada holds", m.names("ada"), []string{"One merge"})

		im = m.read(store.Import{})
		same(t, "awards of the import", im.Awards, int64(3))
	})
}

// What a reconciliation finds was lost by a webhook; it is told as the webhook would have told it.
func TestReconciling(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		mergesOfAda(t, api)
		registry := prometheus.NewRegistry()
		m := reading(t, book, api, importRules, func(cfg *automation.Config) { cfg.ReconcileEvery, cfg.Metrics = time.Hour, registry })
		im := m.read(store.Import{})
		same(t, "new events of the import", newEvents(im), int64(2*pullsOfAda))
		m.do(func(ctx context.Context, tx *store.Tx) error { // What was told so far is done with.
			_, err := tx.ClaimJobs(ctx, []string{automation.JobAwardsGranted}, 1000, m.clock.Now(), m.clock.Now().Add(100*time.Hour))
			return err
		})
		if busy, err := m.ImportStep(t.Context(), "forge"); busy || err != nil {
			t.Fatalf("something is read before it is due: %v", err)
		}
		m.apply(importRules + "  - {key: late, name: Late, kind: irrevocable, award: {on: merge_request.merged, when: event.iid == 500, to: event.author}}\n")
		m.catchUp()
		lost := testkit.MergedPullRequest(500, 3000, "ada")
		api.Merged(t, lost, m.clock.Now().Add(10*time.Minute))
		m.clock.Advance(61 * time.Minute)
		if _, err := m.ImportStep(t.Context(), "forge"); err != nil { // It becomes due.
			t.Fatal(err)
		}
		asked := api.Asked()
		im = m.goOn(im.ID + 1)
		same(t, "the purpose", im.Purpose, automation.Reconciling)
		same(t, "new events", newEvents(im), int64(2))
		same(t, "what the metric counts", counted(t, registry, "accolade_reconcile_found_total"), 2.0)
		if requests := api.Asked() - asked; requests > 30 {
			t.Errorf("a reconciliation of one pull request took %d requests", requests)
		}
		m.do(func(ctx context.Context, tx *store.Tx) error {
			jobs, err := tx.ClaimJobs(ctx, []string{automation.JobAwardsGranted}, 1000, m.clock.Now(), m.clock.Now().Add(time.Hour))
			if len(jobs) != 1 || strings.Count(string(jobs[0].Args), "award_id") != 1 || strings.Contains(string(jobs[0].Args), "quiet") {
				t.Errorf("told are %v", jobs)
			}
			return err
		})
	})
}

// Members are a state: who belongs to the organisation holds what is for its members, and who left does not.
func TestMembersAreRead(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		api.Members(map[int64]string{3000: "ada", 4000: "hedy"})
		m := reading(t, book, api, importRules)
		m.read(store.Import{})
		same(t, "what Ada holds", m.names("ada"), []string{"Crew"})
		same(t, "what Hedy holds", m.names("hedy"), []string{"Crew"})

		m.clock.Advance(time.Hour)
		api.Members(map[int64]string{4000: "hedy"})
		im := m.read(store.Import{Purpose: automation.Reconciling})
		same(t, "new events", newEvents(im), int64(1))
		same(t, "what Ada holds when she left", len(m.names("ada")), 0)
		same(t, "what Hedy holds still", m.names("hedy"), []string{"Crew"})

		m.clock.Advance(time.Hour)
		api.Members(map[int64]string{3000: "ada", 4000: "hedy"})
		m.read(store.Import{Purpose: automation.Reconciling})
		same(t, "what Ada holds when she is back", m.names("ada"), []string{"Crew"})
	})
}

func TestImportRefused(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		m := reading(t, book, api, importRules)
		first := store.Import{}
		m.begin(&first)
		err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return m.StartImport(ctx, tx, &store.Import{Source: "forge", Purpose: automation.Importing})
		})
		if fault.As(err).Code != "import_running" {
			t.Errorf("a second import is answered %v", err)
		}
		m.do(func(ctx context.Context, tx *store.Tx) error {
			ended, err := m.CancelImport(ctx, tx, &first)
			same(t, "whether it ended", ended, true)
			return err
		})
		same(t, "what a cancelled import is", m.importOf(first.ID).Cancelled, true)

		cases := map[string]struct {
			change func(*forge.Source)
			code   string
		}{
			"no token":    {func(s *forge.Source) { s.Token = "" }, "source_without_token"},
			"no projects": {func(s *forge.Source) { s.Projects = nil }, "source_without_projects"},
			"no API":      {func(s *forge.Source) { s.Forge = forge.CloudEvents }, "source_without_api"},
			"on trial":    {func(s *forge.Source) { s.DryRun = true }, "source_on_trial"},
		}
		for name, c := range cases {
			other := reading(t, book, api, "", func(cfg *automation.Config) { c.change(&cfg.Sources[0]) })
			err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return other.StartImport(ctx, tx, &store.Import{Source: "forge", Purpose: automation.Importing})
			})
			if fault.As(err).Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}

		unknown := reading(t, book, api, "", func(cfg *automation.Config) { cfg.Sources[0].Projects = []string{"nobody"} })
		im := unknown.read(store.Import{})
		same(t, "whether an import of what is not there failed", im.Failed, true)
		if im.Problem == "" {
			t.Error("it does not say why")
		}
		stranger := reading(t, book, api, "", func(cfg *automation.Config) { cfg.Sources[0].Token = "another" })
		im = stranger.read(store.Import{})
		same(t, "how an unknown token is shown", im.Problem, `the forge does not know the token of the source "forge"`)
		same(t, "whether it is tried again", im.WaitUntil.IsZero(), false)
	})
}
