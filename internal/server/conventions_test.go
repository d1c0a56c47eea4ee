package server_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAChangeOfWhatWasChangedIsRefused(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		award := d.award(badge, "ada")
		for _, tc := range []struct {
			token, path string
			change      map[string]any
		}{
			{adminToken, badge, map[string]any{"description": "Said."}},
			{ada, award, map[string]any{"show_on_profile": false}},
			{adminToken, "/api/v1/namespaces/acme", map[string]any{"name": "Another"}},
			{ada, "/api/v1/user", map[string]any{"name": "Countess"}},
		} {
			tag := d.must(http.StatusOK, tc.token, "GET", tc.path, nil).header.Get("ETag")
			if len(tag) < 10 || tag[0] != '"' {
				t.Errorf("%s: the tag is %q", tc.path, tag)
			}
			got := d.with(map[string]string{"If-None-Match": `"x", ` + tag}, tc.token, "GET", tc.path, nil)
			if got.status != http.StatusNotModified || got.text != "" || got.header.Get("ETag") != tag {
				t.Errorf("%s: who has it is answered %d %s", tc.path, got.status, got.text)
			}
			d.clock.Advance(time.Second)
			first := d.with(map[string]string{"If-Match": tag}, tc.token, "PATCH", tc.path, tc.change)
			if first.status != http.StatusOK || first.header.Get("ETag") == tag {
				t.Errorf("%s: the first change is answered %d, tag %s: %s", tc.path, first.status, first.header.Get("ETag"), first.text)
			}
			second := d.with(map[string]string{"If-Match": tag}, tc.token, "PATCH", tc.path, tc.change)
			if second.status != http.StatusPreconditionFailed || second.object["code"] != "changed" {
				t.Errorf("%s: the second change is answered %d %s", tc.path, second.status, second.text)
			}
			same(t, "the tag of what is read", d.must(http.StatusOK, tc.token, "GET", tc.path, nil).header.Get("ETag"), first.header.Get("ETag"))
			if got := d.with(map[string]string{"If-Match": "*"}, tc.token, "PATCH", tc.path, tc.change); got.status != http.StatusOK {
				t.Errorf("%s: a change of anything is answered %d %s", tc.path, got.status, got.text)
			}
		}
		for _, path := range []string{award, badge} {
			if got := d.with(map[string]string{"If-Match": `"x"`}, adminToken, "DELETE", path, nil); got.status != http.StatusPreconditionFailed {
				t.Errorf("DELETE %s of another is answered %d %s", path, got.status, got.text)
			}
		}
	})
}

// Of many who change the same state, one does.
func TestOneOfManyChanges(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		tag := d.must(http.StatusOK, "", "GET", badge, nil).header.Get("ETag")
		d.clock.Advance(time.Second)
		count := map[int]int{}
		statuses := make(chan int)
		for range 20 {
			go func() {
				statuses <- d.with(map[string]string{"If-Match": tag}, adminToken, "PATCH", badge, map[string]any{"description": "Mine."}).status
			}()
		}
		for range 20 {
			count[<-statuses]++
		}
		same(t, "the answers", count, map[int]int{http.StatusOK: 1, http.StatusPreconditionFailed: 19})
	})
}

func TestARequestWithAKeyHappensOnce(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.namespace("acme", "public")
		d.member("acme", "ada", "maintainer")
		badge := d.achievement("acme", "Badge", "repeatable")
		wish := map[string]any{"user": "ada"}
		key := map[string]string{"Idempotency-Key": "a key"}
		first := d.with(key, adminToken, "POST", badge+"/awards", wish)
		again := d.with(key, adminToken, "POST", badge+"/awards", wish)
		same(t, "the statuses", []int{first.status, again.status}, []int{http.StatusCreated, http.StatusCreated})
		same(t, "the second answer", again.text, first.text)
		same(t, "its Location", again.header.Get("Location"), first.header.Get("Location"))
		same(t, "who is told that it is a replay", []string{first.header.Get("Idempotent-Replayed"), again.header.Get("Idempotent-Replayed")}, []string{"", "true"})
		if first.header.Get("X-Request-ID") == again.header.Get("X-Request-ID") {
			t.Error("two requests have the same id")
		}
		other := d.with(key, adminToken, "POST", badge+"/awards", map[string]any{"user": "ada", "message": "other"})
		if other.status != http.StatusUnprocessableEntity || other.object["code"] != "idempotency_key_reused" {
			t.Errorf("another request with the key is answered %d %s", other.status, other.text)
		}
		if hers := d.with(key, ada, "POST", badge+"/awards", wish); hers.status != http.StatusCreated || hers.id() == first.id() {
			t.Errorf("another's request with the same key is answered %d %s", hers.status, hers.text)
		}
		d.clock.Advance(24*time.Hour + time.Second)
		if late := d.with(key, adminToken, "POST", badge+"/awards", wish); late.status != http.StatusCreated || late.id() == first.id() {
			t.Errorf("a day later, it is answered %d %s", late.status, late.text)
		}
		same(t, "ada's awards", len(d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil).items()), 3)
	})
}

func TestARefusedRequestWithAKeyMayBeRepeated(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		key := map[string]string{"Idempotency-Key": "k"}
		wish := map[string]any{"full_path": "acme", "name": "Acme", "visibility": "public"}
		d.namespace("acme", "public")
		if got := d.with(key, adminToken, "POST", "/api/v1/namespaces", wish); got.status != http.StatusConflict || got.object["code"] != "path_taken" {
			t.Errorf("the refusal is %d %s", got.status, got.text)
		}
		d.must(http.StatusNoContent, adminToken, "DELETE", "/api/v1/namespaces/acme", nil)
		if got := d.with(key, adminToken, "POST", "/api/v1/namespaces", wish); got.status != http.StatusCreated {
			t.Errorf("after the reason is gone: %d %s", got.status, got.text)
		}
		if got := d.with(map[string]string{"Idempotency-Key": strings.Repeat("k", 256)}, adminToken, "POST", "/api/v1/namespaces", wish); got.status != http.StatusBadRequest {
			t.Errorf("too long a key: %d %s", got.status, got.text)
		}
	})
}

// The answer holds a secret, which is in the book in no readable form.
func TestATokenIsIssuedOnce(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		key := map[string]string{"Idempotency-Key": "k"}
		wish := map[string]any{"name": "n", "scopes": []string{"read"}}
		first := d.with(key, ada, "POST", "/api/v1/users/ada/tokens", wish)
		again := d.with(key, ada, "POST", "/api/v1/users/ada/tokens", wish)
		same(t, "the secret", again.object["token"], first.object["token"])
		same(t, "ada's tokens", len(d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada/tokens", nil).items()), 2)
	})
}

func TestManyRequestsWithOneKeyHappenOnce(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		var mutex sync.Mutex
		ids := map[string]int{}
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				got := d.with(map[string]string{"Idempotency-Key": "k"}, adminToken, "POST", badge+"/awards", map[string]any{"user": "ada"})
				mutex.Lock()
				defer mutex.Unlock()
				if got.status == http.StatusCreated {
					ids[got.id()]++
				} else if got.object["code"] != "idempotency_key_busy" {
					t.Errorf("a request is answered %d %s", got.status, got.text)
				}
			})
		}
		all.Wait()
		same(t, "how many awards were answered", len(ids), 1)
		same(t, "ada's awards", len(d.must(http.StatusOK, "", "GET", "/api/v1/users/ada/awards", nil).items()), 1)
	})
}

// Clients choose another boundary each time.
func TestAFormWithAKeyHappensOnce(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	body := func(boundary, name string) string {
		return strings.ReplaceAll(part("name", name)+"--x--\r\n", "--x", "--"+boundary)
	}
	send := func(boundary, name string) answer {
		return d.with(map[string]string{"Idempotency-Key": "k", "Content-Type": "multipart/form-data; boundary=" + boundary},
			adminToken, "POST", "/api/v1/namespaces/acme/achievements", body(boundary, name))
	}
	first := send("one", "Badge")
	same(t, "the status", first.status, http.StatusCreated)
	same(t, "the second answer", send("another", "Badge").text, first.text)
	same(t, "the status of another form", send("one", "Other").status, http.StatusUnprocessableEntity)
}

func TestTokensAreListedAndRevoked(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		second := d.token("ada", "read")
		d.must(http.StatusOK, second, "GET", "/api/v1/user", nil)
		listed := d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada/tokens", nil)
		items := listed.items()
		same(t, "how many", len(items), 2)
		same(t, "last use", items[1].object["last_used_at"], any("2026-11-02T10:00:00Z"))
		if strings.Contains(listed.text, "acc_") {
			t.Error("the list shows secrets")
		}
		d.clock.Advance(30 * time.Second)
		d.must(http.StatusOK, second, "GET", "/api/v1/user", nil)
		d.clock.Advance(31 * time.Second)
		d.must(http.StatusOK, second, "GET", "/api/v1/user", nil)
		same(t, "last use, to the minute", d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada/tokens", nil).items()[1].object["last_used_at"],
			any("2026-11-02T10:01:01Z"))
		d.must(http.StatusNoContent, ada, "DELETE", "/api/v1/users/ada/tokens/"+items[1].id(), nil)
		d.refused(http.StatusUnauthorized, "invalid_token", second, "GET", "/api/v1/user", nil)
		d.refused(http.StatusNotFound, "not_found", ada, "DELETE", "/api/v1/users/ada/tokens/"+items[1].id(), nil)
		grace := d.person("grace")
		d.refused(http.StatusNotFound, "not_found", grace, "DELETE", "/api/v1/users/grace/tokens/"+items[0].id(), nil)
	})
}

func TestTheAuditLogSaysWhoDidWhat(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		grace := d.person("grace")
		d.namespace("acme", "public")
		d.member("acme", "grace", "owner")
		badge := d.achievement("acme", "Badge", "revocable")
		award := d.with(map[string]string{"X-Request-ID": "the-request"}, grace, "POST", badge+"/awards", map[string]any{"user": "ada"})
		d.must(http.StatusOK, grace, "POST", "/api/v1/awards/"+award.id()+"/revoke", nil)
		d.must(http.StatusNoContent, grace, "DELETE", "/api/v1/awards/"+award.id(), nil)
		d.must(http.StatusNoContent, grace, "DELETE", badge, nil)
		var actions []any
		items := d.must(http.StatusOK, grace, "GET", "/api/v1/namespaces/acme/audit-events", nil).items()
		for _, item := range items {
			actions = append(actions, item.object["action"])
		}
		same(t, "what was done, newest first", actions, []any{
			"achievement.deleted", "award.deleted", "award.revoked", "award.granted", "achievement.created", "member.put", "namespace.created",
		})
		granted := items[3]
		same(t, "the award", []any{
			granted.at("actor", "username"), granted.at("subject", "username"), granted.object["object"], granted.object["request_id"],
			granted.object["address"], granted.object["at"], granted.object["rule"],
		}, []any{"grace", "ada", "award", "the-request", "127.0.0.1", "2026-11-02T10:00:00Z", nil})
		page := d.must(http.StatusOK, grace, "GET", "/api/v1/namespaces/acme/audit-events?limit=3", nil)
		next, _ := page.object["next_cursor"].(string)
		rest := d.must(http.StatusOK, grace, "GET", "/api/v1/namespaces/acme/audit-events?cursor="+next, nil)
		same(t, "the next page", rest.items()[0].object["id"], granted.object["id"])
	})
}
