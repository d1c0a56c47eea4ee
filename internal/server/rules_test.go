package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// judge runs what judges events until the test ends.
func (d *door) judge() {
	d.t.Helper()

	ctx, stop := context.WithCancel(context.WithoutCancel(d.t.Context()))
	stopped := make(chan struct{})
	go func() {
		d.automation.Run(ctx)
		close(stopped)
	}()
	d.t.Cleanup(func() {
		stop()
		<-stopped
	})
}

// merge delivers a merge of somebody; people with names of different lengths are different people.
func (d *door) merge(id int64, login string) {
	d.t.Helper()

	body := testkit.MergedPullRequest(id, int64(812+len(login)), login)
	delivery, err := testkit.GitHubDelivery(d.t.Context(), d.url, "forge", "a webhook secret of the tests", "pull_request", body)
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = d.automation.Receive(d.t.Context(), "forge", forge.Request{Header: delivery.Header, Body: body, ReceivedAt: d.clock.Now()})
	if err != nil {
		d.t.Fatal(err)
	}
}

// replay does all that is due.
func (d *door) replay() {
	d.t.Helper()
	for {
		busy, err := d.automation.Tick(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		if !busy {
			return
		}
	}
}

func files(texts ...string) map[string]any {
	var sent []map[string]any
	for i, text := range texts {
		sent = append(sent, map[string]any{"name": strings.Repeat("more-", i) + "rules.yaml", "text": text})
	}
	return map[string]any{"files": sent}
}

func dryRun(text string) map[string]any {
	body := files(text)
	body["dry_run"] = true
	return body
}

const ladderRules = `namespace: acme
achievements:
  - key: merges
    name: Merges
    kind: irrevocable
    award: {on: merge_request.merged, when: event.draft == false && event.additions < 100, to: event.author, count: {}}
    tiers: [{at: 2, name: Two merges}, {at: 4, name: Four merges}]
`

func TestRulesOverTheAPI(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/rules", nil)
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files("namespace: acme\nachievements: []\n"))
		for id := range int64(3) {
			d.merge(id+1, "ada")
		}
		d.clock.Advance(time.Minute)

		foreseen := d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", dryRun(ladderRules))
		for _, want := range []string{
			`{"fields":[],"name":"acme/merges","what":"created"}`, `"rules":["acme/merges"]`, `"replayed_events":3`, `"revision_id":null`,
			`"gains":[{"achievement":"acme/merges","at":"2026-11-02T09:47:13Z","occurrence":null,"username":"ada"}]`,
		} {
			if !strings.Contains(foreseen.text, want) {
				t.Errorf("the dry run lacks %s: %s", want, foreseen.text)
			}
		}
		applied := d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(ladderRules))
		if !strings.Contains(d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules", nil).text, `"replay":{"done":0,"running":1,"total":3}`) {
			t.Error("the replay is not announced")
		}
		d.replay()
		current := d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules", nil)
		if got, want := current.header.Get("ETag"), fmt.Sprintf(`"%v-`, applied.object["hash"]); !strings.HasPrefix(got, want) || !strings.Contains(current.text, `"running":0`) {
			t.Errorf("the rules are %s %s, want %s", got, current.text, want)
		}
		progress := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada/progress", nil)
		for _, want := range []string{`"held":true,"key":"merges"`, `"held":false,"key":"merges-2"`, `"parts":[{"name":"count","value":3}]`, `"target":4`} {
			if !strings.Contains(progress.text, want) {
				t.Errorf("the progress lacks %s: %s", want, progress.text)
			}
		}
		if revisions := d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules/revisions", nil); len(revisions.items()) != 2 {
			t.Errorf("the revisions are %s", revisions.text)
		}
		if log := d.must(http.StatusOK, adminToken, "GET", "/api/v1/audit-events", nil); !strings.Contains(log.text, "rules.applied") {
			t.Errorf("the audit log does not tell of it: %s", log.text)
		}
	})
}

func TestFaultyRulesChangeNothing(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	good := d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(ladderRules))
	got := d.refused(http.StatusBadRequest, "bad_rules", adminToken, "PUT", "/api/v1/rules",
		files("namespace: acme\nachievements:\n  - {key: a, name: A, kind: irrevokable}\n  - {key: b, award: {on: push, to: event.autor}}\n"))
	for _, want := range []string{"rules.yaml:3:29 bad_rule", "rules.yaml:4:5 bad_rule", "rules.yaml:4:41 bad_rule"} {
		if !strings.Contains(got.fields(), want) {
			t.Errorf("the faults are %s, and not %s", got.text, want)
		}
	}
	if current := d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules", nil); !strings.Contains(current.text, good.object["hash"].(string)) {
		t.Errorf("faulty rules changed the rules to %s", current.text)
	}
}

func TestRulesThatSomebodyElseChanged(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(ladderRules))
	tag := d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules", nil).header.Get("ETag")
	d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files("namespace: acme\nachievements: []\n"))
	for i, header := range []string{tag, "*"} {
		want := []int{http.StatusPreconditionFailed, http.StatusOK}[i]
		got := d.with(map[string]string{"If-Match": header}, adminToken, "PUT", "/api/v1/rules", files(ladderRules))
		if got.status != want {
			t.Errorf("with If-Match %s, the answer is %d %s", header, got.status, got.text)
		}
	}
}

// What an event means is said step by step, to those whom it concerns.
func TestExplaining(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(strings.Replace(ladderRules, "< 100", "< 3", 1)))
		d.merge(1, "ada")
		list := d.must(http.StatusOK, "", "GET", "/api/v1/namespaces/acme/achievements", nil)
		path := "/api/v1/users/ada/achievements/" + list.items()[0].id() + "/explain"
		got := d.must(http.StatusOK, adminToken, "GET", path+"?event_id=1", nil)
		for _, want := range []string{
			`{"idea":"match","passed":true,"text":"on merge_request.merged; the event is merge_request.merged"}`,
			`{"idea":"match","passed":true,"text":"when event.draft == false"}`,
			`{"idea":"match","passed":false,"text":"when event.additions \u003c 3"}`,
			`"value":0`,
		} {
			if !strings.Contains(got.text, want) {
				t.Errorf("the explanation lacks %s: %s", want, got.text)
			}
		}
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", path+"?event_id=99", nil)
		d.refused(http.StatusForbidden, "forbidden", d.person("joan"), "GET", path, nil)
		stranger := d.person("hedy")
		d.member("acme", "hedy", "maintainer")
		d.must(http.StatusOK, stranger, "GET", path, nil)
	})
}

// Asking what an event means changes nothing, and needs nobody to be known: not even whose account is no longer linked.
func TestExplainingWhatNobodyIsKnownFor(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(`namespace: acme
achievements:
  - {key: known, name: Known, kind: irrevocable, award: {on: merge_request.merged, when: recipient.claimed, to: event.author}}
`))
		d.merge(1, "ada")
		list := d.must(http.StatusOK, "", "GET", "/api/v1/namespaces/acme/achievements", nil)
		path := "/api/v1/users/ada/achievements/" + list.items()[0].id() + "/explain?event_id=1"
		want := d.must(http.StatusOK, adminToken, "GET", path, nil)
		if !strings.Contains(want.text, `"passed":false,"text":"when recipient.claimed for ada"`) {
			t.Fatalf("the explanation is %s", want.text)
		}
		d.must(http.StatusNoContent, adminToken, "DELETE", "/api/v1/users/ada/accounts/forge", nil)
		d.merge(2, "grace") // From here on the server knows that accounts have changed.
		same(t, "the explanation when the account is nobody's", d.must(http.StatusOK, adminToken, "GET", path, nil).text, want.text)
	})
}

// Whoever has the rules already is told when the replay for them has gone on.
func TestWatchingAReplay(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.judge()
	d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files("namespace: acme\nachievements: []\n"))
	d.merge(1, "ada")
	d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(ladderRules))
	running := d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules", nil)
	d.replay()
	now := d.with(map[string]string{"If-None-Match": running.header.Get("ETag")}, adminToken, "GET", "/api/v1/rules", nil)
	if now.status != http.StatusOK || !strings.Contains(now.text, `"running":0`) {
		t.Errorf("when the replay is over, the answer is %d %s", now.status, now.text)
	}
}

// Who took an award away is who did it, and not who had given it.
func TestRulesAboutWhoRevokes(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(`namespace: acme
achievements:
  - {key: gave, name: Gave, kind: irrevocable, award: {on: award.granted, when: event.award.key == "", to: event.actor}}
  - {key: took, name: Took, kind: irrevocable, award: {on: award.revoked, to: event.actor}}
`))
		d.person("ada")
		giver, taker := d.person("grace"), d.person("hedy")
		d.member("acme", "grace", "maintainer")
		d.member("acme", "hedy", "maintainer")
		given := d.must(http.StatusCreated, giver, "POST", d.achievement("acme", "Thanks", "revocable")+"/awards", map[string]any{"user": "ada"})
		d.must(http.StatusOK, taker, "POST", "/api/v1/awards/"+given.id()+"/revoke", map[string]any{})
		var jobs []store.Job
		err := d.book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			var err error
			jobs, err = tx.ClaimJobs(ctx, []string{automation.JobAwardGranted, automation.JobAwardRevoked}, 10, d.clock.Now(), d.clock.Now().Add(time.Minute))
			return err
		})
		if failures := d.automation.Tell(t.Context(), jobs); err != nil || len(failures) > 0 {
			t.Fatal(err, failures)
		}
		for person, want := range map[string]string{"grace": "Gave", "hedy": "Took"} {
			same(t, "what "+person+" has", d.names(person), want)
		}
	})
}

// A rule that fails is shown with the event, and hurts no other; one that is silent is seen.
func TestHowRulesFare(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(`namespace: acme
achievements:
  - {key: bad, name: Bad, kind: irrevocable, award: {on: merge_request.merged, when: 'event.labels[0] == "x"', to: event.author}}
  - {key: good, name: Good, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}
  - {key: silent, name: Silent, kind: irrevocable, award: {on: issue.opened, to: event.author}}
`))
		d.merge(1, "ada")
		d.merge(2, "ada")
		got := d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules/states", nil)
		want := `{"items":[` +
			`{"achievements":[{"id":1,"key":"bad","name":"Bad"}],"awards":0,"failure":{"event_id":2,"text":"event.labels[0] == \"x\": index out of bounds: 0"},` +
			`"file":"rules.yaml","last_awarded_at":null,"line":3,"rule":"acme/bad"},` +
			`{"achievements":[{"id":2,"key":"good","name":"Good"}],"awards":1,"failure":null,"file":"rules.yaml","last_awarded_at":"2026-11-02T09:47:13Z","line":4,"rule":"acme/good"},` +
			`{"achievements":[{"id":3,"key":"silent","name":"Silent"}],"awards":0,"failure":null,"file":"rules.yaml","last_awarded_at":null,"line":5,"rule":"acme/silent"}]}`
		if strings.TrimSpace(got.text) != want {
			t.Errorf("the states are %s, want %s", got.text, want)
		}
	})
}

// A picture beside the rules becomes the achievement's avatar; one that is none changes nothing.
func TestPicturesOfRules(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		body := files("namespace: acme\nachievements:\n  - {key: a, name: A, avatar: a.gif}\n")
		list := body["files"].([]map[string]any)
		body["files"] = append(list, map[string]any{"name": "a.gif", "data": []byte("no picture")})
		bad := d.refused(http.StatusBadRequest, "bad_rules", adminToken, "PUT", "/api/v1/rules", body)
		if !strings.Contains(bad.text, `{"code":"bad_rule","detail":"avatar: must be a PNG, JPEG, GIF or WebP picture","field":"rules.yaml:3:31"}`) {
			t.Errorf("the answer is %s", bad.text)
		}
		body["files"] = append(list, map[string]any{"name": "a.gif", "data": onePixel})
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", body)
		made := d.must(http.StatusOK, "", "GET", "/api/v1/namespaces/acme/achievements", nil).items()[0]
		shown, err := http.Get(made.object["avatar_url"].(string))
		if err != nil {
			t.Fatal(err)
		}
		defer shown.Body.Close()
		if shown.StatusCode != http.StatusOK || shown.Header.Get("Content-Type") != "image/png" {
			t.Errorf("the avatar answers %d %s", shown.StatusCode, shown.Header.Get("Content-Type"))
		}
		if again := d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", body); again.object["unchanged"] != 1.0 {
			t.Errorf("applied again, it says %s", again.text)
		}
	})
}
