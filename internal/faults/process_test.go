//go:build faults

package faults_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// within is how long a book may take to become clean after a fault.
const within = time.Minute

// between returns a duration by chance.
func between(chance *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(chance.Int64N(int64(most-least)))
}

// atMost fails the test when something took longer than it may.
func atMost(t *testing.T, what string, took, most time.Duration) {
	t.Helper()
	t.Logf("%s took %v, at most %v", what, took.Round(time.Millisecond), most)
	if took > most {
		t.Errorf("%s took %v, want at most %v", what, took, most)
	}
}

// Row 1: the process is killed under load, again and again.
func TestRow01KilledUnderLoad(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		chance := faults.Chance(t)
		s := faults.NewService(t, databaseURL)
		s.Start()
		d := faults.NewDriver(t, s.URLs)
		d.During(func() {
			for range faults.Times(20, 3) {
				time.Sleep(between(chance, time.Second, 3*time.Second))
				s.Kill()
				atMost(t, "a start to serving", s.Start(), 5*time.Second)
				s.Until("/readyz", 200, 5*time.Second)
			}
		})
		t.Log(d.Stats())
		d.MustBeClean(t, databaseURL, within)
		d.Resend()
		d.MustBeClean(t, databaseURL, within)
	})
}

// Row 4: an orderly stop under load: readiness ends first, accepted requests are answered, and nothing is half done.
func TestRow04StoppedUnderLoad(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		s := faults.NewService(t, databaseURL)
		s.Start()
		d := faults.NewDriver(t, s.URLs)
		for range faults.Times(5, 2) {
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); d.Run(ctx) }()
			time.Sleep(faults.Lasting(10*time.Second, 2*time.Second))
			refusals := make(chan time.Duration, 1)
			go notReady(s, refusals)
			code, took := s.Stop()
			stop()
			<-done
			if code != 0 {
				t.Errorf("it exits with %d", code)
			}
			atMost(t, "the stop", took, 30*time.Second)
			atMost(t, "readiness to end", <-refusals, time.Second)
			stats := d.Stats()
			t.Log(stats)
			// Whom it did not let in any more has no connection, or a reset one that was never accepted; whom it let in gets an answer.
			if verdict, err := d.Check(t.Context(), databaseURL); err != nil || verdict.Unacknowledged > 0 {
				t.Errorf("%d deliveries were let in, stored and not answered, %v", verdict.Unacknowledged, err)
			}
			s.Start()
		}
		d.MustBeClean(t, databaseURL, within)
	})
}

// notReady tells how long it takes until the service does not say any more that it is ready.
func notReady(s *faults.Service, took chan<- time.Duration) {
	began := time.Now()
	for {
		if status, _ := s.Get("/readyz", 2*time.Second); status != 200 {
			took <- time.Since(began)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Row 5: a process is frozen for longer than its leases while another one goes on, and wakes up.
func TestRow05FrozenAndResumed(t *testing.T) {
	databaseURL := testkit.PostgresURL(t)
	chance := faults.Chance(t)
	frozen, other := faults.NewService(t, databaseURL), faults.NewService(t, databaseURL)
	frozen.Start()
	other.Start()
	both := atomic.Bool{}
	both.Store(true)
	d := faults.NewDriver(t, func() []string {
		if both.Load() {
			return []string{frozen.URL(), other.URL()}
		}
		return other.URLs()
	})
	d.During(func() {
		for range faults.Times(2, 1) {
			both.Store(true)
			time.Sleep(between(chance, time.Second, 3*time.Second))
			frozen.Signal(syscall.SIGSTOP)
			time.Sleep(2 * time.Second)
			both.Store(false)
			time.Sleep(faults.Lasting(90*time.Second, 20*time.Second))
			frozen.Signal(syscall.SIGCONT)
			frozen.Until("/readyz", 200, 10*time.Second)
		}
		both.Store(true)
		time.Sleep(2 * time.Second)
	})
	stats := d.Stats()
	t.Log(stats)
	if stats.Acked*2 < stats.Sent {
		t.Errorf("one process was frozen, and the other acknowledged %d of %d", stats.Acked, stats.Sent)
	}
	d.MustBeClean(t, databaseURL, 2*within)
}

// Row 6: one of two processes is killed again and again; senders see no more than its own absence.
func TestRow06OneOfTwoKilled(t *testing.T) {
	databaseURL := testkit.PostgresURL(t)
	chance := faults.Chance(t)
	cache := faults.NewRedis(t)
	services := []*faults.Service{
		faults.NewService(t, databaseURL, "ACCOLADE_REDIS_URL="+cache.URL()), faults.NewService(t, databaseURL, "ACCOLADE_REDIS_URL="+cache.URL()),
	}
	for _, s := range services {
		s.Start()
	}
	d := faults.NewDriver(t, func() []string { return slices.Concat(services[0].URLs(), services[1].URLs()) })
	d.Again = 3
	d.During(func() {
		for i := range faults.Times(50, 3) {
			time.Sleep(between(chance, time.Second, 5*time.Second))
			services[i%2].Kill()
			atMost(t, "a start to serving", services[i%2].Start(), 5*time.Second)
		}
	})
	t.Log(d.Stats())
	d.MustBeClean(t, databaseURL, 2*within)
	d.Resend()
	d.MustBeClean(t, databaseURL, within)
}
