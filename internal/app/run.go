package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/server/hook"
	"github.com/seed-504bad89/accolade/internal/signin"
)

// The limits on slow clients.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 64 << 10
	// lingerFor is how long a server that stops lets those who are connected come once more, to be told to connect elsewhere.
	// Whose connection is closed while they send cannot tell whether they were heard.
	lingerFor = 500 * time.Millisecond
)

// Run serves until ctx is done, then stops in order: no new requests, the running ones answered,
// what is queued committed, and everything closed. It returns nil after an orderly stop.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	entrance := &entrance{stopping: &a.stopping}
	if err := entrance.admit(a); err != nil { //nolint:contextcheck // each request brings its own
		return errors.Join(err, a.Close())
	}
	public := a.httpServer(entrance)
	public.ConnState = entrance.follow
	servers := []*http.Server{public}
	a.serve(public, a.listener, cancel)
	if a.metrics != nil {
		metrics := a.httpServer(server.MetricsHandler(a.registry))
		servers = append(servers, metrics)
		a.serve(metrics, a.metrics, cancel)
	}

	// The committer and the worker outlive ctx: requests in flight still need them.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var rooms sync.WaitGroup
	switch err := a.await(ctx, entrance); {
	case err == nil:
		a.work(background, &rooms)
		a.log.InfoContext(ctx, "serving", "url", a.URL())
	case ctx.Err() == nil:
		cancel(err)
	}

	<-ctx.Done()
	a.log.InfoContext(ctx, "stopping")
	entrance.close()
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.StopTimeout)
	defer done()
	for _, s := range servers {
		if stopErr := s.Shutdown(grace); stopErr != nil {
			err = errors.Join(err, fmt.Errorf("stopping: %w", stopErr))
		}
	}
	stop()
	rooms.Wait()
	return errors.Join(err, a.Close())
}

// work starts what works by itself.
func (a *App) work(ctx context.Context, rooms *sync.WaitGroup) {
	for _, room := range []func(context.Context){
		a.automation.Run, a.automation.RunSpool, a.jobs.Run, a.mails.Run, a.automation.RunClocks, a.automation.RunImports,
		func(ctx context.Context) { a.changes.Run(ctx, a.heard, a.front.Hearing) },
	} {
		rooms.Go(func() { room(ctx) })
	}
}

func (a *App) handler() http.Handler {
	return server.New(server.Config{
		BaseURL: a.cfg.BaseURL, Operations: a.operations, Log: a.log, Metrics: a.registry,
		Ready: a.ready, ReadyForHooks: a.readyForHooks, Degraded: func() bool { return a.seen.Degraded() || a.limiter.Degraded() || a.changes.Degraded() },
		Limits:         server.Limits{Limiter: a.limiter, Token: a.cfg.RateLimit, Anonymous: a.cfg.AnonymousRateLimit},
		TrustedProxies: a.cfg.TrustedProxies, CORSOrigins: a.cfg.CORSOrigins, QueryTokens: a.cfg.QueryTokens, Front: a.front, Traces: a.traces,
		SignIn: signin.New(a.cfg.SignIn, signin.Options{BaseURL: a.cfg.BaseURL, Now: a.cfg.Now, Transport: a.traces.Transport(nil)}),
		Mount:  func(routes gin.IRouter) { hook.Mount(routes, a.automation, a.cfg.Now) },
	})
}

func (a *App) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: a.cfg.ReadTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
}

func (a *App) serve(s *http.Server, listener net.Listener, cancel context.CancelCauseFunc) {
	go func() {
		if err := s.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			cancel(fmt.Errorf("serving on %s: %w", listener.Addr(), err))
		}
	}()
}
