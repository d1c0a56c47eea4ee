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

// githubEventsPage is the page that says what becomes of the examples; go test -update writes it.
const githubEventsPage = "../../docs/forges-github-events.md"

const githubEventsIntroduction = `# What becomes of GitHub's events

Every event of GitHub and of GitHub Enterprise Server that [Octokit's collection](https://github.com/octokit/webhooks) or our
own recordings have an example of, with what Accolade makes of it. An event that the vocabulary has no word for is unknown: it is
stored, counted and answered well, and causes nothing. "Nothing" is understood and has nothing to tell, or something that another
event tells of. A test reads all examples and writes this table.

| event | action | becomes |
|---|---|---|
`

// The examples that GitHub's users publish are read as they are: each is understood, or there is no word for it.
func TestGitHubExamples(t *testing.T) {
	t.Parallel()

	becomes, examples := map[string]map[string]bool{}, 0
	read := func(example, name string, body []byte) {
		action, became := becameOf(t, example, name, body)
		row := name + "\x00" + action
		if becomes[row] == nil {
			becomes[row] = map[string]bool{}
		}
		for _, kind := range became {
			becomes[row][kind] = true
		}
	}
	folder := testkit.Fixtures(t, "@octokit/webhooks-examples")
	for _, server := range []string{"api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"} {
		for name, bodies := range githubExamples(t, filepath.Join(folder, server, "index.json")) {
			for i, body := range bodies {
				read(fmt.Sprintf("%s/%s %d", server, name, i), name, body)
				examples++
			}
		}
	}
	if examples < 500 {
		t.Errorf("there are only %d examples", examples)
	}
	for _, name := range recordings(t, forge.GitHub) {
		if req := recording(t, forge.GitHub, name); json.Valid(req.Body) { // Otherwise it is a form.
			read(name, speak(t, forge.GitHub).EventName(req), req.Body)
		}
	}
	var page strings.Builder
	page.WriteString(githubEventsIntroduction)
	for _, row := range sortedKeys(becomes) {
		name, action, _ := strings.Cut(row, "\x00")
		fmt.Fprintf(&page, "| `%s` | %s | %s |\n", name, action, strings.Join(sortedKeys(becomes[row]), ", "))
	}
	if *update {
		if err := os.WriteFile(githubEventsPage, []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(githubEventsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), page.String()); diff != "" {
		t.Errorf("%s is not what the examples become (-want +got):\n%s", githubEventsPage, diff)
	}
}

// githubExamples returns the bodies of a collection by the names of their events.
func githubExamples(tb testing.TB, path string) map[string][]json.RawMessage {
	tb.Helper()

	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var collection []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(text, &collection); err != nil {
		tb.Fatal(err)
	}
	bodies := map[string][]json.RawMessage{}
	for _, event := range collection {
		bodies[event.Name] = event.Examples
	}
	return bodies
}

// becameOf returns the action of an example as the page shows it, and what the example becomes.
func becameOf(t *testing.T, example, name string, body []byte) (action string, became []string) {
	t.Helper()

	var said struct {
		Action string `json:"action"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatalf("%s: %v", example, err)
	}
	if said.Action != "" {
		action = "`" + said.Action + "`"
	}
	events, err := speak(t, forge.GitHub).Events(source(forge.GitHub), forge.Request{
		Header: http.Header{"X-Github-Event": {name}}, Body: body, ReceivedAt: receivedAt,
	})
	switch unknown, ok := errors.AsType[*forge.UnknownError](err); {
	case ok && unknown.Event == name && unknown.Action == said.Action:
		return action, []string{"unknown"}
	case err != nil:
		t.Errorf("%s: %v", example, err)
	case len(events) == 0:
		return action, []string{"nothing"}
	}
	for i := range events {
		complete(t, forge.GitHub, &events[i])
		became = append(became, "`"+events[i].Kind+"`")
	}
	return action, became
}

func sortedKeys[V any](of map[string]V) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
