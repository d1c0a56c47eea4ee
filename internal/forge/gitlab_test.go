package forge_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const gitlabEventsPage = "../../docs/forges-gitlab-events.md"

const gitlabEventsIntroduction = `# What becomes of GitLab's events

Every event that [GitLab's Go client](https://gitlab.com/gitlab-org/api/client-go) or our own recordings have an example of, with what
Accolade makes of it. An event that the vocabulary has no word for is unknown: it is stored, counted and answered well, and causes
nothing. "Nothing" is understood and has nothing to tell, or something that another event tells of. One example is unreadable: the names
of its fields end with spaces. A test reads all examples and writes this table.

| event | action | becomes |
|---|---|---|
`

// The examples that GitLab's Go client is tested with are read as they are: each is understood, or there is no word for it.
func TestGitLabExamples(t *testing.T) {
	t.Parallel()

	becomes, examples := map[string]map[string]bool{}, 0
	read := func(example string, req forge.Request) {
		row, became := gitlabBecame(t, example, req)
		if becomes[row] == nil {
			becomes[row] = map[string]bool{}
		}
		for _, kind := range became {
			becomes[row][kind] = true
		}
	}
	folder := testkit.Fixtures(t, "gitlab.com/gitlab-org/api/client-go/v2")
	for hooks, header := range map[string]string{"webhooks": "Some Hook", "systemhooks": "System Hook"} {
		paths, err := filepath.Glob(filepath.Join(folder, "testdata", hooks, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			req := forge.Request{Header: map[string][]string{"X-Gitlab-Event": {header}}, Body: body, ReceivedAt: receivedAt}
			read(hooks+"/"+filepath.Base(path), req)
			examples++
		}
	}
	if examples < 50 {
		t.Errorf("there are only %d examples", examples)
	}
	for _, name := range recordings(t, forge.GitLab) {
		read(name, recording(t, forge.GitLab, name))
	}
	var page strings.Builder
	page.WriteString(gitlabEventsIntroduction)
	for _, row := range sortedKeys(becomes) {
		name, action, _ := strings.Cut(row, "\x00")
		fmt.Fprintf(&page, "| `%s` | %s | %s |\n", name, action, strings.Join(sortedKeys(becomes[row]), ", "))
	}
	if *update {
		if err := os.WriteFile(gitlabEventsPage, []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(gitlabEventsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), page.String()); diff != "" {
		t.Errorf("%s is not what the examples become (-want +got):\n%s", gitlabEventsPage, diff)
	}
}

// gitlabMisspelt is an example as no GitLab sends it: the names of its fields end with spaces ("iid ").
const gitlabMisspelt = "webhooks/group_merge_request.json"

// gitlabBecame returns the event and the action of an example, and what it becomes.
func gitlabBecame(t *testing.T, example string, req forge.Request) (row string, became []string) {
	t.Helper()

	var said struct {
		Kind       string `json:"object_kind"`
		Name       string `json:"event_name"`
		Action     string `json:"action"`
		Attributes struct {
			Action string `json:"action"`
		} `json:"object_attributes"`
	}
	if err := json.Unmarshal(req.Body, &said); err != nil {
		t.Logf("%s: %v", example, err) // some fields have other types in some events
	}
	row = said.Kind
	if row == "" {
		row = said.Name
	}
	action := said.Attributes.Action + said.Action
	if action != "" {
		action = "`" + action + "`"
	}
	row += "\x00" + action
	events, err := speak(t, forge.GitLab).Events(source(forge.GitLab), req)
	if _, unknown := errors.AsType[*forge.UnknownError](err); unknown {
		return row, []string{"unknown"}
	}
	if _, unreadable := errors.AsType[*forge.UnreadableError](err); unreadable && example == gitlabMisspelt {
		return row, []string{"unreadable"}
	}
	if err != nil {
		t.Errorf("%s: %v", example, err)
	}
	if len(events) == 0 {
		return row, []string{"nothing"}
	}
	for i := range events {
		complete(t, forge.GitLab, &events[i])
		became = append(became, "`"+events[i].Kind+"`")
	}
	return row, became
}

// Of a push, GitLab lists at most 20 commits and counts all.
func TestPushesAreCountedByTheTotal(t *testing.T) {
	t.Parallel()

	for name, want := range map[string]int64{"push-main": 2, "push-21-commits": 21, "push-500-commits": 500} {
		ev := translate(t, forge.GitLab, name)[0]
		if ev.Commits != want || len(ev.Pushed) > 20 {
			t.Errorf("%s has %d commits and lists %d", name, ev.Commits, len(ev.Pushed))
		}
	}
}

// What is confidential stays so, whichever part of a body says it; no e-mail address and no secret of a pipeline is kept.
func TestGitLabKeepsSecrets(t *testing.T) {
	t.Parallel()

	for _, name := range recordings(t, forge.GitLab) {
		for _, ev := range translate(t, forge.GitLab, name) {
			kept, err := json.Marshal(ev)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"ivy@example.com", "hedy@example.com", "REDACTED", "s3cret"} {
				if strings.Contains(string(kept), secret) {
					t.Errorf("%s keeps %s: %s", name, secret, kept)
				}
			}
			if (ev.Confidential || strings.HasPrefix(ev.Kind, "user.")) && !ev.Private {
				t.Errorf("%s is confidential, and not private", name)
			}
		}
	}
	for _, name := range []string{"issue.opened-confidential", "comment.created-internal"} {
		if ev := translate(t, forge.GitLab, name)[0]; !ev.Confidential {
			t.Errorf("%s is not confidential", name)
		}
	}
}

// Each label, assignee and reviewer of an update is told by itself, and what is left over as an update.
func TestGitLabUpdatesAreTakenApart(t *testing.T) {
	t.Parallel()

	var got []string
	for _, ev := range translate(t, forge.GitLab, "merge_request.labeled-and-assigned") {
		about := append([]string{ev.Label}, ev.Changes...)
		for _, whom := range []*event.Account{ev.Assignee, ev.Reviewer} {
			if whom != nil {
				about = append(about, whom.Login)
			}
		}
		got = append(got, ev.Kind+" "+strings.Join(about, ""))
	}
	want := []string{
		"merge_request.labeled docs", "merge_request.unlabeled later", "merge_request.assigned grace",
		"merge_request.review_requested hedy", "merge_request.updated draft",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the update becomes (-want +got):\n%s", diff)
	}
}

func FuzzGitLab(f *testing.F) {
	for _, name := range recordings(f, forge.GitLab) {
		f.Add(recording(f, forge.GitLab, name).Body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := speak(t, forge.GitLab).Events(source(forge.GitLab), forge.Request{Body: body, ReceivedAt: receivedAt})
		_, unknown := errors.AsType[*forge.UnknownError](err)
		_, unreadable := errors.AsType[*forge.UnreadableError](err)
		if err != nil && (len(events) > 0 || !unknown && !unreadable) {
			t.Fatalf("%d events with the error %v", len(events), err)
		}
		for i := range events {
			complete(t, forge.GitLab, &events[i])
		}
	})
}
