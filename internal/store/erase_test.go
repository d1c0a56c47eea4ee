package store_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// More events than are read at once, some of them another's: the erased person's names go, and
// nothing else.
func TestErasureTakesNamesOutOfEvents(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := user(t, book, "ada")
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.LinkAccount(ctx, &achievement.Account{UserID: ada.ID, Source: "forge", ForgeUserID: "a_b", Login: "countess"}, noon)
			return err
		})
		var rows []*store.EventRow
		for i := range 1_100 {
			ev := event.Event{Kind: event.MergeRequestMerged, Source: "forge", Key: strconv.Itoa(i), Object: "o", Time: noon}
			ev.Author = &event.Account{ID: "a_b", Login: "countess", Name: "Countess"}
			ev.Actor = &event.Account{ID: "axb", Login: "grace"} // LIKE's _ stands for any character
			if i%2 == 1 {
				ev.Author, ev.MergedBy = ev.Actor, ev.Author
			}
			rows = append(rows, &store.EventRow{Event: ev})
		}
		elsewhere := *rows[0]
		elsewhere.Event.Source = "other"
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.InsertEvents(ctx, append(rows, &elsewhere)) })
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.EraseUser(ctx, ada.ID) })
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			data, err := tx.EventData(ctx)
			if err != nil || len(data) != 1_101 {
				t.Fatalf("%d events are left: %v", len(data), err)
			}
			for i, text := range data {
				other := strings.HasPrefix(text, "other: ")
				if strings.Contains(strings.ToLower(text), "countess") != other || !strings.Contains(text, "grace") || !strings.Contains(text, `"a_b"`) {
					t.Fatalf("event %d is %s", i, text)
				}
			}
			accounts, err := tx.AccountsOf(ctx, ada.ID)
			same(t, "the accounts' logins", accounts[0].Login, "")
			return err
		})
	})
}
