package forge_test

import (
	"bytes"
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// fromGitHub translates a body of the event.
func fromGitHub(tb testing.TB, name, body string) ([]event.Event, error) {
	tb.Helper()
	return speak(tb, forge.GitHub).Events(source(forge.GitHub), forge.Request{
		Header: http.Header{"X-Github-Event": {name}}, Body: []byte(body), ReceivedAt: receivedAt,
	})
}

// oneFromGitHub returns the only event of a body.
func oneFromGitHub(tb testing.TB, name, body string) event.Event {
	tb.Helper()

	events, err := fromGitHub(tb, name, body)
	if err != nil || len(events) != 1 {
		tb.Fatalf("%s %s: %d events and %v, want one", name, body, len(events), err)
	}
	complete(tb, forge.GitHub, &events[0])
	return events[0]
}

// inNine is the repository of the bodies below.
const inNine = `"repository":{"id":9},`

// githubWithoutKeys are bodies that lack what their natural key is made of, by the names of their events.
var githubWithoutKeys = map[string][]string{
	"pull_request": {
		`{"action":"closed",` + inNine + `"pull_request":{"number":7}}`,
		`{"action":"reopened",` + inNine + `"pull_request":{"number":7,"updated_at":"soon"}}`,
		`{"action":"edited",` + inNine + `"pull_request":{"number":7}}`,
		`{"action":"synchronize",` + inNine + `"pull_request":{"number":7}}`,
		`{"action":"labeled",` + inNine + `"pull_request":{"number":7,"updated_at":"2026-11-03T12:00:00Z"}}`,
		`{"action":"labeled",` + inNine + `"pull_request":{"number":7},"label":{"id":1}}`,
		`{"action":"assigned",` + inNine + `"pull_request":{"number":7,"updated_at":"2026-11-03T12:00:00Z"},"assignee":null}`,
		`{"action":"review_requested",` + inNine + `"pull_request":{"number":7,"updated_at":"2026-11-03T12:00:00Z"},"requested_team":{}}`,
	},
	"pull_request_review": {
		`{"action":"submitted",` + inNine + `"review":{"state":"approved"},"pull_request":{"number":7}}`,
		`{"action":"dismissed",` + inNine + `"review":{"id":1}}`,
		`{"action":"submitted","review":{"id":1,"state":"approved"},"pull_request":{"number":7}}`, `]`,
	},
	"issues": {
		`{"action":"opened","issue":{"number":7}}`, `{"action":"opened",` + inNine + `"issue":null}`,
		`{"action":"closed",` + inNine + `"issue":{"number":7}}`, `]`,
	},
	"issue_comment": {
		`{"action":"created",` + inNine + `"comment":{"id":1}}`, `{"action":"created",` + inNine + `"issue":{"number":7}}`,
		`{"action":"edited",` + inNine + `"issue":{"number":7},"comment":{"id":1}}`, `]`,
	},
	"pull_request_review_comment": {`{"action":"created",` + inNine + `"comment":{"id":1}}`, `{"action":"created",` + inNine + `"pull_request":{"number":7}}`, `]`},
	"commit_comment":              {`{"action":"created",` + inNine + `"comment":{"id":1}}`, `{"action":"created",` + inNine + `"comment":{"commit_id":"a"}}`, `]`},
	"discussion_comment":          {`{"action":"created",` + inNine + `"comment":{"id":1}}`, `{"action":"created",` + inNine + `"discussion":{"number":7}}`, `]`},
	"discussion":                  {`{"action":"answered",` + inNine + `"discussion":{"number":7}}`, `{"action":"answered",` + inNine + `"answer":{"id":1}}`, `]`},
	"milestone":                   {`{"action":"closed",` + inNine + `"milestone":{"number":7,"closed_at":"2026-11-03T12:00:00Z"}}`, `{"action":"closed","milestone":{"id":7}}`, `]`},
	"push": {
		`{` + inNine + `"before":"a","after":"b"}`, `{` + inNine + `"ref":"refs/heads/main","after":"b"}`,
		`{` + inNine + `"ref":"refs/heads/main","before":"a"}`, `{"ref":"refs/heads/main","before":"a","after":"b"}`,
		`{` + inNine + `"ref":"refs/tags/","before":"a","after":"b","created":true}`, `]`,
	},
	"create":            {`{` + inNine + `"ref":"","ref_type":"tag"}`, `{"ref":"v1","ref_type":"tag"}`, `]`},
	"delete":            {`]`},
	"release":           {`{"action":"published",` + inNine + `"release":{}}`, `{"action":"published","release":{"tag_name":"v1"}}`, `]`},
	"gollum":            {`{` + inNine + `"pages":[]}`, `{"pages":[{"page_name":"A","action":"edited"}]}`, `]`},
	"workflow_run":      {`{"action":"completed",` + inNine + `"workflow_run":{"conclusion":"success"}}`, `]`},
	"deployment_status": {`{"action":"created",` + inNine + `"deployment_status":{"state":"success"}}`, `]`},
	"star":              {`{"action":"created",` + inNine + `"sender":null}`, `{"action":"created","sender":{"id":1}}`, `]`},
	"watch":             {`]`},
	"fork":              {`{` + inNine + `"forkee":{}}`, `{"forkee":{"id":1}}`, `]`},
	"repository":        {`{"action":"created"}`, `]`},
	"member":            {`{"action":"added",` + inNine + `"member":null}`, `{"action":"added","member":{"id":1}}`, `]`},
	"user":              {`{"action":"created","user":{"login":"ada"}}`, `]`},
	"sponsorship":       {`{"action":"created","sponsorship":{"node_id":""}}`, `]`},
}

// An event without what its natural key is made of cannot be told from others.
func TestGitHubBodiesWithoutWhatTheKeyNeeds(t *testing.T) {
	t.Parallel()

	for name, bodies := range githubWithoutKeys {
		for _, body := range bodies {
			events, err := fromGitHub(t, name, body)
			unreadable, ok := errors.AsType[*forge.UnreadableError](err)
			if !ok || unreadable.Error() == "" || len(events) > 0 {
				t.Errorf("%s %s: got %v and %v, want an UnreadableError", name, body, events, err)
			}
		}
	}
}

// An app's hook sends the same happening with its installation, and must not make another event of it.
func TestGitHubAppsTellTheSame(t *testing.T) {
	t.Parallel()

	for _, name := range recordings(t, forge.GitHub) {
		req := recording(t, forge.GitHub, name)
		if !bytes.HasPrefix(req.Body, []byte("{")) { // a form
			continue
		}
		want := translate(t, forge.GitHub, name)
		req.Body = append([]byte(`{"installation":{"id":51004411,"node_id":"MDIzOk"},`), req.Body[1:]...)
		got, err := speak(t, forge.GitHub).Events(source(forge.GitHub), req)
		if err != nil {
			t.Errorf("%s by an app: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s by an app differs (-want +got):\n%s", name, diff)
		}
	}
}

// What happens again and again needs its key from somewhere, even if the body does not say when it was.
func TestGitHubRepositoriesWithoutATime(t *testing.T) {
	t.Parallel()

	one := oneFromGitHub(t, "repository", `{"action":"archived","repository":{"id":9}}`)
	other := oneFromGitHub(t, "repository", `{"action":"archived","repository":{"id":9,"name":"x"}}`)
	if one.Key == other.Key || !strings.HasPrefix(one.Key, "repository:9:archived:") {
		t.Errorf("two different bodies have the keys %q and %q", one.Key, other.Key)
	}
	if unsaid := oneFromGitHub(t, "repository", `{"action":"renamed","repository":{"id":9,"name":"x","full_name":"acme/x"}}`); unsaid.PathBefore != "" {
		t.Errorf("nobody said a path, but it was %q", unsaid.PathBefore)
	}
}

func TestGitHubEnds(t *testing.T) {
	t.Parallel()

	for conclusion, want := range map[string]string{
		"success": "success", "neutral": "success", "failure": "failed", "timed_out": "failed", "startup_failure": "failed",
		"cancelled": "canceled", "stale": "canceled", "skipped": "skipped",
	} {
		ev := oneFromGitHub(t, "workflow_run", `{"action":"completed","workflow_run":{"id":5,"conclusion":"`+conclusion+`"}}`)
		if ev.Status != want || ev.Key != "pipeline:5:1:"+want || ev.Duration != 0 {
			t.Errorf("a run that ended with %s is %q after %v with the key %q, want %s", conclusion, ev.Status, ev.Duration, ev.Key, want)
		}
	}
	for state, want := range map[string]string{
		"success": "success", "failure": "failed", "error": "failed",
		"pending": "", "queued": "", "in_progress": "", "waiting": "", "inactive": "", "": "",
	} {
		events, err := fromGitHub(t, "deployment_status", `{"action":"created","deployment":{"id":5,"created_at":"2026-11-03T12:00:00Z"},`+
			`"deployment_status":{"state":"`+state+`","created_at":"2026-11-03T11:59:00Z"}}`)
		switch {
		case err != nil:
			t.Errorf("the state %q: %v", state, err)
		case want == "" && len(events) > 0:
			t.Errorf("the state %q is no end, but gives %v", state, events)
		case want != "" && (len(events) != 1 || events[0].Status != want || events[0].Duration != 0):
			t.Errorf("the state %q gives %v, want the status %s and no duration less than 0", state, events, want)
		}
	}
}

func TestGitHubCommits(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("word ", 1000)
	commit := `{"id":"c0","message":"  ` + long + `\n\n` + long + `\nCo-authored-by: G <2+grace@users.noreply.git.acme.example>","author":{"name":"Ada","username":"ADA"}}`
	push := func(repository, sender, commits string) event.Event {
		return oneFromGitHub(t, "push", `{"ref":"refs/heads/main","before":"a","after":"b","repository":{"id":9`+repository+`},"sender":`+sender+`,"commits":[`+commits+`]}`)
	}
	grace := event.Account{ID: "2", Login: "grace", Name: "G", FromText: true}
	for name, tc := range map[string]struct {
		ev      event.Event
		author  *event.Account
		helpers []event.Account
	}{
		"by who pushes":     {push(`,"html_url":"https://git.acme.example/acme/rocket"`, `{"id":1,"login":"ada"}`, commit), &event.Account{ID: "1", Login: "ada"}, []event.Account{grace}},
		"by somebody else":  {push(`,"html_url":"https://git.acme.example/acme/rocket"`, `{"id":3,"login":"hedy"}`, commit), &event.Account{Login: "ADA", Name: "Ada", FromText: true}, []event.Account{grace}},
		"by nobody":         {push(``, `null`, `{"id":"c0","message":"   \n","author":null}`), nil, nil},
		"of no known forge": {push(``, `null`, commit), &event.Account{Login: "ADA", Name: "Ada", FromText: true}, nil},
		"of another forge":  {push(`,"html_url":"https://github.com/acme/rocket"`, `null`, commit), &event.Account{Login: "ADA", Name: "Ada", FromText: true}, nil},
		"by an app":         {push(``, `null`, `{"id":"c0","author":{"username":"renovate[bot]"}}`), &event.Account{Login: "renovate[bot]", Bot: true, FromText: true}, nil},
	} {
		got := tc.ev.Pushed[0]
		if diff := cmp.Diff(tc.author, got.Author); diff != "" {
			t.Errorf("%s: the author differs (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tc.helpers, got.CoAuthors); diff != "" {
			t.Errorf("%s: the co-authors differ (-want +got):\n%s", name, diff)
		}
		if len(got.Title) > 1024 || strings.TrimSpace(got.Title) != got.Title {
			t.Errorf("%s: the title is %q", name, got.Title)
		}
	}

	many := push(``, `null`, strings.Repeat(`{"id":"c"},`, 2999)+`{"id":"c"}`)
	if many.Commits != 3000 || len(many.Pushed) != 2048 {
		t.Errorf("of 3000 commits, %d are counted and %d listed", many.Commits, len(many.Pushed))
	}
	if none := push(``, `null`, ` `); none.Commits != 0 || none.Pushed != nil {
		t.Errorf("of no commits, %d are counted and %d listed", none.Commits, len(none.Pushed))
	}
	if odd := push(``, `null`, `{"message":"[\\\",\""},7,[1,2],{"id":"c"}`); odd.Commits != 4 || odd.Pushed[3].ID != "c" {
		t.Errorf("of four odd commits, %d are counted: %+v", odd.Commits, odd.Pushed)
	}
	if before := push(`,"pushed_at":1793692800`, `null`, ``); !before.Time.Equal(time.Unix(1793692800, 0)) {
		t.Errorf("the push was at %v", before.Time)
	}
}

// Lists and objects of another type than they should be are empty.
func TestGitHubListsOfOtherTypes(t *testing.T) {
	t.Parallel()

	for _, odd := range []string{`null`, `7`, `"text"`, `{"a":[1,2]}`, `[]`, ` [ ] `, `{}`, `true`} {
		push := oneFromGitHub(t, "push", `{"ref":"refs/heads/main","before":"a","after":"b","repository":{"id":9,"topics":`+odd+`},"commits":`+odd+`}`)
		if push.Commits != 0 || push.Pushed != nil || push.Repository.Topics != nil {
			t.Errorf("the commits %s are %d: %v", odd, push.Commits, push.Pushed)
		}
	}
	for odd, want := range map[string][]string{
		`null`: nil, `7`: nil, `["title"]`: nil, `{}`: nil,
		`{"title":{"from":"x"},"":1,"base":[{}],"ti\u0000tle":null,"body":"b"}`: {"body", "target_branch", "title"},
	} {
		ev := oneFromGitHub(t, "pull_request", `{"action":"edited","changes":`+odd+`,"repository":{"id":9},"pull_request":{"number":7,"updated_at":"2026-11-03T12:00:00Z"}}`)
		if diff := cmp.Diff(want, ev.Changes); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", odd, diff)
		}
	}
}

func TestGitHubPeopleAreBoundedAndSingle(t *testing.T) {
	t.Parallel()

	var users strings.Builder
	users.WriteString(`null,7,{"id":1},{"id":1}`)
	for i := range 1000 {
		users.WriteString(`,{"id":` + strconv.Itoa(i+1) + `}`)
	}
	ev := oneFromGitHub(t, "issues", `{"action":"opened","repository":{"id":9},"issue":{"number":7,"assignees":[`+users.String()+`]}}`)
	if len(ev.Assignees) != 252 || ev.Assignees[1].ID != "2" {
		t.Errorf("%d assignees", len(ev.Assignees))
	}
}

// A body takes no more than four times its own size, however many small things it lists. The test does not run at the
// same time as others, whose memory would be counted.
func TestGitHubBodiesTakeBoundedMemory(t *testing.T) {
	many := strings.Repeat(`{},`, 500_000) + `{}`
	for name, body := range map[string]string{
		"push":                `{"ref":"refs/heads/main","before":"a","after":"b","repository":{"id":9,"topics":[` + many + `]},"commits":[` + many + `]}`,
		"issues":              `{"action":"opened","repository":{"id":9},"issue":{"number":7,"assignees":[` + many + `],"labels":[` + many + `]}}`,
		"pull_request":        `{"action":"edited","repository":{"id":9},"pull_request":{"number":7},"changes":{` + strings.Repeat(`"a":0,`, 500_000) + `"a":0}}`,
		"gollum":              `{"repository":{"id":9},"pages":[` + many + `]}`,
		"pull_request_review": `{"action":"submitted","repository":{"id":9},"review":{"id":1,"state":"approved","body":"` + strings.Repeat(`\u0041`, 500_000) + `"},"pull_request":{"number":7}}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := fromGitHub(t, name, body)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 4*uint64(len(body)) {
			t.Errorf("%s: a body of %d bytes took %d bytes (%v)", name, len(body), took, err)
		}
	}
}

// Roles are in the forge's words; older servers say less.
func TestGitHubCollaboratorRoles(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ action, changes, before, after string }{
		{"added", `{"permission":{"to":"write"},"role_name":{"to":"Triage"}}`, "", "triage"},
		{"added", `{"permission":{"to":"write"}}`, "", "write"},
		{"added", `null`, "", ""},
		{"edited", `{"old_permission":{"from":"read"}}`, "read", ""},
		{"edited", `{"old_permission":{"from":"read"},"permission":{"from":"write","to":"admin"}}`, "write", "admin"},
		{"removed", `null`, "", ""},
	} {
		ev := oneFromGitHub(t, "member", `{"action":"`+tc.action+`","member":{"id":1},"repository":{"id":9},"changes":`+tc.changes+`}`)
		if ev.RoleBefore != tc.before || ev.RoleAfter != tc.after {
			t.Errorf("%s %s: from %q to %q", tc.action, tc.changes, ev.RoleBefore, ev.RoleAfter)
		}
	}
}

// A page that one body tells of twice is one event.
func TestGitHubWikiPagesAreTold(t *testing.T) {
	t.Parallel()

	const page = `{"page_name":"A","action":"edited","sha":"c0"}`
	events, err := fromGitHub(t, "gollum", `{"repository":{"id":9},"pages":[`+page+`,`+page+`,{"page_name":"A","action":"edited"},{"page_name":"B","action":"moved"}]}`)
	if err != nil || len(events) != 2 || events[0].Key != "wiki:9:A:edited:c0" || !strings.HasPrefix(events[1].Key, "wiki:9:A:edited:") {
		t.Errorf("got %v and %v, want the page twice: with its hash and without", events, err)
	}
}

func FuzzGitHub(f *testing.F) {
	for _, name := range recordings(f, forge.GitHub) {
		req := recording(f, forge.GitHub, name)
		f.Add(req.Header.Get("X-Github-Event"), req.Header.Get("X-Github-Delivery"), req.Header.Get("Content-Type"), req.Body)
	}
	speaks, src := speak(f, forge.GitHub), source(forge.GitHub)
	f.Fuzz(func(t *testing.T, name, delivery, contentType string, body []byte) {
		events, err := speaks.Events(src, forge.Request{
			Header: http.Header{"X-Github-Event": {name}, "X-Github-Delivery": {delivery}, "Content-Type": {contentType}},
			Body:   body, ReceivedAt: receivedAt,
		})
		_, unknown := errors.AsType[*forge.UnknownError](err)
		_, unreadable := errors.AsType[*forge.UnreadableError](err)
		if err != nil && (len(events) > 0 || !unknown && !unreadable) {
			t.Fatalf("%d events with the error %v", len(events), err)
		}
		keys := map[string]bool{}
		for i := range events {
			complete(t, forge.GitHub, &events[i])
			if keys[events[i].Key] {
				t.Fatalf("two events have the key %q", events[i].Key)
			}
			keys[events[i].Key] = true
		}
	})
}
