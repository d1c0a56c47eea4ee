package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// maxUntold is how many words wait to be told one by one; more of them are one word for everything.
	maxUntold = 10_000
	// quiet is how long nothing has to come from Redis before it is asked whether it is still there, and how long it may
	// take to say so.
	quiet = 2 * time.Second
)

// Changes tells other servers of the same book what this one has changed, and hears what they have: in words that mean
// something to whoever uses it. What is told while Redis is away is told later. It is safe for concurrent use.
type Changes struct {
	*remote

	channel, self, everything string

	mutex  sync.Mutex
	untold map[string]struct{}
	wake   chan struct{}
}

// NewChanges returns one that tells nothing before Run. The word everything stands for all others together.
func NewChanges(cfg Config, everything string) (*Changes, error) {
	cfg.complete()
	far, err := newRemote(cfg)
	if err != nil {
		return nil, err
	}
	return &Changes{
		remote: far, channel: cfg.Prefix + "changes:" + cfg.Book, self: rand.Text(), everything: everything,
		untold: map[string]struct{}{}, wake: make(chan struct{}, 1),
	}, nil
}

// Tell leaves words to be told; it waits for nothing. Without Redis there is nobody to tell.
func (c *Changes) Tell(words ...string) {
	if c.client == nil {
		return
	}
	c.keep(words)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Changes) keep(words []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, word := range words {
		c.untold[word] = struct{}{}
	}
	if len(c.untold) > maxUntold {
		c.untold = map[string]struct{}{c.everything: {}}
	}
}

// Run tells and hears until ctx is done, and returns at once without Redis. It calls hear with the words of others, and
// listening when from now on all that others tell is heard, or no longer; at first it is not.
func (c *Changes) Run(ctx context.Context, hear func(words []string), listening func(bool)) {
	if c.client == nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { c.speak(ctx) })
	both.Go(func() { c.listen(ctx, hear, listening) })
	both.Wait()
}

// speak tells what is to be told, and again while it cannot be. At the end it tries once more.
func (c *Changes) speak(ctx context.Context) {
	for ctx.Err() == nil {
		wake := c.wake
		var again <-chan time.Time
		if !c.tellAll(ctx) {
			// What is left meanwhile is told with the rest: to try for each word would be as much work for nothing as there are words.
			wake, again = nil, time.After(breakFor)
		}
		select {
		case <-wake:
		case <-again:
		case <-ctx.Done():
		}
	}
	c.tellAll(context.WithoutCancel(ctx))
}

func (c *Changes) tellAll(ctx context.Context) bool {
	c.mutex.Lock()
	words := slices.Collect(maps.Keys(c.untold))
	c.untold = map[string]struct{}{}
	c.mutex.Unlock()
	if len(words) == 0 {
		return true
	}
	if c.usable() {
		limited, cancel := context.WithTimeout(ctx, c.budget)
		defer cancel()
		err := c.client.Publish(limited, c.channel, c.self+" "+strings.Join(words, " ")).Err()
		c.note(ctx, err)
		if err == nil {
			return true
		}
	}
	c.keep(words)
	return false
}

func (c *Changes) listen(ctx context.Context, hear func([]string), listening func(bool)) {
	for ctx.Err() == nil {
		heard := false
		err := c.session(ctx, hear, func() { heard = true; listening(true) })
		if heard {
			listening(false)
		}
		c.note(ctx, err)
		select {
		case <-time.After(breakFor):
		case <-ctx.Done():
		}
	}
}

// session listens until the connection is lost, or says nothing when it is asked to.
func (c *Changes) session(ctx context.Context, hear func([]string), begun func()) error {
	subscription := c.client.Subscribe(ctx, c.channel)
	defer subscription.Close()
	// It does not wait for ctx by itself.
	stop := context.AfterFunc(ctx, func() { _ = subscription.Close() })
	defer stop()
	for asked := false; ctx.Err() == nil; {
		message, err := subscription.ReceiveTimeout(ctx, quiet)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() && !asked {
			if err := subscription.Ping(ctx); err != nil {
				return err
			}
			asked = true
			continue
		}
		if err != nil {
			return err
		}
		asked = false
		switch message := message.(type) {
		case *redis.Subscription:
			begun()
		case *redis.Message:
			if from, words, _ := strings.Cut(message.Payload, " "); from != c.self {
				hear(strings.Fields(words))
			}
		}
	}
	return nil
}
