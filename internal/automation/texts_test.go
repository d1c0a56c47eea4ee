package automation_test

import (
	"bytes"
	"testing"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const coAuthorRules = `
namespace: acme
achievements:
  - key: together
    name: Together
    award: {on: merge_request.merged, to: co_authors(event.title), per: event.object}
`

// titled is a merge of ada's whose title names a co-author.
func titled(id int64, trailer string) []byte {
	body := testkit.MergedPullRequest(id, 815, "ada")
	return bytes.Replace(body, []byte(`"title":"`), []byte(`"title":"Co-authored-by: `+trailer+`","was":"`), 1)
}

// Whom only a text names is awarded by the id, but the text decides neither login nor name: or anybody
// could take another's.
func TestTextsNamePeopleByTheirIDs(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, coAuthorRules)
		m.merge(1, "joan") // whom grace merges
		for id, trailer := range []string{
			"Hedy <2+ada@users.noreply.github.example.com>",     // the id is grace's
			"Mallory <99+ada@users.noreply.github.example.com>", // nobody has it yet
			"Hedy <2+hedy@users.noreply.github.com>",            // on another forge
		} {
			receipt, err := m.receive("pull_request", titled(int64(id+2), trailer))
			if err != nil {
				t.Fatal(err)
			}
			same(t, "what "+trailer+" is given", len(receipt.Awards), []int{1, 1, 0}[id])
		}
		same(t, "grace's awards", len(m.awards("grace")), 1)
		same(t, "ada's awards", len(m.awardsOrNone("ada")), 0)
		same(t, "awards of whom the text invents", len(m.awardsOrNone("hedy"))+len(m.awardsOrNone("mallory")), 0)
	})
}
