package cache

import (
	"context"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"
)

// Limit is how many requests are let through in a window. All of them may come at once; after
// that, room for one more comes back every Window / Requests.
type Limit struct {
	Requests int
	Window   time.Duration
}

// Usage is what is left of a limit after a request.
type Usage struct {
	// Allowed says that the request is let through, and counted.
	Allowed bool
	// Remaining is how many more would be let through now.
	Remaining int
	// Reset is when all would be let through again, Retry when one is; both from now.
	Reset, Retry time.Duration
}

// Limiter counts requests by key. It is the generic cell rate algorithm (ITU-T I.371, annex A): a key's
// whole state is the time at which it would be unused again. It is safe for concurrent use.
type Limiter struct {
	*remote

	prefix string
	now    func() time.Time

	mutex  sync.Mutex
	unused *lru.Cache[string, time.Time]
}

// NewLimiter returns a limiter that has counted nothing. It fails when RedisURL is no URL.
func NewLimiter(cfg Config, now func() time.Time) (*Limiter, error) {
	cfg.complete()
	unused, err := lru.New[string, time.Time](cfg.MemorySize)
	if err != nil {
		return nil, fmt.Errorf("making a memory for %d callers: %w", cfg.MemorySize, err)
	}
	far, err := newRemote(cfg)
	if err != nil {
		return nil, err
	}
	return &Limiter{remote: far, prefix: cfg.Prefix + "limit:" + cfg.Book + ":", now: now, unused: unused}, nil
}

// Take counts a request of the key, if the limit lets it through. While Redis is away, each server
// counts for itself.
func (l *Limiter) Take(ctx context.Context, key string, limit Limit) Usage {
	return l.take(ctx, key, limit, 1)
}

// Peek says what Take would find, and counts nothing.
func (l *Limiter) Peek(ctx context.Context, key string, limit Limit) Usage {
	return l.take(ctx, key, limit, 0)
}

func (l *Limiter) take(ctx context.Context, key string, limit Limit, requests int) Usage {
	if l.usable() {
		limited, cancel := context.WithTimeout(ctx, l.budget)
		defer cancel()
		micros, err := takeScript.Run(limited, l.client, []string{l.prefix + key},
			limit.Window.Microseconds(), limit.Requests, requests).Int64Slice()
		l.note(ctx, err)
		if err == nil && len(micros) == 2 {
			return limit.usage(micros[0] == 1, time.Duration(micros[1])*time.Microsecond, requests)
		}
	}
	return l.takeHere(key, limit, requests)
}

// TakeHere counts as Take does, but in this process alone.
func (l *Limiter) TakeHere(key string, limit Limit) Usage { return l.takeHere(key, limit, 1) }

func (l *Limiter) takeHere(key string, limit Limit, requests int) Usage {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := l.now()
	unused, known := l.unused.Get(key)
	if !known || unused.Before(now) {
		unused = now
	}
	after := unused.Add(limit.Window / time.Duration(limit.Requests) * time.Duration(requests))
	allowed := after.Sub(now) <= limit.Window
	if !allowed {
		after = unused
	} else if requests > 0 {
		l.unused.Add(key, after)
	}
	return limit.usage(allowed, after.Sub(now), requests)
}

// usage says what is left when the key will be unused after the time.
func (l Limit) usage(allowed bool, busy time.Duration, requests int) Usage {
	each := l.Window / time.Duration(l.Requests)
	u := Usage{Allowed: allowed, Reset: busy, Remaining: max(int((l.Window-busy)/each), 0)}
	if requests == 0 {
		u.Allowed = u.Remaining > 0
	}
	if !u.Allowed {
		u.Retry = busy + each - l.Window
	}
	return u
}

// takeScript does the same as the memory, in one step, by Redis' own clock. What stands under the key
// and is no number counts for nothing, and nothing there locks anybody out for longer than the
// window. It returns whether the request is let through and for how many microseconds the key is in use.
var takeScript = redis.NewScript(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local window, requests, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.pcall('GET', KEYS[1])
local unused = now
if type(kept) == 'string' and tonumber(kept) then unused = math.max(now, tonumber(kept)) end
if not (unused - now <= window) then unused = now + window end
local after = unused + math.floor(window / requests) * cost
if not (after - now <= window) then return {0, unused - now} end
if cost > 0 then redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000)) end
return {1, after - now}
`)
