package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// A configured admin token that changes is a further one: the log says that the old one goes on, until it is revoked.
func TestAChangedAdminTokenIsAFurtherOne(t *testing.T) {
	t.Parallel()

	path := testkit.SQLitePath(t)
	const further = "revoke the one before"
	begin := func(token string, warned bool) (address string, stop func()) {
		t.Helper()
		var log logged
		cfg := configuration(path, hotRules)
		cfg.AdminToken, cfg.Log = token, log.logger()
		address, stop = run(t, cfg)
		mustBe(t, "whether the log warns", strings.Contains(log.text(), further), warned)
		if strings.Contains(log.text(), token) {
			t.Errorf("the log holds the token: %s", log.text())
		}
		return address, stop
	}
	ask := func(method, address, token string) (int, map[string]any) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		if method == http.MethodGet {
			return exchange(t, request)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode, nil
	}

	const later = "a later admin token of the tests"
	_, stop := begin(adminToken, false)
	stop()
	_, stop = begin(later, true)
	stop()
	address, _ := begin(later, false)
	status, _ := ask(http.MethodGet, address+"/api/v1/user", adminToken)
	mustBe(t, "the status with the old token", status, http.StatusOK)
	_, listed := ask(http.MethodGet, address+"/api/v1/users/admin/tokens", later)
	tokens := listed["items"].([]any)
	mustBe(t, "how many tokens the admin has", len(tokens), 2)
	old := tokens[0].(map[string]any)["id"]
	status, _ = ask(http.MethodDelete, fmt.Sprintf("%s/api/v1/users/admin/tokens/%v", address, old), later)
	mustBe(t, "the status of revoking it", status, http.StatusNoContent)
	status, _ = ask(http.MethodGet, address+"/api/v1/user", adminToken)
	mustBe(t, "the status with the old token afterwards", status, http.StatusUnauthorized)
}
