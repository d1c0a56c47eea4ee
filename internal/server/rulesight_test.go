package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A rule's name begins with the path of its namespace, which is not told to those who may not read the namespace.
func TestRulesOfNamespacesThatOneMayNotRead(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		tokens := map[string]string{"nobody": "", "a stranger": d.person("stranger"), "a guest": d.person("guest"), "an admin": adminToken}
		d.namespace("stealth", "private")
		d.member("stealth", "guest", "guest")
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(`namespace: stealth
achievements:
  - {key: merged, name: Merged, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}
`))
		d.merge(1, "ada")
		d.clock.Advance(time.Minute)
		given := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada/awards", nil).items()
		if len(given) != 1 || given[0].object["rule"] != "stealth/merged" {
			t.Fatalf("ada was given %v", given)
		}
		award := "/awards/" + given[0].id()
		for who, token := range tokens {
			told := map[string]string{
				"the profile": d.must(http.StatusOK, token, "GET", "/api/v1/users/ada/awards", nil).text,
				"the award":   d.must(http.StatusOK, token, "GET", "/api/v1"+award, nil).text,
			}
			data, _ := d.graph(token, `{ user(username: "ada") { userAchievements { nodes { rule achievement { name namespace { fullPath } } } } } }`, nil)
			if rule, _ := at(data, "user", "userAchievements", "nodes", 0, "rule").(string); rule != "" {
				told["GraphQL"] = rule
			}
			v := d.visitor()
			if token != "" {
				v.signIn(token)
			}
			told["the page of the profile"], told["the page of the award"] = v.visit("GET", "/users/ada", nil).text, v.visit("GET", award, nil).text
			reads := who == "a guest" || who == "an admin"
			for what, text := range told {
				if strings.Contains(text, "stealth") != reads {
					t.Errorf("%s is told by %s: %s", who, what, text)
				}
			}
			if _, ok := told["GraphQL"]; ok != reads {
				t.Errorf("%s is told %v by GraphQL", who, data)
			}
		}
	})
}

// What has to be held besides is told to those alone who may read its namespace.
func TestRequirementsOfNamespacesThatOneMayNotRead(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		ada := d.person("ada")
		d.namespace("stealth", "private")
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(
			"namespace: stealth\nachievements:\n  - {key: merged, name: Merged, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}\n",
			"namespace: acme\nachievements:\n  - {key: both, name: Both, kind: irrevocable, award: {on: merge_request.opened, to: event.author, requires: [stealth/merged]}}\n",
		))
		id := d.must(http.StatusOK, "", "GET", "/api/v1/namespaces/acme/achievements", nil).items()[0].id()
		for _, path := range []string{"/api/v1/users/ada/progress", "/api/v1/users/ada/achievements/" + id + "/explain"} {
			if text := d.must(http.StatusOK, ada, "GET", path, nil).text; strings.Contains(text, "stealth") {
				t.Errorf("a stranger is told by %s: %s", path, text)
			}
			if text := d.must(http.StatusOK, adminToken, "GET", path, nil).text; !strings.Contains(text, "stealth/merged") {
				t.Errorf("an admin is not told by %s: %s", path, text)
			}
		}
	})
}

// What was deleted by hand hinders no progress towards anything else.
func TestProgressWithoutANamespace(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d = d.in(t)
		d.judge()
		ada := d.person("ada")
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", files(
			"namespace: gone\nachievements:\n  - {key: merged, name: Merged, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}\n",
			"namespace: acme\nachievements:\n  - {key: opened, name: Opened, kind: irrevocable, award: {on: merge_request.opened, to: event.author}}\n",
		))
		id := d.must(http.StatusOK, "", "GET", "/api/v1/namespaces/gone/achievements", nil).items()[0].id()
		d.must(http.StatusNoContent, adminToken, "DELETE", "/api/v1/achievements/"+id, nil)
		d.must(http.StatusNoContent, adminToken, "DELETE", "/api/v1/namespaces/gone", nil)
		items := d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada/progress", nil).items()
		same(t, "how many achievements there is progress towards", len(items), 1)
	})
}
