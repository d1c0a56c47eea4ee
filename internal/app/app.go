// Package app puts the rooms together into the running service.
//
// The command line, the demo and the end-to-end tests all start the service here, with other
// configuration and no other code. The package may import every room.
package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
	"github.com/seed-504bad89/accolade/internal/job"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/spool"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// Config is the whole service's. The zero value of a field means what the settings table of the
// config room says.
type Config struct {
	// Listen and MetricsListen are host:port; MetricsListen may be empty for none.
	Listen, MetricsListen string
	// BaseURL has no trailing slash; empty means the listening address, or localhost if that is every address.
	BaseURL string
	Store   store.Config
	Cache   cache.Config
	Sources []forge.Source
	// SignIn are the providers by which people may sign in.
	SignIn []signin.Config
	// Rules holds the rules files; nil for no rules.
	Rules fs.FS
	// AdminToken is the first admin's; empty makes one.
	AdminToken string
	// AutoMigrate brings the database's schema up to date; without it, somebody else must.
	AutoMigrate bool
	// RateLimit and AnonymousRateLimit are how many requests a minute a token may make, and an address
	// without one; 0 is no limit.
	RateLimit, AnonymousRateLimit int
	// ReconcileEvery is how often sources with a token and projects are looked through for what webhooks lost; 0 is never.
	ReconcileEvery time.Duration
	// WebhookRate is how many deliveries a second are taken from one source; 0 is no limit.
	WebhookRate int
	// DeliveryRetention is how long the bodies of deliveries are kept; 0 is for ever.
	DeliveryRetention time.Duration
	// EventMonths is for how many whole months events are kept; 0 is for ever.
	EventMonths int
	// MailServer and MailFrom are as notify.MailConfig has them; an empty MailServer means no mails.
	MailServer, MailFrom string
	// MailRoots are the authorities that may vouch for the mail server; nil means the system's.
	MailRoots *x509.CertPool
	// TrustedProxies and CORSOrigins are what the server's configuration says of them.
	TrustedProxies, CORSOrigins []string
	// AcceptanceRequired hides what a person is awarded until they accept it.
	AcceptanceRequired bool
	// HidePrivateAwards hides awards from those who may not read the awarding namespace.
	HidePrivateAwards bool
	// ReadCache is how many bytes of answers to anonymous readers are kept to be given again; 0 keeps none.
	ReadCache int
	// QueryTokens lets clients send their token in the URL, as GitLab does.
	QueryTokens bool
	// SpoolDirectory keeps deliveries while the database is away, SpoolMax bytes at most; empty for none.
	SpoolDirectory string
	SpoolMax       int64
	StopTimeout    time.Duration
	// Traces is where spans are sent.
	Traces trace.Config
	// Issued is told the admin token that the first start made, if the database was away when New returned; nil for nobody.
	Issued func(token string)
	// ReadTimeout is how long a request may take to come in; 0 means 30 s.
	ReadTimeout time.Duration

	Log *slog.Logger
	// Now is the clock; nil means the system's.
	Now func() time.Time
}

// App is the service, ready to run. Create it with New, and end it with Close unless Run did.
type App struct {
	cfg        Config
	log        *slog.Logger
	traces     *trace.Tracer
	store      *store.Store
	seen       *cache.Seen
	limiter    *cache.Limiter
	spool      *spool.Spool
	changes    *cache.Changes
	front      *front.Front
	registry   *prometheus.Registry
	automation *automation.Automation
	operations *operation.Operations
	jobs       *job.Worker
	mails      *job.Worker
	listener   net.Listener
	metrics    net.Listener
	issued     string
	// missing is what the service waits for since its start, nil for nothing, and furnished says that everything is made.
	missing   atomic.Pointer[fault.Error]
	furnished atomic.Bool
	// stopping says that it is about to end.
	stopping atomic.Bool
}

// New opens what the service works with, applies the rules, and starts to listen without
// answering yet. Whatever it opened is closed again when it fails.
func New(ctx context.Context, cfg Config) (*App, error) {
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if cfg.ReadTimeout == 0 {
		cfg.ReadTimeout = readTimeout
	}
	if cfg.Log != nil {
		cfg.Log = slog.New(trace.Logged(cfg.Log.Handler()))
	}
	a := &App{cfg: cfg, log: cfg.Log, registry: prometheus.NewRegistry()}
	a.cfg.Store.Changed = a.changed
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// open opens everything, unless the database has to be waited for: then Run does the rest.
func (a *App) open(ctx context.Context) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	switch err := a.begin(ctx); {
	case err == nil:
		return nil
	case a.awaits(err):
		a.missing.Store(fault.As(err))
		return nil
	default:
		return err
	}
}

// prepare opens what needs no database.
func (a *App) prepare(ctx context.Context) error {
	var err error
	if a.traces, err = trace.Open(ctx, a.cfg.Traces, a.log); err != nil {
		return err
	}
	a.cfg.Store.Traces, a.cfg.Cache.Traces = a.traces, a.traces
	queries := prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "accolade", Name: "db_query_duration_seconds", Help: "Statements to the database, and how long they took.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	})
	a.registry.MustRegister(queries)
	a.cfg.Store.Observe = func(took time.Duration) { queries.Observe(took.Seconds()) }
	if a.store, err = store.Open(ctx, a.cfg.Store); err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	if err := a.openSpool(); err != nil {
		return err
	}
	return a.listen(ctx)
}

// begin makes everything that works with the database. It may be tried again, since the database may go away at any point.
func (a *App) begin(ctx context.Context) error {
	if err := a.meet(ctx); err != nil {
		return err
	}
	if a.operations == nil {
		if err := a.furnish(); err != nil {
			return err
		}
	}
	if err := a.startRules(ctx); err != nil {
		return err
	}
	var err error
	if a.issued, err = a.operations.EnsureAdmin(ctx, a.cfg.AdminToken); err != nil {
		return fmt.Errorf("making the first admin: %w", err)
	}
	a.furnished.Store(true)
	return nil
}

// meet finds out which database it is, and brings it up to date, or sees that somebody did. It may be tried again.
func (a *App) meet(ctx context.Context) (err error) {
	if a.cfg.AutoMigrate {
		if err := a.store.Migrate(ctx); err != nil {
			return fmt.Errorf("migrating the database: %w", err)
		}
	} else if err := a.store.Ready(ctx); err != nil {
		return fmt.Errorf("looking whether the database is migrated: %w", err)
	}
	if a.cfg.Cache.Book, err = a.store.Identity(ctx); err != nil {
		return fmt.Errorf("reading the database: %w", err)
	}
	a.cfg.Cache.Life = a.store.Life(ctx)
	return nil
}

// furnish makes what works with the database, and asks it nothing.
func (a *App) furnish() (err error) {
	if a.seen, err = cache.NewSeen(a.cfg.Cache); err != nil {
		return fmt.Errorf("opening the cache: %w", err)
	}
	if a.limiter, err = cache.NewLimiter(a.cfg.Cache, time.Now); err != nil {
		return fmt.Errorf("opening the cache: %w", err)
	}
	if err := a.keepAnswers(); err != nil {
		return err
	}
	a.jobs = job.New(a.store, a.cfg.Now, job.Config{Traces: a.traces}, a.log)
	mails := automation.MailWorker()
	mails.Traces = a.traces
	a.mails = job.New(a.store, a.cfg.Now, mails, a.log)
	wake := func() { a.jobs.Wake(); a.mails.Wake() }
	mail, err := a.mail()
	if err != nil {
		return err
	}
	if a.automation, err = a.automate(mail, wake); err != nil {
		return err
	}
	a.operations = operation.New(operation.Config{
		Store: a.store, Now: a.cfg.Now, Log: a.log, Sources: a.accountSources(), Announce: wake, Automation: a.automation,
		AcceptanceRequired: a.cfg.AcceptanceRequired, HidePrivateAwards: a.cfg.HidePrivateAwards,
	})
	for _, kind := range []string{
		automation.JobAwardGranted, automation.JobAwardsGranted, automation.JobAwardRevoked, automation.JobAwardsRevoked,
	} {
		a.jobs.Handle(kind, a.automation.Tell)
	}
	a.mails.Handle(automation.JobAwardMail, a.automation.Mail)
	return nil
}

// accountSources are the names under which accounts are kept: those of sources, and of providers that vouch for people.
func (a *App) accountSources() []string {
	names := make([]string, 0, len(a.cfg.Sources)+len(a.cfg.SignIn))
	for i := range a.cfg.Sources {
		names = append(names, a.cfg.Sources[i].Name)
	}
	for i := range a.cfg.SignIn {
		names = append(names, a.cfg.SignIn[i].AccountSource())
	}
	return names
}

func (a *App) automate(mail *notify.Mail, wake func()) (*automation.Automation, error) {
	return automation.New(automation.Config{
		Store: a.store, Seen: a.seen, Sources: a.cfg.Sources, Now: a.cfg.Now, Log: a.log,
		Metrics: a.registry, Channels: []notify.Channel{notify.NewLog(a.log)}, Mail: mail, Announce: wake, Spool: a.spool,
		Retention: a.cfg.DeliveryRetention, EventMonths: a.cfg.EventMonths, SourceRate: a.cfg.WebhookRate, ReconcileEvery: a.cfg.ReconcileEvery, BaseURL: a.cfg.BaseURL,
		AcceptanceRequired: a.cfg.AcceptanceRequired, Traces: a.traces, Forges: forgeapi.Config{Transport: a.traces.Transport(nil)},
	})
}

// mail returns the sender of mails, nil when none is configured.
func (a *App) mail() (*notify.Mail, error) {
	if a.cfg.MailServer == "" {
		return nil, nil //nolint:nilnil // no mails are no fault
	}
	mail, err := notify.NewMail(notify.MailConfig{
		Server: a.cfg.MailServer, From: a.cfg.MailFrom, BaseURL: a.cfg.BaseURL, Book: a.cfg.Cache.Book, Roots: a.cfg.MailRoots,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing mails: %w", err)
	}
	return mail, nil
}

func (a *App) listen(ctx context.Context) error {
	var listening net.ListenConfig
	var err error
	if a.listener, err = listening.Listen(ctx, "tcp", a.cfg.Listen); err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if a.cfg.BaseURL == "" {
		a.cfg.BaseURL = a.URL()
		if _, everywhere := a.address(); everywhere {
			a.log.WarnContext(ctx, "base_url is not set: links and mails lead to this machine alone", "base_url", a.cfg.BaseURL)
		}
	}
	if a.cfg.MetricsListen == "" {
		return nil
	}
	if a.metrics, err = listening.Listen(ctx, "tcp", a.cfg.MetricsListen); err != nil {
		return fmt.Errorf("listening for metrics: %w", err)
	}
	return nil
}

// URL returns the address under which the service answers.
func (a *App) URL() string {
	address, _ := a.address()
	return "http://" + address
}

// address is where the service listens, as a client on this machine names it. Everywhere says that it listens on all of the
// machine's addresses, of which none is in the name.
func (a *App) address() (address string, everywhere bool) {
	address = a.listener.Addr().String()
	if tcp, ok := a.listener.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port)), true
	}
	return address, false
}

// IssuedToken returns the admin token that the first start made, and "" when there was one
// already or the configuration gave it. It is told this once and kept nowhere. Of a database that was away at the start,
// Issued tells it.
func (a *App) IssuedToken() string { return a.issued }

// Close releases what New opened. Run does it by itself.
func (a *App) Close() error {
	var errs []error
	if a.listener != nil {
		errs = append(errs, ignoreClosed(a.listener.Close()))
	}
	if a.metrics != nil {
		errs = append(errs, ignoreClosed(a.metrics.Close()))
	}
	if a.seen != nil {
		errs = append(errs, a.seen.Close())
	}
	if a.limiter != nil {
		errs = append(errs, a.limiter.Close())
	}
	if a.changes != nil {
		errs = append(errs, a.changes.Close())
	}
	if a.spool != nil {
		errs = append(errs, a.spool.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	a.traces.Close()
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
