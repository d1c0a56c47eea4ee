package cache_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/cache"
)

// listener is a server that tells and hears.
type listener struct {
	*cache.Changes

	t     *testing.T
	mutex sync.Mutex
	heard []string
	hears bool
}

func listens(t *testing.T, cfg cache.Config) *listener {
	t.Helper()

	changes, err := cache.NewChanges(cfg, "*")
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{Changes: changes, t: t}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		changes.Run(ctx, func(words []string) {
			l.mutex.Lock()
			defer l.mutex.Unlock()
			l.heard = append(l.heard, words...)
		}, func(hears bool) {
			l.mutex.Lock()
			defer l.mutex.Unlock()
			l.hears = hears
		})
	}()
	t.Cleanup(func() {
		stop()
		select {
		case <-stopped:
		case <-time.After(10 * time.Second):
			t.Error("it does not stop")
		}
		_ = changes.Close()
	})
	return l
}

func (l *listener) words() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.heard)
}

func (l *listener) until(what string, holds func() bool) {
	l.t.Helper()

	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		l.mutex.Lock()
		done := holds()
		l.mutex.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%s: never, heard %d words", what, len(l.heard))
		}
	}
}

func TestServersHearOfChanges(t *testing.T) {
	t.Parallel()

	cfg := shared(t)
	other := cfg
	other.Book = "another"
	one, two, elsewhere := listens(t, cfg), listens(t, cfg), listens(t, other)
	for _, l := range []*listener{one, two, elsewhere} {
		l.until("listening", func() bool { return l.hears })
	}
	one.Tell("u1", "n2")
	two.until("hearing", func() bool { return slices.Contains(two.heard, "u1") && slices.Contains(two.heard, "n2") })
	two.Tell("u3")
	one.until("hearing", func() bool { return slices.Contains(one.heard, "u3") })
	if slices.Contains(one.words(), "u1") || len(elsewhere.words()) > 0 {
		t.Errorf("the teller heard %v, another book %v", one.words(), elsewhere.words())
	}
}

func TestChangesWhileRedisIsAway(t *testing.T) {
	t.Parallel()

	cfg, relay := relayed(t)
	one, two := listens(t, cfg), listens(t, cfg)
	two.until("listening", func() bool { return two.hears })
	relay.Cut()
	two.until("knowing that it does not hear", func() bool { return !two.hears })
	one.Tell("u1")
	for i := range 20_000 {
		two.Tell("u" + strconv.Itoa(i))
	}
	relay.Restore()
	two.until("listening again", func() bool { return two.hears })
	one.until("hearing what was told meanwhile", func() bool { return one.hears })
	one.Tell("u2")
	two.until("hearing", func() bool { return slices.Contains(two.heard, "u2") })
	if len(one.words()) > 10_000 {
		t.Errorf("more than can be told was told word by word: %d", len(one.words()))
	}
}

// What cannot be told is tried again once in a while, and not all the time: a Redis that is away costs hardly any processor.
// It does not run beside others, whose work would be taken for its own.
func TestTellingWhileRedisIsAwayIsCheap(t *testing.T) {
	cfg, relay := relayed(t)
	l := listens(t, cfg)
	l.until("listening", func() bool { return l.hears })
	relay.Cut()
	l.until("knowing that it does not hear", func() bool { return !l.hears })
	before := processorTime(t)
	const periods = 3
	for i := range periods * 10 {
		l.Tell("u" + strconv.Itoa(i))
		time.Sleep(time.Second / 10)
	}
	// A loop that does not wait takes a processor for as long as it gets one.
	if took := processorTime(t) - before; took > periods*time.Second/10 {
		t.Errorf("in %d s it took %s of processor time to tell nobody", periods, took)
	}
	relay.Restore()
	other := listens(t, cfg)
	other.until("listening", func() bool { return other.hears })
	l.Tell("last")
	other.until("hearing", func() bool { return slices.Contains(other.heard, "last") })
}

// processorTime returns how much of the processors this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()

	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestChangesWithoutRedis(t *testing.T) {
	t.Parallel()

	changes, err := cache.NewChanges(cache.Config{}, "*")
	if err != nil {
		t.Fatal(err)
	}
	changes.Tell("u1")
	changes.Run(t.Context(), nil, nil)
	if changes.Degraded() {
		t.Error("without Redis it is degraded")
	}
}
