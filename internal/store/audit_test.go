package store_test

import (
	"context"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Not even a mistake in the program can change what was done.
func TestAuditEventsAreOnlyEverAppended(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		first := achievement.AuditEvent{At: noon, Action: "user.created", ActorID: 1, SubjectID: 7, Object: "user", ObjectID: 7}
		second := achievement.AuditEvent{
			At: noon, Action: "award.granted", ActorID: 1, NamespaceID: 3, SubjectID: 7, Object: "award", ObjectID: 9, Address: "192.0.2.1",
			RequestID: "r", Rule: "acme/first", EventID: 5, Details: map[string]any{"achievement_id": 2.0},
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.AppendAudit(ctx, first, second) })
		for _, statement := range []string{
			"UPDATE audit_events SET actor_id = 2", "DELETE FROM audit_events", "DELETE FROM audit_events WHERE id = 1",
		} {
			err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.Exec(ctx, statement) })
			if err == nil {
				t.Errorf("%s is let through", statement)
			}
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			found, err := tx.AllAudit(ctx, store.AuditFilter{})
			if err != nil || len(found) != 2 {
				t.Fatalf("the log holds %v, %v", found, err)
			}
			first.ID, second.ID, first.Details = found[1].ID, found[0].ID, map[string]any{}
			same(t, "the log", found, []achievement.AuditEvent{second, first})
			page, next, err := tx.ListAudit(ctx, store.AuditFilter{NamespaceID: 3}, store.Page{Limit: 1})
			same(t, "one namespace's", page, []achievement.AuditEvent{second})
			same(t, "what follows", next, "")
			return err
		})
	})
}
