package automation_test

import (
	"context"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// stored puts a merge into the book as an older version would have, which did not understand it.
func (m *machine) stored(id int64, outcome automation.Outcome) int64 {
	m.t.Helper()

	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	body := testkit.MergedPullRequest(id, 815, "ada")
	delivery := &store.Delivery{
		Source: "forge", Key: [16]byte{byte(id), byte(id >> 8)}, EventName: "pull_request", ContentType: "application/json",
		Body: encoder.EncodeAll(body, nil), BodySize: len(body), ReceivedAt: m.clock.Now(), Outcome: string(outcome), Problem: "no use for it",
	}
	m.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertDeliveries(ctx, []*store.Delivery{delivery})
	})
	return delivery.ID
}

// replays says how to replay, and counts what is noted of it.
func (m *machine) replays(dryRun bool, noted *int) automation.Replay {
	return automation.Replay{DryRun: dryRun, Note: func(_ context.Context, _ *store.Tx, _ int64, count int) error {
		*noted += count
		return nil
	}}
}

func keysOf(given []automation.Given) []string {
	var keys []string
	for i := range given {
		keys = append(keys, given[i].Key)
	}
	return keys
}

// What an older version ignored is judged when it is replayed, at its time, and once.
func TestReplayingADelivery(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		id := m.stored(7, automation.Ignored)
		m.clock.Advance(240 * time.Hour)
		noted := 0
		for _, step := range []struct {
			name    string
			dryRun  bool
			before  automation.Outcome
			isNew   bool
			awards  []string
			awarded int
			noted   int
		}{
			{"a rehearsal", true, automation.Ignored, true, []string{"each"}, 0, 0},
			{"the replay", false, automation.Ignored, true, []string{"each"}, 1, 1},
			{"once more", false, automation.Judged, false, nil, 1, 2},
			{"a rehearsal of what is known", true, automation.Judged, false, nil, 1, 2},
		} {
			got, err := m.ReplayDelivery(t.Context(), id, m.replays(step.dryRun, &noted))
			if err != nil {
				t.Fatal(err)
			}
			same(t, step.name+": before", got.Before, step.before)
			same(t, step.name+": the outcome", got.Outcome, automation.Judged)
			same(t, step.name+": the events", got.Events, []automation.SeenEvent{{Kind: "merge_request.merged", New: step.isNew}})
			same(t, step.name+": the awards", keysOf(got.Awards), step.awards)
			for i := range got.Awards {
				if (got.Awards[i].AwardID == 0) != step.dryRun {
					t.Errorf("%s: the award's id is %d", step.name, got.Awards[i].AwardID)
				}
			}
			same(t, step.name+": what stands", len(m.awardsOrNone("ada")), step.awarded)
			same(t, step.name+": what is noted", noted, step.noted)
		}
		same(t, "the award's time", m.awards("ada")[0].AwardedAt, time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC))
		m.do(func(ctx context.Context, tx *store.Tx) error {
			kept, err := tx.DeliveryByID(ctx, id)
			if err == nil && (kept.Outcome != string(automation.Judged) || kept.Problem != "") {
				t.Errorf("the delivery is %s for %q", kept.Outcome, kept.Problem)
			}
			return err
		})
		_, err := m.ReplayDelivery(t.Context(), 999, m.replays(false, &noted))
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("what is not there is replayed with %v", err)
		}
	})
}

// A range goes through in parts, each delivery once, whatever comes in meanwhile.
func TestReplayingMany(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules)
		const many = 250
		for id := range int64(many) {
			m.stored(id+1, automation.Unreadable)
		}
		noted := 0
		filter := store.DeliveryFilter{Outcome: string(automation.Unreadable)}
		seen, cursor := 0, ""
		for {
			run, err := m.ReplayDeliveries(t.Context(), filter, cursor, m.replays(true, &noted))
			if err != nil {
				t.Fatal(err)
			}
			seen += run.Count
			same(t, "how many are left of the rehearsal", run.Remaining, int64(many-seen))
			same(t, "how many events are new", run.NewEvents, run.Count)
			if cursor = run.Next; cursor == "" {
				break
			}
		}
		same(t, "how many were rehearsed", seen, many)
		same(t, "what the rehearsal gave", len(m.awardsOrNone("ada")), 0)

		run, err := m.ReplayDeliveries(t.Context(), filter, "", m.replays(false, &noted))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the outcomes", run.Outcomes, map[automation.Outcome]int{automation.Judged: many})
		same(t, "the events", run.NewEvents, many)
		same(t, "how many changed", len(run.Changed), many)
		same(t, "how many are noted", noted, many)
		same(t, "that there are no more", run.Next, "")
		if run, err = m.ReplayDeliveries(t.Context(), store.DeliveryFilter{}, "", m.replays(false, &noted)); err != nil {
			t.Fatal(err)
		}
		same(t, "what all together change", []int{run.Count, run.NewEvents, len(run.Changed)}, []int{many, 0, 0})
		_, err = m.ReplayDeliveries(t.Context(), store.DeliveryFilter{}, "x", m.replays(false, &noted))
		if fault.As(err).Code != "bad_cursor" {
			t.Errorf("a cursor of nobody gives %v", err)
		}
	})
}

// Bodies go after their time, the events stay, and what comes again is folded into them.
func TestDeliveriesExpire(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules, func(cfg *automation.Config) { cfg.Retention = 30 * 24 * time.Hour })
		receipt, err := m.receive("pull_request", testkit.MergedPullRequest(1, 815, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		ping, err := m.receive("ping", []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		contents := func(id int64) (found *automation.Contents, err error) {
			err = book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				found, err = m.Contents(ctx, tx, id)
				return err
			})
			return found, err
		}
		tick := func(after time.Duration) {
			m.clock.Advance(after)
			if _, err := m.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		tick(29 * 24 * time.Hour)
		kept, err := contents(receipt.DeliveryID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the body before its time", string(kept.Body), string(testkit.MergedPullRequest(1, 815, "ada")))
		same(t, "its event", kept.Events[0].State, automation.ToldFirst)
		same(t, "its headers", kept.Delivery.Headers["X-Github-Event"], "pull_request")
		tick(24*time.Hour + time.Minute)
		tick(24 * time.Hour)
		if kept, err = contents(receipt.DeliveryID); err != nil {
			t.Fatal(err)
		}
		same(t, "what is left of the body", kept.Body, []byte(nil))
		same(t, "what is left of the headers", len(kept.Delivery.Headers), 0)
		same(t, "the events", []int{len(kept.Events)}, []int{1})
		if _, err := contents(ping.DeliveryID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a ping is still there: %v", err)
		}
		noted := 0
		if _, err := m.ReplayDelivery(t.Context(), receipt.DeliveryID, m.replays(false, &noted)); fault.As(err).Code != "body_expired" {
			t.Errorf("what has expired is replayed with %v", err)
		}
		same(t, "what the same merge gives again", m.merge(1, "ada"), []string(nil))
	})
}

// A source on trial tells what it would cause, and causes nothing until it is on duty and its deliveries are replayed.
func TestSourceOnTrial(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, mergeRules, func(cfg *automation.Config) { cfg.Sources[0].DryRun = true })
		receipt, err := m.receive("pull_request", testkit.MergedPullRequest(1, 815, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the outcome", receipt.Outcome, automation.DryRun)
		same(t, "the events", receipt.Events, []automation.SeenEvent{{Kind: "merge_request.merged", New: true}})
		same(t, "the awards", keysOf(receipt.Awards), []string{"each"})
		same(t, "an award's id", receipt.Awards[0].AwardID, int64(0))
		same(t, "what stands", len(m.awardsOrNone("ada")), 0)
		noted := 0
		if _, err := m.ReplayDelivery(t.Context(), receipt.DeliveryID, m.replays(false, &noted)); fault.As(err).Code != "source_on_trial" {
			t.Errorf("a replay on trial gives %v", err)
		}
		m.stop()

		m = start(t, book, "")
		if err := m.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		run, err := m.ReplayDeliveries(t.Context(), store.DeliveryFilter{Outcome: string(automation.DryRun)}, "", m.replays(false, &noted))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the outcomes on duty", run.Outcomes, map[automation.Outcome]int{automation.Judged: 1})
		same(t, "what stands then", len(m.awardsOrNone("ada")), 1)
	})
}

// A source that floods is told to slow down, and the one beside it is not.
func TestRateOfASource(t *testing.T) {
	t.Parallel()

	m := start(t, testkit.SQLite(t), mergeRules, func(cfg *automation.Config) {
		cfg.SourceRate = 5
		cfg.Sources = append(cfg.Sources, cfg.Sources[0])
		cfg.Sources[1].Name = "beside"
	})
	for i := range 7 {
		_, err := m.receive("pull_request", testkit.MergedPullRequest(int64(i+1), 815, "ada"))
		if limited := fault.Is(err, fault.Limited); limited != (i >= 5) || limited && fault.As(err).RetryAfter < time.Second {
			t.Errorf("delivery %d gives %v", i, err)
		}
	}
	if _, err := m.receiveFrom("beside", "pull_request", testkit.MergedPullRequest(9, 815, "ada")); err != nil {
		t.Errorf("another source gets %v", err)
	}
	m.clock.Advance(time.Second)
	if _, err := m.receive("pull_request", testkit.MergedPullRequest(8, 815, "ada")); err != nil {
		t.Errorf("a second later: %v", err)
	}
}

// A captured body under another id causes nothing, and is counted; the same delivery again is none.
func TestReplayedBodiesAreCounted(t *testing.T) {
	t.Parallel()

	registry := prometheus.NewRegistry()
	m := start(t, testkit.SQLite(t), mergeRules, func(cfg *automation.Config) { cfg.Metrics = registry })
	same(t, "what it gives", m.merge(1, "ada"), []string{"each"})
	for range 2 {
		same(t, "what it gives again", m.merge(1, "ada"), []string(nil))
	}
	same(t, "what is counted", counted(t, registry, "accolade_replays_total"), 2.0)
}

// counted returns the sum of a counter.
func counted(t *testing.T, registry *prometheus.Registry, name string) (sum float64) {
	t.Helper()

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// A body of which an object has a name twice is judged, and counted: the forge may have meant another value.
func TestAmbiguousBodiesAreCounted(t *testing.T) {
	t.Parallel()

	registry := prometheus.NewRegistry()
	m := start(t, testkit.SQLite(t), mergeRules, func(cfg *automation.Config) { cfg.Metrics = registry })
	m.merge(1, "ada")
	same(t, "what is counted of a clear one", counted(t, registry, "accolade_ambiguous_deliveries_total"), 0.0)
	twice := `{"Action":"opened",` + string(testkit.MergedPullRequest(2, 3000, "ada"))[1:]
	receipt, err := m.receive("pull_request", []byte(twice))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "its outcome", receipt.Outcome, automation.Judged)
	same(t, "what is counted", counted(t, registry, "accolade_ambiguous_deliveries_total"), 1.0)
}
