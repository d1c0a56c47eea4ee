package automation_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestAwardsSayWhy(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		applied := m.apply(mergeRules)
		same(t, "what the merge gives", m.merge(7, "ada"), []string{"each"})
		award := m.awards("ada")[0]
		same(t, "the award", award, achievement.Award{
			ID: award.ID, AchievementID: award.AchievementID, UserID: award.UserID, Kind: achievement.Repeatable,
			Occurrence: "merge_request:7301:7", AwardedAt: time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC),
			AwardedBy: achievement.HouseUserID, ShowOnProfile: true, Message: "for merge_request:7301:7",
			Rule: "acme/each", RevisionID: applied.RevisionID, EventID: award.EventID,
			EventURL: "https://github.example.com/acme/rocket/pull/7",
		})
		if award.EventID == 0 || award.RevisionID == 0 {
			t.Errorf("the award names event %d and revision %d", award.EventID, award.RevisionID)
		}
	})
}

func TestReceipts(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		first, err := m.receive("pull_request", testkit.MergedPullRequest(1, 1, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the outcome", first.Outcome, automation.Judged)
		same(t, "the events", first.Events, []automation.SeenEvent{{Kind: "merge_request.merged", New: true}})
		same(t, "the problem", first.Problem, `acme/fast: event.labels[0] == "fast": index out of bounds: 0`)
		same(t, "who was awarded", first.Awards[0].Username, "ada")
		again, err := m.receive("pull_request", testkit.MergedPullRequest(1, 1, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the events of another delivery of it", again.Events, []automation.SeenEvent{{Kind: "merge_request.merged"}})
		same(t, "its awards", len(again.Awards), 0)
		for _, tc := range []struct {
			event, body string
			want        automation.Outcome
		}{{"ping", "{}", automation.Ignored}, {"status", "{}", automation.Ignored}, {"pull_request", "{", automation.Unreadable}} {
			receipt, err := m.receive(tc.event, []byte(tc.body))
			if err != nil || receipt.Outcome != tc.want {
				t.Errorf("a %s with %s gives %+v, %v; want %s", tc.event, tc.body, receipt, err, tc.want)
			}
			m.do(func(ctx context.Context, tx *store.Tx) error {
				stored, err := tx.DeliveryByID(ctx, receipt.DeliveryID)
				if err == nil && (stored.Outcome != string(tc.want) || stored.EventName != tc.event || stored.BodySize != len(tc.body)) {
					t.Errorf("the stored delivery is %+v", stored)
				}
				return err
			})
		}
	})
}

func TestUnknownSourceAndBadSignature(t *testing.T) {
	t.Parallel()

	m := start(t, testkit.SQLite(t), "")
	_, err := m.Receive(t.Context(), "other", forge.Request{})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown source gives %v", err)
	}
	_, err = m.Receive(t.Context(), "forge", forge.Request{Header: http.Header{"X-Hub-Signature-256": {"sha256=00"}}, Body: []byte("{}")})
	if !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("a bad signature gives %v", err)
	}
}

// What an owner deleted comes back by hand alone, and the count behind it goes on.
func TestDeletedAwardIsNotGivenAgain(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		m.merge(1, "ada")
		same(t, "the second merge", m.merge(2, "ada"), []string{"each", "second"})
		for _, award := range m.awards("ada") {
			m.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAward(ctx, award.ID, m.clock.Now()) })
		}
		same(t, "the third merge", m.merge(3, "ada"), []string{"each"})
		same(t, "what stands", len(m.awards("ada")), 1)
	})
}

func TestBlockedUsersAreGivenNothing(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		m.do(func(ctx context.Context, tx *store.Tx) error {
			now := m.clock.Now()
			blocked := &achievement.User{Username: "mallory", Blocked: true, CreatedAt: now, UpdatedAt: now}
			if err := tx.CreateUser(ctx, blocked); err != nil {
				return err
			}
			_, err := tx.EnsureAccounts(ctx, now, []store.Newcomer{{
				Account: achievement.Account{Source: "forge", ForgeUserID: "7000", Login: "mallory"}, TrustLogin: true,
			}})
			return err
		})
		same(t, "what a blocked user is given", m.merge(1, "mallory"), []string(nil))
		same(t, "what others are given", m.merge(2, "ada"), []string{"each"})
	})
}

// A person is who the forge's id says, whatever the login is by then.
func TestRenamedPersonIsTheSame(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		for id, login := range []string{"ada", "countess", "ada"} {
			if _, err := m.receive("pull_request", testkit.MergedPullRequest(int64(id+1), 815, login)); err != nil {
				t.Fatal(err)
			}
		}
		same(t, "ada's awards", len(m.awards("ada")), 4)
	})
}

func TestApplying(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, "")
		same(t, "what no rules give", m.merge(1, "ada"), []string(nil))
		first := m.apply(mergeRules)
		same(t, "what is created", first.Achievements, []automation.Change{
			{What: "created", Name: "acme/each"}, {What: "created", Name: "acme/fast"}, {What: "created", Name: "acme/second"},
		})
		same(t, "which rules are new", first.Rules, []string{"acme/each", "acme/fast", "acme/second"})
		again := m.apply(mergeRules)
		same(t, "what changes when they are applied again", again, &automation.Diff{RevisionID: first.RevisionID, Hash: first.Hash, Unchanged: 3})
		same(t, "the revision", again.RevisionID, first.RevisionID)
		same(t, "what the rules give", m.merge(2, "ada"), []string{"each"})
		fewer := m.apply("namespace: acme\nachievements:\n  - {key: second, name: Second, kind: irrevocable}\n")
		same(t, "what is retired", fewer.Achievements, []automation.Change{
			{What: "retired", Name: "acme/each"}, {What: "retired", Name: "acme/fast"},
		})
		same(t, "what is given by no rule any more", m.merge(3, "ada"), []string(nil))
		same(t, "what comes back", m.apply(mergeRules).Achievements, []automation.Change{
			{What: "restored", Name: "acme/each"}, {What: "restored", Name: "acme/fast"},
		})
		same(t, "what is given again", m.merge(4, "ada"), []string{"each", "second"})
	})
}

func TestTelling(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		work := func() (failed int) {
			m.do(func(ctx context.Context, tx *store.Tx) error {
				jobs, err := tx.ClaimJobs(ctx, []string{automation.JobAwardsGranted}, 10, m.clock.Now(), m.clock.Now())
				if err != nil {
					return err
				}
				m.pending = jobs
				return nil
			})
			failures := m.Tell(t.Context(), m.pending)
			m.do(func(ctx context.Context, tx *store.Tx) error {
				done := slices.DeleteFunc(m.pending, func(j store.Job) bool { return failures[j.ID] != nil })
				return tx.FinishJobs(ctx, done, m.clock.Now())
			})
			return len(failures)
		}
		m.channel.failing = true
		m.merge(1, "ada")
		same(t, "how many fail while nobody listens", work(), 1)
		m.channel.failing = false
		same(t, "how many fail", work()+work(), 0)
		same(t, "how often it was told", len(m.channel.notices), 1)
		notice := m.channel.notices[0]
		same(t, "what was told", []string{notice.Achievement.Key, notice.User.Username, notice.Namespace.FullPath, notice.Award.Rule}, []string{"each", "ada", "acme", "acme/each"})

		same(t, "what one delivery gives", m.merge(2, "ada"), []string{"each", "second"})
		for _, award := range m.awards("ada") {
			m.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAward(ctx, award.ID, m.clock.Now()) })
		}
		same(t, "how many fail", work(), 0)
		same(t, "how often deleted awards were told of", len(m.channel.notices)-1, 0)
		same(t, "how many jobs told of two awards", len(m.pending), 1)
	})
}

// Who stops commits what is queued; who comes later is asked to come back.
func TestStopping(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		var sending sync.WaitGroup
		var mutex sync.Mutex
		acknowledged := 0
		for id := range int64(90) {
			sending.Go(func() {
				receipt, err := m.receive("pull_request", testkit.MergedPullRequest(id+1, 815, "ada"))
				mutex.Lock()
				defer mutex.Unlock()
				switch {
				case err == nil && receipt.Outcome == automation.Judged:
					acknowledged++
				case !fault.Is(err, fault.Unavailable):
					t.Errorf("a delivery gave %+v, %v", receipt, err)
				}
			})
			if id == 50 {
				sending.Go(m.stop)
			}
		}
		sending.Wait()
		stored := 0
		for _, award := range m.awardsOrNone("ada") {
			if award.Kind == achievement.Repeatable {
				stored++
			}
		}
		if stored < acknowledged {
			t.Errorf("%d deliveries were acknowledged and %d are judged", acknowledged, stored)
		}
	})
}
