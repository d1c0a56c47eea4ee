package automation_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// remember stores merges of 500 people.
func (m *machine) remember(many int) {
	m.t.Helper()

	const atOnce = 1000
	for from := 0; from < many; from += atOnce {
		m.do(func(ctx context.Context, tx *store.Tx) error {
			rows := make([]*store.EventRow, atOnce)
			for i := range rows {
				author := &event.Account{ID: strconv.Itoa(i % 500), Login: "u" + strconv.Itoa(i%500)}
				rows[i] = &store.EventRow{Event: event.Event{
					Kind: event.MergeRequestMerged, Source: "forge", Key: strconv.Itoa(from + i), Object: strconv.Itoa(from + i),
					Time: m.clock.Now().Add(-time.Duration(many-from-i) * time.Second), Actor: author, Author: author,
				}}
			}
			return tx.InsertEvents(ctx, rows)
		})
	}
}

// What rules would change is found out for a book of many events, too.
func TestForeseeingAmongManyEvents(t *testing.T) {
	t.Parallel()

	const many = 5000
	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, "namespace: acme\nachievements: []\n")
		m.remember(many)
		set, err := rule.Load([]rule.File{{Name: "rules.yaml", Text: importRules}})
		if err != nil {
			t.Fatal(err)
		}
		diff, err := m.Diff(t.Context(), set, true)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "how many events are replayed", diff.Events, int64(many))
		same(t, "how many awards there would be", len(diff.Gains), 500)
		same(t, "until when they are foreseen", diff.ForeseenUntil, time.Time{})
	})
}

// Where there are more events than can be played in time, what the oldest of them would have led to is told, and that it is that.
func TestForeseeingWhatIsPossible(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		api := testkit.NewGitHubAPI(t)
		mergesOfAda(t, api)
		m := reading(t, book, api, "namespace: acme\nachievements: []\n")
		m.read(store.Import{})
		m.ForeseeFor(0)
		set, err := rule.Load([]rule.File{{Name: "rules.yaml", Text: importRules}})
		if err != nil {
			t.Fatal(err)
		}
		diff, err := m.Diff(t.Context(), set, true)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "until when it is foreseen", diff.ForeseenUntil, time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC))
		same(t, "how many awards there would be of what the 200 oldest lead to", len(diff.Gains), 3)
		m.apply(importRules)
		m.catchUp()
		api.Merged(t, testkit.MergedPullRequest(500, 3000, "ada"), m.clock.Now())
		var found automation.Found
		if err := json.Unmarshal(m.read(store.Import{DryRun: true}).Found, &found); err != nil {
			t.Fatal(err)
		}
		same(t, "whether a rehearsal tells of some", found.Truncated, true)
	})
}
