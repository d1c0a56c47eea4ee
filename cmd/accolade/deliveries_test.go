package main

import (
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

//nolint:paralleltest // it sets the environment and takes the standard output
func TestDeliveriesOnTheCommandLine(t *testing.T) {
	serve(t)
	for event, body := range map[string]string{"pull_request": string(testkit.MergedPullRequest(7, 815, "ada")), "ping": "{}"} {
		deliver(t, event, []byte(body))
	}
	listed, err := accolade(t, "deliveries", "list", "--outcome", "judged", "--since", "2026-01-01T00:00:00Z")
	if err != nil || strings.Count(listed, "\n") != 1 {
		t.Fatalf("the list is %q, %v", listed, err)
	}
	id := strings.Fields(listed)[0]
	for _, tc := range []struct {
		line string
		code int
		want []string
	}{
		{"deliveries list", 0, []string{"pull_request", "ping"}},
		{"deliveries list --most 1", 0, []string{"forge"}},
		{"deliveries list --outcome nonsense", 1, nil},
		{"deliveries show " + id, 0, []string{"X-Github-Event: pull_request", "new      merge_request.merged", `"title":"Change 7"`}},
		{"deliveries show --body " + id, 0, []string{`{"action":"closed"`}},
		{"deliveries show 999", 1, nil},
		{"deliveries replay " + id, 0, []string{id + " of forge: judged -> judged"}},
		{"deliveries replay 999", 1, nil},
		{"deliveries replay", 1, nil},
		{"deliveries replay --all " + id + " --source forge", 1, nil},
		{"deliveries replay --all --dry-run", 0, []string{"2 deliveries replayed, 0 new events\n"}},
		{"deliveries replay --source forge --outcome ignored", 0, []string{"1 deliveries replayed, 0 new events\n"}},
	} {
		out, err := accolade(t, strings.Fields(tc.line)...)
		if codeOf(err) != tc.code {
			t.Errorf("accolade %s ends with %v", tc.line, err)
		}
		for _, want := range tc.want {
			if !strings.Contains(out, want) {
				t.Errorf("accolade %s prints %q, want %q in it", tc.line, out, want)
			}
		}
	}
}
