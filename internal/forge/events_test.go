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
	if forgeName == forge.GitLab {
		return `{"object_kind":"merge_request","project":{"id":9},"object_attributes":{"iid":7,"action":"open"` + inside + `}` + beside + `}`
	}
	return `{"action":"opened","repository":{"id":9},"pull_request":{"number":7` + inside + `}` + beside + `}`
}

func TestUnknownEvents(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		forge, event, body string
		want               forge.UnknownError
	}{
		{forge.GitHub, "star", `{"action":"created"}`, forge.UnknownError{Event: "star", Action: "created"}},
		{forge.GitHub, "push", `{}`, forge.UnknownError{Event: "push"}},
		{forge.GitHub, "pull_request", `{"action":"labeled","repository":{"id":9},"pull_request":{"number":7}}`, forge.UnknownError{Event: "pull_request", Action: "labeled"}},
		{forge.GitHub, "pull_request", `{"action":"closed","repository":{"id":9},"pull_request":{"number":7,"merged":false}}`, forge.UnknownError{Event: "pull_request", Action: "closed"}},
		{forge.GitHub, "organization", `{"action":"member_invited"}`, forge.UnknownError{Event: "organization", Action: "member_invited"}},
		{forge.GitHub, "membership", `{"action":"edited"}`, forge.UnknownError{Event: "membership", Action: "edited"}},
		{forge.GitLab, "Push Hook", `{"object_kind":"push","event_name":"push"}`, forge.UnknownError{Event: "push"}},
		{forge.GitLab, "Note Hook", `{"object_kind":"note","object_attributes":{"action":"create"}}`, forge.UnknownError{Event: "note", Action: "create"}},
		{forge.GitLab, "Merge Request Hook", `{"object_kind":"merge_request","project":{"id":9},"object_attributes":{"iid":7,"action":"update"}}`, forge.UnknownError{Event: "merge_request", Action: "update"}},
		{forge.GitLab, "System Hook", `{"event_name":"user_update_for_group"}`, forge.UnknownError{Event: "user_update_for_group"}},
		{forge.Gitea, "wiki", `{"action":"created","comment":"a string here"}`, forge.UnknownError{Event: "wiki", Action: "created"}},
		{forge.Forgejo, "pull_request", `{"action":"closed","repository":{"id":9},"pull_request":{"number":7,"merged":false}}`, forge.UnknownError{Event: "pull_request", Action: "closed"}},
		{forge.Forgejo, "pull_request_label", `{"action":"label_updated","repository":{"id":9},"pull_request":{"number":7}}`, forge.UnknownError{Event: "pull_request_label", Action: "label_updated"}},
	} {
		req := forge.Request{Header: http.Header{}, Body: []byte(tc.body), ReceivedAt: receivedAt}
		for _, header := range []string{"X-GitHub-Event", "X-Gitlab-Event", "X-Gitea-Event-Type", "X-Forgejo-Event-Type"} {
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
