package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// What rules declare may be changed and deleted by hand like anything else. Servers notice before they judge the next
// delivery, also those that did neither.
func TestWhatRulesDeclareIsChangedByHand(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		rules := files(`namespace: acme
achievements:
  - {key: each, name: Each, award: {on: merge_request.merged, to: event.author, per: event.object}}
  - {key: once, name: Once, kind: irrevocable, award: {on: merge_request.merged, to: event.author}}
`)
		other := *d
		other.automate()
		second := (&other).mode(func(*operation.Config) {}).in(t)
		d = d.in(t)
		d.judge()
		second.judge()
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", rules)
		merges := int64(0)
		given := func(what, login string, want int) {
			t.Helper()
			for _, server := range []*door{d, second} {
				merges++
				server.merge(merges, login)
				d.clock.Advance(time.Minute)
			}
			same(t, what+": what failed", len(d.must(http.StatusOK, adminToken, "GET", "/api/v1/deliveries?outcome=failed", nil).items()), 0)
			same(t, what+": the awards", len(d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/"+login+"/awards", nil).items()), want)
		}
		named := func(key string) string {
			t.Helper()
			for _, item := range d.must(http.StatusOK, adminToken, "GET", "/api/v1/namespaces/acme/achievements", nil).items() {
				if item.object["key"] == key {
					return "/api/v1/achievements/" + item.id()
				}
			}
			t.Fatal("the achievement is not there")
			return ""
		}
		given("before", "ada", 3)
		d.must(http.StatusOK, adminToken, "PATCH", named("once"), map[string]any{"kind": "revocable", "name": "Renamed"})
		given("when one is of another kind", "hedy", 3)
		d.must(http.StatusNoContent, adminToken, "DELETE", named("once"), nil)
		d.must(http.StatusNoContent, adminToken, "DELETE", named("each"), nil)
		given("when they are deleted", "barbara", 0)
		d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", rules)
		given("when they are there again", "edsger", 3)
	})
}
