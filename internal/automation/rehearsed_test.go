package automation_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// steps goes so many steps on with an import.
func (m *machine) steps(count int) {
	m.t.Helper()
	for range count {
		if busy, err := m.ImportStep(m.t.Context(), "forge"); err != nil || !busy {
			m.t.Fatalf("the import does not go on: %v", err)
		}
	}
}

// Servers that go on with a rehearsal in turns, as after each time that the forge asks to wait, find what one alone would.
func TestRehearsalByServersInTurns(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		one, api := readingMerges(t, book)
		other := reading(t, book, api, "", func(cfg *automation.Config) { cfg.Now = one.clock.Now })
		if err := other.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		im := store.Import{DryRun: true}
		one.begin(&im)
		one.steps(3)
		one.clock.Advance(11 * time.Minute) // The claim ends.
		other.steps(6)
		one.clock.Advance(11 * time.Minute)
		var found automation.Found
		if err := json.Unmarshal(one.goOn(im.ID).Found, &found); err != nil {
			t.Fatal(err)
		}
		same(t, "new", found.New, map[string]int64{event.MergeRequestMerged: pullsOfAda, event.MergeRequestOpened: pullsOfAda})
		same(t, "gains", found.GainsTotal, 4)
	})
}

// A rehearsal that goes on after it had to wait does not wait any more.
func TestRehearsalAfterAWait(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m, api := readingMerges(t, book)
		im := store.Import{DryRun: true}
		m.begin(&im)
		m.steps(2)
		api.Fail(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "<html>", http.StatusBadGateway)
			return true
		})
		m.steps(1)
		if waiting := m.importOf(im.ID); waiting.WaitUntil.IsZero() || waiting.Failures != 1 {
			t.Fatalf("it does not wait: %+v", waiting)
		}
		api.Fail(nil)
		m.clock.Advance(2 * time.Minute)
		m.steps(1)
		now := m.importOf(im.ID)
		same(t, "whether it waits still", now.WaitUntil.IsZero(), true)
		same(t, "failures in a row", now.Failures, 0)
		same(t, "the problem", now.Problem, "")
	})
}

// A rehearsal remembers so many events that it has read, and says so when there are more, which it may count twice.
func TestRehearsalOfManyEvents(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m, _ := readingMerges(t, book)
		for _, tc := range []struct {
			remembered  int
			approximate bool
		}{{2 * pullsOfAda, false}, {2*pullsOfAda - 1, true}, {10, true}} {
			m.RememberInRehearsals(tc.remembered)
			var found automation.Found
			if err := json.Unmarshal(m.read(store.Import{DryRun: true}).Found, &found); err != nil {
				t.Fatal(err)
			}
			same(t, "whether its numbers may be too large", found.Approximate, tc.approximate)
			if merged := found.New[event.MergeRequestMerged]; merged != pullsOfAda && !tc.approximate || merged < pullsOfAda {
				t.Errorf("remembering %d, it finds %d new merges", tc.remembered, merged)
			}
		}
	})
}
