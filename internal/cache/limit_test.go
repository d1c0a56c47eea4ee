package cache_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func newLimiter(t *testing.T, cfg cache.Config, clock *testkit.Clock) *cache.Limiter {
	t.Helper()

	limiter, err := cache.NewLimiter(cfg, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := limiter.Close(); err != nil {
			t.Error(err)
		}
	})
	return limiter
}

func TestALimitInMemory(t *testing.T) {
	t.Parallel()

	clock := testkit.NewClock()
	limiter := newLimiter(t, cache.Config{}, clock)
	limit := cache.Limit{Requests: 3, Window: 30 * time.Second}
	take := func(what string, want cache.Usage) {
		t.Helper()
		if diff := cmp.Diff(want, limiter.Take(t.Context(), "ada", limit)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	take("the first", cache.Usage{Allowed: true, Remaining: 2, Reset: 10 * time.Second})
	take("the second", cache.Usage{Allowed: true, Remaining: 1, Reset: 20 * time.Second})
	take("the third", cache.Usage{Allowed: true, Remaining: 0, Reset: 30 * time.Second})
	take("one too many", cache.Usage{Reset: 30 * time.Second, Retry: 10 * time.Second})
	clock.Advance(9 * time.Second)
	take("too early", cache.Usage{Reset: 21 * time.Second, Retry: time.Second})
	clock.Advance(time.Second)
	take("when it was said", cache.Usage{Allowed: true, Reset: 30 * time.Second})
	if got := limiter.Take(t.Context(), "grace", limit); got.Remaining != 2 {
		t.Errorf("another's is %+v", got)
	}
	for range 5 {
		if got := limiter.Peek(t.Context(), "grace", limit); got.Remaining != 2 || !got.Allowed {
			t.Errorf("a look finds %+v", got)
		}
	}
	if got := limiter.Peek(t.Context(), "ada", limit); got.Allowed || got.Retry != 10*time.Second {
		t.Errorf("a look at what is used up finds %+v", got)
	}
	clock.Advance(time.Hour)
	take("much later", cache.Usage{Allowed: true, Remaining: 2, Reset: 10 * time.Second})
}

// Two servers share one limit, however many ask at once.
func TestALimitInRedis(t *testing.T) {
	t.Parallel()

	cfg := shared(t)
	limit := cache.Limit{Requests: 50, Window: time.Hour}
	limiters := []*cache.Limiter{newLimiter(t, cfg, testkit.NewClock()), newLimiter(t, cfg, testkit.NewClock())}
	var mutex sync.Mutex
	allowed := map[bool]int{}
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			got := limiters[i%2].Take(t.Context(), "ada", limit)
			mutex.Lock()
			defer mutex.Unlock()
			allowed[got.Allowed]++
		})
	}
	all.Wait()
	if diff := cmp.Diff(map[bool]int{true: 50, false: 50}, allowed); diff != "" {
		t.Errorf("of 100 (-want +got):\n%s", diff)
	}
	got := limiters[0].Take(t.Context(), "ada", limit)
	if got.Allowed || got.Remaining != 0 || got.Retry <= 0 || got.Retry > 72*time.Second || got.Reset > time.Hour {
		t.Errorf("after that, it is %+v", got)
	}
	if got := limiters[1].Peek(t.Context(), "ada", limit); got.Allowed {
		t.Errorf("a look finds %+v", got)
	}
	cfg.Book = "another"
	if got := newLimiter(t, cfg, testkit.NewClock()).Take(t.Context(), "ada", limit); got.Remaining != 49 {
		t.Errorf("in another book, it is %+v", got)
	}
}

func TestALimitWithoutItsRedis(t *testing.T) {
	t.Parallel()

	cfg, relay := relayed(t)
	limiter := newLimiter(t, cfg, testkit.NewClock())
	limit := cache.Limit{Requests: 2, Window: time.Hour}
	limiter.Take(t.Context(), "ada", limit)
	relay.Cut()
	for i, want := range []bool{true, true, false} {
		if got := limiter.Take(t.Context(), "ada", limit); got.Allowed != want {
			t.Errorf("request %d without Redis is %+v", i+1, got)
		}
	}
	if !limiter.Degraded() {
		t.Error("a limiter without its Redis is not degraded")
	}
	relay.Restore()
	for deadline := time.Now().Add(30 * time.Second); limiter.Degraded(); {
		if time.Now().After(deadline) {
			t.Fatal("Redis is back, and the limiter is still degraded")
		}
	}
	if got := limiter.Take(t.Context(), "ada", limit); !got.Allowed || got.Remaining != 0 {
		t.Errorf("back at Redis, it is %+v, want what was counted there", got)
	}
}

// Whatever stands under our keys locks nobody out for longer than a window.
func TestGarbageIsNoLimit(t *testing.T) {
	t.Parallel()

	cfg := shared(t)
	client := client(t, cfg)
	limit := cache.Limit{Requests: 2, Window: 48 * time.Hour}
	for name, tc := range map[string]struct {
		put     func(key string) error
		allowed bool
	}{
		"text":      {func(key string) error { return client.Set(t.Context(), key, "garbage", time.Minute).Err() }, true},
		"list":      {func(key string) error { return client.LPush(t.Context(), key, 1).Err() }, true},
		"nan":       {func(key string) error { return client.Set(t.Context(), key, "nan", time.Minute).Err() }, true},
		"the past":  {func(key string) error { return client.Set(t.Context(), key, "-5", time.Minute).Err() }, true},
		"for ever":  {func(key string) error { return client.Set(t.Context(), key, "inf", 0).Err() }, false},
		"far ahead": {func(key string) error { return client.Set(t.Context(), key, "1e300", 0).Err() }, false},
	} {
		if err := tc.put(cfg.Prefix + "limit::" + name); err != nil {
			t.Fatal(err)
		}
		limiter := newLimiter(t, cfg, testkit.NewClock())
		if got := limiter.Take(t.Context(), name, limit); got.Allowed != tc.allowed || got.Reset > limit.Window {
			t.Errorf("%s gives %+v", name, got)
		}
		if limiter.Degraded() {
			t.Errorf("%s made the limiter degraded", name)
		}
	}
}

func client(t *testing.T, cfg cache.Config) *redis.Client {
	t.Helper()

	options, err := redis.ParseURL(cfg.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}
