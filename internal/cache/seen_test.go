package cache_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func newSeen(t *testing.T, cfg cache.Config) *cache.Seen {
	t.Helper()

	seen, err := cache.NewSeen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := seen.Close(); err != nil {
			t.Error(err)
		}
	})
	return seen
}

func shared(t *testing.T) cache.Config {
	t.Helper()

	return cache.Config{RedisURL: testkit.RedisURL(t), Prefix: testkit.Prefix(t), TTL: time.Minute, MemorySize: 10, Budget: 5 * time.Second}
}

func TestRemembering(t *testing.T) {
	t.Parallel()

	for name, config := range map[string]func(*testing.T) cache.Config{
		"in memory": func(*testing.T) cache.Config { return cache.Config{} },
		"in Redis":  shared,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			seen := newSeen(t, config(t))
			if got := seen.Lookup(t.Context(), []string{"a", "b"}); len(got) != 0 {
				t.Errorf("an empty cache remembers %v", got)
			}
			remember(t, seen, map[string]int64{"a": 1, "b": 2})
			got := seen.Lookup(t.Context(), []string{"a", "b", "c"})
			if diff := cmp.Diff(map[string]int64{"a": 1, "b": 2}, got); diff != "" {
				t.Errorf("Lookup (-want +got):\n%s", diff)
			}
			if id, ok := seen.Recall("a"); !ok || id != 1 {
				t.Errorf("Recall = %d, %t", id, ok)
			}
			if seen.Degraded() {
				t.Error("a cache that works is degraded")
			}
		})
	}
}

func TestServersShareRedis(t *testing.T) {
	t.Parallel()

	cfg := shared(t)
	one, two := newSeen(t, cfg), newSeen(t, cfg)
	remember(t, one, map[string]int64{"a": 1})
	if _, ok := two.Recall("a"); ok {
		t.Error("the second server recalls what it was never told")
	}
	if got := two.Lookup(t.Context(), []string{"a"}); got["a"] != 1 {
		t.Errorf("the second server finds %v", got)
	}
	if _, ok := two.Recall("a"); !ok {
		t.Error("the second server does not remember what it found")
	}
}

func TestBooksAreApart(t *testing.T) {
	t.Parallel()

	cfg := shared(t)
	cfg.Book = "one"
	remember(t, newSeen(t, cfg), map[string]int64{"a": 1})
	cfg.Book = "two"
	if got := newSeen(t, cfg).Lookup(t.Context(), []string{"a"}); len(got) != 0 {
		t.Errorf("what is committed in one book is found for another: %v", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()

	seen := newSeen(t, cache.Config{MemorySize: 10, Budget: 5 * time.Second})
	for i := range 100 {
		remember(t, seen, map[string]int64{strconv.Itoa(i): int64(i) + 1})
	}
	remembered := 0
	for i := range 100 {
		if _, ok := seen.Recall(strconv.Itoa(i)); ok {
			remembered++
		}
	}
	if remembered != 10 {
		t.Errorf("%d deliveries are remembered, want the 10 newest", remembered)
	}
}

// Whatever stands under our keys, it is as good as nothing and no trouble.
func TestGarbageIsAMiss(t *testing.T) {
	t.Parallel()

	cfg := shared(t)
	client := client(t, cfg)
	for key, put := range map[string]func(string) error{
		"text":   func(key string) error { return client.Set(t.Context(), key, "garbage", time.Minute).Err() },
		"list":   func(key string) error { return client.LPush(t.Context(), key, 1).Err() },
		"zero":   func(key string) error { return client.Set(t.Context(), key, 0, time.Minute).Err() },
		"binary": func(key string) error { return client.Set(t.Context(), key, "\x00\xff", time.Minute).Err() },
	} {
		if err := put(cfg.Prefix + "seen:" + cfg.Book + ":" + key); err != nil {
			t.Fatal(err)
		}
	}
	seen := newSeen(t, cfg)
	if got := seen.Lookup(t.Context(), []string{"text", "list", "zero", "binary"}); len(got) != 0 {
		t.Errorf("garbage is remembered as %v", got)
	}
	if seen.Degraded() {
		t.Error("garbage made the cache degraded")
	}
	remember(t, seen, map[string]int64{"list": 5})
	if got := newSeen(t, cfg).Lookup(t.Context(), []string{"list"}); got["list"] != 5 {
		t.Errorf("garbage was not overwritten: %v", got)
	}
}

// relayed is a shared Redis that can be cut off.
func relayed(t *testing.T) (cache.Config, *testkit.Relay) {
	t.Helper()

	cfg := shared(t)
	var relay *testkit.Relay
	cfg.RedisURL, relay = testkit.Behind(t, cfg.RedisURL)
	return cfg, relay
}

func TestRedisAway(t *testing.T) {
	t.Parallel()

	cfg, relay := relayed(t)
	seen := newSeen(t, cfg)
	remember(t, seen, map[string]int64{"a": 1})

	relay.Cut()
	if got := seen.Lookup(t.Context(), []string{"a", "b"}); len(got) != 1 || got["a"] != 1 {
		t.Errorf("without Redis the memory gives %v", got)
	}
	if !seen.Degraded() {
		t.Error("a cache without its Redis is not degraded")
	}
	remember(t, seen, map[string]int64{"c": 3})
	if _, ok := seen.Recall("c"); !ok {
		t.Error("without Redis nothing is remembered")
	}

	relay.Restore()
	for deadline := time.Now().Add(30 * time.Second); seen.Degraded(); {
		seen.Lookup(t.Context(), []string{"d"})
		if time.Now().After(deadline) {
			t.Fatal("Redis is back, and the cache is still degraded")
		}
	}
}

func TestCancelledCallerDoesNotWait(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	seen := newSeen(t, shared(t))
	if got := seen.Lookup(ctx, []string{"a"}); len(got) != 0 {
		t.Errorf("Lookup = %v", got)
	}
	if seen.Degraded() {
		t.Error("a caller that went away made the cache degraded")
	}
}

func TestBadURLIsRefusedWithoutItsPassword(t *testing.T) {
	t.Parallel()

	_, err := cache.NewSeen(cache.Config{RedisURL: "http://user:hunter2@host:1/0"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("NewSeen = %v, want a refusal without the password", err)
	}
}

// remember notes deliveries for this process and for all.
func remember(t *testing.T, seen *cache.Seen, committed map[string]int64) {
	t.Helper()

	seen.Remember(committed)
	seen.Share(t.Context(), committed)
}
