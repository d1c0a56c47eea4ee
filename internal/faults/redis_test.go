//go:build faults

package faults_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// withRedis starts two services on a book and the Redis.
func withRedis(t *testing.T, cache *faults.Redis) (databaseURL string, one, two *faults.Service, d *faults.Driver) {
	t.Helper()

	databaseURL = testkit.PostgresURL(t)
	one = faults.NewService(t, databaseURL, "ACCOLADE_REDIS_URL="+cache.URL())
	two = faults.NewService(t, databaseURL, "ACCOLADE_REDIS_URL="+cache.URL())
	one.Start()
	two.Start()
	return databaseURL, one, two, faults.NewDriver(t, func() []string { return []string{one.URL(), two.URL()} })
}

// repeatedly does something again and again until the function that it returns is called.
func repeatedly(every time.Duration, fn func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			fn()
			select {
			case <-ctx.Done():
			case <-time.After(every):
			}
		}
	}()
	return func() { cancel(); <-done }
}

// Row 20: Redis forgets everything five times a second, and two of three deliveries were sent before.
func TestRow20KeysGone(t *testing.T) {
	cache := faults.NewRedis(t)
	databaseURL, _, _, d := withRedis(t, cache)
	d.Duplicates = 0.66
	d.During(func() {
		defer repeatedly(200*time.Millisecond, func() { cache.Client.FlushAll(context.Background()) })()
		time.Sleep(faults.Lasting(time.Minute, 5*time.Second))
	})
	stats := d.Stats()
	explained(t, stats)
	if stats.Refused+stats.Ambiguous > 0 {
		t.Errorf("%d deliveries were refused, %d not answered: %v", stats.Refused, stats.Ambiguous, stats.Resets)
	}
	d.MustBeClean(t, databaseURL, within)
}

// Row 21: Redis is away, hangs, is full, or evicts: nothing depends on it, and nobody waits for it.
func TestRow21RedisInTrouble(t *testing.T) {
	full := []string{"--maxmemory", "1mb", "--maxmemory-policy"}
	for _, trouble := range []struct {
		name     string
		options  []string
		begin    func(*faults.Redis)
		end      func(*faults.Redis)
		degrades bool
	}{
		{"away", nil, (*faults.Redis).Kill, (*faults.Redis).Start, true},
		{
			"hanging", nil, func(r *faults.Redis) { r.Signal(syscall.SIGSTOP) },
			func(r *faults.Redis) { r.Signal(syscall.SIGCONT) }, true,
		},
		{"full", append(full, "noeviction"), fill, func(*faults.Redis) {}, false},
		{"evicting", append(full, "allkeys-lru"), fill, func(*faults.Redis) {}, false},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			cache := faults.NewRedis(t, trouble.options...)
			databaseURL, one, _, d := withRedis(t, cache)
			d.During(func() {
				time.Sleep(2 * time.Second)
				explained(t, d.Stats())
				trouble.begin(cache)
				if trouble.degrades {
					atMost(t, "noticing", degraded(t, one, true), 2*time.Second)
				}
				time.Sleep(faults.Lasting(30*time.Second, 5*time.Second))
				stats := d.Stats()
				explained(t, stats)
				atMost(t, "p99 meanwhile", stats.P99(), 500*time.Millisecond)
				if stats.Refused+stats.Ambiguous > 0 {
					t.Errorf("%d deliveries were refused, %d not answered: %v", stats.Refused, stats.Ambiguous, stats.Resets)
				}
				trouble.end(cache)
				if trouble.degrades {
					atMost(t, "noticing that it is back", degraded(t, one, false), 5*time.Second)
				}
			})
			d.MustBeClean(t, databaseURL, within)
		})
	}
}

// fill leaves Redis no memory.
func fill(r *faults.Redis) {
	for i := range 2000 {
		if r.Client.Set(context.Background(), fmt.Sprintf("filler:%d", i), strings.Repeat("x", 1000), 0).Err() != nil {
			return
		}
	}
}

// degraded waits until the service says whether it misses something, and returns how long that took.
func degraded(t *testing.T, s *faults.Service, want bool) time.Duration {
	t.Helper()

	began := time.Now()
	for time.Since(began) < 20*time.Second {
		if _, body := s.Get("/readyz", 2*time.Second); strings.Contains(body, fmt.Sprintf(`"degraded":%t`, want)) {
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("it does not say degraded: %t", want)
	return time.Since(began)
}

// Row 22: others write over our keys, with other types and with garbage.
func TestRow22GarbageUnderOurKeys(t *testing.T) {
	cache := faults.NewRedis(t)
	databaseURL, _, _, d := withRedis(t, cache)
	d.During(func() {
		defer repeatedly(100*time.Millisecond, func() { spoil(cache) })()
		time.Sleep(faults.Lasting(30*time.Second, 5*time.Second))
	})
	stats := d.Stats()
	explained(t, stats)
	if stats.Refused+stats.Ambiguous > 0 {
		t.Errorf("%d deliveries were refused, %d not answered: %v", stats.Refused, stats.Ambiguous, stats.Resets)
	}
	d.MustBeClean(t, databaseURL, within)
}

// spoil writes over every key.
func spoil(cache *faults.Redis) {
	ctx := context.Background()
	for i, key := range cache.Client.Keys(ctx, "*").Val() {
		switch i % 4 {
		case 0:
			cache.Client.Set(ctx, key, "garbage", 0)
		case 1:
			cache.Client.Set(ctx, key, "-17", 0)
		default:
			cache.Client.Del(ctx, key)
			cache.Client.LPush(ctx, key, "a", "list")
		}
	}
}
