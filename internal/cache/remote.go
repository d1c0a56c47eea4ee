package cache

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// breakFor is how long Redis is left alone after a call failed.
const breakFor = time.Second

// dialTries is how often a connection is tried for one call: the breaker tries again, and the caller does not wait for that.
const dialTries = 1

// remote is a Redis that may be away, or none at all.
type remote struct {
	client redis.UniversalClient
	// budget is how long one call may take.
	budget time.Duration
	// brokenUntil is when Redis may be tried again, in Unix nanoseconds; 0 while it works.
	brokenUntil atomic.Int64
}

// newRemote does not connect, so that a Redis that is away delays no start. The empty URL is none.
func newRemote(cfg Config) (*remote, error) {
	if cfg.RedisURL == "" {
		return &remote{}, nil
	}
	if isMany(cfg.RedisURL) {
		servers, err := parseMany(cfg.RedisURL)
		if err != nil {
			return nil, err
		}
		return &remote{client: traced(servers.client(cfg), cfg.Traces), budget: cfg.Budget}, nil
	}
	options, err := redis.ParseURL(cfg.RedisURL)
	if err != nil {
		return nil, errAddress // the cause quotes the URL
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = cfg.Budget, cfg.Budget, cfg.Budget
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1
	options.DialerRetries = dialTries
	return &remote{client: traced(redis.NewClient(options), cfg.Traces), budget: cfg.Budget}, nil
}

// usable reports whether to ask Redis. After a failure one call a second finds out whether it is back,
// and the others do not wait.
func (r *remote) usable() bool {
	if r.client == nil {
		return false
	}
	until, now := r.brokenUntil.Load(), time.Now()
	return until == 0 || now.UnixNano() >= until && r.brokenUntil.CompareAndSwap(until, now.Add(breakFor).UnixNano())
}

// note opens the breaker after a failed call and closes it after a good one. A call whose caller
// went away says nothing about Redis.
func (r *remote) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if err == nil || errors.Is(err, redis.Nil) {
		r.brokenUntil.Store(0)
		return
	}
	r.brokenUntil.Store(time.Now().Add(breakFor).UnixNano())
}

// Degraded reports whether Redis is configured and does not answer. Since nobody else may be asking
// it for anything, it asks Redis itself when it is time to.
func (r *remote) Degraded() bool {
	if r.client == nil || r.brokenUntil.Load() == 0 {
		return false
	}
	if r.usable() {
		ctx, cancel := context.WithTimeout(context.Background(), r.budget)
		defer cancel()
		r.note(context.Background(), r.client.Ping(ctx).Err())
	}
	return r.brokenUntil.Load() != 0
}

// Close ends the connections to Redis.
func (r *remote) Close() error {
	if r.client == nil {
		return nil
	}
	if err := r.client.Close(); err != nil {
		return fmt.Errorf("closing Redis: %w", err)
	}
	return nil
}
