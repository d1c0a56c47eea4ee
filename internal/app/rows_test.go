package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// onceRules give each author of a merge one award.
const onceRules = `
namespace: acme
achievements:
  - key: first
    name: First
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author}
`

// A hundred give the same award at once, by three doors: it is there once, and one mail tells of it.
func TestRow15SameAwardByThreeDoors(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, false)
		p := startPost(t, databaseURL, mailServerURL("smtp", server), server, withRules(onceRules))
		p.person("ada", "ada@example.com")
		p.do("PUT", "/api/v1/users/ada/accounts/forge", map[string]any{"forge_user_id": "815", "login": "ada"})
		user := jsonNumber(get(t, p.address+"/api/v1/users/ada")["id"])
		badge := jsonNumber(get(t, p.address+"/api/v1/namespaces/acme/achievements")["items"].([]any)[0].(map[string]any)["id"])
		mutation := map[string]any{"query": `mutation { achievementsAward(input: {achievementId: "gid://gitlab/Achievements::Achievement/` + badge +
			`", userId: "gid://gitlab/User/` + user + `"}) { userAchievement { id } errors } }`}
		var hands sync.WaitGroup
		var mutex sync.Mutex
		said := map[string]int{}
		note := func(what string) {
			mutex.Lock()
			defer mutex.Unlock()
			said[what]++
		}
		for i := range 100 {
			hands.Go(func() {
				switch i % 3 {
				case 0:
					status, _, _ := p.ask(adminToken, http.MethodPost, "/api/v1/achievements/"+badge+"/awards", map[string]any{"user": "ada"})
					note(map[int]string{http.StatusCreated: "given", http.StatusConflict: "there already"}[status])
				case 1:
					_, _, text := p.ask(adminToken, http.MethodPost, "/api/graphql", mutation)
					note(map[bool]string{strings.Contains(text, `"errors":[]`): "given", strings.Contains(text, "already"): "there already"}[true])
				case 2:
					status, answer := deliver(t, p.address, "pull_request", testkit.MergedPullRequest(int64(i), 815, "ada"))
					note(map[int]string{1: "given", 0: "there already"}[len(answer["awards"].([]any))])
					mustBe(t, "the status of a delivery", status, http.StatusAccepted)
				}
			})
		}
		hands.Wait()
		mustBe(t, "what was said", fmt.Sprint(said), "map[given:1 there already:99]")
		mustBe(t, "ada's awards", awardsOf(t, p.address, "ada")["First"], 1)
		if to := p.next().Header.Get("To"); !strings.Contains(to, "ada@example.com") {
			t.Errorf("the mail is to %s", to)
		}
		p.person("marker", "marker@example.com")
		p.do("POST", "/api/v1/achievements/"+badge+"/awards", map[string]any{"user": "marker"})
		if to := p.next().Header.Get("To"); !strings.Contains(to, "marker@example.com") {
			t.Errorf("there is another mail, to %s", to)
		}
	})
}

func withRules(rules string) func(*app.Config) {
	return func(cfg *app.Config) { cfg.Rules = configuration("", rules).Rules }
}

// A stream of which every delivery comes ten times at once is stored and judged once.
func TestRow23EveryDeliveryTenTimes(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		const deliveries = 30
		address := start(t, configuration(databaseURL, hotRules))
		for id := range int64(deliveries) {
			request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", testkit.MergedPullRequest(id+1, 815, "ada"))
			if err != nil {
				t.Fatal(err)
			}
			var sending sync.WaitGroup
			for range 10 {
				copied := request.Clone(t.Context())
				if copied.Body, err = request.GetBody(); err != nil {
					t.Fatal(err)
				}
				sending.Go(func() {
					status, _ := exchange(t, copied)
					mustBe(t, "the status", status, http.StatusAccepted)
				})
			}
			sending.Wait()
		}
		mustBe(t, "how many are stored", len(stored(t, address)), deliveries)
		mustBe(t, "how many awards there are", len(awardsOf(t, address, "ada")), deliveries+1)
	})
}

// Whoever sends a delivery again after every memory of it but the book's is gone gets nothing more, and neither does who
// sends its body under an id of their own.
func TestRow25ForgottenDeliveries(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		const id = "11111111-0000-4000-8000-000000000000"
		body := testkit.MergedPullRequest(1, 815, "ada")
		send := func(t *testing.T, id string) map[string]any {
			t.Helper()
			cfg := configuration(databaseURL, hotRules)
			cfg.MetricsListen = "127.0.0.1:0"
			address := start(t, cfg) // and forgets everything when it stops
			request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Github-Delivery", id)
			status, answer := exchange(t, request)
			mustBe(t, "the status", status, http.StatusAccepted)
			mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 2)
			return answer
		}
		t.Run("at first", func(t *testing.T) { mustBe(t, "duplicate", send(t, id)["duplicate"], false) })
		t.Run("after it was forgotten", func(t *testing.T) { mustBe(t, "duplicate", send(t, id)["duplicate"], true) })
		t.Run("under another id", func(t *testing.T) {
			answer := send(t, "22222222-0000-4000-8000-000000000000")
			mustBe(t, "whether its event is new", answer["events"].([]any)[0].(map[string]any)["new"], false)
			mustBe(t, "what it gave", len(answer["awards"].([]any)), 0)
		})
	})
}

// farmRules say what a rule can say about farming; bots are left out of every rule that does not let them in.
const farmRules = `
namespace: acme
achievements:
  - key: merge
    name: Merge
    kind: repeatable
    award: {on: merge_request.merged, to: event.author, per: event.object, except: [bots, self], limit: {at_most: 2, every: day}}
  - key: any
    name: Any
    kind: repeatable
    award: {on: merge_request.merged, to: event.author, per: event.object}
`

// A thousand trivial merges are worth two in a day; one's own, and a bot's, nothing.
func TestRow28Farming(t *testing.T) {
	t.Parallel()

	address := start(t, configuration(testkit.SQLitePath(t), farmRules))
	self := strings.NewReplacer(`"login":"grace","id":2`, `"login":"ada","id":815`)
	bot := strings.NewReplacer(`"login":"ada","id":815,"type":"User"`, `"login":"ada","id":815,"type":"Bot"`)
	var sending sync.WaitGroup
	for part := range int64(8) {
		sending.Go(func() {
			for id := part + 1; id <= 1000; id += 8 {
				if status, _ := deliver(t, address, "pull_request", testkit.MergedPullRequest(id, 815, "ada")); status != http.StatusAccepted {
					t.Errorf("a delivery is answered %d", status)
				}
			}
		})
	}
	sending.Wait()
	_, own := deliver(t, address, "pull_request", []byte(self.Replace(string(testkit.MergedPullRequest(2001, 815, "ada")))))
	mustBe(t, "what one's own merge gives", len(own["awards"].([]any)), 1) // by the rule that does not mind
	_, robots := deliver(t, address, "pull_request", []byte(bot.Replace(string(testkit.MergedPullRequest(2002, 815, "ada")))))
	mustBe(t, "what a bot's gives", len(robots["awards"].([]any)), 0)
	count := map[string]int{}
	for what := range awardsOf(t, address, "ada") {
		name, _, _ := strings.Cut(what, " ")
		count[name]++
	}
	mustBe(t, "what is given", fmt.Sprint(count), "map[Any:1001 Merge:2]")
}

// pushRules count commits, however many of them a delivery lists.
const pushRules = `
namespace: acme
achievements:
  - key: commits
    name: Commits
    kind: irrevocable
    award: {on: push, to: event.actor, sum: {of: event.commits}}
    tiers: [{at: 520, name: Enough}, {at: 521, name: All}, {at: 522, name: Too many}]
`

// Of 21 and of 500 commits GitLab lists 20, and says how many there are.
func TestRow38CommitsThatAreNotListed(t *testing.T) {
	t.Parallel()

	cfg := configuration(testkit.SQLitePath(t), pushRules)
	cfg.Sources = []forge.Source{{Name: "gitlab", Forge: forge.GitLab, Secrets: []string{secret}}}
	address := start(t, cfg)
	for i, total := range []int{21, 500} {
		commits := strings.Repeat(fmt.Sprintf(`{"id":"%040d","message":"m","timestamp":"2026-11-02T09:47:13Z","author":{"name":"Ada","email":"ada@example.com"}},`, i), 20)
		body := fmt.Sprintf(`{"object_kind":"push","ref":"refs/heads/main","before":"%040d","after":"%040d","user_id":7,"user_username":"ada","user_name":"Ada",`+
			`"project":{"id":1,"name":"Rocket","path_with_namespace":"acme/rocket","web_url":"https://gitlab.example/acme/rocket","default_branch":"main","visibility_level":20},`+
			`"commits":[%s],"total_commits_count":%d}`, i+1, i+2, strings.TrimSuffix(commits, ","), total)
		header := http.Header{"Content-Type": {"application/json"}, "X-Gitlab-Event": {"Push Hook"}}
		forge.Sign(forge.GitLab, secret, header, []byte(body))
		status, outcome := hook(t, address, "gitlab", header, []byte(body))
		mustBe(t, "the answer", fmt.Sprint(status, " ", outcome), "202 judged")
	}
	mustBe(t, "what 521 commits give", fmt.Sprint(awardsOf(t, address, "ada")), "map[All:1 Enough:1]")
}

// A token that one server has revoked no server takes any more.
func TestRow47RevokedEverywhere(t *testing.T) {
	t.Parallel()

	cfg := configuration(testkit.PostgresURL(t), hotRules)
	cfg.Cache = redisOf(t)
	cfg.MetricsListen = ""
	one := &post{t: t, address: start(t, cfg)}
	other := &post{t: t, address: start(t, cfg)}
	one.person("ada", "ada@example.com")
	token := one.tokenOf("ada")
	status, _, text := other.ask(token, http.MethodGet, "/api/v1/user", nil)
	mustBe(t, "the other server's answer", fmt.Sprint(status, " ", strings.Contains(text, `"ada"`)), "200 true")
	tokens := get(t, one.address+"/api/v1/users/ada/tokens")["items"].([]any)
	one.do("DELETE", "/api/v1/users/ada/tokens/"+url.PathEscape(jsonNumber(tokens[0].(map[string]any)["id"])), nil)
	began := time.Now()
	for {
		if status, _, _ = other.ask(token, http.MethodGet, "/api/v1/user", nil); status == http.StatusUnauthorized || time.Since(began) > 5*time.Second {
			break
		}
	}
	mustBe(t, "the other server's answer to a revoked one", status, http.StatusUnauthorized)
}
