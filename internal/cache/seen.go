// Package cache holds what may be forgotten: it saves work and never decides.
//
// Seen remembers deliveries that are committed, so that a delivery sent again is answered without
// touching the book. The book's unique keys remain the truth: with an empty or absent cache
// everything is still right, only slower. Limiter counts requests. Changes tells servers what others have
// changed, so that they forget what they keep of it. Redis shares all that between servers; without Redis each server
// remembers for itself. The package may import trace.
package cache

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"

	"github.com/seed-504bad89/accolade/internal/trace"
)

// Config says where to remember.
type Config struct {
	// RedisURL is redis://host:port/db; redis+sentinel://host:port,host:port/name/db, whose hosts are sentinels that know the
	// Redis of that name; or redis+cluster://host:port,host:port. With rediss for redis it is TLS; empty is memory alone.
	RedisURL string
	// Prefix stands before every key in Redis; empty means "accolade:".
	Prefix string
	// Book tells whose deliveries they are: what is committed in one database is not in another.
	Book string
	// Life tells one life of the book from another: a restored backup does not hold all that was committed before.
	Life string
	// TTL is how long Redis remembers; 0 means 72 h, as long as GitHub offers a redelivery.
	TTL time.Duration
	// MemorySize is how many deliveries, and how many callers, the process remembers, at about 150
	// bytes each; 0 means 100,000.
	MemorySize int
	// Budget is how long one call to Redis may take before it counts as away; 0 means 100 ms: what Redis
	// saves is worth no more.
	Budget time.Duration
	// Traces makes spans of commands; nil for none.
	Traces *trace.Tracer
}

// The defaults of Config.
const (
	defaultPrefix     = "accolade:"
	defaultTTL        = 72 * time.Hour
	defaultMemorySize = 100_000
	defaultBudget     = 100 * time.Millisecond
)

func (c *Config) complete() {
	if c.Prefix == "" {
		c.Prefix = defaultPrefix
	}
	if c.TTL == 0 {
		c.TTL = defaultTTL
	}
	if c.MemorySize == 0 {
		c.MemorySize = defaultMemorySize
	}
	if c.Budget == 0 {
		c.Budget = defaultBudget
	}
}

// Seen remembers the ids of committed deliveries by key. It is safe for concurrent use.
type Seen struct {
	*remote

	memory *lru.Cache[string, int64]
	prefix string
	ttl    time.Duration
}

// NewSeen returns an empty memory. It fails when RedisURL is no URL; it does not connect, so that
// a Redis that is away delays no start.
func NewSeen(cfg Config) (*Seen, error) {
	cfg.complete()
	memory, err := lru.New[string, int64](cfg.MemorySize)
	if err != nil {
		return nil, fmt.Errorf("making a memory for %d deliveries: %w", cfg.MemorySize, err)
	}
	far, err := newRemote(cfg)
	if err != nil {
		return nil, err
	}
	return &Seen{remote: far, memory: memory, prefix: cfg.Prefix + "seen:" + cfg.Book + ":" + cfg.Life + ":", ttl: cfg.TTL}, nil
}

// Recall returns the id of the delivery that this process remembers under the key. It asks nobody.
func (s *Seen) Recall(key string) (int64, bool) { return s.memory.Get(key) }

// RecallAll returns the ids of the deliveries that this process remembers, by key.
func (s *Seen) RecallAll(keys []string) map[string]int64 {
	found := map[string]int64{}
	for _, key := range keys {
		if id, ok := s.memory.Get(key); ok {
			found[key] = id
		}
	}
	return found
}

// Lookup returns the ids of the deliveries that are remembered, here or in Redis, by key. Keys
// that are not remembered are absent, and so is everything that Redis alone knows while it is away.
func (s *Seen) Lookup(ctx context.Context, keys []string) map[string]int64 {
	found := s.RecallAll(keys)
	var missing []string
	for _, key := range keys {
		if _, ok := found[key]; !ok {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 || !s.usable() {
		return found
	}
	named := make([]string, len(missing))
	for i, key := range missing {
		named[i] = s.prefix + key
	}
	limited, cancel := context.WithTimeout(ctx, s.budget)
	defer cancel()
	values, err := s.values(limited, named)
	s.note(ctx, err)
	if err != nil {
		return found
	}
	for i, text := range values {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 {
			found[missing[i]] = id
			s.memory.Add(missing[i], id)
		}
	}
	return found
}

// values returns what stands under the keys. A value of another type is not ours: as good as none.
func (s *Seen) values(ctx context.Context, keys []string) ([]string, error) {
	texts := make([]string, len(keys))
	if cluster, many := s.client.(*redis.ClusterClient); many {
		// The keys are on several servers, which no command asks at once.
		answers := make([]*redis.StringCmd, len(keys))
		_, err := cluster.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, key := range keys {
				answers[i] = pipe.Get(ctx, key)
			}
			return nil
		})
		for i, answer := range answers {
			texts[i] = answer.Val()
		}
		if errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE") {
			err = nil
		}
		return texts, err
	}
	values, err := s.client.MGet(ctx, keys...).Result()
	for i, value := range values {
		texts[i], _ = value.(string)
	}
	return texts, err
}

// Remember notes deliveries as committed, for this process. Call it after the commit, never before: a note without
// a commit would make the sender's next try disappear.
func (s *Seen) Remember(committed map[string]int64) {
	for key, id := range committed {
		s.memory.Add(key, id)
	}
}

// Share notes deliveries as committed for all processes. As Remember, it is for after the commit.
func (s *Seen) Share(ctx context.Context, committed map[string]int64) {
	if len(committed) == 0 || !s.usable() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, s.budget)
	defer cancel()
	_, err := s.client.Pipelined(limited, func(pipe redis.Pipeliner) error {
		for key, id := range committed {
			pipe.Set(limited, s.prefix+key, id, s.ttl)
		}
		return nil
	})
	s.note(ctx, err)
}
