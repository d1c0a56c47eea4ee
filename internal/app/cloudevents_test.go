package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const meetingRules = `
namespace: acme
events:
  com.acme.meeting.finished: {channel: text, attendees: accounts}
achievements:
  - key: civic-duty
    name: Civic duty
    kind: irrevocable
    award:
      on: com.acme.meeting.finished
      when: payload.channel == "townhall"
      to: payload.attendees
      count: 2
`

// Events of any other system earn awards, in every mode of CloudEvents; the same event counts once.
func TestCloudEventsEarnAwards(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		cfg := configuration(databaseURL, meetingRules)
		cfg.Sources = append(cfg.Sources, forge.Source{Name: "calendar", Forge: forge.CloudEvents, Secrets: []string{secret}, TrustedLogins: true})
		address := start(t, cfg)
		post := func(body string, headers ...string) (int, map[string]any) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/hooks/calendar", bytes.NewBufferString(body))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(headers); i += 2 {
				request.Header.Set(headers[i], headers[i+1])
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var answer map[string]any
			if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
				t.Fatal(err)
			}
			return response.StatusCode, answer
		}
		const first = `{"specversion":"1.0","type":"com.acme.meeting.finished","source":"/rooms/7","id":"1","data":{"channel":"townhall","attendees":["ada","grace"]}}`
		status, _ := post(first, "Content-Type", "application/cloudevents+json")
		mustBe(t, "the status without a token", status, http.StatusUnauthorized)
		status, _ = post(first, "Content-Type", "application/cloudevents+json", "Authorization", "Bearer "+secret)
		mustBe(t, "the status of structured mode", status, http.StatusAccepted)
		// The same event again, now in binary mode, and then another one in a batch.
		_, again := post(`{"channel":"townhall","attendees":["ada","grace"]}`, "Content-Type", "application/json", "Authorization", "Bearer "+secret,
			"Ce-Specversion", "1.0", "Ce-Type", "com.acme.meeting.finished", "Ce-Source", "/rooms/7", "Ce-Id", "1")
		mustBe(t, "whether the event is new", again["events"].([]any)[0].(map[string]any)["new"], false)
		_, batch := post(`[{"specversion":"1.0","type":"com.acme.meeting.finished","source":"/rooms/7","id":"2","data":{"channel":"townhall","attendees":["ada"]}},`+
			`{"specversion":"1.0","type":"com.acme.meeting.finished","source":"/rooms/7","id":"3","data":{"channel":"lunch","attendees":["grace"]}}]`,
			"Content-Type", "application/cloudevents-batch+json", "Authorization", "Bearer "+secret)
		mustBe(t, "the events of the batch", len(batch["events"].([]any)), 2)
		mustBe(t, "what it gave", len(batch["awards"].([]any)), 1)
		mustBe(t, "ada's awards", awardsOf(t, address, "ada")["Civic duty"], 1)
		_, broken := post(`{"specversion":"1.0"}`, "Content-Type", "application/cloudevents+json", "Authorization", "Bearer "+secret)
		mustBe(t, "the outcome of no event", broken["outcome"], "unreadable")
	})
}
