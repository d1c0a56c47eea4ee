package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// names returns the names of the achievements on a profile, sorted.
func (d *door) names(username string) string {
	d.t.Helper()

	var names []string
	for _, item := range d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/"+username+"/awards", nil).items() {
		of, _ := item.object["achievement"].(map[string]any)
		name, _ := of["name"].(string)
		names = append(names, name)
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			names[i] += " (2)"
		}
	}
	return strings.Join(names, ", ")
}

func TestMergedUsersAreOne(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada, other := d.person("ada"), d.person("countess")
		d.namespace("acme", "private")
		d.member("acme", "ada", "reporter")
		d.member("acme", "countess", "maintainer")
		d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/countess/accounts/forge", map[string]any{"forge_user_id": "9", "login": "countess"})
		for _, tc := range []struct{ name, kind, who string }{
			{"Both", "irrevocable", "ada countess"}, {"Party", "repeatable", "ada countess"}, {"Hers", "revocable", "countess"},
			{"Taken", "revocable", "ada countess"},
		} {
			badge := d.achievement("acme", tc.name, tc.kind)
			for who := range strings.FieldsSeq(tc.who) {
				award := d.award(badge, who)
				if tc.name == "Taken" && who == "countess" {
					d.must(http.StatusOK, adminToken, "POST", award+"/revoke", map[string]any{})
				}
			}
		}
		merged := d.must(http.StatusOK, adminToken, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "countess"})
		same(t, "what became of the awards", []any{merged.object["awards_moved"], merged.object["awards_collapsed"]}, []any{3.0, 1.0})
		same(t, "what the one person has", d.names("ada"), "Both, Hers, Party, Party (2), Taken")
		same(t, "where the other name leads", d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/Countess", nil).object["username"], any("ada"))
		d.refused(http.StatusUnauthorized, "invalid_token", other, "GET", "/api/v1/user", nil)
		members := d.must(http.StatusOK, ada, "GET", "/api/v1/namespaces/acme/members", nil).items()
		if len(members) != 1 || members[0].object["access_level"] != "maintainer" {
			t.Errorf("the members are %v", members)
		}
		accounts := d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada/accounts", nil).items()
		if len(accounts) != 1 || accounts[0].object["login"] != "countess" {
			t.Errorf("the accounts are %v", accounts)
		}
		for _, item := range d.must(http.StatusOK, ada, "GET", "/api/v1/users", nil).items() {
			if item.object["username"] == "countess" {
				t.Error("the other user is still listed")
			}
		}
		d.refused(http.StatusConflict, "same_user", adminToken, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "countess"})
		d.refused(http.StatusConflict, "username_taken", adminToken, "POST", "/api/v1/users", map[string]any{"username": "countess", "name": "Another"})

		d.must(http.StatusNoContent, ada, "DELETE", "/api/v1/users/ada", nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/users/countess", nil)
		d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users", map[string]any{"username": "countess", "name": "Another"})
		same(t, "what another user of the name has", d.names("countess"), "")
	})
}

// Who holds a token of each of two users is both.
func TestPeopleMergeThemselvesByProof(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada, other, grace := d.person("ada"), d.person("countess-of-nowhere"), d.person("grace")
		for name, body := range map[string]map[string]any{
			"no token":               {"from": "countess-of-nowhere"},
			"a token of one's own":   {"from": "countess-of-nowhere", "token": ada},
			"a token of another":     {"from": "countess-of-nowhere", "token": grace},
			"a token for a stranger": {"from": "grace", "token": other},
		} {
			if got := d.refused(http.StatusForbidden, "forbidden", ada, "POST", "/api/v1/users/ada/merge", body); strings.Contains(got.text, "acc_") {
				t.Errorf("%s: the answer shows a token: %s", name, got.text)
			}
		}
		d.refused(http.StatusForbidden, "forbidden", grace, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "countess-of-nowhere", "token": other})
		d.refused(http.StatusBadRequest, "invalid", ada, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "countess-of-nowhere", "token": "acc_nothing"})
		// Who may only read as somebody is not that person.
		d.refused(http.StatusBadRequest, "invalid", ada, "POST", "/api/v1/users/ada/merge",
			map[string]any{"from": "countess-of-nowhere", "token": d.token("countess-of-nowhere", "read")})
		d.refused(http.StatusNotFound, "not_found", ada, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "nobody", "token": other})
		d.refused(http.StatusConflict, "built_in", adminToken, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "accolade"})
		d.refused(http.StatusConflict, "built_in", adminToken, "POST", "/api/v1/users/1/merge", map[string]any{"from": "ada"})
		// Nobody leaves a block behind by becoming another user.
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/countess-of-nowhere", map[string]any{"blocked": true})
		d.refused(http.StatusForbidden, "user_blocked", ada, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "countess-of-nowhere", "token": other})
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/countess-of-nowhere", map[string]any{"blocked": false})
		d.must(http.StatusOK, ada, "POST", "/api/v1/users/ada/merge", map[string]any{"from": "countess-of-nowhere", "token": other})
	})
}
