package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func acceptanceRequired(cfg *app.Config) { cfg.AcceptanceRequired = true }

// ask calls the service, without a token when it is empty, and returns the answer.
func (p *post) ask(token, method, path string, body any) (int, http.Header, string) {
	p.t.Helper()

	encoded, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.address+path, bytes.NewReader(encoded))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Private-Token", token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// profile returns how many awards everyone sees on the profile.
func (p *post) profile(username string) int {
	p.t.Helper()
	status, _, text := p.ask("", http.MethodGet, "/api/v1/users/"+username+"/awards?include_hidden=true", nil)
	var page struct{ Items []any }
	if err := json.Unmarshal([]byte(text), &page); err != nil || status != http.StatusOK {
		p.t.Fatalf("the profile answers %d %s", status, text)
	}
	return len(page.Items)
}

func (p *post) tokenOf(username string) string {
	p.t.Helper()
	token, _ := p.do("POST", "/api/v1/users/"+username+"/tokens", map[string]any{"name": "tests", "scopes": []string{"write"}})["token"].(string)
	return token
}

// page follows the link and checks what is shown.
func (p *post) page(method, path string, status int, want string) {
	p.t.Helper()
	got, header, text := p.ask("", method, path, nil)
	if got != status || !strings.Contains(text, want) || header.Get("Content-Type") != "text/html; charset=utf-8" {
		p.t.Errorf("%s answers %d (%s), want %d and %q:\n%s", method, got, header.Get("Content-Type"), status, want, text)
	}
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self'") {
		p.t.Errorf("the page's policy is %q", policy)
	}
}

var acceptLink = regexp.MustCompile(`https://achievements\.example\.com(/awards/accept/[\w-]+)`)

// linkIn returns the path of the link that accepts an award, which both parts of the mail hold.
func linkIn(t *testing.T, message *mail.Message) string {
	t.Helper()

	text, html := parts(t, message)
	link := acceptLink.FindStringSubmatch(text)
	if len(link) < 2 || !strings.Contains(html, link[0]) {
		t.Fatalf("a part of the mail lacks the link:\n%s\n%s", text, html)
	}
	for _, want := range []string{"waits for you to accept it", "30 days", "ignore this mail"} {
		if !strings.Contains(text, want) || !strings.Contains(html, want) {
			t.Errorf("a part of the mail lacks %q:\n%s\n%s", want, text, html)
		}
	}
	return link[1]
}

func TestAwardsWaitToBeAccepted(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, false)
		p := startPost(t, databaseURL, mailServerURL("smtp", server), server, acceptanceRequired)
		p.page(http.MethodGet, "/awards/accept/AAAA", http.StatusNotFound, "nothing to accept") // no mail was ever sent
		p.person("ada", "ada@example.com")
		award := p.award("ada")
		mustBe(t, "whether a new award is shown", award["show_on_profile"], false)
		link := linkIn(t, p.next())
		for range 2 { // as scanners do
			p.page(http.MethodGet, link, http.StatusOK, "Accept Release captain?")
		}
		mustBe(t, "what the profile shows before", p.profile("ada"), 0)
		for range 2 {
			p.page(http.MethodPost, link, http.StatusOK, "You have accepted Release captain")
		}
		p.page(http.MethodGet, link, http.StatusOK, "You have accepted Release captain")
		mustBe(t, "what the profile shows after", p.profile("ada"), 1)
		var accepted []any
		for _, entry := range get(t, p.address+"/api/v1/audit-events?limit=100")["items"].([]any) {
			if entry.(map[string]any)["action"] == "award.accepted" {
				accepted = append(accepted, entry)
			}
		}
		mustBe(t, "how often it is in the audit log", len(accepted), 1)

		// What rules give, quietly or not.
		p.person("grace", "grace@example.com")
		p.do("PUT", "/api/v1/users/grace/accounts/forge", map[string]any{"forge_user_id": "77", "login": "grace"})
		deliver(t, p.address, "pull_request", testkit.MergedPullRequest(1, 77, "grace"))
		mustBe(t, "grace's awards", len(get(t, p.address+"/api/v1/users/grace/awards?include_hidden=true")["items"].([]any)), 2)
		mustBe(t, "those that everyone sees", p.profile("grace"), 0)
		p.page(http.MethodPost, linkIn(t, p.next()), http.StatusOK, "You have accepted One merge")
		mustBe(t, "those that everyone sees then", p.profile("grace"), 1)
		p.none("grace")

		// A machine accepts nothing.
		p.do("POST", "/api/v1/users", map[string]any{"username": "robot", "name": "Robot", "bot": true})
		mustBe(t, "whether a bot's award is shown", p.award("robot")["show_on_profile"], true)
	})
}

func TestLinksThatAcceptNothing(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, false)
		p := startPost(t, databaseURL, mailServerURL("smtp", server), server, acceptanceRequired)
		p.person("ada", "ada@example.com")
		links := map[string]string{}
		var awards []string
		for _, fate := range []string{"old", "revoked", "deleted"} {
			award := p.award("ada")
			message := p.next()
			awards = append(awards, "/api/v1/awards/"+jsonNumber(award["id"]))
			links[fate] = linkIn(t, message)
			unsubscribe := strings.TrimPrefix(strings.Trim(message.Header.Get("List-Unsubscribe"), "<>"), "https://achievements.example.com/unsubscribe/")
			links["of another purpose"] = "/awards/accept/" + unsubscribe
			mustBe(t, "ending mails by the link that accepts", click(t, p.address+strings.Replace(links[fate], "/awards/accept/", "/unsubscribe/", 1)), http.StatusNotFound)
		}
		path := links["old"]
		at := len("/awards/accept/") + 10 // within the award's id
		links["forged"] = path[:at] + map[bool]string{true: "B", false: "A"}[path[at] == 'A'] + path[at+1:]
		p.do("POST", awards[1]+"/revoke", map[string]any{})
		p.do("DELETE", awards[2], nil)
		p.page(http.MethodGet, links["old"], http.StatusOK, "Accept achievement")
		for _, fate := range []string{"revoked", "deleted", "of another purpose", "forged"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				p.page(method, links[fate], http.StatusNotFound, "nothing to accept")
			}
		}
		p.clock.Advance(30 * 24 * time.Hour)
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			p.page(method, links["old"], http.StatusGone, "This link is too old")
		}
		mustBe(t, "what the profile shows", p.profile("ada"), 0)
	})
}

// Showing an award accepts it, too: without a mail there is no other way.
func TestAcceptingWithoutMail(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, false)
		p := startPost(t, databaseURL, "", server, acceptanceRequired)
		p.person("ada", "")
		p.person("grace", "")
		ada, grace := p.tokenOf("ada"), p.tokenOf("grace")
		byREST, byGraphQL := jsonNumber(p.award("ada")["id"]), jsonNumber(p.award("ada")["id"])
		show := map[string]any{
			"query": `mutation { userAchievementsUpdate(input: {userAchievementId: "gid://gitlab/Achievements::UserAchievement/` + byGraphQL +
				`", showOnProfile: true}) { userAchievement { showOnProfile } errors } }`,
		}
		// Another's is not to be found, by either door.
		if status, _, _ := p.ask(grace, http.MethodPatch, "/api/v1/awards/"+byREST, map[string]any{"show_on_profile": true}); status != http.StatusNotFound {
			t.Errorf("another shows it: %d", status)
		}
		if _, _, text := p.ask(grace, http.MethodPost, "/api/graphql", show); !strings.Contains(text, "does not exist or you don't have permission") {
			t.Errorf("another shows it: %s", text)
		}
		mustBe(t, "what the profile shows before", p.profile("ada"), 0)
		if status, _, text := p.ask(ada, http.MethodPatch, "/api/v1/awards/"+byREST, map[string]any{"show_on_profile": true}); status != http.StatusOK {
			t.Errorf("ada shows it: %d %s", status, text)
		}
		if _, _, text := p.ask(ada, http.MethodPost, "/api/graphql", show); !strings.Contains(text, `"showOnProfile":true`) {
			t.Errorf("ada shows it: %s", text)
		}
		mustBe(t, "what the profile shows after", p.profile("ada"), 2)
	})
}

// By GraphQL, an award waits as it does by REST.
func TestAwardsByGraphQLWait(t *testing.T) {
	t.Parallel()

	server := testkit.NewMailServer(t, false)
	p := startPost(t, testkit.SQLitePath(t), mailServerURL("smtp", server), server, acceptanceRequired)
	p.person("ada", "ada@example.com")
	badge := get(t, p.address+"/api/v1/namespaces/crew%2Ftools/achievements")["items"].([]any)[0].(map[string]any)
	user := get(t, p.address+"/api/v1/users/ada")
	_, _, text := p.ask(adminToken, http.MethodPost, "/api/graphql", map[string]any{
		"query": `mutation { achievementsAward(input: {achievementId: "gid://gitlab/Achievements::Achievement/` + jsonNumber(badge["id"]) +
			`", userId: "gid://gitlab/User/` + jsonNumber(user["id"]) + `"}) { userAchievement { showOnProfile } errors } }`,
	})
	if !strings.Contains(text, `"showOnProfile":false`) {
		t.Errorf("the award is %s", text)
	}
	seen := map[string]any{"query": `{ user(username: "ada") { userAchievements(includeHidden: true) { count nodes { id } } } }`}
	if _, _, text := p.ask("", http.MethodPost, "/api/graphql", seen); !strings.Contains(text, `"count":0,"nodes":[]`) {
		t.Errorf("everyone sees %s", text)
	}
	p.page(http.MethodPost, linkIn(t, p.next()), http.StatusOK, "You have accepted")
	if _, _, text := p.ask("", http.MethodPost, "/api/graphql", seen); !strings.Contains(text, `"count":1`) {
		t.Errorf("everyone sees then %s", text)
	}
}

// What is shown when the mode changes stays so, and a mail in the seed's mode speaks of no acceptance.
func TestAcceptanceBeginsWithNewAwards(t *testing.T) { //nolint:tparallel // what is before is over before the rest
	t.Parallel()

	databaseURL := testkit.SQLitePath(t)
	server := testkit.NewMailServer(t, false)
	t.Run("before", func(t *testing.T) {
		p := startPost(t, databaseURL, mailServerURL("smtp", server), server)
		p.person("ada", "ada@example.com")
		mustBe(t, "whether it is shown", p.award("ada")["show_on_profile"], true)
		text, html := parts(t, p.next())
		if strings.Contains(text+html, "accept") {
			t.Errorf("the mail speaks of acceptance:\n%s\n%s", text, html)
		}
	})
	cfg := configuration(databaseURL, hotRules)
	cfg.AcceptanceRequired = true
	p := &post{t: t, address: start(t, cfg)}
	mustBe(t, "what the profile shows", p.profile("ada"), 1)
	mustBe(t, "whether a new one is shown", p.award("ada")["show_on_profile"], false)
	mustBe(t, "what the profile shows then", p.profile("ada"), 1)
}
