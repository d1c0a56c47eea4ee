package server_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAwardTellsEverything(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.person("ada")
		grace := d.person("grace")
		d.namespace("acme/tools", "public")
		d.member("acme/tools", "grace", "maintainer")
		reviewer := d.achievement("acme/tools", "Reviewer", "revocable")

		made := d.must(http.StatusCreated, grace, "POST", reviewer+"/awards", map[string]any{"user": "ADA", "message": " Thank you! "})
		if got := made.header.Get("Location"); got != d.url+"/api/v1/awards/"+made.id() {
			t.Errorf("Location is %q", got)
		}
		ada := map[string]any{"id": made.at("user", "id"), "username": "ada", "name": "ADA", "avatar_url": nil}
		giver := map[string]any{"id": made.at("awarded_by", "id"), "username": "grace", "name": "GRACE", "avatar_url": nil}
		want := map[string]any{
			"id": made.at("id"), "user": ada, "awarded_by": giver, "awarded_at": "2026-11-02T10:00:00Z",
			"achievement": map[string]any{
				"id": made.at("achievement", "id"), "name": "Reviewer", "description": "", "kind": "revocable", "avatar_url": nil,
				"namespace":  map[string]any{"id": made.at("achievement", "namespace", "id"), "full_path": "acme/tools", "name": "ACME/TOOLS"},
				"created_at": "2026-11-02T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z",
			},
			"revoked_at": nil, "revoked_by": nil, "revoke_reason": nil, "priority": nil, "show_on_profile": true,
			"message": "Thank you!", "rule": nil, "occurrence": nil, "event_url": nil,
		}
		if diff := cmp.Diff(want, made.object); diff != "" {
			t.Errorf("the award is not as wanted (-want +got):\n%s", diff)
		}
		award := "/api/v1/awards/" + made.id()
		if diff := cmp.Diff(want, d.must(http.StatusOK, "", "GET", award, nil).object); diff != "" {
			t.Errorf("read again, it is another (-want +got):\n%s", diff)
		}

		d.clock.Advance(time.Second)
		want["revoked_at"], want["revoked_by"], want["revoke_reason"] = d.clock.Now().Format("2006-01-02T15:04:05.999999Z"), giver, "Left."
		revoked := d.must(http.StatusOK, grace, "POST", award+"/revoke", map[string]any{"reason": "Left."})
		if diff := cmp.Diff(want, revoked.object); diff != "" {
			t.Errorf("revoked, it is not as wanted (-want +got):\n%s", diff)
		}
		d.must(http.StatusNoContent, adminToken, "DELETE", award, nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", award, nil)
	})
}

func TestKinds(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.person("ada")
		d.namespace("acme", "public")
		ada := map[string]any{"user": "ada"}

		t.Run("irrevocable: once, for good, unless it was a mistake", func(t *testing.T) {
			once := d.achievement("acme", "Once", "irrevocable")
			first := d.award(once, "ada")
			again := d.refused(http.StatusConflict, "already_awarded", adminToken, "POST", once+"/awards", ada)
			if id := strings.TrimPrefix(first, "/api/v1/awards/"); !strings.Contains(again.text, id) {
				t.Errorf("the refusal does not name award %s: %s", id, again.text)
			}
			d.refused(http.StatusConflict, "irrevocable", adminToken, "POST", first+"/revoke", nil)
			d.must(http.StatusNoContent, adminToken, "DELETE", first, nil)
			d.award(once, "ada")
		})
		t.Run("revocable: once at a time", func(t *testing.T) {
			badge := d.achievement("acme", "At a time", "revocable")
			first := d.award(badge, "ada")
			d.refused(http.StatusConflict, "already_awarded", adminToken, "POST", badge+"/awards", ada)
			d.must(http.StatusOK, adminToken, "POST", first+"/revoke", nil)
			d.refused(http.StatusConflict, "already_revoked", adminToken, "POST", first+"/revoke", map[string]any{})
			if second := d.award(badge, "ada"); second == first {
				t.Error("the second award is the first one again")
			}
		})
		t.Run("repeatable: always by hand", func(t *testing.T) {
			made := d.must(http.StatusCreated, adminToken, "POST", "/api/v1/namespaces/acme/achievements", map[string]any{"name": "By default"})
			if made.object["kind"] != "repeatable" {
				t.Errorf("without a kind it is %v", made.object["kind"])
			}
			often := "/api/v1/achievements/" + made.id()
			d.award(often, "ada")
			d.must(http.StatusOK, adminToken, "POST", d.award(often, "ada")+"/revoke", nil)
			d.must(http.StatusNoContent, adminToken, "DELETE", d.award(often, "ada"), nil)
			if got := d.must(http.StatusOK, "", "GET", often+"/awards", nil).items(); len(got) != 1 {
				t.Errorf("%d awards stand, want 1", len(got))
			}
		})
	})
}

func TestAwardBadInput(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.person("ada")
	d.namespace("acme", "public")
	badge := d.achievement("acme", "Badge", "repeatable")
	for _, tc := range []struct {
		name   string
		path   string
		body   any
		status int
		code   string
	}{
		{"nobody of that name", badge + "/awards", map[string]any{"user": "nobody"}, 404, "not_found"},
		{"nobody of that id", badge + "/awards", map[string]any{"user": "4711"}, 404, "not_found"},
		{"no name at all", badge + "/awards", map[string]any{"user": "\x00"}, 404, "not_found"},
		{"no user", badge + "/awards", map[string]any{}, 400, "invalid"},
		{"a number for the user", badge + "/awards", map[string]any{"user": 7}, 400, "invalid"},
		{"a long message", badge + "/awards", map[string]any{"user": "ada", "message": strings.Repeat("é", 201)}, 400, "invalid"},
		{"NUL in a message", badge + "/awards", map[string]any{"user": "ada", "message": "a\x00"}, 400, "invalid"},
		{"no such achievement", "/api/v1/achievements/4711/awards", map[string]any{"user": "ada"}, 404, "not_found"},
		{"an id that is none", "/api/v1/achievements/0/awards", map[string]any{"user": "ada"}, 400, "invalid"},
		{"a word for an id", "/api/v1/achievements/x/awards", map[string]any{"user": "ada"}, 400, "invalid"},
		{"an id beyond 64 bits", "/api/v1/achievements/99999999999999999999/awards", map[string]any{"user": "ada"}, 400, "invalid"},
		{"no such award", "/api/v1/awards/4711/revoke", nil, 404, "not_found"},
		{"a long reason", d.award(badge, "ada") + "/revoke", map[string]any{"reason": strings.Repeat("x", 1025)}, 400, "invalid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d.in(t).refused(tc.status, tc.code, adminToken, "POST", tc.path, tc.body)
		})
	}
	d.must(http.StatusCreated, adminToken, "POST", badge+"/awards", map[string]any{"user": "ada", "message": strings.Repeat("🎉", 200)})
}

func TestListAwards(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.person("ada")
		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		var standing []string
		for range 5 {
			d.clock.Advance(time.Microsecond)
			standing = append(standing, strings.TrimPrefix(d.award(badge, "ada"), "/api/v1/awards/"))
		}
		taken := d.award(badge, "ada")
		d.must(http.StatusOK, adminToken, "POST", taken+"/revoke", nil)
		taken = strings.TrimPrefix(taken, "/api/v1/awards/")

		for query, want := range map[string][]string{
			"": standing, "state=active": standing, "state=revoked": {taken}, "state=all": append(standing[:5:5], taken),
		} {
			if diff := cmp.Diff(want, d.pages(adminToken, badge+"/awards?limit=2&"+query)); diff != "" {
				t.Errorf("%q lists others (-want +got):\n%s", query, diff)
			}
		}
		if diff := cmp.Diff(standing, d.pages("", "/api/v1/users/ada/awards?limit=2&include_hidden=true")); diff != "" {
			t.Errorf("the profile lists others (-want +got):\n%s", diff)
		}
		d.refused(http.StatusBadRequest, "bad_cursor", adminToken, "GET", badge+"/awards?cursor=%21", nil)
		d.refused(http.StatusBadRequest, "bad_cursor", "", "GET", "/api/v1/users/ada/awards?cursor=AAA", nil)
		d.refused(http.StatusBadRequest, "invalid", adminToken, "GET", badge+"/awards?state=gone", nil)
		d.refused(http.StatusNotFound, "not_found", "", "GET", "/api/v1/users/nobody/awards", nil)
	})
}

// pages follows the Link headers from the path on and returns the ids of all items. On each page the
// header and next_cursor must say the same.
func (d *door) pages(token, path string) []string {
	d.t.Helper()

	var ids []string
	for range 20 {
		page := d.must(http.StatusOK, token, "GET", path, nil)
		for _, item := range page.items() {
			ids = append(ids, item.id())
		}
		cursor, more := page.object["next_cursor"].(string)
		link := page.header.Get("Link")
		if !more && link == "" {
			return ids
		}
		target, ok := strings.CutSuffix(link, `>; rel="next"`)
		target, fits := strings.CutPrefix(target, "<"+d.url)
		if !ok || !fits || !strings.Contains(target, "cursor="+cursor) {
			d.t.Fatalf("Link is %q, the cursor %q", link, cursor)
		}
		path = target
	}
	d.t.Fatal("the pages do not end")
	return nil
}

func TestManyHandsGiveAnIrrevocableAwardOnce(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.person("ada")
		d.namespace("acme", "public")
		once := d.achievement("acme", "Once", "irrevocable")
		var statuses sync.Map
		var hands sync.WaitGroup
		for i := range 100 {
			hands.Go(func() {
				statuses.Store(i, d.call(adminToken, "POST", once+"/awards", map[string]any{"user": "ada"}).status)
			})
		}
		hands.Wait()
		count := map[any]int{}
		statuses.Range(func(_, status any) bool { count[status]++; return true })
		if diff := cmp.Diff(map[any]int{http.StatusCreated: 1, http.StatusConflict: 99}, count); diff != "" {
			t.Errorf("the statuses are others (-want +got):\n%s", diff)
		}
		if got := d.pages("", once+"/awards"); len(got) != 1 {
			t.Errorf("%d awards stand, want 1", len(got))
		}
	})
}
