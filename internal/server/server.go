// Package server is the HTTP engine: it finds out who is calling, bounds and checks requests against
// the contract, and watches what happens. What the API does is in its subpackages and below.
//
// It may import the generated contract, operation, fault and its own subpackages.
package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/badge"
	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/server/gitlab"
	"github.com/seed-504bad89/accolade/internal/server/graphql"
	"github.com/seed-504bad89/accolade/internal/server/problem"
	"github.com/seed-504bad89/accolade/internal/server/rest"
	identity "github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// Config is what the engine serves and is watched by. Log, BaseURL, Operations, Metrics and
// Ready are needed.
type Config struct {
	// BaseURL is what clients reach the service by, without a slash at its end.
	BaseURL    string
	Operations *operation.Operations
	Log        *slog.Logger
	Metrics    prometheus.Registerer
	// Ready says, by a fault, that the service cannot do its work right now.
	Ready func(context.Context) error
	// ReadyForHooks says, by a fault, that webhooks cannot be taken right now, and how many deliveries wait on the disk; nil
	// is as Ready.
	ReadyForHooks func(context.Context) (spooled int64, err error)
	// Degraded says that it works, but without something that can be missed.
	Degraded func() bool
	Limits   Limits
	// TrustedProxies are the networks (CIDR) whose X-Forwarded-For is believed.
	TrustedProxies []string
	// CORSOrigins are the origins whose scripts may use the API; "*" is all of them.
	CORSOrigins []string
	// QueryTokens lets clients send their token in the URL, as GitLab does.
	QueryTokens bool
	// Traces makes spans of requests; nil for none.
	Traces *trace.Tracer
	// SignIn are the providers who say who somebody is; nil for none.
	SignIn *identity.Providers
	// Front gives answers to anonymous readers again; nil for none.
	Front *front.Front
	// Mount adds routes that are not the API's, such as those for webhooks.
	Mount func(gin.IRouter)
	// Pages adds routes that people use with a browser: they know who is signed in.
	Pages func(gin.IRouter)
}

// New returns the handler of everything that is public. It panics when the embedded contract is
// broken, which the tests would have shown.
func New(cfg Config) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	contract := theContract()
	engine := gin.New()
	// The request's context, and not gin's own empty one, must reach the database.
	engine.ContextWithFallback = true
	// A namespace's path is one segment: acme%2Ftools.
	engine.UseRawPath = true
	engine.UnescapePathValues = true
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := engine.SetTrustedProxies(cfg.TrustedProxies); err != nil {
		panic(err) // the configuration has checked them
	}

	limits := newLimits(cfg.Limits)
	watch := newWatch(contract, cfg.Log, cfg.Metrics)
	receiver := cfg.Traces.Receiver(cfg.TrustedProxies)
	engine.Use(identify, traced(receiver), watch.observe, secure, cors(cfg.CORSOrigins), recovered(watch.panics.Inc), conditional)
	if cfg.Front != nil {
		engine.Use(cfg.Front.Serve(security, limits.admit))
	}
	engine.NoMethod(func(c *gin.Context) {
		if c.Request.Method == http.MethodOptions {
			options(c)
			return
		}
		problem.WriteStatus(c, http.StatusMethodNotAllowed,
			fault.New(fault.Invalid, "method_not_allowed", "this path does not know the method; Allow lists those it knows"))
	})

	public := withHead{engine}
	mountProbes(public, cfg)
	documents := documentsAt(cfg.BaseURL)
	public.GET("/openapi.yaml", newFile(documents.yaml, "application/yaml", false).serve)
	public.GET("/openapi.json", newFile(documents.json, "application/json", false).serve)
	mountDocs(public)
	mountExplorer(public)
	gate := &gate{limits, cfg.Operations, cfg.QueryTokens}
	group := engine.Group("", bounded, origin, gate.identified(problem.Write), contract.checked, once(contract, cfg.Operations))
	rest.Mount(withHead{group}, cfg.Operations, cfg.BaseURL)
	graphql.Mount(engine.Group("", bounded, origin, gate.identified(graphql.Refuse)), cfg.Operations, cfg.BaseURL, cfg.Log)
	gitlab.Mount(withHead{engine.Group("", bounded, origin, gate.identified(gitlab.Refuse))}, cfg.Operations, cfg.BaseURL)
	badge.Mount(withHead{engine.Group("", bounded)}, cfg.Operations, cfg.BaseURL)
	engine.NoRoute(mountPages(public, cfg, limits)...)
	if cfg.Mount != nil {
		cfg.Mount(public)
	}
	if cfg.Front == nil {
		return engine
	}
	return &repeater{
		next: engine, front: cfg.Front, watch: watch, log: cfg.Log, traces: receiver,
		apiCalls: len(cfg.CORSOrigins) == 0 && limits.unlimited(),
	}
}

// MetricsHandler returns the handler of the listener for metrics: GET /metrics.
func MetricsHandler(gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	return mux
}

// mountProbes adds the questions whether the service lives and can do its work.
func mountProbes(routes gin.IRoutes, cfg Config) {
	routes.GET("/livez", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "alive"}) })
	routes.GET("/readyz", readiness(cfg))
	routes.GET("/readyz/hooks", hookReadiness(cfg))
}

func readiness(cfg Config) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := cfg.Ready(c.Request.Context()); err != nil {
			notReady(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": "ready", "degraded": cfg.Degraded != nil && cfg.Degraded()})
	}
}

// hookReadiness answers for webhooks alone.
func hookReadiness(cfg Config) gin.HandlerFunc {
	if cfg.ReadyForHooks == nil {
		return readiness(cfg)
	}
	return func(c *gin.Context) {
		spooled, err := cfg.ReadyForHooks(c.Request.Context())
		if err != nil {
			notReady(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": "ready", "spooled": spooled})
	}
}

func notReady(c *gin.Context, err error) {
	if !fault.Is(err, fault.Unavailable) {
		err = fault.UnavailableFor("the service", 0).Because(err)
	}
	problem.Write(c, err)
}

// security are the headers that keep browsers from making something else of an answer, and caches from keeping it. The values
// are never changed.
var security = map[string][]string{
	"X-Content-Type-Options":  {"nosniff"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'; sandbox"},
	"Referrer-Policy":         {"no-referrer"},
	"Cache-Control":           {"no-store"},
}

func secure(c *gin.Context) { maps.Copy(c.Writer.Header(), security) }

// recovered makes a 500 of a panic, and has it counted.
func recovered(count func()) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			panicked := recover()
			switch err, _ := panicked.(error); {
			case panicked == nil:
			case errors.Is(err, http.ErrAbortHandler):
				panic(panicked)
			default:
				count()
				problem.Write(c, &panicError{panicked, debug.Stack()})
			}
		}()
		c.Next()
	}
}

// panicError is a panic with its stack, for the log.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return "panic" }

// LogValue shows the panic and where it came from.
func (e *panicError) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("panic", e.value), slog.String("stack", string(e.stack)))
}
