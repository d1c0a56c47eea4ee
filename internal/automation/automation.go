// Package automation is what events cause.
//
// A delivery's way: Receive verifies its signature, turns it into events and matches them against
// the rules; the committer takes whatever queued while its last commit ran and makes it one
// transaction, in which the deliveries and events are stored, the events judged, the awards given
// and their announcements queued; then every sender is told what it caused. An acknowledged
// delivery is therefore a stored and judged one.
//
//	hook -> Receive: verify, seen?, events, match -> queue -> commit: store, judge, grant -> Receipt
//	        receive.go                                        commit.go judge.go  grant.go
//
// What it gives and takes away, it does as the house user. It may open transactions, and imports
// the pure rooms, forge, store, cache, job, notify, spool and trace.
package automation

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
	"github.com/seed-504bad89/accolade/internal/lately"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/spool"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// MaxBatch is how many deliveries one transaction holds at most. Beyond it, latency grows and
// throughput does not.
const MaxBatch = 256

// encoderWindow is how far back a body is compressed by what it repeats; an encoder, one for each processor, takes a multiple of that.
const encoderWindow = 1 << 20

// queueSize bounds the deliveries that wait for the next commit; when it is full, senders are
// asked to come back later.
const queueSize = 4 * MaxBatch

// sourceShare is how much of the queue one source may fill, so that one that floods leaves room for the others.
const sourceShare = queueSize * 3 / 4

// Config is what Automation works with. All fields but Mail, Announce and what is a choice are needed.
type Config struct {
	Store   *store.Store
	Seen    *cache.Seen
	Sources []forge.Source
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Retention is how long the bodies of deliveries are kept; 0 means for ever.
	Retention time.Duration
	// EventMonths is for how many whole months events are kept; 0 means for ever.
	EventMonths int
	// SourceRate is how many deliveries a second this process takes from one source; 0 is no limit.
	SourceRate int
	// Channels are told of every award and revocation; see Tell.
	Channels []notify.Channel
	// Mail sends mails; nil for none.
	Mail *notify.Mail
	// ReconcileEvery is how often sources with a token are looked through for what webhooks lost; 0 for never.
	ReconcileEvery time.Duration
	// BaseURL is where forges reach the service.
	BaseURL string
	// Traces makes spans; nil for none.
	Traces *trace.Tracer
	// Forges is how forges are asked.
	Forges forgeapi.Config
	// Spool keeps deliveries while the book is away; nil for none.
	Spool *spool.Spool
	// OnlySpool keeps every delivery in the spool: the book is not there yet, and nothing else may be asked of the Automation.
	OnlySpool bool
	// Announce is called after a commit that queued work for the outbox; nil for nobody.
	Announce func()
	// AcceptanceRequired hides what a person is awarded until they accept it.
	AcceptanceRequired bool
}

// Automation receives deliveries and does what the rules say. Create it with New, start it with
// Run; its methods may be called concurrently.
type Automation struct {
	store *store.Store
	seen  *cache.Seen
	// repeats says when to ask Redis, and sharing is what to tell it.
	repeats lately.Memory
	sharing chan map[string]int64
	spool   *spool.Spool
	// onlySpool is as the configuration has it.
	onlySpool bool
	// order is that of the events that replays show next.
	order order
	// foreseeFor is the constant of that name, but in tests.
	foreseeFor time.Duration
	// rehearsalKeys, too.
	rehearsalKeys int
	// loaded is how many bytes the bodies in the queue have.
	loaded   atomic.Int64
	sources  map[string]source
	trusted  map[string]bool
	now      func() time.Time
	log      *slog.Logger
	metrics  *metrics
	traces   *trace.Tracer
	channels []notify.Channel
	mail     *notify.Mail
	announce func()
	// accepting says that awards are hidden until they are accepted.
	accepting bool
	encoder   *zstd.Encoder
	people    *people
	// standing is what stands on sheets, as far as it is remembered, and apart knows whether the book was otherwise of late.
	standing *sheets
	apart    lately.Memory
	bases    *bases
	queue    chan *intake
	current  atomic.Pointer[ruleset]
	// clocks remembers when each clock is due next, by name, so that the book is not asked every second.
	clocks    sync.Map
	draining  chan struct{}
	retention time.Duration
	// eventMonths is for how many whole months events are kept; 0 means for ever.
	eventMonths int
	limiter     *cache.Limiter
	rate        int

	baseURL        string
	forges         forgeapi.Config
	reconcileEvery time.Duration
	readers        map[string]*reader
}

// source is a configured source with its forge's way of speaking.
type source struct {
	forge.Source

	speaks forge.Forge
	// queued is how many of its deliveries wait for the next commit.
	queued *atomic.Int64
}

// New returns an Automation that knows the sources and no rules. It fails when a source's
// configuration is bad or two have the same name.
func New(cfg Config) (*Automation, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(encoderWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("preparing compression: %w", err)
	}
	a := &Automation{
		store: cfg.Store, seen: cfg.Seen, now: cfg.Now, log: cfg.Log, channels: cfg.Channels, mail: cfg.Mail, announce: cfg.Announce,
		accepting: cfg.AcceptanceRequired, foreseeFor: foreseeFor, rehearsalKeys: rehearsalKeys, traces: cfg.Traces,
		sources: map[string]source{}, trusted: map[string]bool{},
		metrics: newMetrics(cfg.Metrics), encoder: encoder, people: newPeople(), standing: newSheets(), bases: newBases(cfg.Retention),
		queue:    make(chan *intake, queueSize),
		sharing:  make(chan map[string]int64, shareBehind),
		draining: make(chan struct{}), retention: cfg.Retention, rate: cfg.SourceRate,
		eventMonths: cfg.EventMonths, baseURL: cfg.BaseURL, forges: cfg.Forges, reconcileEvery: cfg.ReconcileEvery,
	}
	// Each process counts for itself: asking Redis would cost every delivery more than it saves.
	if a.limiter, err = cache.NewLimiter(cache.Config{MemorySize: len(cfg.Sources) + 1}, cfg.Now); err != nil {
		return nil, err
	}
	for _, configured := range cfg.Sources {
		if err := configured.Check(); err != nil {
			return nil, fmt.Errorf("source %q: %w", configured.Name, err)
		}
		if _, taken := a.sources[configured.Name]; taken {
			return nil, fault.InvalidField("sources", "duplicate", "two sources are called %q", configured.Name)
		}
		speaks, ok := forge.ByName(configured.Forge)
		if !ok {
			return nil, fault.InvalidField("forge", "unknown", "%q is no forge that Accolade knows", configured.Forge)
		}
		a.sources[configured.Name] = source{configured, speaks, &atomic.Int64{}}
		a.trusted[configured.Name] = configured.TrustedLogins
	}
	a.readers = newReaders(a)
	a.current.Store(noRules())
	a.repeats.Note(askFor)
	if a.spool, a.onlySpool = cfg.Spool, cfg.OnlySpool; a.spool != nil {
		a.watchSpool(cfg.Metrics)
	}
	return a, nil
}

// Run commits what Receive queues, until ctx is done; then it commits what is still queued and
// returns. Call it once.
func (a *Automation) Run(ctx context.Context) {
	defer close(a.draining)
	var sharer sync.WaitGroup
	committed := make(chan struct{})
	sharer.Go(func() { a.share(context.WithoutCancel(ctx), committed) })
	a.commitQueued(ctx)
	close(committed)
	sharer.Wait()
}

// lastCommits is how long what is queued is still committed after the word to stop. Its senders have gone by then, and send again.
const lastCommits = 5 * time.Second

// commitQueued makes one commit after the other. A second one beside it would make both smaller: what a transaction costs is
// shared by all that are in it, and counts that two raise make one wait for the other
// (docs/decisions/0024-one-exchange-for-an-intake.md).
func (a *Automation) commitQueued(ctx context.Context) {
	// The last batches must reach the book although ctx, which only says "stop", is done; but not one after the other in
	// vain, when the book does not answer.
	commits, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastCommits, giveUp) })()
	for {
		select {
		case first := <-a.queue:
			a.commit(commits, a.gather(first))
		case <-ctx.Done():
			select {
			case first := <-a.queue:
				a.commit(commits, a.gather(first))
			default:
				return
			}
		}
	}
}

// gather returns first and all that is queued behind it now, up to MaxBatch. It never waits:
// while one commit runs, the next batch grows by itself.
func (a *Automation) gather(first *intake) []*intake {
	batch := []*intake{first}
	first.queued.Add(-1)
	for len(batch) < MaxBatch {
		select {
		case next := <-a.queue:
			next.queued.Add(-1)
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}
