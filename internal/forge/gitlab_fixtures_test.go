package forge_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// gitlabEventsPage is the page that says what becomes of the fixtures; go test -update writes it.
const gitlabEventsPage = "../../docs/forges-gitlab-events.md"

const gitlabEventsIntroduction = `# What becomes of GitLab's events

Every delivery that [GitLab's Go client](https://gitlab.com/gitlab-org/api/client-go) is tested with, from project and group hooks
(` + "`webhooks`" + `) and from system hooks (` + "`systemhooks`" + `), with what Accolade makes of it. An event that the vocabulary has no word for is
unknown: it is stored, counted and answered well, and causes nothing. "Nothing" is understood and has nothing to tell, or something
that another event tells of. The names of the fields of ` + "`group_merge_request`" + ` end in blanks, so that it has neither a number nor a
project. A test reads all of them and writes this table.

| fixture | event | action | becomes |
|---|---|---|---|
`

// The deliveries that GitLab's own client is tested with are read as they are: each is understood, or there is no word
// for it.
func TestGitLabFixtures(t *testing.T) {
	t.Parallel()

	folder := filepath.Join(testkit.Fixtures(t, "gitlab.com/gitlab-org/api/client-go/v2"), "testdata")
	var page strings.Builder
	page.WriteString(gitlabEventsIntroduction)
	for kind, least := range map[string]int{"systemhooks": 20, "webhooks": 30} {
		if found := len(fixtures(t, folder, kind)); found < least {
			t.Errorf("there are only %d fixtures of %s", found, kind)
		}
	}
	for _, fixture := range slices.Concat(fixtures(t, folder, "systemhooks"), fixtures(t, folder, "webhooks")) {
		body, err := os.ReadFile(filepath.Join(folder, fixture))
		if err != nil {
			t.Fatal(err)
		}
		name, action, became := gitlabFixture(t, fixture, body)
		fmt.Fprintf(&page, "| `%s` | `%s` | %s | %s |\n", strings.TrimSuffix(fixture, ".json"), name, action, strings.Join(became, ", "))
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
		t.Errorf("%s is not what the fixtures become (-want +got):\n%s", gitlabEventsPage, diff)
	}
}

// fixtures returns the names of the fixtures in a folder of the folder, sorted.
func fixtures(tb testing.TB, folder, within string) []string {
	tb.Helper()

	paths, err := filepath.Glob(filepath.Join(folder, within, "*.json"))
	if err != nil {
		tb.Fatal(err)
	}
	for i, path := range paths {
		paths[i] = within + "/" + filepath.Base(path)
	}
	return paths
}

// gitlabFixture returns what a fixture says it is, its action as the page shows it, and what it becomes.
func gitlabFixture(t *testing.T, fixture string, body []byte) (name, action string, became []string) {
	t.Helper()

	var said struct {
		Kind       string `json:"object_kind"`
		Name       string `json:"event_name"`
		Action     string `json:"action"`
		Attributes struct {
			Action string `json:"action"`
		} `json:"object_attributes"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatalf("%s: %v", fixture, err)
	}
	name, action = said.Kind, said.Attributes.Action
	if name == "" {
		name = said.Name
	}
	if action == "" {
		action = said.Action
	}
	header := "System Hook"
	if strings.HasPrefix(fixture, "webhooks/") {
		header = strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "_", " ") + " Hook"
	}
	events, err := speak(t, forge.GitLab).Events(source(forge.GitLab), forge.Request{
		Header: http.Header{"X-Gitlab-Event": {header}}, Body: body, ReceivedAt: receivedAt,
	})
	unknown, isUnknown := errors.AsType[*forge.UnknownError](err)
	switch {
	case isUnknown && unknown.Event == name && unknown.Action == action:
		became = []string{"unknown"}
	case err != nil:
		t.Errorf("%s: %v", fixture, err)
	case len(events) == 0:
		became = []string{"nothing"}
	}
	for i := range events {
		complete(t, forge.GitLab, &events[i])
		became = append(became, "`"+events[i].Kind+"`")
	}
	if action != "" {
		action = "`" + action + "`"
	}
	return name, action, became
}
