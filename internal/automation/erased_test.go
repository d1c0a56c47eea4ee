package automation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// What a rule did is in the audit log, with the rule and the event.
func TestRulesAreInTheAuditLog(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		m.merge(7, "ada")
		award := m.awards("ada")[0]
		var found []achievement.AuditEvent
		m.do(func(ctx context.Context, tx *store.Tx) error {
			var err error
			found, _, err = tx.ListAudit(ctx, store.AuditFilter{PersonID: award.UserID}, store.Page{})
			return err
		})
		if len(found) != 1 {
			t.Fatalf("the log says %v", found)
		}
		same(t, "the award in the log", found[0], achievement.AuditEvent{
			ID: found[0].ID, At: m.clock.Now(), Action: "award.granted", ActorID: achievement.HouseUserID, NamespaceID: found[0].NamespaceID,
			SubjectID: award.UserID, Object: "award", ObjectID: award.ID, Rule: "acme/each", EventID: award.EventID,
			Details: map[string]any{"achievement_id": float64(award.AchievementID)},
		})
		if found[0].NamespaceID == 0 {
			t.Error("the log does not say in which namespace")
		}
	})
}

// Later events find the mark that an erased person left, and do not bring them back.
func TestErasedPeopleStayAway(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		m.merge(1, "ada")
		userID := m.awards("ada")[0].UserID
		m.do(func(ctx context.Context, tx *store.Tx) error {
			if err := tx.EraseUser(ctx, userID); err != nil {
				return err
			}
			now := m.clock.Now()
			return tx.UpdateUser(ctx, &achievement.User{
				ID: userID, Username: fmt.Sprintf("erased-%d", userID), Name: "Erased", Blocked: true, UpdatedAt: now, ErasedAt: now,
			})
		})
		m.clock.Advance(time.Minute)
		same(t, "what an erased person is given", m.merge(2, "ada"), []string(nil))
		m.do(func(ctx context.Context, tx *store.Tx) error {
			accounts, err := tx.AccountsOf(ctx, userID)
			if err != nil || len(accounts) != 1 || accounts[0].Login != "" {
				t.Errorf("the mark is %v, %v", accounts, err)
			}
			if back, err := tx.UserByUsername(ctx, "ada"); err == nil {
				t.Errorf("ada is back as %+v", back)
			}
			return nil
		})
	})
}

// A server may know an account that another one has unlinked; not for long.
func TestUnlinkedAccountsAreSomebodyElses(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		m.merge(1, "ada")
		userID := m.awards("ada")[0].UserID
		m.do(func(ctx context.Context, tx *store.Tx) error { return tx.UnlinkAccounts(ctx, userID, "forge") })
		m.clock.Advance(6 * time.Second)
		m.merge(2, "ada")
		same(t, "how many awards ada has", len(m.awards("ada")), 1)
		same(t, "how many the other one has", len(m.awards("ada-forge")), 1)
	})
}
