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

// Where one change of a push is of no use, the others are still told.
func TestBitbucketPushOfManyRefs(t *testing.T) {
	t.Parallel()

	const target = `"target":{"hash":"2f"}`
	events, err := bitbucketEvents(t, forge.BitbucketCloud, "repo:push", `{"repository":{"uuid":"{9}"},"push":{"changes":[null,{},{"new":{}},{"new":{"type":"branch","name":"x"}},
		{"new":{"type":"tag","name":"v1",`+target+`},"old":{"type":"tag","name":"v1","target":{"hash":"1f"}}},
		{"new":{"type":"branch","name":"a:b",`+target+`},"old":{"type":"branch","name":"a:b","target":{"hash":"1f"}},"commits":[{"hash":"2f"}]}]}}`)
	if got := keys(events); err != nil || !slices.Equal(got, []string{"branch:{9}:a:b:pushed:1f:2f"}) {
		t.Errorf("the keys are %q (%v)", got, err)
	}
}

func FuzzBitbucket(f *testing.F) { fuzzForge(f, forge.BitbucketCloud) }
