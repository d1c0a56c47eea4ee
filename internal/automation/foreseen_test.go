package automation_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const tenthRules = `
namespace: acme
achievements:
  - key: tenth
    name: Tenth
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: 10}
`

// untilTenth has ada merge until she is awarded, and returns how often she had to.
func (m *machine) untilTenth() (merges int) {
	m.t.Helper()

	for merges = 1; merges <= 10; merges++ {
		if len(m.merge(100+int64(merges), "ada")) > 0 {
			return merges
		}
	}
	return 0
}

// A merge that several deliveries tell of is counted once, though what each would change is looked up before it is known that the
// merge is.
func TestForeseenWrongly(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, tenthRules)
		for id := range int64(3) {
			m.merge(id+1, "ada") // the first one makes her known, the others are foreseen
		}
		for range 3 {
			same(t, "a merge that is known", len(m.merge(1, "ada")), 0)
		}
		same(t, "how many more she needs", m.untilTenth(), 7)
	})
}

// Another server has given her account to another user: what was foreseen for the old one comes to nothing.
func TestForeseenForAnother(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, tenthRules)
		for id := range int64(3) {
			m.merge(id+1, "ada")
		}
		m.merge(50, "adele")
		m.one("adele", "ada")
		same(t, "how many more both need", m.untilTenth(), 6)
		same(t, "what they have", len(m.awards("adele")), 1)
	})
}

// Whom a server knows it need not ask the book for, also when something that servers remember has changed before.
func TestFamiliarFacesAreKnownAfterAChange(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		var asked atomic.Int64
		m := start(t, testkit.OpenWith(t, store.Config{URL: databaseURL, MaxConns: 8, Observe: func(time.Duration) { asked.Add(1) }}), tenthRules)
		id := int64(0)
		asks := func() int64 {
			id++
			before := asked.Load()
			m.merge(id, "ada")
			return asked.Load() - before
		}
		stranger, known := asks(), asks()
		if stranger <= known {
			t.Errorf("the book is asked %d times about a stranger, and %d times about who is known", stranger, known)
		}
		m.do(func(ctx context.Context, tx *store.Tx) error { return tx.NoteChange(ctx) })
		asks()
		same(t, "how often it is asked after a change", asks(), known)
	})
}
