package forge_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// bitbucketEvents translates a body that either product of Bitbucket sends by the name of an event.
func bitbucketEvents(tb testing.TB, forgeName, name, body string) ([]event.Event, error) {
	tb.Helper()

	return speak(tb, forgeName).Events(source(forgeName), forge.Request{
		Header: http.Header{"X-Event-Key": {name}}, Body: []byte(body), ReceivedAt: receivedAt,
	})
}

// keys returns the natural keys of events.
func keys(events []event.Event) []string {
	var all []string
	for _, ev := range events {
		all = append(all, ev.Key)
	}
	return all
}

// What the vocabulary has no word for.
func TestUnknownBitbucket(t *testing.T) {
	t.Parallel()

	checkUnknown(t, []unknownRow{
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
	})
}

// What an event cannot do without.
func TestUnreadableBitbucket(t *testing.T) {
	t.Parallel()

	for name, bodies := range map[string][]string{
		"pullrequest:created":         {`{"pullrequest":{"id":7}}`, `{"repository":{"uuid":"{9}"}}`, `{"repository":{"uuid":9},"pullrequest":{"id":7}}`, `]`},
		"pullrequest:comment_created": {`{"repository":{"uuid":"{9}"},"pullrequest":{"id":7}}`},
		"issue:created":               {`{"issue":{"id":7}}`, `{"repository":{"uuid":"{9}"}}`, `]`},
		"repo:push":                   {`{"push":{"changes":[]}}`, `{"repository":{"uuid":"a:b"}}`, `{"repository":{"uuid":"` + strings.Repeat("9", 65) + `"}}`, `]`},
		"repo:fork":                   {`{"repository":{"uuid":"{9}"}}`, `{"fork":{"uuid":"{9}"}}`, `]`},
		"repo:commit_comment_created": {`{"repository":{"uuid":"{9}"},"comment":{"id":3}}`, `{"repository":{"uuid":"{9}"},"commit":{"hash":"1f"}}`, `{"comment":{"id":3},"commit":{"hash":"1f"}}`, `]`},
		"repo:commit_status_created":  {`{"repository":{"uuid":"{9}"},"commit_status":{"key":"k"}}`, `{"repository":{"uuid":"{9}"},"commit_status":{"commit":{"hash":"1f"}}}`, `]`},
		"project:updated":             {`]`},
	} {
		for _, body := range bodies {
			events, err := bitbucketEvents(t, forge.BitbucketCloud, name, body)
			if _, ok := errors.AsType[*forge.UnreadableError](err); !ok || len(events) > 0 {
				t.Errorf("%s %s: got %v and %v, want an UnreadableError", name, body, events, err)
			}
		}
	}
}

// Whoever was asked for a review is told once, however often the pull request is updated.
func TestBitbucketReviewersAreToldOnce(t *testing.T) {
	t.Parallel()

	told := map[string]int{}
	for name, reviewers := range map[string]string{"created": `{"uuid":"{1}"}`, "updated": `null,{"uuid":"{1}"},{"uuid":"{2}"}`} {
		events, err := bitbucketEvents(t, forge.BitbucketCloud, "pullrequest:"+name,
			`{"repository":{"uuid":"{9}"},"pullrequest":{"id":7,"updated_on":"2026-11-05T09:30:00Z","reviewers":[`+reviewers+`]}}`)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys(events) {
			told[key]++
		}
	}
	if len(told) != 4 || told["merge_request:{9}:7:review_requested:{1}"] != 2 || told["merge_request:{9}:7:review_requested:{2}"] != 1 {
		t.Errorf("the keys are %v", told)
	}
}

// A comment that comes with a change of an issue may come by itself as well, and is one comment.
func TestBitbucketCommentWithAChange(t *testing.T) {
	t.Parallel()

	const body = `{"repository":{"uuid":"{9}"},"issue":{"id":7,"updated_on":"2026-11-05T09:30:00Z"},"comment":{"id":3,"content":{"raw":"so"}},` +
		`"changes":{"status":{"old":"open","new":"wontfix"}}}`
	alone, err := bitbucketEvents(t, forge.BitbucketCloud, "issue:comment_created", body)
	if got := keys(alone); err != nil || !slices.Equal(got, []string{"issue:{9}:7:comment:3:created"}) {
		t.Errorf("the comment has the keys %q (%v)", got, err)
	}
	both, err := bitbucketEvents(t, forge.BitbucketCloud, "issue:updated", body)
	want := []string{"issue:{9}:7:closed:2026-11-05T09:30:00Z", "issue:{9}:7:comment:3:created"}
	if got := keys(both); err != nil || !slices.Equal(got, want) || both[0].Reason != "wontfix" {
		t.Errorf("the change has the keys %q (%v), want %q", got, err, want)
	}
}

// People have no names that paths are made of, so that it is not known what the path was that was theirs.
func TestBitbucketTransferFromAPerson(t *testing.T) {
	t.Parallel()

	for owner, want := range map[string]string{`{"uuid":"{1}","nickname":"ada"}`: "", `null`: "", `{"uuid":"{2}","username":"beta"}`: "beta/rocket"} {
		events, err := bitbucketEvents(t, forge.BitbucketCloud, "repo:transfer",
			`{"repository":{"uuid":"{9}","full_name":"acme/rocket"},"actor":{"nickname":"ada"},"previous_owner":`+owner+`}`)
		if err != nil || events[0].PathBefore != want || events[0].Actor != nil {
			t.Errorf("from %s gives %+v (%v), want the path %q and nobody without a uuid", owner, events, err, want)
		}
	}
}

// Where one change of a push is of no use, the others are still told.
func TestBitbucketPushOfManyRefs(t *testing.T) {
	t.Parallel()

	const target = `"target":{"hash":"2f"}`
	events, err := bitbucketEvents(t, forge.BitbucketCloud, "repo:push", `{"repository":{"uuid":"{9}"},"push":{"changes":[null,{},{"new":{}},{"new":{"type":"branch","name":"x"}},
		{"new":{"type":"tag","name":"v1",`+target+`},"old":{"type":"tag","name":"v1","target":{"hash":"1f"}}},
		{"new":{"type":"branch","name":"a:b",`+target+`},"old":{"type":"branch","name":"a:b","target":{"hash":"1f"}},"commits":[{"hash":"2f"}]},
		{"new":{"type":"branch","name":"a:b",`+target+`},"old":{"type":"branch","name":"a:b","target":{"hash":"1f"}}},
		{"new":{"type":"branch","name":"new",`+target+`}}]}}`)
	want := []string{"branch:{9}:a:b:pushed:1f:2f", "branch:{9}:new:created:2f"} // which no commit came with
	if got := keys(events); err != nil || !slices.Equal(got, want) {
		t.Errorf("the keys are %q (%v)", got, err)
	}
}

// What an event of Data Center cannot do without.
func TestUnreadableBitbucketServer(t *testing.T) {
	t.Parallel()

	for name, bodies := range map[string][]string{
		"pr:opened":          {`{"pullRequest":{"id":7}}`, `{"pullRequest":{"toRef":{"repository":{"id":9}}}}`, `{"pullRequest":{"id":7,"toRef":{"repository":{}}}}`, `]`},
		"pr:comment:added":   {`{"pullRequest":{"id":7,"toRef":{"repository":{"id":9}}}}`},
		"repo:comment:added": {`{"repository":{"id":9},"comment":{"id":3}}`, `{"repository":{"id":9},"commit":"1f"}`, `{"comment":{"id":3},"commit":"1f"}`, `]`},
		"repo:refs_changed":  {`{"changes":[]}`, `]`},
		"repo:forked":        {`{"repository":{"id":9}}`, `{"repository":{"origin":{"id":9}}}`, `]`},
		"repo:modified":      {`{"old":{"id":9}}`, `{"new":{"id":9}}`, `]`},
		"diagnostics:ping":   {`]`},
		"project:modified":   {`]`},
	} {
		for _, body := range bodies {
			events, err := bitbucketEvents(t, forge.BitbucketServer, name, body)
			if _, ok := errors.AsType[*forge.UnreadableError](err); !ok || len(events) > 0 {
				t.Errorf("%s %s: got %v and %v, want an UnreadableError", name, body, events, err)
			}
		}
	}
}

// The commits of a push are listed together: where several branches were pushed, nobody can say which they are of.
func TestBitbucketServerPushOfManyRefs(t *testing.T) {
	t.Parallel()

	change := func(name string) string {
		return `{"ref":{"displayId":"` + name + `","type":"BRANCH"},"fromHash":"1f","toHash":"2f","type":"UPDATE"}`
	}
	for changes, commits := range map[string]int{change("a"): 1, change("a") + "," + change("b"): 0, change("a") + `,null,{}`: 0} {
		events, err := bitbucketEvents(t, forge.BitbucketServer, "repo:refs_changed",
			`{"repository":{"id":9},"commits":[{"id":"2f","author":null}],"changes":[`+changes+`]}`)
		if err != nil || events[0].Key != "branch:9:a:pushed:1f:2f" || len(events[0].Pushed) != commits {
			t.Errorf("%s gives %+v (%v), want %d commits", changes, events, err, commits)
		}
	}
}

// Somebody who is asked, sent away and asked again was asked twice: the server says when.
func TestBitbucketServerReviewRequests(t *testing.T) {
	t.Parallel()

	told := map[string]bool{}
	for _, date := range []string{"2026-11-05T10:35:00+0100", "2026-11-05T10:36:00+0100", "2026-11-05T09:36:00Z"} {
		events, err := bitbucketEvents(t, forge.BitbucketServer, "pr:reviewer:updated",
			`{"date":"`+date+`","pullRequest":{"id":7,"toRef":{"repository":{"id":9}}},"addedReviewers":[null,{"id":4}]}`)
		if err != nil || len(events) != 1 {
			t.Fatalf("got %+v (%v)", events, err)
		}
		told[events[0].Key] = true
	}
	if !told["merge_request:9:7:review_requested:4:2026-11-05T09:36:00Z"] || len(told) != 2 {
		t.Errorf("the keys are %v", told)
	}
}

func FuzzBitbucket(f *testing.F)       { fuzzForge(f, forge.BitbucketCloud) }
func FuzzBitbucketServer(f *testing.F) { fuzzForge(f, forge.BitbucketServer) }
