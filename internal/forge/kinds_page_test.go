package forge_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// kindsPage is the page with the table of what forges tell; go test -update writes the table.
const kindsPage = "../../docs/forges/README.md"

const (
	kindsBegin = "<!-- The table is written by a test. -->\n"
	kindsEnd   = "<!-- Here it ends. -->\n"
)

// The page says of every kind of event which forges' webhooks tell of it, as the recordings do.
func TestKindsPage(t *testing.T) {
	t.Parallel()

	forges := []string{forge.GitHub, forge.GitLab, forge.Gitea, forge.Forgejo, forge.BitbucketCloud, forge.BitbucketServer}
	var table strings.Builder
	table.WriteString("| kind | GitHub | GitLab | Gitea | Forgejo | Bitbucket Cloud | Bitbucket Data Center |\n|---|---|---|---|---|---|---|\n")
	told := map[string][]string{}
	for _, name := range forges {
		for _, recorded := range recordings(t, name) {
			for _, ev := range translate(t, name, recorded) {
				told[ev.Kind] = append(told[ev.Kind], name)
			}
		}
	}
	for _, kind := range event.Kinds() {
		if len(told[kind]) == 0 {
			continue
		}
		fmt.Fprintf(&table, "| `%s` |", kind)
		for _, name := range forges {
			if slices.Contains(told[kind], name) {
				table.WriteString(" yes |")
			} else {
				table.WriteString(" |")
			}
		}
		table.WriteString("\n")
	}
	page, err := os.ReadFile(kindsPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(page), kindsBegin)
	_, tail, ok := strings.Cut(rest, kindsEnd)
	if !ok {
		t.Fatalf("%s has no place for the table", kindsPage)
	}
	want := head + kindsBegin + "\n" + table.String() + "\n" + kindsEnd + tail
	if *update {
		if err := os.WriteFile(kindsPage, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("%s is not what the forges tell: run go test ./internal/forge -update", kindsPage)
	}
}
