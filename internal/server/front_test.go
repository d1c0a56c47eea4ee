package server_test

import (
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

// mountKept adds a route whose answer is kept.
func mountKept(routes gin.IRouter) {
	routes.GET("/kept", func(c *gin.Context) {
		front.Keep(c, front.User(1))
		c.Data(http.StatusOK, "application/json", make([]byte, 4300))
	})
}

// profileNow returns what an anonymous reader is told of ada, out of memory when it is there, and what the book says.
func (d *door) profileNow() (told, now answer) {
	d.t.Helper()
	d.fresh++
	return d.call("", "GET", "/api/v1/users/ada/awards", nil), d.call("", "GET", fmt.Sprintf("/api/v1/users/ada/awards?fresh=%d", d.fresh), nil)
}

// Whatever changes what a reader sees, the next one is told of it.
func TestEveryChangeIsSeenAtOnce(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada, other := d.person("ada"), d.person("other")
		d.namespace("acme", "public")
		d.judge()
		first, second := d.achievement("acme", "First", "revocable"), d.achievement("acme", "Second", "repeatable")
		var one, two string
		patch := func(token, path string, body map[string]any) func() {
			return func() { d.must(http.StatusOK, token, "PATCH", path, body) }
		}
		for _, step := range []struct {
			name string
			do   func()
			// unseen says that nothing that is shown changes.
			unseen bool
		}{
			{"an award", func() { one = d.award(first, "ada") }, false},
			{"another one", func() { two = d.award(second, "ada") }, false},
			{"an award of somebody else", func() { d.award(second, "other") }, true},
			{"a token", func() { d.token("other", "read") }, true},
			{"a message", func() { patch(adminToken, one, map[string]any{"message": "Well done"})() }, false},
			{"hiding", func() { patch(ada, one, map[string]any{"show_on_profile": false})() }, false},
			{"showing", func() { patch(ada, one, map[string]any{"show_on_profile": true})() }, false},
			{"an order", func() {
				number, _ := strconv.Atoi(path.Base(two))
				d.must(http.StatusOK, ada, "PUT", "/api/v1/user/awards/order", map[string]any{"award_ids": []int{number}})
			}, false},
			{"a name", patch(ada, "/api/v1/user", map[string]any{"name": "Countess"}), false},
			{"the giver's name", patch(adminToken, "/api/v1/user", map[string]any{"name": "Chief"}), false},
			{"a private profile", patch(ada, "/api/v1/user", map[string]any{"private_profile": true}), false},
			{"an open one", patch(ada, "/api/v1/user", map[string]any{"private_profile": false}), false},
			{"switched off", patch(ada, "/api/v1/user", map[string]any{"achievements_enabled": false}), false},
			{"switched on", patch(ada, "/api/v1/user", map[string]any{"achievements_enabled": true}), false},
			{"an achievement's name", patch(adminToken, first, map[string]any{"name": "The First"}), false},
			{"a private namespace", patch(adminToken, "/api/v1/namespaces/acme", map[string]any{"visibility": "private"}), false},
			{"a public one", patch(adminToken, "/api/v1/namespaces/acme", map[string]any{"visibility": "public"}), false},
			{"rules", func() { d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(adoptingRules)) }, false},
			{"a merge", func() {
				d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/ada/accounts/forge", map[string]any{"forge_user_id": "815", "login": "ada"})
				d.merge(1, "ada")
			}, false},
			{"revoking", func() { d.must(http.StatusOK, adminToken, "POST", one+"/revoke", map[string]any{}) }, false},
			{"deleting an award", func() { d.must(http.StatusNoContent, adminToken, "DELETE", two, nil) }, false},
			{"becoming one with another", func() {
				d.must(http.StatusOK, ada, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "other", "token": other})
			}, false},
			{"deleting an achievement", func() { d.must(http.StatusNoContent, adminToken, "DELETE", second, nil) }, false},
			{"erasing", func() { d.must(http.StatusNoContent, ada, "DELETE", "/api/v1/users/ada", nil) }, false},
		} {
			d.seenAtOnce(step.name, step.do, step.unseen)
		}
	})
}

// seenAtOnce checks that a reader is given an answer again before the change, and the new one after it.
func (d *door) seenAtOnce(name string, change func(), unseen bool) {
	d.t.Helper()

	before, _ := d.profileNow()
	asked := d.statements.Load()
	if again := d.call("", "GET", "/api/v1/users/ada/awards", nil); before.status == http.StatusOK &&
		(d.statements.Load() != asked || again.text != before.text || again.header.Get("ETag") != before.header.Get("ETag")) {
		d.t.Errorf("before %s: the answer is not given again, but %s", name, again.text)
	}
	change()
	told, now := d.profileNow()
	if told.text != now.text || told.status != now.status {
		d.t.Errorf("after %s one is told %d %s, and it is %d %s", name, told.status, told.text, now.status, now.text)
	}
	if (before.text == told.text) != unseen {
		d.t.Errorf("%s: the answer was %s and is %s", name, before.text, told.text)
	}
}

const adoptingRules = `
namespace: acme
achievements:
  - {key: first, name: The First, description: By rule now, kind: revocable, award: {on: issue.opened, to: event.author}}
  - {key: merge, name: Merge, kind: repeatable, award: {on: merge_request.merged, to: event.author, per: event.object}}
`

// What one statement reads is what several read, for every award in its place.
func TestProfilesByOneStatement(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada, nobody := d.person("ada"), d.person("nobody")
		d.namespace("acme", "public")
		d.namespace("secret", "private")
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(adoptingRules))
		d.judge()
		d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/ada/accounts/forge", map[string]any{"forge_user_id": "815", "login": "ada"})
		d.merge(1, "ada")
		var awards []string
		for i := range 5 {
			d.clock.Advance(time.Minute)
			badge := d.decorated([]string{"acme", "secret"}[i%2], fmt.Sprintf("Badge %d", i))
			awards = append(awards, d.award(badge, "ada"))
		}
		d.must(http.StatusOK, adminToken, "PATCH", awards[0], map[string]any{"message": "Héllo <b>"})
		d.must(http.StatusOK, ada, "PATCH", awards[1], map[string]any{"show_on_profile": false})
		d.must(http.StatusOK, adminToken, "POST", awards[2]+"/revoke", map[string]any{})
		number, _ := strconv.Atoi(path.Base(awards[4]))
		d.must(http.StatusOK, ada, "PUT", "/api/v1/user/awards/order", map[string]any{"award_ids": []int{number}})
		hiding := d.mode(func(o *operation.Config) { o.HidePrivateAwards = true })
		for _, as := range []*door{d, hiding} {
			for _, user := range []string{"ada", "ADA", d.must(http.StatusOK, "", "GET", "/api/v1/users/ada", nil).id()} {
				whole := as.must(http.StatusOK, "", "GET", "/api/v1/users/"+user+"/awards?limit=100", nil)
				want := as.must(http.StatusOK, nobody, "GET", "/api/v1/users/"+user+"/awards?limit=100", nil)
				if whole.text != want.text || len(whole.items()) == 0 {
					t.Errorf("%s by one statement is %s, want %s", user, whole.text, want.text)
				}
				var items []any
				for cursor := ""; ; {
					page := as.must(http.StatusOK, "", "GET", "/api/v1/users/"+user+"/awards?limit=1&cursor="+cursor, nil)
					if cursor == "" {
						page = as.must(http.StatusOK, "", "GET", "/api/v1/users/"+user+"/awards?limit=1", nil)
					}
					list, _ := page.object["items"].([]any)
					items = append(items, list...)
					if cursor, _ = page.object["next_cursor"].(string); cursor == "" {
						break
					}
				}
				if diff := cmp.Diff(whole.object["items"], any(items)); diff != "" {
					t.Errorf("%s page by page is another (-whole +pages):\n%s", user, diff)
				}
			}
		}
		for _, user := range []string{"unknown", "999999", "no%20name"} {
			d.refused(http.StatusNotFound, "not_found", "", "GET", "/api/v1/users/"+user+"/awards", nil)
		}
		if got := d.must(http.StatusOK, "", "GET", "/api/v1/users/nobody/awards", nil); len(got.items()) != 0 {
			t.Errorf("somebody without awards has %s", got.text)
		}
	})
}

// From memory or not, an answer has the same headers, and 304 what it needs.
func TestHeadersOfAnswersFromMemory(t *testing.T) {
	t.Parallel()

	d := onSQLite(t, func(cfg *server.Config) { cfg.CORSOrigins = []string{"https://a.test", "https://b.test"} })
	d.person("ada")
	d.namespace("acme", "public")
	d.award(d.achievement("acme", "First", "revocable"), "ada")
	const profile = "/api/v1/users/ada/awards"
	headers := func(got answer, method string) string {
		for _, name := range []string{"Date", "X-Request-Id"} {
			if got.header.Get(name) == "" {
				t.Errorf("%s: there is no %s", method, name)
			}
			got.header.Del(name)
		}
		return fmt.Sprint(got.header)
	}
	missed := d.with(map[string]string{"Origin": "https://a.test"}, "", "GET", profile, nil)
	tag := missed.header.Get("ETag")
	first := headers(missed, "GET")
	for _, method := range []string{"GET", "HEAD"} {
		if got := headers(d.with(map[string]string{"Origin": "https://a.test"}, "", method, profile, nil), method); got != first {
			t.Errorf("%s from memory has the headers %s, and the first answer had %s", method, got, first)
		}
	}
	if got := d.with(map[string]string{"Origin": "https://b.test"}, "", "GET", profile, nil).header.Get("Access-Control-Allow-Origin"); got != "https://b.test" {
		t.Errorf("another origin is told that %q may read", got)
	}
	if got := d.call("", "GET", profile, nil).header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("no origin is told that %q may read", got)
	}
	for sent, status := range map[string]int{tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200} {
		got := d.with(map[string]string{"If-None-Match": sent}, "", "GET", profile, nil)
		if got.status != status || got.header.Get("ETag") != tag || (got.text == "") != (status == 304) {
			t.Errorf("If-None-Match: %s is answered %d %v", sent, got.status, got.header)
		}
	}
	if got := d.call(adminToken, "GET", profile, nil).header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("an admin's answer may be kept: %s", got)
	}
}

// Answers from memory count, too.
func TestAnswersFromMemoryAreLimited(t *testing.T) {
	t.Parallel()

	limiter, err := cache.NewLimiter(cache.Config{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	d := onSQLite(t, func(cfg *server.Config) { cfg.Limits = server.Limits{Limiter: limiter, Anonymous: 5} })
	d.person("ada")
	for i := range 5 {
		if got := d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil).header.Get("Ratelimit"); !strings.Contains(got, fmt.Sprintf("r=%d", 4-i)) {
			t.Errorf("after %d the limit is %s", i, got)
		}
	}
	d.refused(http.StatusTooManyRequests, "rate_limited", "", "GET", "/api/v1/users/ada/awards", nil)
}

// A line for each answer from memory would cost more than the answer.
func TestAnswersFromMemoryAreCountedAndNotLogged(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.person("ada")
	d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil)
	d.log.Reset()
	d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil)
	if strings.Contains(d.log.String(), `"msg":"request"`) {
		t.Errorf("it is logged as %s", d.log)
	}
}

// Of deliveries that were taken in the book tells more than a line could; one that is refused is in the log.
func TestDeliveriesAreInTheBookAndNotInTheLog(t *testing.T) {
	t.Parallel()

	d := configured(t, func(cfg *server.Config) {
		cfg.Mount = func(routes gin.IRouter) {
			routes.POST("/hooks/:source", func(c *gin.Context) {
				c.JSON(map[string]int{"forge": http.StatusAccepted, "nobody": http.StatusNotFound}[c.Param("source")], gin.H{})
			})
		}
	})
	if got := d.knock("POST", "/hooks/forge"); got.status != http.StatusAccepted {
		t.Fatalf("a delivery is answered %d", got.status)
	}
	if strings.Contains(d.log.String(), `"msg":"request"`) {
		t.Errorf("it is logged as %s", d.log)
	}
	d.knock("POST", "/hooks/nobody")
	if got := d.log.String(); !strings.Contains(got, `"status":404`) {
		t.Errorf("a delivery for nobody is logged as %q", got)
	}
}
