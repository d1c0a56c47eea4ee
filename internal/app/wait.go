package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/server/hook"
	"github.com/seed-504bad89/accolade/internal/store"
)

// meetEvery is how often it is looked whether a database is there that was away at the start, or not migrated.
const meetEvery = time.Second

// entrance is the public handler, which changes when the database is there.
type entrance struct {
	handler atomic.Pointer[http.Handler]
	// stopping is the app's.
	stopping *atomic.Bool
	// open is how many connections there are.
	open atomic.Int64
}

// follow is called when the state of a connection changes.
func (e *entrance) follow(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		e.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		e.open.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// close ends each connection with the next answer, and returns when there is none any more, or after a moment.
func (e *entrance) close() {
	e.stopping.Store(true)
	for began := time.Now(); e.open.Load() > 0 && time.Since(began) < lingerFor; {
		time.Sleep(5 * time.Millisecond)
	}
}

// ServeHTTP implements http.Handler.
func (e *entrance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e.stopping.Load() {
		w.Header().Set("Connection", "close")
	}
	(*e.handler.Load()).ServeHTTP(w, r)
}

// admit lets requests in as far as they can be answered now.
func (e *entrance) admit(a *App) error {
	handler := http.Handler(nil)
	if a.furnished.Load() {
		handler = a.handler()
	} else {
		var err error
		if handler, err = a.waitingRoom(); err != nil {
			return err
		}
	}
	e.handler.Store(&handler)
	return nil
}

// awaits reports whether what is amiss with the database at the start is waited for: migrations, which others apply, and with
// a spool the database itself. Nobody can migrate the file that this process has.
func (a *App) awaits(err error) bool {
	if store.IsNotMigrated(err) {
		return !a.store.Exclusive()
	}
	return a.spool != nil && fault.Is(err, fault.Unavailable)
}

// waitingRoom returns the handler for when the database is waited for: with a spool, webhooks are verified and spooled.
func (a *App) waitingRoom() (http.Handler, error) {
	cfg := server.Config{Ready: a.ready, ReadyForHooks: a.readyForHooks, Traces: a.traces, TrustedProxies: a.cfg.TrustedProxies}
	why := func() error { return a.missing.Load() }
	if a.spool == nil {
		return server.Waiting(cfg, why), nil
	}
	nothing, err := cache.NewSeen(cache.Config{MemorySize: 1})
	if err != nil {
		return nil, fmt.Errorf("waiting for the database: %w", err)
	}
	receiver, err := automation.New(automation.Config{
		Store: a.store, Seen: nothing, Sources: a.cfg.Sources, Now: a.cfg.Now, Log: a.log, SourceRate: a.cfg.WebhookRate,
		// What it counts is the counters' beginning, and not worth two sets of them.
		Metrics: prometheus.NewRegistry(), Spool: a.spool, OnlySpool: true,
	})
	if err != nil {
		return nil, err
	}
	cfg.Mount = func(routes gin.IRouter) { hook.Mount(routes, receiver, a.cfg.Now) }
	return server.Waiting(cfg, why), nil
}

// await returns when the database is there and everything is made that works with it.
func (a *App) await(ctx context.Context, entrance *entrance) error {
	missing := a.missing.Load()
	if missing == nil {
		return nil
	}
	meanwhile := "serving webhooks alone until the database is there"
	if a.spool == nil {
		meanwhile = "serving nothing until the database is there"
	}
	a.log.WarnContext(ctx, meanwhile, "url", a.URL(), "error", missing)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(meetEvery):
		}
		err := a.begin(ctx)
		if fault.Is(err, fault.Unavailable) {
			a.missing.Store(fault.As(err))
			continue
		}
		if err != nil {
			return err
		}
		if a.issued != "" && a.cfg.Issued != nil {
			a.cfg.Issued(a.issued)
		}
		return entrance.admit(a) //nolint:contextcheck // each request brings its own
	}
}
