package server_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestUsers(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		made := d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users",
			map[string]any{"username": "ada", "name": " Ada Lovelace ", "email": "ada@example.com", "bot": true})
		public := map[string]any{
			"id": made.at("id"), "username": "ada", "name": "Ada Lovelace", "avatar_url": nil, "bot": true, "created_at": "2026-11-02T10:00:00Z",
		}
		full := map[string]any{"email": "ada@example.com", "admin": false, "blocked": false, "claimed": true, "private_profile": false, "achievements_enabled": true, "award_emails": true, "share_progress": false}
		maps.Copy(full, public)
		if diff := cmp.Diff(full, made.object); diff != "" {
			t.Errorf("created, the user is not as wanted (-want +got):\n%s", diff)
		}
		if got := made.header.Get("Location"); got != d.url+"/api/v1/users/"+made.id() {
			t.Errorf("Location is %q", got)
		}
		ada, grace := d.token("ada", "read"), d.person("grace")
		for _, tc := range []struct {
			name, token, path string
			want              map[string]any
		}{
			{"everyone, by username", "", "/api/v1/users/ada", public},
			{"everyone, by id", "", "/api/v1/users/" + made.id(), public},
			{"everyone, in capitals", "", "/api/v1/users/ADA", public},
			{"somebody else", grace, "/api/v1/users/ada", public},
			{"herself", ada, "/api/v1/users/ada", full},
			{"herself, as the current user", ada, "/api/v1/user", full},
			{"an admin", adminToken, "/api/v1/users/ada", full},
		} {
			if diff := cmp.Diff(tc.want, d.must(http.StatusOK, tc.token, "GET", tc.path, nil).object); diff != "" {
				t.Errorf("%s sees another user (-want +got):\n%s", tc.name, diff)
			}
		}
		for _, username := range []string{"ada", "Ada"} {
			d.refused(http.StatusConflict, "username_taken", adminToken, "POST", "/api/v1/users", map[string]any{"username": username, "name": "A"})
		}
	})
}

func TestUsersBadInput(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	for _, tc := range []struct {
		name   string
		body   map[string]any
		fields string
	}{
		{"nothing", map[string]any{}, "name required, username required"},
		{"a number alone", map[string]any{"username": "42", "name": "A"}, "username bad_username"},
		{"blank", map[string]any{"username": "a b", "name": " "}, "username bad_username, name required"},
		{"null", map[string]any{"username": nil, "name": "A"}, "username wrong_type"},
		{"no address", map[string]any{"username": "a", "name": "A", "email": "a@b@c"}, "email bad_email"},
		{"an address with a name", map[string]any{"username": "a", "name": "A", "email": "A <a@example.com>"}, "email bad_email"},
		{"NUL in an address", map[string]any{"username": "a", "name": "A", "email": "a\x00@example.com"}, "email bad_email"},
		{"a long address", map[string]any{"username": "a", "name": "A", "email": strings.Repeat("a", 255) + "@b"}, "email too_long"},
		{"a long name", map[string]any{"username": "a", "name": strings.Repeat("a", 256)}, "name too_long"},
		{"a word for a switch", map[string]any{"username": "a", "name": "A", "admin": "yes"}, "admin wrong_type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := d.in(t)
			got := d.refused(http.StatusBadRequest, "invalid", adminToken, "POST", "/api/v1/users", tc.body)
			if fields := got.fields(); fields != tc.fields {
				t.Errorf("the refusal names %q, want %q", fields, tc.fields)
			}
		})
	}
	for _, path := range []string{"/api/v1/users/nobody", "/api/v1/users/4711", "/api/v1/users/a%00b", "/api/v1/users/%FF", "/api/v1/users/a%2Fb", "/api/v1/users/99999999999999999999"} {
		d.refused(http.StatusNotFound, "not_found", "", "GET", path, nil)
	}
}

// fields returns the errors of a problem as "field code, ...".
func (a answer) fields() string {
	list, _ := a.object["errors"].([]any)
	var all []string
	for _, one := range list {
		field, _ := one.(map[string]any)
		name, _ := field["field"].(string)
		code, _ := field["code"].(string)
		all = append(all, name+" "+code)
	}
	return strings.Join(all, ", ")
}

// Somebody must be left who can administer the service.
func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.person("ada")
		last := func(method, path string, body any) {
			t.Helper()
			d.refused(http.StatusConflict, "last_admin", adminToken, method, path, body)
		}
		last("PATCH", "/api/v1/users/admin", map[string]any{"blocked": true})
		last("PATCH", "/api/v1/users/admin", map[string]any{"admin": false})
		last("DELETE", "/api/v1/users/admin", nil)
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/admin", map[string]any{"name": "Root"})
		last("POST", "/api/v1/users/ada/merge", map[string]any{"from": "admin"})
		// Another who is blocked cannot help.
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/ada", map[string]any{"admin": true, "blocked": true})
		last("PATCH", "/api/v1/users/admin", map[string]any{"admin": false})
		last("POST", "/api/v1/users/ada/merge", map[string]any{"from": "admin"})
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/ada", map[string]any{"blocked": false})
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/admin", map[string]any{"admin": false})
		same(t, "what is left", d.must(http.StatusOK, "", "GET", "/api/v1/users/admin", nil).at("username"), any("admin"))
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		ada := d.person("ada")
		d.person("grace")
		expiry := d.clock.Now().Add(time.Hour)
		made := d.must(http.StatusCreated, ada, "POST", "/api/v1/users/ada/tokens",
			map[string]any{"name": " script ", "scopes": []string{"write", "read"}, "expires_at": expiry.Format(time.RFC3339)})
		secret, _ := made.object["token"].(string)
		delete(made.object, "token")
		delete(made.object, "id")
		want := map[string]any{"name": "script", "scopes": []any{"write", "read"}, "created_at": "2026-11-02T10:00:00Z", "expires_at": "2026-11-02T11:00:00Z"}
		if diff := cmp.Diff(want, made.object); diff != "" {
			t.Errorf("the token is not as wanted (-want +got):\n%s", diff)
		}
		if len(secret) != 40 || !strings.HasPrefix(secret, "acc_") {
			t.Errorf("the secret is %q", secret)
		}
		d.must(http.StatusOK, secret, "GET", "/api/v1/user", nil)
		d.clock.Advance(time.Hour)
		d.refused(http.StatusUnauthorized, "expired_token", secret, "GET", "/api/v1/user", nil)

		// A token passes on only what it can do itself, and admin only to an admin.
		readOnly, admin := d.token("ada", "read"), d.token("admin", "write")
		for _, tc := range []struct {
			name, token, user string
			scopes            []string
			status            int
			code              string
		}{
			{"a reader issues nothing", readOnly, "ada", []string{"read"}, 403, "insufficient_scope"},
			{"not for others", ada, "grace", []string{"read"}, 403, "forbidden"},
			{"not more than it has", ada, "ada", []string{"read", "admin"}, 403, "insufficient_scope"},
			{"admin to no admin", adminToken, "ada", []string{"admin"}, 403, "forbidden"},
			{"an admin's everyday token", admin, "admin", []string{"admin"}, 403, "insufficient_scope"},
			{"an admin's everyday token for others", admin, "ada", []string{"read"}, 403, "forbidden"},
			{"no scope", ada, "ada", []string{}, 400, "invalid"},
			{"a scope twice", ada, "ada", []string{"read", "read"}, 400, "invalid"},
			{"an unknown scope", ada, "ada", []string{"sudo"}, 400, "invalid"},
			{"nobody", adminToken, "nobody", []string{"read"}, 404, "not_found"},
		} {
			d.refused(tc.status, tc.code, tc.token, "POST", "/api/v1/users/"+tc.user+"/tokens", map[string]any{"name": "n", "scopes": tc.scopes})
		}
		d.refused(http.StatusBadRequest, "invalid", ada, "POST", "/api/v1/users/ada/tokens",
			map[string]any{"name": "n", "scopes": []string{"read"}, "expires_at": d.clock.Now().Format(time.RFC3339)})
		d.refused(http.StatusBadRequest, "invalid", ada, "POST", "/api/v1/users/ada/tokens",
			map[string]any{"name": "n", "scopes": []string{"read"}, "expires_at": "tomorrow"})
		// It would be in the year 10000 of UTC, which JSON has no word for.
		d.refused(http.StatusBadRequest, "invalid", ada, "POST", "/api/v1/users/ada/tokens",
			map[string]any{"name": "n", "scopes": []string{"read"}, "expires_at": "9999-12-31T23:59:59-01:00"})
		d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada/tokens", nil)
	})
}

func TestWhoIsCalling(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	ada, grace := d.person("ada"), d.person("grace")
	for _, tc := range []struct {
		name   string
		header http.Header
		query  string
		status int
	}{
		{"a bearer token", http.Header{"Authorization": {"Bearer " + ada}}, "", 200},
		{"in lower case", http.Header{"Authorization": {"bearer " + ada}}, "", 200},
		{"GitLab's header", http.Header{"Private-Token": {ada}}, "", 200},
		{"both headers, the same token", http.Header{"Authorization": {"Bearer " + ada}, "Private-Token": {ada}}, "", 200},
		{"two different tokens", http.Header{"Authorization": {"Bearer " + ada}, "Private-Token": {grace}}, "", 401},
		{"none", nil, "", 401},
		{"a token in the URL", nil, "?private_token=" + ada + "&access_token=" + ada, 401},
		{"another scheme", http.Header{"Authorization": {"Basic " + ada}}, "", 401},
		{"a scheme alone", http.Header{"Authorization": {"Bearer"}}, "", 401},
		{"a token that nobody has", http.Header{"Authorization": {"Bearer 0123456789abcdef"}}, "", 401},
		{"a mistyped token", http.Header{"Authorization": {"Bearer " + ada[:39] + "!"}}, "", 401},
		{"a huge token", http.Header{"Authorization": {"Bearer " + strings.Repeat("a", 10000)}}, "", 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := d.in(t)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/api/v1/user"+tc.query, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if tc.header != nil {
				request.Header = tc.header
			}
			got := d.send(request)
			if got.status != tc.status || tc.status == 200 && got.object["username"] != "ada" {
				t.Errorf("got %d: %s", got.status, got.text)
			}
			if challenged := got.header.Get("WWW-Authenticate") != ""; challenged != (tc.status == 401) {
				t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
			}
		})
	}
	// A bad token is refused where none is needed, too: whoever sends one thinks that it works.
	d.refused(http.StatusUnauthorized, "invalid_token", "0123456789abcdef", "GET", "/api/v1/users/ada", nil)
}
