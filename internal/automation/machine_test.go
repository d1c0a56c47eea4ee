package automation_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const (
	secret = "a webhook secret of the tests"

	mergeRules = `
namespace: acme
achievements:
  - key: each
    name: Each
    award: {on: merge_request.merged, to: event.author, per: event.object, message: '"for " + event.object'}
  - key: second
    name: Second
    kind: irrevocable
    award: {on: merge_request.merged, to: event.author, count: 2}
  - key: fast
    name: Fast
    kind: irrevocable
    award: {on: merge_request.merged, when: 'event.labels[0] == "fast"', to: event.author}
`
)

// machine is an automation that runs, with what it works on.
type machine struct {
	*automation.Automation

	t       *testing.T
	book    *store.Store
	clock   *testkit.Clock
	channel *channel
	pending []store.Job
	stop    func()
}

// channel keeps what it is told.
type channel struct {
	mutex   sync.Mutex
	notices []notify.Notice
	failing bool
}

func (c *channel) Tell(_ context.Context, notice notify.Notice) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.failing {
		return errors.New("nobody listens")
	}
	c.notices = append(c.notices, notice)
	return nil
}

// start runs an automation with one GitHub source and the rules until the test ends.
func start(t *testing.T, book *store.Store, rules string, options ...func(*automation.Config)) *machine {
	t.Helper()

	m := &machine{t: t, book: book, clock: testkit.NewClock(), channel: &channel{}}
	seen, err := cache.NewSeen(cache.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := automation.Config{
		Store: book, Seen: seen, Now: m.clock.Now, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Sources:  []forge.Source{{Name: "forge", Forge: "github", Secrets: []string{secret}}},
		Channels: []notify.Channel{m.channel},
	}
	for _, option := range options {
		option(&cfg)
	}
	if m.Automation, err = automation.New(cfg); err != nil {
		t.Fatal(err)
	}
	if rules != "" {
		m.apply(rules)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan struct{})
	go func() {
		m.Run(ctx)
		close(stopped)
	}()
	m.stop = sync.OnceFunc(func() {
		stop()
		<-stopped
	})
	t.Cleanup(m.stop)
	return m
}

func (m *machine) apply(rules string) *automation.Diff {
	m.t.Helper()

	files := []rule.File{{Name: "rules.yaml", Text: rules}}
	set, err := rule.Load(files)
	if err != nil {
		m.t.Fatal(err)
	}
	applied, err := m.Apply(m.t.Context(), automation.Application{Set: set, Files: files, MakeNamespaces: true})
	if err != nil {
		m.t.Fatal(err)
	}
	return applied
}

// receive delivers a signed body to the source under a new delivery id.
func (m *machine) receive(event string, body []byte) (*automation.Receipt, error) {
	m.t.Helper()
	return m.receiveFrom("forge", event, body)
}

func (m *machine) receiveFrom(source, event string, body []byte) (*automation.Receipt, error) {
	m.t.Helper()

	delivery, err := testkit.GitHubDelivery(m.t.Context(), "http://example.com", source, secret, event, body)
	if err != nil {
		m.t.Fatal(err)
	}
	return m.Receive(m.t.Context(), source, forge.Request{Header: delivery.Header, Body: body, ReceivedAt: m.clock.Now()})
}

// merge delivers a merge and returns the keys of what it gave.
func (m *machine) merge(id int64, login string) []string {
	m.t.Helper()

	receipt, err := m.receive("pull_request", testkit.MergedPullRequest(id, int64(len(login))*1000, login))
	if err != nil {
		m.t.Fatal(err)
	}
	var keys []string
	for _, given := range receipt.Awards {
		keys = append(keys, given.Key)
	}
	return keys
}

// do runs a transaction that must commit.
func (m *machine) do(fn func(ctx context.Context, tx *store.Tx) error) {
	m.t.Helper()
	if err := m.book.InTx(m.t.Context(), fn); err != nil {
		m.t.Fatal(err)
	}
}

// awards returns what stands on a user's profile.
func (m *machine) awards(username string) []achievement.Award {
	m.t.Helper()

	var awards []achievement.Award
	m.do(func(ctx context.Context, tx *store.Tx) error {
		user, err := tx.UserByUsername(ctx, username)
		if err != nil {
			return err
		}
		awards, _, err = tx.ListUserAwards(ctx, store.UserAwardFilter{UserID: user.ID}, store.Page{Limit: 100})
		return err
	})
	return awards
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (m *machine) awardsOrNone(username string) []achievement.Award {
	m.t.Helper()

	known := false
	m.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.UserByUsername(ctx, username)
		known = err == nil
		return nil
	})
	if !known {
		return nil
	}
	return m.awards(username)
}
