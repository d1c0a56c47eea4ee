package server_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// sent stores deliveries as an older version would have that understood none of them, and returns their paths.
func (d *door) sent(bodies ...[]byte) []string {
	d.t.Helper()

	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	paths := make([]string, len(bodies))
	for i, body := range bodies {
		delivery := &store.Delivery{
			Source: "forge", Key: [16]byte{1, byte(i)}, TransportID: strconv.Itoa(i), EventName: "pull_request", ContentType: "application/json",
			Headers: map[string]string{"X-Github-Event": "pull_request"}, Body: encoder.EncodeAll(body, nil), BodySize: len(body),
			ReceivedAt: d.clock.Now(), Outcome: "failed", Problem: "judging failed",
		}
		err := d.book.InTx(d.t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertDeliveries(ctx, []*store.Delivery{delivery})
		})
		if err != nil {
			d.t.Fatal(err)
		}
		paths[i] = fmt.Sprintf("/api/v1/deliveries/%d", delivery.ID)
	}
	return paths
}

func countingRules(d *door) {
	d.t.Helper()
	d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", map[string]any{"files": []map[string]any{{
		"name": "r.yaml", "text": "namespace: acme\nachievements:\n  - key: merged\n    name: Merged\n    kind: repeatable\n" +
			"    award: {on: merge_request.merged, to: event.author, per: event.object}\n",
	}}})
}

// A parked delivery is found, looked at, and judged with one call; what it tells is then known.
func TestDeliveryIsFoundAndReplayed(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		countingRules(d)
		merged := testkit.MergedPullRequest(7, 815, "ada")
		paths := d.sent(merged, []byte("no JSON, and \xff no text"))
		failed := d.must(http.StatusOK, adminToken, "GET", "/api/v1/deliveries?outcome=failed", nil).items()
		same(t, "how many failed", len(failed), 2)
		same(t, "the newest one's problem", failed[0].at("problem"), any("judging failed"))

		before := d.must(http.StatusOK, adminToken, "GET", paths[0], nil)
		same(t, "the body", []any{before.at("body"), before.at("body_encoding")}, []any{string(merged), "text"})
		same(t, "the headers", before.at("headers"), any(map[string]any{"X-Github-Event": "pull_request"}))
		event := before.object["events"].([]any)[0].(map[string]any)
		same(t, "the event", []any{event["kind"], event["state"], event["id"]}, []any{"merge_request.merged", "missing", nil})
		other := d.must(http.StatusOK, adminToken, "GET", paths[1], nil)
		same(t, "a body that is no text", []any{other.at("body"), other.at("body_encoding")},
			[]any{base64.StdEncoding.EncodeToString([]byte("no JSON, and \xff no text")), "base64"})

		rehearsed := d.must(http.StatusOK, adminToken, "POST", paths[0]+"/replay", map[string]any{"dry_run": true})
		same(t, "a rehearsed award's id", rehearsed.object["awards"].([]any)[0].(map[string]any)["id"], any(nil))
		same(t, "the outcome after a rehearsal", d.must(http.StatusOK, adminToken, "GET", paths[0], nil).at("outcome"), any("failed"))

		replayed := d.must(http.StatusOK, adminToken, "POST", "/api/v1/deliveries/replay", map[string]any{"outcome": "failed"})
		same(t, "the outcomes", replayed.at("outcomes"), any(map[string]any{"judged": 1.0, "unreadable": 1.0}))
		after := d.must(http.StatusOK, adminToken, "GET", paths[0], nil)
		event = after.object["events"].([]any)[0].(map[string]any)
		same(t, "the event afterwards", event["state"], any("new"))
		same(t, "the problem afterwards", after.at("problem"), any(nil))
		award := after.object["awards"].([]any)[0].(map[string]any)
		same(t, "who was awarded", award["user"].(map[string]any)["username"], any("ada"))
		same(t, "once more", d.must(http.StatusOK, adminToken, "POST", paths[0]+"/replay", map[string]any{}).at("awards"), any([]any{}))

		noted := d.must(http.StatusOK, adminToken, "GET", "/api/v1/audit-events", nil).items()
		var actions []string
		for _, entry := range noted {
			if action, _ := entry.at("action").(string); strings.HasPrefix(action, "deliveries.") {
				actions = append(actions, action)
			}
		}
		same(t, "the audit log", actions, []string{"deliveries.replayed", "deliveries.replayed"})
	})
}

func TestDeliveriesAreListed(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		countingRules(d)
		paths := d.sent(testkit.MergedPullRequest(7, 815, "ada"), []byte("{}"), []byte("{"))
		d.must(http.StatusOK, adminToken, "POST", paths[0]+"/replay", map[string]any{})
		d.ping("ping")
		for query, want := range map[string]int{
			"": 4, "source=forge": 4, "source=other": 0, "outcome=failed": 2, "outcome=ignored": 1, "event_name=ping": 1,
			"kind=merge_request.merged": 1, "kind=push": 0, "user=ada": 1, "user=admin": 0, "since=2000-01-01T00:00:00Z": 4,
			"until=2000-01-01T00:00:00Z": 0, "outcome=failed&event_name=ping": 0,
		} {
			same(t, "how many have "+query, len(d.must(http.StatusOK, adminToken, "GET", "/api/v1/deliveries?"+query, nil).items()), want)
		}
		first := d.must(http.StatusOK, adminToken, "GET", "/api/v1/deliveries?outcome=failed&limit=1", nil)
		link := strings.TrimSuffix(strings.TrimPrefix(first.header.Get("Link"), "<"+d.url), `>; rel="next"`)
		second := d.must(http.StatusOK, adminToken, "GET", link, nil)
		same(t, "the next page's path", "/api/v1/deliveries/"+second.items()[0].id(), paths[1])
		same(t, "that it is the last one", second.at("next_cursor"), any(nil))

		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/deliveries?user=nobody", nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/deliveries/999", nil)
		d.refused(http.StatusBadRequest, "bad_cursor", adminToken, "GET", "/api/v1/deliveries?cursor=x", nil)
		d.refused(http.StatusBadRequest, "bad_cursor", adminToken, "POST", "/api/v1/deliveries/replay", map[string]any{"cursor": "x"})
		d.refused(http.StatusBadRequest, "invalid", adminToken, "GET", "/api/v1/deliveries?outcome=lost", nil)
		d.refused(http.StatusNotFound, "not_found", adminToken, "POST", "/api/v1/deliveries/999/replay", map[string]any{})
	})
}
