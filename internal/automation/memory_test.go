package automation_test

import (
	"testing"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const memoryRules = `
namespace: acme
achievements:
  - key: everywhere
    name: Everywhere
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, distinct: {of: event.object, at_least: 3}}
  - key: rush
    name: Rush
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: 2, within: 1d}
  - key: day
    name: Day
    award: {on: merge_request.merged, to: event.author, streak: {unit: day, at_least: 1}, every: year}
`

// What measures remember goes through the book and comes back with the next event.
func TestMeasuresRememberThroughTheBook(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, memoryRules)
		same(t, "the first merge", m.merge(1, "ada"), []string{"day"})
		same(t, "the second", m.merge(2, "ada"), []string{"rush"})
		same(t, "another's", m.merge(3, "grace"), []string{"day"})
		m.apply(memoryRules + "\n  - key: more\n    name: More\n") // the measures are the same ones
		same(t, "the third", m.merge(4, "ada"), []string{"everywhere"})
		same(t, "the fourth", m.merge(5, "ada"), []string(nil))
	})
}
