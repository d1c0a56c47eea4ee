package automation_test

import (
	"context"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// one makes one person of two.
func (m *machine) one(into, from string) store.Merged {
	m.t.Helper()

	merged, err := m.Merge(m.t.Context(), automation.Merger{
		People: func(ctx context.Context, tx *store.Tx) (gone, stays *achievement.User, err error) {
			if stays, err = tx.UserByUsername(ctx, into); err != nil {
				return nil, nil, err
			}
			gone, err = tx.UserByUsername(ctx, from)
			return gone, stays, err
		},
		Note: func(context.Context, *store.Tx, store.Merged) error { return nil },
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return merged
}

const ladderRules = `
namespace: acme
achievements:
  - key: each
    name: Each
    award: {on: merge_request.merged, to: event.author, per: event.object}
  - key: four
    name: Four
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: 4}
  - key: six
    name: Six
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: 6}
  - key: seven
    name: Seven
    kind: irrevocable
    award: {on: award.granted, when: event.award.key == "each", to: event.holder, count: 7}
  - key: first
    name: First
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, first: 2}
`

// What two people have done counts for the one that they are: what was reached together is given, what
// comes later goes on from there, and no place among the first is taken twice.
func TestProgressMerges(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, ladderRules)
		for id := range int64(3) {
			m.merge(id+1, "ada")
		}
		for id := range int64(2) {
			m.merge(id+11, "countess")
		}
		m.tellAll()
		same(t, "what is moved and collapsed", m.one("ada", "countess"), store.Merged{Moved: 2, Collapsed: 1})
		same(t, "what was reached together", m.keys("ada"), []string{"each", "each", "each", "each", "each", "first", "four"})
		same(t, "what the sixth merge gives, by the other account", m.merge(13, "countess"), []string{"each", "six"})
		same(t, "what is given to the next one among the first", m.merge(21, "hedy"), []string{"each", "first"})
		m.tellAll()
		m.merge(14, "ada")
		m.tellAll()
		same(t, "what awards led to", m.keys("ada"),
			[]string{"each", "each", "each", "each", "each", "each", "each", "first", "four", "seven", "six"})
	})
}

// mergedOn is a merge on a day of November; the account of the login has the id 31.
func mergedOn(id int64, login, day string) []byte {
	body := testkit.MergedPullRequest(id, 31, login)
	return []byte(strings.ReplaceAll(string(body), `"merged_at":"2026-11-02T`, `"merged_at":"2026-11-`+day+`T`))
}

// A redelivery that is older than a rename does not bring the old login back.
func TestRenamesAreFollowed(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		login := func() string {
			var accounts []achievement.Account
			m.do(func(ctx context.Context, tx *store.Tx) error {
				user, err := tx.UserByUsername(ctx, "ada")
				if err != nil {
					return err
				}
				accounts, err = tx.AccountsOf(ctx, user.ID)
				return err
			})
			if len(accounts) != 1 {
				t.Fatalf("the accounts are %v", accounts)
			}
			return accounts[0].Login
		}
		deliver := func(id int64, login, day string) {
			if _, err := m.receive("pull_request", mergedOn(id, login, day)); err != nil {
				t.Fatal(err)
			}
		}
		deliver(1, "ada", "02")
		deliver(2, "countess", "05")
		same(t, "the login after the rename", login(), "countess")
		deliver(3, "ada", "03")
		same(t, "the login after an older event", login(), "countess")
		deliver(4, "ada", "06")
		same(t, "the login after it was changed back", login(), "ada")
	})
}
