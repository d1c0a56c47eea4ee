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
		{forge.Gitea, "package", `{"action":"created"}`, forge.UnknownError{Event: "package", Action: "created"}},
		{forge.Gitea, "workflow_job", `{"action":"completed"}`, forge.UnknownError{Event: "workflow_job", Action: "completed"}},
		{forge.Gitea, "wiki", `{"action":"read","comment":"a string here","page":"Home","repository":{"id":9}}`, forge.UnknownError{Event: "wiki", Action: "read"}},
		{forge.Gitea, "release", `{"action":"updated","release":{"tag_name":"v1"},"repository":{"id":9}}`, forge.UnknownError{Event: "release", Action: "updated"}},
		{forge.Gitea, "release", `{"action":"published","release":{"tag_name":"v1","draft":true},"repository":{"id":9}}`, forge.UnknownError{Event: "release", Action: "published"}},
		{forge.Gitea, "repository", `{"action":"hidden","repository":{"id":9}}`, forge.UnknownError{Event: "repository", Action: "hidden"}},
		{forge.Gitea, "create", `{"ref":"x","ref_type":"note","repository":{"id":9}}`, forge.UnknownError{Event: "create", Action: "note"}},
		{forge.Gitea, "delete", `{"ref":"v1","ref_type":"tag","repository":{"id":9}}`, forge.UnknownError{Event: "delete", Action: "tag"}},
		{forge.Gitea, "push", `{"ref":"refs/tags/v1","before":"1f","after":"000","repository":{"id":9}}`, forge.UnknownError{Event: "push"}},
		{forge.Gitea, "push", `{"ref":"refs/notes/x","before":"1f","after":"2f","repository":{"id":9}}`, forge.UnknownError{Event: "push"}},
		{forge.Gitea, "status", `{"id":1,"state":"pending","repository":{"id":9}}`, forge.UnknownError{Event: "status", Action: "pending"}},
		{forge.Gitea, "workflow_run", `{"action":"in_progress","workflow_run":{"id":1},"repository":{"id":9}}`, forge.UnknownError{Event: "workflow_run", Action: "in_progress"}},
		{forge.Gitea, "issues", `{"action":"edited","repository":{"id":9},"issue":{"number":7}}`, forge.UnknownError{Event: "issues", Action: "edited"}},
		{forge.Gitea, "issue_comment", `{"action":"pinned","repository":{"id":9},"issue":{"number":7},"comment":{"id":3}}`, forge.UnknownError{Event: "issue_comment", Action: "pinned"}},
		{forge.Forgejo, "pull_request_label", `{"action":"label_cleared","repository":{"id":9},"pull_request":{"number":7}}`, forge.UnknownError{Event: "pull_request_label", Action: "label_cleared"}},
		{forge.Forgejo, "pull_request_review_request", `{"action":"review_requested","repository":{"id":9},"pull_request":{"number":7}}`, forge.UnknownError{Event: "pull_request_review_request", Action: "review_requested"}},
		{forge.Forgejo, "pull_request_review_approved", `{"action":"reviewed","repository":{"id":9},"pull_request":{"number":7}}`, forge.UnknownError{Event: "pull_request_review_approved", Action: "reviewed"}},
		{forge.Forgejo, "issues", `{"action":"reviewed","repository":{"id":9},"issue":{"number":7}}`, forge.UnknownError{Event: "issues", Action: "reviewed"}},
		{forge.Forgejo, "action_run_failure", `{"run":{"id":4,"status":"blocked","repository":{"id":9}}}`, forge.UnknownError{Event: "action_run"}},
		{forge.BitbucketCloud, "pullrequest:comment_resolved", `{"repository":{"uuid":"{9}"},"pullrequest":{"id":7},"comment":{"id":3}}`, forge.UnknownError{Event: "pullrequest:comment_resolved"}},
		{forge.BitbucketCloud, "pullrequest:pushed", `{"repository":{"uuid":"{9}"},"pullrequest":{"id":7}}`, forge.UnknownError{Event: "pullrequest:pushed"}},
		{forge.BitbucketCloud, "pullrequest:approved", `{"repository":{"uuid":"{9}"},"pullrequest":{"id":7}}`, forge.UnknownError{Event: "pullrequest:approved"}},
		{forge.BitbucketCloud, "issue:updated", `{"repository":{"uuid":"{9}"},"issue":{"id":7},"changes":{"status":{"old":"new","new":"on hold"}}}`, forge.UnknownError{Event: "issue:updated"}},
		{forge.BitbucketCloud, "issue:updated", `{"repository":{"uuid":"{9}"},"issue":{"id":7},"changes":{"priority":{"old":"minor","new":"major"}}}`, forge.UnknownError{Event: "issue:updated"}},
		{forge.BitbucketCloud, "repo:push", `{"repository":{"uuid":"{9}"},"push":{"changes":[{"old":{"type":"tag","name":"v1","target":{"hash":"1f"}}}]}}`, forge.UnknownError{Event: "repo:push"}},
		{forge.BitbucketCloud, "repo:updated", `{"repository":{"uuid":"{9}"},"changes":{"website":{"old":"a"}}}`, forge.UnknownError{Event: "repo:updated"}},
		{forge.BitbucketCloud, "repo:commit_status_created", `{"repository":{"uuid":"{9}"},"commit_status":{"key":"k","state":"INPROGRESS","commit":{"hash":"1f"}}}`, forge.UnknownError{Event: "repo:commit_status_created", Action: "INPROGRESS"}},
		{forge.BitbucketCloud, "repo:imported", `{"repository":{"uuid":"{9}"}}`, forge.UnknownError{Event: "repo:imported"}},
		{forge.BitbucketCloud, "project:updated", `{}`, forge.UnknownError{Event: "project:updated"}},
		{forge.BitbucketServer, "pr:to_ref_updated", `{"pullRequest":{"id":7,"toRef":{"repository":{"id":9}}}}`, forge.UnknownError{Event: "pr:to_ref_updated"}},
		{forge.BitbucketServer, "pr:deleted", `{"pullRequest":{"id":7,"state":"DECLINED","toRef":{"repository":{"id":9}}}}`, forge.UnknownError{Event: "pr:deleted"}},
		{forge.BitbucketServer, "pr:reviewer:approved", `{"pullRequest":{"id":7,"toRef":{"repository":{"id":9}}}}`, forge.UnknownError{Event: "pr:reviewer:approved"}},
		{forge.BitbucketServer, "pr:comment:liked", `{"pullRequest":{"id":7,"toRef":{"repository":{"id":9}}},"comment":{"id":3}}`, forge.UnknownError{Event: "pr:comment:liked"}},
		{forge.BitbucketServer, "repo:comment:liked", `{"repository":{"id":9},"comment":{"id":3},"commit":"1f"}`, forge.UnknownError{Event: "repo:comment:liked"}},
		{forge.BitbucketServer, "repo:refs_changed", `{"repository":{"id":9},"changes":[{"ref":{"displayId":"v1","type":"TAG"},"fromHash":"1f","toHash":"0","type":"DELETE"}]}`, forge.UnknownError{Event: "repo:refs_changed"}},
		{forge.BitbucketServer, "repo:modified", `{"old":{"id":9,"slug":"a"},"new":{"id":9,"slug":"a","description":"b"}}`, forge.UnknownError{Event: "repo:modified"}},
		{forge.BitbucketServer, "mirror:repo_synchronized", `{}`, forge.UnknownError{Event: "mirror:repo_synchronized"}},
	} {
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

	for _, forgeName := range forge.Names() {
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
