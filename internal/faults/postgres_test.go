//go:build faults

package faults_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// explained fails the test unless every refusal was a 503 or a 429 that says when to come again.
func explained(t *testing.T, stats *faults.Stats) {
	t.Helper()
	t.Log(stats)
	for status, n := range stats.Statuses {
		if status != 0 && status != 202 && status != 503 && status != 429 {
			t.Errorf("%d requests were answered %d", n, status)
		}
	}
	if stats.Unexplained > 0 {
		t.Errorf("%d refusals do not say when to come again", stats.Unexplained)
	}
}

// Row 10: Postgres crashes and comes back, under load.
func TestRow10PostgresCrashes(t *testing.T) {
	cluster := testkit.NewCluster(t)
	chance := faults.Chance(t)
	s := faults.NewService(t, cluster.URL())
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() {
		for range faults.Times(10, 2) {
			time.Sleep(between(chance, 2*time.Second, 4*time.Second))
			cluster.Stop("immediate")
			time.Sleep(between(chance, 0, 2*time.Second))
			cluster.Start()
			atMost(t, "being ready after Postgres is", s.Until("/readyz", 200, 20*time.Second), 10*time.Second)
		}
	})
	explained(t, d.Stats())
	d.MustBeClean(t, cluster.URL(), within)
	d.Resend()
	d.MustBeClean(t, cluster.URL(), within)
}

// Row 11: Postgres is away for a minute. With a spool everything is taken all the same.
func TestRow11PostgresAway(t *testing.T) {
	for name, spool := range map[string]bool{"without a spool": false, "with a spool": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			postgresAway(t, spool)
		})
	}
}

func postgresAway(t *testing.T, spool bool) {
	t.Helper()

	cluster := testkit.NewCluster(t)
	s := faults.NewService(t, cluster.URL())
	if spool {
		s.Env = append(s.Env, "ACCOLADE_SPOOL_DIR="+t.TempDir())
	}
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() {
		time.Sleep(3 * time.Second)
		// No delivery is about this person, so that what was seen is not forgotten for another award before Postgres stops.
		s.Do(http.MethodPost, "/api/v1/users", map[string]any{"username": "reader", "name": "Reader"})
		const person = "/users/reader/badge.svg"
		if status, body := s.Get(person, 5*time.Second); status != 200 {
			t.Errorf("%s is answered %d before: %s", person, status, body)
		}
		before := s.Memory()
		d.Stats()
		cluster.Stop("fast")
		atMost(t, "saying that it is not ready", s.Until("/readyz", 503, 10*time.Second), 5*time.Second)
		for end := time.Now().Add(faults.Lasting(time.Minute, 6*time.Second)); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
			if status, body := s.Get("/livez", time.Second); status != 200 {
				t.Errorf("/livez is answered %d: %s", status, body)
			}
			if status, body := s.Get(person, time.Second); status != 200 {
				t.Errorf("the badge that was seen before is answered %d: %s", status, body)
			}
		}
		if grown := s.Memory() - before; grown > 32<<20 {
			t.Errorf("it has grown by %d MiB meanwhile, want 32 at most", grown>>20)
		}
		stats := d.Stats()
		explained(t, stats)
		if spool && stats.Refused > stats.Sent/100 {
			t.Errorf("it has a spool and refused %d of %d", stats.Refused, stats.Sent)
		}
		cluster.Start()
		s.Until("/readyz", 200, 10*time.Second)
		time.Sleep(2 * time.Second)
	})
	d.MustBeClean(t, cluster.URL(), 2*within)
}

// Row 12: Postgres hangs: no call waits for it longer than five seconds.
func TestRow12PostgresHangs(t *testing.T) {
	cluster := testkit.NewCluster(t)
	s := faults.NewService(t, cluster.URL())
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() {
		time.Sleep(3 * time.Second)
		explained(t, d.Stats())
		cluster.Freeze()
		began := time.Now()
		atMost(t, "saying that it is not ready", s.Until("/readyz", 503, 10*time.Second), 5*time.Second)
		for time.Since(began) < faults.Lasting(30*time.Second, 10*time.Second) {
			callsEnd(t, s)
		}
		cluster.Thaw()
		atMost(t, "being ready after Postgres is", s.Until("/readyz", 200, 20*time.Second), 5*time.Second)
		explained(t, d.Stats())
		time.Sleep(2 * time.Second)
	})
	d.MustBeClean(t, cluster.URL(), within)
}

// callsEnd makes calls of several kinds at once, none of which may hang.
func callsEnd(t *testing.T, s *faults.Service) {
	t.Helper()

	var calls sync.WaitGroup
	for _, path := range []string{"/livez", "/api/v1/users", "/api/v1/users/author10001", "/api/v1/users/author10001/awards", "/readyz"} {
		calls.Go(func() {
			began := time.Now()
			status, body := s.Get(path, 8*time.Second)
			took := time.Since(began)
			if took > 5500*time.Millisecond {
				t.Errorf("%s took %v while Postgres hung", path, took)
			}
			if status != 503 && status != 200 && status != 304 && status != 429 {
				t.Errorf("%s is answered %d while Postgres hung: %s", path, status, body)
			}
		})
	}
	calls.Wait()
}

// through returns the address of the database by way of the relay.
func through(databaseURL, target, relay string) string {
	return strings.Replace(databaseURL, target, relay, 1)
}

// hostOf returns host:port of a database's address.
func hostOf(t *testing.T, databaseURL string) string {
	t.Helper()
	_, rest, _ := strings.Cut(databaseURL, "@")
	host, _, ok := strings.Cut(rest, "/")
	if !ok {
		t.Fatalf("no host in %s", databaseURL)
	}
	return host
}

// Row 13: the network between the service and Postgres loses everything and tells neither side.
func TestRow13SilentPartition(t *testing.T) {
	databaseURL := testkit.PostgresURL(t)
	host := hostOf(t, databaseURL)
	relay := testkit.NewRelay(t, host)
	s := faults.NewService(t, through(databaseURL, host, relay.Addr()))
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() {
		for range faults.Times(3, 1) {
			time.Sleep(3 * time.Second)
			relay.Set(testkit.Silent)
			time.Sleep(faults.Lasting(20*time.Second, 5*time.Second))
			relay.Set(testkit.Fair)
			// The connections from before stay dead: the service has to notice by itself.
			atMost(t, "noticing dead connections", recovers(t, d, 30*time.Second), 15*time.Second)
		}
	})
	explained(t, d.Stats())
	d.MustBeClean(t, databaseURL, within)
}

// recovers waits until deliveries are acknowledged again, all of them, and returns how long that took.
func recovers(t *testing.T, d *faults.Driver, most time.Duration) time.Duration {
	t.Helper()

	began := time.Now()
	for time.Since(began) < most {
		d.Stats()
		time.Sleep(500 * time.Millisecond)
		if stats := d.Stats(); stats.Acked > 0 && stats.Refused+stats.Ambiguous == 0 {
			return time.Since(began)
		}
	}
	t.Errorf("it does not take deliveries again after %v", most)
	return most
}

// Row 14: all that Postgres gives is in use; who waits is told to come again.
func TestRow14PoolExhausted(t *testing.T) {
	cluster := testkit.NewCluster(t, "max_connections=20")
	s := faults.NewService(t, cluster.URL())
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() {
		time.Sleep(time.Second)
		hogs := hog(t, cluster.URL(), 20)
		var calls sync.WaitGroup
		for range 200 {
			calls.Go(func() {
				began := time.Now()
				status, _ := s.Get("/api/v1/users?limit=50", 10*time.Second)
				if took := time.Since(began); took > 5*time.Second || status != 200 && status != 503 && status != 429 {
					t.Errorf("a call ended with %d after %v", status, took)
				}
			})
		}
		for range 20 {
			began := time.Now()
			if status, body := s.Get("/livez", 2*time.Second); status != 200 || time.Since(began) > time.Second {
				t.Errorf("/livez is answered %d after %v: %s", status, time.Since(began), body)
			}
			time.Sleep(100 * time.Millisecond)
		}
		calls.Wait()
		for _, conn := range hogs {
			conn.Close(t.Context())
		}
		atMost(t, "being ready afterwards", s.Until("/readyz", 200, 20*time.Second), 5*time.Second)
		time.Sleep(2 * time.Second)
	})
	explained(t, d.Stats())
	d.MustBeClean(t, cluster.URL(), within)
}

// hog takes as many connections as there are left, at most n.
func hog(t *testing.T, databaseURL string, n int) (taken []*pgx.Conn) {
	t.Helper()
	for range n {
		conn, err := pgx.Connect(t.Context(), databaseURL)
		if err != nil {
			break
		}
		t.Cleanup(func() { conn.Close(t.Context()) })
		taken = append(taken, conn)
	}
	t.Logf("%d connections are taken by others", len(taken))
	return taken
}
