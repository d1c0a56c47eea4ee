package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

func TestSettingsAreChangedOneByOne(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		before := d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil)
		want := before.object
		for field, value := range map[string]any{
			"name": "The Countess", "email": "ada@example.com", "private_profile": true, "achievements_enabled": false, "award_emails": false,
			"share_progress": true,
		} {
			got := d.must(http.StatusOK, ada, "PATCH", "/api/v1/user", map[string]any{field: value})
			want[field] = value
			same(t, "after a change of "+field, got.object, want)
			same(t, "read again", d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil).object, want)
		}
		got := d.must(http.StatusOK, ada, "PATCH", "/api/v1/user", map[string]any{"email": ""})
		if _, has := got.object["email"]; has {
			t.Errorf("the address is still there: %s", got.text)
		}
		d.refused(http.StatusBadRequest, "invalid", ada, "PATCH", "/api/v1/user", map[string]any{"name": " "})
		d.refused(http.StatusBadRequest, "invalid", ada, "PATCH", "/api/v1/user", map[string]any{"admin": true})
	})
}

func TestAdminsChangeWhatOthersCannot(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/ada", map[string]any{"blocked": true})
		d.refused(http.StatusUnauthorized, "user_blocked", ada, "GET", "/api/v1/user", nil)
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/ada", map[string]any{"blocked": false, "bot": true})
		same(t, "bot", d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil).object["bot"], any(true))
		d.refused(http.StatusBadRequest, "invalid", adminToken, "PATCH", "/api/v1/users/ada", map[string]any{"private_profile": true})
		d.refused(http.StatusConflict, "built_in", adminToken, "PATCH", "/api/v1/users/"+achievement.HouseUsername, map[string]any{"blocked": true})
		d.refused(http.StatusConflict, "built_in", adminToken, "DELETE", "/api/v1/users/1", nil)
	})
}

func TestUsersAreFound(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.person("ada_2")
		d.person("grace")
		names := func(query string) string {
			var found []string
			for _, item := range d.must(http.StatusOK, ada, "GET", "/api/v1/users"+query, nil).items() {
				name, _ := item.object["username"].(string)
				found = append(found, name)
			}
			return strings.Join(found, " ")
		}
		for query, want := range map[string]string{
			"": "accolade admin ada ada_2 grace", "?search=ADA": "ada ada_2", "?search=a_2": "ada_2", "?search=%25": "", "?search=nobody": "",
		} {
			same(t, "who is found by "+query, names(query), want)
		}
		page := d.must(http.StatusOK, ada, "GET", "/api/v1/users?limit=2&search=a", nil)
		next, _ := page.object["next_cursor"].(string)
		same(t, "the next page", names("?limit=2&search=a&cursor="+next), "ada ada_2")
		if link := page.header.Get("Link"); !strings.Contains(link, "search=a") || !strings.Contains(link, `rel="next"`) {
			t.Errorf("Link is %q", link)
		}
	})
}

func TestAccountsAreLinked(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.person("grace")
		account := map[string]any{"forge_user_id": "583231", "login": "ada"}
		made := d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/ada/accounts/forge", account)
		account["login"] = "countess"
		again := d.must(http.StatusOK, adminToken, "PUT", "/api/v1/users/ada/accounts/forge", account)
		same(t, "the id of the account that was linked before", again.id(), made.id())
		d.refused(http.StatusConflict, "account_taken", adminToken, "PUT", "/api/v1/users/grace/accounts/forge", account)
		d.refused(http.StatusNotFound, "not_found", adminToken, "PUT", "/api/v1/users/ada/accounts/nowhere", account)
		listed := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada/accounts", nil).items()
		if len(listed) != 1 || listed[0].object["login"] != "countess" {
			t.Errorf("ada's accounts are %v", listed)
		}
		d.must(http.StatusNoContent, adminToken, "DELETE", "/api/v1/users/ada/accounts/forge", nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "DELETE", "/api/v1/users/ada/accounts/forge", nil)
		d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/grace/accounts/forge", account)
	})
}

func TestExportHoldsEverything(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.namespace("acme", "private")
		d.member("acme", "ada", "developer")
		shown := d.award(d.achievement("acme", "Badge", "repeatable"), "ada")
		hidden := d.award(d.achievement("acme", "Other", "revocable"), "ada")
		d.must(http.StatusOK, ada, "PATCH", shown, map[string]any{"show_on_profile": false})
		d.must(http.StatusOK, adminToken, "POST", hidden+"/revoke", map[string]any{"reason": "a mistake"})
		d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/ada/accounts/forge", map[string]any{"forge_user_id": "1", "login": "ada"})
		got := d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada/export", nil)
		for list, want := range map[string]int{"accounts": 1, "memberships": 1, "tokens": 1, "awards": 2} {
			if items, _ := got.object[list].([]any); len(items) != want {
				t.Errorf("the export has %d %s, want %d", len(items), list, want)
			}
		}
		for _, action := range []string{"user.created", "token.issued", "member.put", "award.granted", "award.updated", "award.revoked", "account.linked"} {
			if !strings.Contains(got.text, `"`+action+`"`) {
				t.Errorf("the export lacks %s", action)
			}
		}
		if strings.Contains(got.text, ada) {
			t.Error("the export holds the secret of a token")
		}
		// Where others were when they did something is theirs.
		for _, asking := range []string{ada, adminToken} {
			events, _ := d.must(http.StatusOK, asking, "GET", "/api/v1/users/ada/export", nil).object["audit_events"].([]any)
			for _, event := range events {
				tells := asking == adminToken || at(event, "actor", "username") == "ada"
				if address, _ := at(event, "address").(string); (address != "") != tells {
					t.Errorf("the export for an admin (%t) says %v", asking == adminToken, event)
				}
				if id, _ := at(event, "request_id").(string); (id != "") != tells {
					t.Errorf("the export for an admin (%t) says %v", asking == adminToken, event)
				}
			}
		}
	})
}

func TestErasureLeavesNothing(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.must(http.StatusOK, ada, "PATCH", "/api/v1/user", map[string]any{"name": "Ada Lovelace", "email": "ada@example.com"})
		id := d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil).id()
		d.namespace("acme", "public")
		d.member("acme", "ada", "maintainer")
		badge := d.achievement("acme", "Badge", "repeatable")
		award := d.award(badge, "ada")
		d.must(http.StatusCreated, ada, "POST", badge+"/awards", map[string]any{"user": "admin"})

		stale := map[string]string{"If-Match": `"another"`}
		if got := d.with(stale, ada, "DELETE", "/api/v1/users/ada", nil); got.status != http.StatusPreconditionFailed {
			t.Errorf("an erasure of somebody else's idea of ada: %d %s", got.status, got.text)
		}
		d.must(http.StatusNoContent, ada, "DELETE", "/api/v1/users/ada", nil)
		d.refused(http.StatusUnauthorized, "invalid_token", ada, "GET", "/api/v1/user", nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/users/ada", nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", award, nil)
		left := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/"+id+"/export", nil)
		given := d.must(http.StatusOK, adminToken, "GET", badge+"/awards?state=all", nil)
		audit := d.must(http.StatusOK, adminToken, "GET", "/api/v1/audit-events?limit=100", nil)
		for _, text := range []string{left.text, given.text, audit.text} {
			if strings.Contains(strings.ToLower(text), "ada") {
				t.Errorf("something of her is left: %s", text)
			}
		}
		same(t, "the awards that she gave", len(given.items()), 1)
		d.person("ada") // the name is free again
	})
}
