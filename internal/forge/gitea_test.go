package forge_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// giteaEvents translates a body that comes by the coarse name of an event alone, as from older forges.
func giteaEvents(tb testing.TB, name, body string) ([]event.Event, error) {
	tb.Helper()

	return speak(tb, forge.Gitea).Events(source(forge.Gitea), forge.Request{
		Header: http.Header{"X-Gitea-Event": {name}}, Body: []byte(body), ReceivedAt: receivedAt,
	})
}

// One name stands for two things, depending on which header it is in.
func TestGiteaPullRequestComment(t *testing.T) {
	t.Parallel()

	for body, want := range map[string]string{
		`{"action":"reviewed","repository":{"id":9},"pull_request":{"number":7},"review":{"type":"pull_request_review_comment"},"sender":{"id":1}}`: "merge_request:9:7:review:1:commented",
		`{"action":"created","repository":{"id":9},"issue":{"number":7},"is_pull":true,"comment":{"id":3}}`:                                         "merge_request:9:7:comment:3:created",
		`{"action":"created","repository":{"id":9},"issue":{"number":7},"pull_request":{"number":7},"comment":{"id":3}}`:                            "merge_request:9:7:comment:3:created",
		`{"action":"created","repository":{"id":9},"issue":{"number":7},"comment":{"id":3}}`:                                                        "issue:9:7:comment:3:created",
	} {
		events, err := giteaEvents(t, "pull_request_comment", body)
		if err != nil || len(events) != 1 || events[0].Key != want {
			t.Errorf("%s gives %+v (%v), want %s", body, events, err, want)
		}
	}
}

// A body without the time that tells one happening from the next is told apart by all that it has.
func TestGiteaWithoutTimes(t *testing.T) {
	t.Parallel()

	var keys []string
	for _, title := range []string{"a", "b", "a"} {
		events, err := giteaEvents(t, "issues", `{"action":"closed","repository":{"id":9},"issue":{"number":7,"title":"`+title+`"}}`)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, events[0].Key)
	}
	if keys[0] == keys[1] || keys[0] != keys[2] {
		t.Errorf("the keys are %q, want the first and the third alike", keys)
	}
}

// What the vocabulary has no word for, and what another delivery tells.
func TestUnknownGitea(t *testing.T) {
	t.Parallel()

	checkUnknown(t, []unknownRow{
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
	})
}

// What an event cannot do without.
func TestUnreadableGitea(t *testing.T) {
	t.Parallel()

	for name, bodies := range map[string][]string{
		"push":               {`{"ref":"refs/heads/a","before":"1","after":"2"}`, `{"before":"1","after":"2","repository":{"id":9}}`, `{"ref":"refs/heads/a","repository":{"id":9}}`},
		"create":             {`{"ref":"a","ref_type":"branch"}`, `{"ref_type":"branch","repository":{"id":9}}`, `]`},
		"delete":             {`{"ref":"a","ref_type":"branch"}`, `{"ref":"refs/heads/","ref_type":"branch","repository":{"id":9}}`},
		"release":            {`{"action":"published","release":{"tag_name":"v1"}}`, `{"action":"published","repository":{"id":9}}`, `]`},
		"wiki":               {`{"action":"created","page":"Home"}`, `{"action":"created","repository":{"id":9}}`, `]`},
		"fork":               {`{"forkee":{"id":9}}`, `{"repository":{"id":9}}`, `]`},
		"repository":         {`{"action":"created"}`, `]`},
		"status":             {`{"state":"success","repository":{"id":9}}`, `{"id":1,"state":"success"}`, `]`},
		"workflow_run":       {`{"action":"completed","repository":{"id":9}}`, `{"action":"completed","workflow_run":{"id":1}}`, `]`},
		"action_run_success": {`{"run":{"id":1,"status":"success"}}`, `{"run":{"status":"success","repository":{"id":9}}}`, `]`},
		"issues":             {`{"action":"opened","issue":{"number":7}}`, `{"action":"opened","repository":{"id":9}}`, `]`},
		"star":               {`]`},
	} {
		for _, body := range bodies {
			events, err := giteaEvents(t, name, body)
			if _, ok := errors.AsType[*forge.UnreadableError](err); !ok || len(events) > 0 {
				t.Errorf("%s %s: got %v and %v, want an UnreadableError", name, body, events, err)
			}
		}
	}
}

// Whoever is no owner may still be a person: that is not known, and not said.
func TestGiteaRepositoryOwner(t *testing.T) {
	t.Parallel()

	for sender, want := range map[string]bool{`{"id":4,"login":"ada"}`: true, `{"id":5,"login":"grace"}`: false, "null": false} {
		events, err := giteaEvents(t, "repository", `{"action":"created","repository":{"id":9,"owner":{"id":4,"login":"ada"}},"sender":`+sender+`}`)
		if err != nil || (events[0].Owner != nil) != want {
			t.Errorf("the sender %s makes the owner %+v (%v)", sender, events[0].Owner, err)
		}
	}
}

// Gitea sends bare names of branches and tags, Forgejo full ones; both are the same branch.
func TestGiteaRefNames(t *testing.T) {
	t.Parallel()

	for _, ref := range []string{"a/b", "refs/heads/a/b"} {
		events, err := giteaEvents(t, "create", `{"ref":"`+ref+`","ref_type":"branch","sha":"1f","repository":{"id":9}}`)
		if err != nil || events[0].Key != "branch:9:a/b:created:1f" || events[0].Ref != "a/b" {
			t.Errorf("%s gives %+v (%v)", ref, events, err)
		}
	}
	events, err := giteaEvents(t, "create", `{"ref":"a","ref_type":"branch","repository":{"id":9}}`)
	if err != nil || len(events[0].Key) != len("branch:9:a:created:")+32 {
		t.Errorf("without a hash, the key is %v (%v)", events, err)
	}
}

// Labels and people come as what is there now: each is told once, whatever else is there.
func TestGiteaLabelsAreToldOnce(t *testing.T) {
	t.Parallel()

	keys := func(name, field string) []string {
		events, err := giteaEvents(t, name, `{"action":"`+map[string]string{"labels": "label_updated", "assignees": "assigned"}[field]+
			`","repository":{"id":9},"issue":{"number":7,"updated_at":"2026-11-05T11:20:00Z","`+field+`":[{"id":1},{"id":2},null,{},{"id":1}]}}`)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, ev := range events {
			all = append(all, ev.Key)
		}
		return all
	}
	if got := keys("issue_label", "labels"); !slices.Equal(got, []string{"issue:9:7:labeled:1", "issue:9:7:labeled:2"}) {
		t.Errorf("the labels have the keys %q", got)
	}
	if got := keys("issue_assign", "assignees"); !slices.Equal(got, []string{"issue:9:7:assigned:1", "issue:9:7:assigned:2"}) {
		t.Errorf("the assignees have the keys %q", got)
	}
}

// What a comment is on may be open, closed or merged, in each forge's own words.
func TestTargetStates(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ forge, event, body, want string }{
		{forge.Gitea, "issue_comment", `{"action":"created","repository":{"id":9},"is_pull":true,"comment":{"id":3},"issue":{"number":7,"state":"closed","pull_request":{"merged":true,"merged_at":"2026-11-05T10:00:00Z"}}}`, "merged"},
		{forge.Gitea, "issue_comment", `{"action":"created","repository":{"id":9},"comment":{"id":3},"issue":{"number":7,"state":"closed"}}`, "closed"},
		{forge.BitbucketCloud, "pullrequest:comment_created", `{"repository":{"uuid":"{9}"},"comment":{"id":3},"pullrequest":{"id":7,"state":"SUPERSEDED"}}`, "closed"},
		{forge.BitbucketCloud, "pullrequest:comment_created", `{"repository":{"uuid":"{9}"},"comment":{"id":3},"pullrequest":{"id":7,"state":"?"}}`, ""},
		{forge.BitbucketServer, "pr:comment:added", `{"comment":{"id":3},"pullRequest":{"id":7,"state":"DECLINED","toRef":{"repository":{"id":9}}}}`, "closed"},
		{forge.BitbucketServer, "pr:comment:added", `{"comment":{"id":3},"pullRequest":{"id":7,"state":"MERGED","closedDate":1793875508100,"toRef":{"repository":{"id":9}}}}`, "merged"},
	} {
		events, err := speak(t, tc.forge).Events(source(tc.forge), forge.Request{
			Header: http.Header{"X-Gitea-Event": {tc.event}, "X-Event-Key": {tc.event}}, Body: []byte(tc.body), ReceivedAt: receivedAt,
		})
		if err != nil {
			t.Fatal(err)
		}
		target := events[0].Target
		if target.State != tc.want || tc.want == "merged" && target.MergedAt.IsZero() {
			t.Errorf("%s: the target of %s is %+v, want it %q", tc.forge, tc.body, target, tc.want)
		}
	}
}

func FuzzGitea(f *testing.F)   { fuzzForge(f, forge.Gitea) }
func FuzzForgejo(f *testing.F) { fuzzForge(f, forge.Forgejo) }

// fuzzForge gives a forge bodies by any name of an event, beginning with the recordings: whatever comes is told
// completely, or refused as unknown or unreadable.
func fuzzForge(f *testing.F, name string) {
	f.Helper()
	for _, recorded := range recordings(f, name) {
		req := recording(f, name, recorded)
		f.Add(speak(f, name).EventName(req), req.Header.Get("Content-Type"), req.Body)
	}
	f.Fuzz(func(t *testing.T, eventName, contentType string, body []byte) {
		header := http.Header{"Content-Type": {contentType}}
		for _, key := range []string{"X-Gitea-Event", "X-Forgejo-Event", "X-Event-Key"} {
			header.Set(key, eventName)
		}
		events, err := speak(t, name).Events(source(name), forge.Request{Header: header, Body: body, ReceivedAt: receivedAt})
		_, unknown := errors.AsType[*forge.UnknownError](err)
		_, unreadable := errors.AsType[*forge.UnreadableError](err)
		if err != nil && (len(events) > 0 || !unknown && !unreadable) {
			t.Fatalf("%d events with the error %v", len(events), err)
		}
		keys := map[string]bool{}
		for i := range events {
			complete(t, name, &events[i])
			if keys[events[i].Key] {
				t.Fatalf("two events have the key %q", events[i].Key)
			}
			keys[events[i].Key] = true
		}
	})
}
