package app_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const memberRules = `
namespace: acme
achievements:
  - key: core-team
    name: Core team member
    kind: revocable
    award:  {on: member.added,   when: event.group.path == "acme/core", to: event.member}
    revoke: {on: member.removed, when: event.group.path == "acme/core", to: event.member}
`

func membership(action string) []byte {
	return []byte(`{"action":"` + action + `","scope":"team","member":{"login":"grace","id":2,"type":"User"},` +
		`"sender":{"login":"hedy","id":3,"type":"User"},"team":{"id":6,"name":"Core","slug":"core"},` +
		`"organization":{"login":"acme","id":9}}`)
}

// Every membership is a new event, so joining, leaving and joining again gives two awards, of
// which one stands.
func TestMembershipComesAndGoes(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		address := start(t, configuration(databaseURL, memberRules))
		for i, step := range []struct {
			action              string
			awards, revocations int
			standing            int
		}{
			{"removed", 0, 0, 0},
			{"added", 1, 0, 1},
			{"added", 0, 0, 1},
			{"removed", 0, 1, 0},
			{"removed", 0, 0, 0},
			{"added", 1, 0, 1},
		} {
			status, answer := deliver(t, address, "membership", membership(step.action))
			mustBe(t, "the status", status, http.StatusAccepted)
			mustBe(t, "awards", len(answer["awards"].([]any)), step.awards)
			mustBe(t, "revocations", len(answer["revocations"].([]any)), step.revocations)
			if got := awardsOf(t, address, "grace")["Core team member"]; got != step.standing {
				t.Errorf("after step %d (%s) grace holds %d, want %d", i+1, step.action, got, step.standing)
			}
		}
	})
}

// An award that cannot be stored makes its delivery impossible to judge. That delivery
// is stored and told so; the others of its batch, and the other rules, go on.
func TestPoisonHurtsNobodyElse(t *testing.T) {
	t.Parallel()

	const rules = hotRules + `
  - key: poison
    name: Poison
    kind: repeatable
    award: {on: merge_request.merged, when: event.iid % 50 == 0, to: event.author, per: event.object}
`
	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		address := start(t, configuration(databaseURL, rules))
		testkit.Refuse(t, databaseURL, "acme/poison")
		outcomes := map[string]int{}
		results := make(chan string)
		const merges = 100
		for id := range int64(merges) {
			go func() {
				for { // on a busy machine, a delivery may be refused for now; a sender tries again
					status, answer := deliver(t, address, "pull_request", testkit.MergedPullRequest(id+1, 583231, "ada"))
					if outcome, told := answer["outcome"].(string); told && outcome != "duplicate" || status == http.StatusUnauthorized {
						results <- outcome
						return
					}
				}
			}()
		}
		for range merges {
			outcomes[<-results]++
		}
		mustBe(t, "the outcomes", outcomes, map[string]int{"judged": 98, "failed": 2})
		awards := awardsOf(t, address, "ada")
		mustBe(t, "ada's different awards", len(awards), 98+1)
	})
}

func TestFaultyRulesNeverReplaceGoodOnes(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		files := fstest.MapFS{"rules.yaml": {Data: []byte(hotRules)}}
		cfg := configuration(databaseURL, "")
		cfg.Rules = files
		service, err := app.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- service.Run(ctx) }()

		files["rules.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(hotRules, "event.object", "event.objet", 1))}
		err = service.Reload(t.Context())
		problems, ok := errors.AsType[rule.Problems](err)
		if !ok || !strings.Contains(problems.Error(), "rules.yaml:7:") {
			t.Errorf("Reload = %v, want a problem in line 7 of rules.yaml", err)
		}
		_, answer := deliver(t, service.URL(), "pull_request", testkit.MergedPullRequest(1, 583231, "ada"))
		mustBe(t, "what the earlier rules gave", len(answer["awards"].([]any)), 2)
		files["rules.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(hotRules, "    kind:", "    avatar: a.png\n    kind:", 1))}
		files["a.png"] = &fstest.MapFile{Data: []byte("no picture")}
		if problems, ok = errors.AsType[rule.Problems](service.Reload(t.Context())); !ok || !strings.Contains(problems.Error(), "rules.yaml:6:13: avatar") {
			t.Errorf("Reload = %v, want a problem in line 6 of rules.yaml", problems)
		}

		stop()
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		// A start with faulty files goes on with what judged last.
		_, answer = deliver(t, start(t, cfg), "pull_request", testkit.MergedPullRequest(2, 583231, "ada"))
		mustBe(t, "what the last good rules gave", len(answer["awards"].([]any)), 1)
	})
}

func TestFirstStartWithFaultyRulesFails(t *testing.T) {
	t.Parallel()

	service, err := app.New(t.Context(), configuration(testkit.SQLitePath(t), "namespace: acme\nachievement: []\n"))
	if err == nil {
		t.Errorf("the service started: %v", service.Close())
	}
	if !strings.Contains(err.Error(), "rules.yaml:2:1") {
		t.Errorf("the error %q does not say where the fault is", err)
	}
}

// A directory without rules files is a volume that was not mounted: it retires nothing. To retire everything is to write
// "achievements: []".
func TestADirectoryWithoutRulesRetiresNothing(t *testing.T) {
	t.Parallel()

	path := testkit.SQLitePath(t)
	cfg := configuration(path, "")
	cfg.Rules = fstest.MapFS{"notes.txt": {Data: []byte("no rules")}, "merge_test.yaml": {Data: []byte("tests: []\n")}}
	const want = "there are no rules files"
	service, err := app.New(t.Context(), cfg)
	if err == nil {
		t.Errorf("a first start without rules files is one: %v", service.Close())
	} else if !strings.Contains(err.Error(), want) {
		t.Errorf("the first start ends with %q, want %q in it", err, want)
	}

	files := fstest.MapFS{"rules.yaml": {Data: []byte(hotRules)}}
	cfg.Rules = files
	var log logged
	cfg.Log = log.logger()
	service, err = app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	delete(files, "rules.yaml")
	if err := service.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Reload = %v, want %q in it", err, want)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	_, answer := deliver(t, start(t, cfg), "pull_request", testkit.MergedPullRequest(1, 583231, "ada"))
	mustBe(t, "what the last good rules gave", len(answer["awards"].([]any)), 2)
	if !strings.Contains(log.text(), want) {
		t.Errorf("the log does not say %q:\n%s", want, log.text())
	}
}
