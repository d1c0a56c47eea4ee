package server_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamespaces(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		made := d.must(http.StatusCreated, adminToken, "POST", "/api/v1/namespaces",
			map[string]any{"full_path": "acme/tools", "name": "Tools", "visibility": "public"})
		want := map[string]any{
			"id": made.at("id"), "full_path": "acme/tools", "name": "Tools", "visibility": "public", "leaderboard": false,
			"created_at": "2026-11-02T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z",
		}
		if diff := cmp.Diff(want, made.object); diff != "" {
			t.Errorf("created, it is not as wanted (-want +got):\n%s", diff)
		}
		for _, path := range []string{made.header.Get("Location")[len(d.url):], "/api/v1/namespaces/acme%2Ftools", "/api/v1/namespaces/ACME%2ftools"} {
			if diff := cmp.Diff(want, d.must(http.StatusOK, "", "GET", path, nil).object); diff != "" {
				t.Errorf("%s is another (-want +got):\n%s", path, diff)
			}
		}
		d.refused(http.StatusConflict, "path_taken", adminToken, "POST", "/api/v1/namespaces",
			map[string]any{"full_path": "Acme/Tools", "name": "Tools", "visibility": "private"})
		for _, body := range []map[string]any{
			{"full_path": "a//b", "name": "A", "visibility": "public"},
			{"full_path": "42", "name": "A", "visibility": "public"},
			{"full_path": "a", "name": "", "visibility": "public"},
			{"full_path": "a", "name": "A", "visibility": "secret"},
			{"full_path": "a", "name": "A"},
		} {
			d.refused(http.StatusBadRequest, "invalid", adminToken, "POST", "/api/v1/namespaces", body)
		}
		for _, path := range []string{"nowhere", "4711", "acme%2F..%2Ftools", "a%00"} {
			d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/namespaces/"+path, nil)
		}
	})
}

func TestOwnersSwitchLeaderboards(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		same(t, "at first", d.must(http.StatusOK, "", "GET", "/api/v1/namespaces/acme", nil).object["leaderboard"], any(false))
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/namespaces/acme", map[string]any{"leaderboard": true})
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/namespaces/acme", map[string]any{"name": "Acme"})
		same(t, "switched on", d.must(http.StatusOK, "", "GET", "/api/v1/namespaces/acme", nil).object["leaderboard"], any(true))
	})
}

func TestInternalNamespacesAreForTheSignedIn(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "internal")
	d.refused(http.StatusNotFound, "not_found", "", "GET", "/api/v1/namespaces/acme", nil)
	d.must(http.StatusOK, d.person("ada", "read"), "GET", "/api/v1/namespaces/acme", nil)
}

func TestMembers(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.person("ada")
		d.namespace("acme", "private")
		made := d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/namespaces/acme/members/ada", map[string]any{"access_level": "guest"})
		want := map[string]any{
			"access_level": "guest", "inherited": false,
			"user": map[string]any{"id": made.at("user", "id"), "username": "ada", "name": "ADA", "avatar_url": nil},
		}
		if diff := cmp.Diff(want, made.object); diff != "" {
			t.Errorf("the member is not as wanted (-want +got):\n%s", diff)
		}
		again := d.must(http.StatusOK, adminToken, "PUT", "/api/v1/namespaces/acme/members/ADA", map[string]any{"access_level": "maintainer"})
		if again.object["access_level"] != "maintainer" {
			t.Errorf("the access level is still %v", again.object["access_level"])
		}
		d.must(http.StatusCreated, d.token("ada", "write"), "POST", "/api/v1/namespaces/acme/achievements", map[string]any{"name": "By a maintainer"})
		for _, level := range []any{"none", "", nil, 40} {
			d.refused(http.StatusBadRequest, "invalid", adminToken, "PUT", "/api/v1/namespaces/acme/members/ada", map[string]any{"access_level": level})
		}
		d.refused(http.StatusNotFound, "not_found", adminToken, "PUT", "/api/v1/namespaces/acme/members/nobody", map[string]any{"access_level": "guest"})
		d.refused(http.StatusNotFound, "not_found", adminToken, "PUT", "/api/v1/namespaces/nowhere/members/ada", map[string]any{"access_level": "guest"})
	})
}

func TestAchievements(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.namespace("acme", "public")
		const list = "/api/v1/namespaces/acme/achievements"
		made := d.must(http.StatusCreated, adminToken, "POST", list,
			map[string]any{"name": " Patient reviewer ", "description": "With care.", "kind": "irrevocable"})
		want := map[string]any{
			"id": made.at("id"), "name": "Patient reviewer", "description": "With care.", "kind": "irrevocable", "avatar_url": nil,
			"namespace":  map[string]any{"id": made.at("namespace", "id"), "full_path": "acme", "name": "ACME"},
			"created_at": "2026-11-02T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z",
		}
		if diff := cmp.Diff(want, made.object); diff != "" {
			t.Errorf("created, it is not as wanted (-want +got):\n%s", diff)
		}
		location := made.header.Get("Location")[len(d.url):]
		if diff := cmp.Diff(want, d.must(http.StatusOK, "", "GET", location, nil).object); diff != "" {
			t.Errorf("read again, it is another (-want +got):\n%s", diff)
		}
		d.refused(http.StatusConflict, "name_taken", adminToken, "POST", list, map[string]any{"name": "PATIENT reviewer"})
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/achievements/4711", nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "POST", "/api/v1/namespaces/nowhere/achievements", map[string]any{"name": "A"})

		first := made.id()
		second := d.must(http.StatusCreated, adminToken, "POST", list, map[string]any{"name": "100% review"}).id()
		third := d.must(http.StatusCreated, adminToken, "POST", list, map[string]any{"name": "Other"}).id()
		for query, want := range map[string][]string{
			"":                           {first, second, third},
			"search=REVIEW":              {first, second},
			"search=100%25":              {second},
			"search=nothing":             nil,
			"kind=repeatable":            {second, third},
			"ids=" + third + "," + first: {first, third},
			"ids=" + third + "&search=review&kind=repeatable": nil,
		} {
			if diff := cmp.Diff(want, d.pages("", list+"?limit=1&"+query)); diff != "" {
				t.Errorf("%q lists others (-want +got):\n%s", query, diff)
			}
		}
		for _, query := range []string{"kind=other", "ids=a", "ids=0", "ids=", "limit=0", "limit=101", "limit=x", "cursor=%21", "search=%00"} {
			got := d.must(http.StatusBadRequest, "", "GET", list+"?"+query, nil)
			if got.object["errors"] == nil {
				t.Errorf("%s is refused without naming the parameter: %s", query, got.text)
			}
		}
	})
}

func TestAchievementsBadInput(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	for _, tc := range []struct {
		name   string
		body   map[string]any
		fields string
	}{
		{"nothing", map[string]any{}, "name required"},
		{"blank", map[string]any{"name": " \t"}, "name required"},
		{"an unknown kind", map[string]any{"name": "A", "kind": "eternal"}, "kind not_one_of"},
		{"a list for a name", map[string]any{"name": []string{"A"}}, "name wrong_type"},
		{"the case of a field", map[string]any{"NAME": "A"}, "NAME unknown_field, name required"},
		{"everything", map[string]any{"name": 1, "description": 2, "colour": 3, "avatar": 4}, "avatar unknown_field, colour unknown_field, description wrong_type, name wrong_type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := d.in(t)
			got := d.refused(http.StatusBadRequest, "invalid", adminToken, "POST", "/api/v1/namespaces/acme/achievements", tc.body)
			if fields := got.fields(); fields != tc.fields {
				t.Errorf("the refusal names %q, want %q: %s", fields, tc.fields, got.text)
			}
		})
	}
}
