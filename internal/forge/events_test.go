package forge_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// eventHeaders are the headers that name a merge request event.
var eventHeaders = map[string]http.Header{
	forge.GitHub:  {"X-Github-Event": {"pull_request"}},
	forge.GitLab:  {"X-Gitlab-Event": {"Merge Request Hook"}},
	forge.Gitea:   {"X-Gitea-Event": {"pull_request"}},
	forge.Forgejo: {"X-Forgejo-Event": {"pull_request"}},

	forge.BitbucketCloud:  {"X-Event-Key": {"pullrequest:created"}},
	forge.BitbucketServer: {"X-Event-Key": {"pr:opened"}},
}

// read translates a body that names a merge request event of the forge.
func read(tb testing.TB, forgeName, body string) ([]event.Event, error) {
	tb.Helper()

	return speak(tb, forgeName).Events(source(forgeName), forge.Request{
		Header: eventHeaders[forgeName].Clone(), Body: []byte(body), ReceivedAt: receivedAt,
	})
}

// opened returns the least body of an opened merge request, with more fields inside of it
// (", …") and beside it.
func opened(forgeName, inside, beside string) string {
	switch forgeName {
	case forge.BitbucketCloud: // Its number is called id, which some tests send more than once.
		return `{"repository":{"uuid":"9"},"pullrequest":{"type":"pullrequest"` + inside + `,"id":7}` + beside + `}`
	case forge.BitbucketServer:
		return `{"pullRequest":{"version":1` + inside + `,"id":7,"toRef":{"repository":{"id":9}}}` + beside + `}`
	case forge.GitLab:
		return `{"object_kind":"merge_request","project":{"id":9},"object_attributes":{"iid":7,"action":"open"` + inside + `}` + beside + `}`
	}
	return `{"action":"opened","repository":{"id":9},"pull_request":{"number":7` + inside + `}` + beside + `}`
}

func TestUnknownEvents(t *testing.T) {
	t.Parallel()

	checkUnknown(t, []unknownRow{
		{forge.GitHub, "check_run", `{"action":"created"}`, forge.UnknownError{Event: "check_run", Action: "created"}},
		{forge.GitHub, "status", `{}`, forge.UnknownError{Event: "status"}},
		{forge.GitHub, "pull_request", `{"action":"locked","repository":{"id":9},"pull_request":{"number":7}}`, forge.UnknownError{Event: "pull_request", Action: "locked"}},
		{forge.GitHub, "issues", `{"action":"transferred","repository":{"id":9},"issue":{"number":7}}`, forge.UnknownError{Event: "issues", Action: "transferred"}},
		{forge.GitHub, "push", `{"repository":{"id":9},"ref":"refs/tags/v1","before":"a","after":"b","deleted":true}`, forge.UnknownError{Event: "push"}},
		{forge.GitHub, "push", `{"repository":{"id":9},"ref":"refs/notes/commits","before":"a","after":"b"}`, forge.UnknownError{Event: "push"}},
		{forge.GitHub, "create", `{"repository":{"id":9},"ref":null,"ref_type":"repository"}`, forge.UnknownError{Event: "create"}},
		{forge.GitHub, "delete", `{"repository":{"id":9},"ref":"v1","ref_type":"tag"}`, forge.UnknownError{Event: "delete"}},
		{forge.GitHub, "release", `{"action":"released","repository":{"id":9},"release":{"tag_name":"v1"}}`, forge.UnknownError{Event: "release", Action: "released"}},
		{forge.GitHub, "pull_request_review", `{"action":"submitted","review":{"id":1,"state":"pending"}}`, forge.UnknownError{Event: "pull_request_review", Action: "submitted"}},
		{forge.GitHub, "pull_request_review", `{"action":"edited","review":{"id":1,"state":"approved"}}`, forge.UnknownError{Event: "pull_request_review", Action: "edited"}},
		{forge.GitHub, "workflow_run", `{"action":"requested"}`, forge.UnknownError{Event: "workflow_run", Action: "requested"}},
		{forge.GitHub, "workflow_run", `{"action":"completed","workflow_run":{"id":1,"conclusion":null}}`, forge.UnknownError{Event: "workflow_run", Action: "completed"}},
		{forge.GitHub, "gollum", `{"repository":{"id":9},"pages":[{"page_name":"A","action":"moved"},{}]}`, forge.UnknownError{Event: "gollum"}},
		{forge.GitHub, "sponsorship", `{"action":"tier_changed"}`, forge.UnknownError{Event: "sponsorship", Action: "tier_changed"}},
		{forge.GitHub, "star", `{"action":"dimmed"}`, forge.UnknownError{Event: "star", Action: "dimmed"}},
		{forge.GitHub, "member", `{"action":"invited"}`, forge.UnknownError{Event: "member", Action: "invited"}},
		{forge.GitHub, "deployment_status", `{"action":"edited"}`, forge.UnknownError{Event: "deployment_status", Action: "edited"}},
		{forge.GitHub, "commit_comment", `{"action":"pinned","repository":{"id":9},"comment":{"id":1,"commit_id":"c0"}}`, forge.UnknownError{Event: "commit_comment", Action: "pinned"}},
		{forge.GitHub, "user", `{"action":"renamed"}`, forge.UnknownError{Event: "user", Action: "renamed"}},
		{forge.GitHub, "organization", `{"action":"member_invited"}`, forge.UnknownError{Event: "organization", Action: "member_invited"}},
		{forge.GitHub, "membership", `{"action":"edited"}`, forge.UnknownError{Event: "membership", Action: "edited"}},
	})
}

// unknownRow is a body that tells nothing, as it comes from a forge by the name of an event.
type unknownRow struct {
	forge, event, body string
	want               forge.UnknownError
}

// checkUnknown checks that each body is known to tell nothing.
func checkUnknown(t *testing.T, rows []unknownRow) {
	t.Helper()

	for _, tc := range rows {
		req := forge.Request{Header: http.Header{}, Body: []byte(tc.body), ReceivedAt: receivedAt}
		for _, header := range []string{"X-GitHub-Event", "X-Gitlab-Event", "X-Gitea-Event-Type", "X-Forgejo-Event-Type", "X-Event-Key"} {
			req.Header.Set(header, tc.event)
		}
		events, err := speak(t, tc.forge).Events(source(tc.forge), req)
		unknown, ok := errors.AsType[*forge.UnknownError](err)
		if !ok || *unknown != tc.want || len(events) > 0 {
			t.Errorf("%s %s %s: got %v and %v, want %v", tc.forge, tc.event, tc.body, events, err, &tc.want)
		}
	}
}

func TestUnreadableBodies(t *testing.T) {
	t.Parallel()

	for _, forgeName := range codeForges() {
		good := opened(forgeName, "", "")
		for _, body := range []string{
			"", "null", "[]", "7", `"text"`, "{", "{}}", good + good, good + " garbage", good[:len(good)-1],
			"\xef\xbb\xbf" + good, "payload=" + good, "<xml/>", "{}",
			strings.Replace(good, `":7`, `":0`, 1), strings.Replace(good, `":7`, `":null`, 1),
			strings.Replace(good, `":7`, `":"seven"`, 1), strings.Replace(good, `":7`, `":7.5`, 1),
			strings.Replace(good, `":7`, `":9223372036854775808`, 1), strings.Replace(good, `":7`, `":1e999`, 1),
			opened(forgeName, "", `,"deep":`+strings.Repeat("[", 64)+strings.Repeat("]", 64)),
			strings.Repeat("[", 1_000_000), strings.Repeat(`{"a":`, 100_000),
		} {
			events, err := read(t, forgeName, body)
			if _, ok := errors.AsType[*forge.UnreadableError](err); !ok || len(events) > 0 {
				t.Errorf("%s: %.60q gives %v and %v, want an UnreadableError", forgeName, body, events, err)
			}
		}
	}
}

func TestUnreadableMemberships(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ forge, event, body string }{
		{forge.GitHub, "organization", `{"action":"member_added","organization":{"id":1},"membership":{"user":null}}`},
		{forge.GitHub, "organization", `{"action":"member_added","membership":{"user":{"id":1}}}`},
		{forge.GitHub, "membership", `{"action":"removed","team":{"id":1},"member":null}`},
		{forge.GitHub, "membership", `{"action":"removed","member":{"id":1}}`},
		{forge.GitHub, "membership", `]`},
		{forge.GitHub, "organization", `]`},
		{forge.GitHub, "ping", `]`},
		{forge.GitLab, "System Hook", `{"event_name":"user_add_to_group","group_id":1,"user_id":2}`},
		{forge.GitLab, "System Hook", `{"event_name":"user_add_to_group","user_id":2,"created_at":"2026-01-01T00:00:00Z"}`},
		{forge.GitLab, "Member Hook", `{"event_name":"user_remove_from_group","group_id":1,"user_id":null,"created_at":"2026-01-01T00:00:00Z"}`},
	} {
		req := forge.Request{Header: http.Header{}, Body: []byte(tc.body), ReceivedAt: receivedAt}
		req.Header.Set("X-Github-Event", tc.event)
		req.Header.Set("X-Gitlab-Event", tc.event)
		events, err := speak(t, tc.forge).Events(source(tc.forge), req)
		unreadable, ok := errors.AsType[*forge.UnreadableError](err)
		if !ok || unreadable.Error() == "" || len(events) > 0 {
			t.Errorf("%s %s: got %v and %v, want an UnreadableError", tc.forge, tc.body, events, err)
		}
	}
}
