package forge_test

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// fromGitLab translates a body, which alone says what it is.
func fromGitLab(tb testing.TB, body string) ([]event.Event, error) {
	tb.Helper()
	return speak(tb, forge.GitLab).Events(source(forge.GitLab), forge.Request{
		Header: http.Header{"X-Gitlab-Event": {"System Hook"}}, Body: []byte(body), ReceivedAt: receivedAt,
	})
}

// allFromGitLab returns the events of a body that is understood.
func allFromGitLab(tb testing.TB, body string) []event.Event {
	tb.Helper()

	events, err := fromGitLab(tb, body)
	if err != nil {
		tb.Fatalf("%s: %v", body, err)
	}
	for i := range events {
		complete(tb, forge.GitLab, &events[i])
	}
	return events
}

// oneFromGitLab returns the only event of a body.
func oneFromGitLab(tb testing.TB, body string) event.Event {
	tb.Helper()

	events := allFromGitLab(tb, body)
	if len(events) != 1 {
		tb.Fatalf("%s: %d events, want one", body, len(events))
	}
	return events[0]
}

// Bodies below are in the project 9 and say when they were updated.
const (
	ofNine    = `"project":{"id":9},`
	updatedAt = `"updated_at":"2026-11-03 12:00:00 UTC"`
)

func mergeOf(action, more string) string {
	return `{"object_kind":"merge_request",` + ofNine + `"object_attributes":{"iid":7,"action":"` + action + `"` + more + `}`
}

func issueOf(action, more string) string {
	return `{"object_kind":"issue",` + ofNine + `"object_attributes":{"iid":7,"action":"` + action + `"` + more + `}`
}

func TestGitLabUnknownEvents(t *testing.T) {
	t.Parallel()

	var rows []unknownRow
	for body, want := range map[string]forge.UnknownError{
		mergeOf("rebase", "") + `}`: {Event: "merge_request", Action: "rebase"},
		`{"object_kind":"merge_request","object_attributes":{"action":"open"}}`: {Event: "merge_request", Action: "open"},
		mergeOf("", "") + `}`: {Event: "merge_request"},
		issueOf("update", ","+updatedAt) + `,"changes":{"title":{}}}`:                     {Event: "issue", Action: "update"},
		issueOf("weigh", "") + `}`:                                                        {Event: "issue", Action: "weigh"},
		issueOf("open", `,"type":"Requirement"`) + `}`:                                    {Event: "issue", Action: "open"},
		`{"object_kind":"work_item","object_attributes":{"action":"open","type":"Epic"}}`: {Event: "work_item", Action: "open"},
		`{"object_kind":"work_item","object_attributes":{"action":"open"}}`:               {Event: "work_item", Action: "open"},
		`{"object_kind":"note","object_attributes":{"noteable_type":"Epic"}}`:             {Event: "note"},
		`{"object_kind":"note","object_attributes":{"action":"create"}}`:                  {Event: "note", Action: "create"},
		noteOf("Commit", `,"commit_id":"c0","action":"delete"`) + `}`:                     {Event: "note", Action: "delete"},
		`{"object_kind":"emoji","object_attributes":{"id":1,"awardable_type":"Epic"}}`:    {Event: "emoji"},
		emojiOf("Note", `,"action":"blow"`) + `}`:                                         {Event: "emoji", Action: "blow"},
		pushOf("push", "refs/notes/commits", "a", "b") + `}`:                              {Event: "push"},
		pushOf("push", "refs/heads/", "a", "b") + `}`:                                     {Event: "push"},
		pushOf("tag_push", "refs/heads/main", "0", "b") + `}`:                             {Event: "tag_push"},
		`{"object_kind":"release",` + ofNine + `"tag":"v1","action":"update"}`:            {Event: "release", Action: "update"},
		`{"object_kind":"milestone","object_attributes":{"id":1},"action":"reopen"}`:      {Event: "milestone", Action: "reopen"},
		`{"object_kind":"wiki_page",` + ofNine + `"object_attributes":{"action":"move"}}`: {Event: "wiki_page", Action: "move"},
		`{"object_kind":"build","build_status":"success"}`:                                {Event: "build"},
		`{"object_kind":"access_token","event_name":"expiring_access_token"}`:             {Event: "access_token"},
		`{"event_name":"user_access_request_to_group","group_id":1,"user_id":2}`:          {Event: "user_access_request_to_group"},
		`{"event_name":"user_access_request_revoked_for_project"}`:                        {Event: "user_access_request_revoked_for_project"},
		`{"event_name":"project_update","project_id":9}`:                                  {Event: "project_update"},
		`{"event_name":"subgroup_create","group_id":2}`:                                   {Event: "subgroup_create"},
		`{"event_name":"user_failed_login","user_id":2}`:                                  {Event: "user_failed_login"},
		`{"object_kind":"gitlab_subscription_member_approval","action":"enqueue"}`:        {Event: "gitlab_subscription_member_approval", Action: "enqueue"},
	} {
		rows = append(rows, unknownRow{forge.GitLab, "System Hook", body, want})
	}
	checkUnknown(t, rows)
}

func noteOf(on, more string) string {
	return `{"object_kind":"note",` + ofNine + `"object_attributes":{"id":3,"noteable_type":"` + on + `"` + more + `}`
}

func emojiOf(on, more string) string {
	return `{"object_kind":"emoji",` + ofNine + `"object_attributes":{"id":3,"awardable_id":4,"awardable_type":"` + on + `"` + more + `}`
}

func pushOf(kind, ref, before, after string) string {
	return `{"object_kind":"` + kind + `","project_id":9,"ref":"` + ref + `","before":"` + before + `","after":"` + after + `"`
}

// An event without what its natural key is made of cannot be told from others.
func TestGitLabBodiesWithoutWhatTheKeyNeeds(t *testing.T) {
	t.Parallel()

	for _, body := range []string{
		`{"object_kind":["push"]}`, `{"event_name":null}`,
		mergeOf("close", "") + `}`, mergeOf("reopen", `,"updated_at":"soon"`) + `}`, mergeOf("update", "") + `}`,
		mergeOf("approved", "") + `}`, mergeOf("unapproval", "") + `,"user":{"username":"ada"}}`,
		`{"object_kind":"merge_request","object_attributes":{"iid":7,"action":"open"}}`,
		`{"object_kind":"merge_request",` + ofNine + `"object_attributes":{"action":"open"}}`,
		issueOf("close", "") + `}`, issueOf("reopen", "") + `}`, issueOf("update", "") + `}`,
		`{"object_kind":"issue",` + ofNine + `"object_attributes":{"action":"open"}}`,
		`{"object_kind":"issue","object_attributes":{"iid":7,"action":"open"}}`,
		noteOf("Issue", "") + `}`, noteOf("Issue", "") + `,"issue":{"id":5}}`,
		noteOf("MergeRequest", "") + `}`, noteOf("MergeRequest", "") + `,"merge_request":{}}`,
		noteOf("Snippet", "") + `}`, noteOf("Commit", "") + `}`,
		noteOf("Commit", `,"commit_id":"c0","action":"update"`) + `}`,
		`{"object_kind":"note",` + ofNine + `"object_attributes":{"noteable_type":"Commit","commit_id":"c0"}}`,
		`{"object_kind":"note","object_attributes":{"id":3,"noteable_type":"Commit","commit_id":"c0"}}`,
		emojiOf("Issue", `,"action":"award"`) + `}`,
		`{"object_kind":"emoji","object_attributes":{"id":3,"awardable_type":"Note","action":"award"}}`,
		`{"object_kind":"emoji","object_attributes":{"awardable_id":3,"awardable_type":"Note","action":"award"}}`,
		pushOf("push", "", "a", "b") + `}`, pushOf("push", "refs/heads/main", "", "b") + `}`, pushOf("tag_push", "refs/tags/v1", "a", "") + `}`,
		`{"object_kind":"push","ref":"refs/heads/main","before":"a","after":"b"}`,
		`{"object_kind":"release",` + ofNine + `"action":"create"}`, `{"object_kind":"release","tag":"v1","action":"create"}`,
		`{"object_kind":"milestone","object_attributes":{` + updatedAt + `},"action":"close"}`,
		`{"object_kind":"milestone","object_attributes":{"id":1},"action":"close"}`,
		`{"object_kind":"wiki_page",` + ofNine + `"object_attributes":{"action":"create"}}`,
		`{"object_kind":"wiki_page","object_attributes":{"slug":"home","action":"create"}}`,
		`{"object_kind":"pipeline",` + ofNine + `"object_attributes":{"status":"success"}}`,
		`{"object_kind":"deployment",` + ofNine + `"status":"failed"}`,
		`{"event_name":"user_create"}`, `{"event_name":"project_create"}`,
		`{"event_name":"user_update_for_team","project_id":9,"user_id":2,"created_at":"2026-11-03T12:00:00Z"}`,
	} {
		events, err := fromGitLab(t, body)
		unreadable, ok := errors.AsType[*forge.UnreadableError](err)
		if !ok || unreadable.Error() == "" || len(events) > 0 {
			t.Errorf("%s: got %v and %v, want an UnreadableError", body, events, err)
		}
	}
}

// What is confidential, internal or on a snippet that not everybody sees is private in a public project too.
func TestGitLabConfidentialThingsArePrivate(t *testing.T) {
	t.Parallel()

	const issue = `,"issue":{"iid":7}`
	for _, tc := range []struct {
		body                  string
		private, confidential bool
	}{
		{issueOf("open", ``) + `}`, false, false},
		{issueOf("open", `,"confidential":true`) + `}`, true, true},
		{issueOf("open", ``) + `,"event_type":"confidential_issue"}`, true, true},
		{noteOf("Issue", ``) + issue + `}`, false, false},
		{noteOf("Issue", `,"internal":true`) + issue + `}`, true, true},
		{noteOf("Issue", `,"confidential":true`) + issue + `}`, true, true},
		{noteOf("Issue", ``) + issue + `,"event_type":"confidential_note"}`, true, true},
		{noteOf("Issue", ``) + `,"issue":{"iid":7,"confidential":true}}`, true, true},
		{noteOf("WorkItem", ``) + `,"work_item":{"iid":7,"confidential":true}}`, true, true},
		{noteOf("Snippet", `,"noteable_id":5`) + `,"snippet":{"visibility_level":20}}`, false, false},
		{noteOf("Snippet", `,"noteable_id":5`) + `,"snippet":{"visibility_level":10}}`, true, false},
		{noteOf("Snippet", `,"noteable_id":5`) + `}`, true, false},
		{emojiOf("Issue", `,"action":"award"`) + issue + `}`, false, false},
		{emojiOf("Issue", `,"action":"award"`) + `,"issue":{"iid":7,"confidential":true}}`, true, false},
		{emojiOf("Note", `,"action":"award"`) + `,"note":{"noteable_type":"Issue"}` + issue + `}`, false, false},
		{emojiOf("Note", `,"action":"award"`) + `,"note":{"noteable_type":"Issue","internal":true}` + issue + `}`, true, false},
		{emojiOf("Note", `,"action":"award"`) + `,"note":{"noteable_type":"Issue"},"issue":{"iid":7,"confidential":true}}`, true, false},
		{emojiOf("Note", `,"action":"award"`) + `,"note":{"noteable_type":"Snippet"},"project_snippet":{"id":5,"visibility_level":0}}`, true, false},
	} {
		ev := oneFromGitLab(t, strings.Replace(tc.body, `{"id":9}`, `{"id":9,"visibility_level":20}`, 1))
		if ev.Private != tc.private || ev.Confidential != tc.confidential {
			t.Errorf("%s: private is %t and confidential %t", tc.body, ev.Private, ev.Confidential)
		}
	}
}

func TestGitLabVisibilities(t *testing.T) {
	t.Parallel()

	for sent, want := range map[string]string{
		`0`: "private", `10`: "internal", `20`: "public", `"20"`: "public", `"public"`: "public", `"Internal"`: "internal",
		`"visibilitylevel|private"`: "private", `null`: "", `30`: "", `"secret"`: "", `[20]`: "", `"` + strings.Repeat("public", 20) + `"`: "",
	} {
		for _, body := range []string{
			`{"event_name":"project_create","project_id":9,"project_visibility":` + sent + `}`,
			`{"object_kind":"issue","project":{"id":9,"visibility":` + sent + `},"object_attributes":{"iid":7,"action":"open"}}`,
		} {
			if ev := oneFromGitLab(t, body); ev.Repository.Visibility != want || ev.Private != (want != "public") {
				t.Errorf("%s: the visibility is %q, private %t, want %q", body, ev.Repository.Visibility, ev.Private, want)
			}
		}
	}
}

// An update tells of each label and person for itself, and of everything else together.
func TestGitLabUpdates(t *testing.T) {
	t.Parallel()

	for changes, want := range map[string][]string{
		`null`: nil, `{}`: nil, `7`: nil, `{"updated_at":{},"merge_status":{},"state_id":{}}`: nil,
		`{"labels":{"previous":[{"id":1}],"current":[{"id":1},{"id":2},{"title":"x"}]}}`: {"labeled:2"},
		`{"labels":{"previous":[{"id":1}],"current":null}}`:                              {"unlabeled:1"},
		`{"labels":{"previous":7,"current":[{"id":2},{"id":2}]},"title":{}}`:             {"labeled:2", "updated title"},
		`{"assignees":{"previous":[{"id":1}],"current":[{"id":1},{"id":2}]}}`:            {"assigned:2"},
		`{"assignees":{"previous":[{"id":1}],"current":[{"id":2}]}}`:                     {"assigned:2", "updated assignees"},
		`{"assignees":{"previous":[{"id":1}],"current":[]}}`:                             {"updated assignees"},
		`{"assignees":{"previous":[],"current":[{"username":"ada"}]}}`:                   nil,
		`{"reviewers":{"previous":[],"current":[{"id":1}]}}`:                             {"review_requested:1"},
		`{"reviewers":{"previous":[{"id":1}],"current":[{"id":1,"re_requested":true}]}}`: {"review_requested:1"},
		`{"reviewers":{"previous":[{"id":1}],"current":[]},"assignee_id":{}}`:            {"updated assignees reviewers"},
		`{"milestone_id":{},"work_in_progress":{},"draft":{},"weight":{}}`:               {"updated draft milestone weight"},
	} {
		var got []string
		for _, ev := range allFromGitLab(t, mergeOf("update", ","+updatedAt)+`,"changes":`+changes+`}`) {
			part := strings.TrimSuffix(strings.TrimPrefix(ev.Key, "merge_request:9:7:"), ":2026-11-03T12:00:00Z")
			got = append(got, strings.Join(append([]string{part}, ev.Changes...), " "))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", changes, diff)
		}
	}
}

// Keys have no more than seconds, since a version or the API may say more of the same.
func TestGitLabKeysAreToTheSecond(t *testing.T) {
	t.Parallel()

	for _, at := range []string{"2026-11-03 12:00:00 UTC", "2026-11-03T12:00:00.987Z", "2026-11-03T13:00:00+01:00"} {
		ev := oneFromGitLab(t, mergeOf("close", `,"updated_at":"`+at+`"`)+`}`)
		if ev.Key != "merge_request:9:7:closed:2026-11-03T12:00:00Z" {
			t.Errorf("%s gives the key %s", at, ev.Key)
		}
	}
}

// Who wrote a commit is who pushes it only if the commit says so by the same address, or without addresses the same name.
func TestGitLabCommitAuthors(t *testing.T) {
	t.Parallel()

	ada, other := &event.Account{ID: "1", Login: "ada", Name: "Ada"}, &event.Account{Name: "Ada", FromText: true}
	for _, tc := range []struct {
		pusher, author string
		want           *event.Account
	}{
		{`"ada@example.com"`, `"name":"A","email":"ADA@example.com"`, ada},
		{`"ada@example.com"`, `"name":"Ada","email":"grace@example.com"`, other},
		{`"[REDACTED]"`, `"name":"Ada","email":"[REDACTED]"`, ada},
		{`""`, `"name":"Ada","email":"ada@example.com"`, ada},
		{`null`, `"name":"Grace","email":"[REDACTED]"`, &event.Account{Name: "Grace", FromText: true}},
		{`null`, `"name":"","email":"ada@example.com"`, nil},
	} {
		ev := oneFromGitLab(t, pushOf("push", "refs/heads/main", "a", "b")+`,"user_id":1,"user_username":"ada","user_name":"Ada","user_email":`+tc.pusher+
			`,"commits":[{"id":"c0","message":"m\n\nSigned-off-by: Ada <ada@example.com>","author":{`+tc.author+`}}]}`)
		if diff := cmp.Diff(tc.want, ev.Pushed[0].Author); diff != "" {
			t.Errorf("%s, %s: the author differs (-want +got):\n%s", tc.pusher, tc.author, diff)
		}
		if strings.Contains(ev.Pushed[0].Message, "@") {
			t.Errorf("the message shows an address: %q", ev.Pushed[0].Message)
		}
	}
	many := oneFromGitLab(t, pushOf("push", "refs/heads/main", "a", "b")+`,"total_commits_count":3,"commits":[`+strings.Repeat(`{"id":"c"},`, 29)+`{"id":"c"}]}`)
	if many.Commits != 30 || len(many.Pushed) != 20 {
		t.Errorf("of 30 commits, %d are counted and %d listed", many.Commits, len(many.Pushed))
	}
}

func TestGitLabEnds(t *testing.T) {
	t.Parallel()

	for _, status := range []string{"success", "failed", "canceled", "skipped", "running", "pending", "created", "manual", "canceling", "", "SUCCESS"} {
		final := slices.Contains([]string{"success", "failed", "canceled", "skipped"}, status)
		for _, body := range []string{
			`{"object_kind":"pipeline","object_attributes":{"id":5,"status":"` + status + `"}}`,
			`{"object_kind":"deployment","deployment_id":5,"status":"` + status + `"}`,
		} {
			events := allFromGitLab(t, body)
			if final != (len(events) == 1) || final && (events[0].Status != status || !strings.HasSuffix(events[0].Key, ":5:"+status)) {
				t.Errorf("%s gives %v", body, events)
			}
		}
	}
	for sent, want := range map[string]time.Duration{
		`63`: 63 * time.Second, `0.25`: 250 * time.Millisecond, `null`: 0, `-1`: 0, `1e300`: 0, `"63"`: 0, `{}`: 0, `1` + strings.Repeat("0", 99): 0,
	} {
		ev := oneFromGitLab(t, `{"object_kind":"pipeline","object_attributes":{"id":5,"status":"success","duration":`+sent+`}}`)
		if ev.Duration != want {
			t.Errorf("the duration %s is %v, want %v", sent, ev.Duration, want)
		}
	}
}

// A release that comes out later is told of when it is made, and is not ready for all.
func TestGitLabUpcomingReleases(t *testing.T) {
	t.Parallel()

	for released, prerelease := range map[string]bool{"2026-11-08T10:59:59Z": false, "2026-11-08T11:59:59Z": true, "": false} {
		ev := oneFromGitLab(t, `{"object_kind":"release",`+ofNine+`"tag":"v1","action":"create","created_at":"2026-11-01T00:00:00Z","released_at":"`+released+`"}`)
		if ev.Prerelease != prerelease || ev.Time.After(receivedAt) {
			t.Errorf("released at %q, it is at %v and prerelease %t", released, ev.Time, ev.Prerelease)
		}
	}
}

// Large lists are cut, and nobody is named twice.
func TestGitLabPeopleAreBoundedAndSingle(t *testing.T) {
	t.Parallel()

	var users strings.Builder
	users.WriteString(`null,7,{"id":1},{"id":1}`)
	for i := range 1000 {
		users.WriteString(`,{"id":` + strconv.Itoa(i+1) + `,"state":"approved"}`)
	}
	ev := oneFromGitLab(t, mergeOf("open", "")+`,"assignees":[`+users.String()+`],"reviewers":[`+users.String()+`]}`)
	if len(ev.Assignees) != 252 || len(ev.Reviewers) != 252 || len(ev.ApprovedBy) != 252 || ev.Assignees[1].ID != "2" {
		t.Errorf("%d assignees, %d reviewers, %d approved", len(ev.Assignees), len(ev.Reviewers), len(ev.ApprovedBy))
	}
}

func FuzzGitLab(f *testing.F) {
	for _, name := range recordings(f, forge.GitLab) {
		f.Add(recording(f, forge.GitLab, name).Body)
	}
	speaks, src := speak(f, forge.GitLab), source(forge.GitLab)
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := speaks.Events(src, forge.Request{Header: http.Header{}, Body: body, ReceivedAt: receivedAt})
		_, unknown := errors.AsType[*forge.UnknownError](err)
		_, unreadable := errors.AsType[*forge.UnreadableError](err)
		if err != nil && (len(events) > 0 || !unknown && !unreadable) {
			t.Fatalf("%d events with the error %v", len(events), err)
		}
		keys := map[string]bool{}
		for i := range events {
			complete(t, forge.GitLab, &events[i])
			if keys[events[i].Key] {
				t.Fatalf("two events have the key %q", events[i].Key)
			}
			keys[events[i].Key] = true
		}
	})
}
