//go:build faults

package faults_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Postgres dies, and its synchronous standby takes over: what was acknowledged is there.
func TestFleetWhosePostgresFailsOver(t *testing.T) {
	primary := testkit.NewCluster(t)
	standby := testkit.NewStandby(t, primary)
	hosts := func(c *testkit.Cluster) string {
		host, _, _ := strings.Cut(strings.TrimPrefix(c.URL(), "postgres://accolade@"), "/")
		return host
	}
	url := fmt.Sprintf("postgres://accolade@%s,%s/postgres?sslmode=disable", hosts(primary), hosts(standby))
	services := fleet(t, 2, url)
	services = append(services, fleet(t, 1, url, "ACCOLADE_SPOOL_DIR="+t.TempDir())...)
	d := faults.NewDriver(t, addresses(services))
	d.During(func() {
		time.Sleep(faults.Lasting(10*time.Second, 4*time.Second))
		explained(t, d.Stats())
		primary.Kill()
		time.Sleep(3 * time.Second)
		standby.Promote()
		for _, s := range services {
			atMost(t, "being ready after the standby took over", s.Until("/readyz", 200, 20*time.Second), 10*time.Second)
		}
		explained(t, d.Stats())
		time.Sleep(faults.Lasting(10*time.Second, 4*time.Second))
	})
	stats := d.Stats()
	explained(t, stats)
	if stats.Acked == 0 {
		t.Error("nothing was acknowledged after the standby took over")
	}
	d.MustBeClean(t, standby.URL(), within)
	d.Resend()
	d.MustBeClean(t, standby.URL(), within)
}

// sentinels are three of them, which watch one Redis.
func sentinels(t *testing.T, watched *faults.Redis) (addresses []string) {
	t.Helper()

	host, port, err := net.SplitHostPort(watched.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		own := strconv.Itoa(testkit.FreePort(t))
		dir := t.TempDir()
		configuration := filepath.Join(dir, "sentinel.conf")
		text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor book %s %s 2\nsentinel down-after-milliseconds book 1000\n"+
			"sentinel failover-timeout book 5000\n", own, dir, host, port)
		if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		process := exec.CommandContext(context.WithoutCancel(t.Context()), "redis-server", configuration, "--sentinel")
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
		addresses = append(addresses, net.JoinHostPort("127.0.0.1", own))
	}
	return addresses
}

// chosen returns the address of the Redis that the sentinels agree on, when each knows two others and a replica.
func chosen(t *testing.T, sentinels []string, not string) string {
	t.Helper()

	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		found := map[string]int{}
		for _, address := range sentinels {
			client := redis.NewSentinelClient(&redis.Options{Addr: address})
			master, err := client.GetMasterAddrByName(t.Context(), "book").Result()
			others, _ := client.Sentinels(t.Context(), "book").Result()
			replicas, _ := client.Replicas(t.Context(), "book").Result()
			client.Close()
			if err == nil && len(others) == len(sentinels)-1 && len(replicas) > 0 {
				found[net.JoinHostPort(master[0], master[1])]++
			}
		}
		for address, n := range found {
			if n == len(sentinels) && address != not {
				return address
			}
		}
	}
	t.Fatal("the sentinels do not agree")
	return ""
}

// Redis dies, and a replica of it takes over. Deliveries are taken all the while, and limits are counted by each server meanwhile.
func TestFleetWhoseRedisFailsOver(t *testing.T) {
	cluster := testkit.NewCluster(t)
	primary := faults.NewRedis(t)
	host, port, _ := net.SplitHostPort(primary.Addr())
	replica := faults.NewRedis(t, "--replicaof", host+" "+port)
	watching := sentinels(t, primary)
	if got := chosen(t, watching, ""); got != primary.Addr() {
		t.Fatalf("the sentinels begin with %s", got)
	}
	services := fleet(t, 3, cluster.URL(), "ACCOLADE_REDIS_URL=redis+sentinel://"+strings.Join(watching, ",")+"/book")
	d := faults.NewDriver(t, addresses(services))
	d.During(func() {
		time.Sleep(faults.Lasting(5*time.Second, 3*time.Second))
		primary.Kill()
		for range 5 {
			began := time.Now()
			if status, body := services[0].Get("/api/v1/users", 5*time.Second); status != 200 {
				t.Errorf("a request is answered %d without Redis: %s", status, body)
			}
			atMost(t, "a request without Redis", time.Since(began), 2*time.Second)
		}
		if got := chosen(t, watching, primary.Addr()); got != replica.Addr() {
			t.Errorf("the sentinels chose %s, want %s", got, replica.Addr())
		}
		before := replica.Client.DBSize(t.Context()).Val()
		for _, s := range services {
			notDegraded(t, s)
		}
		time.Sleep(faults.Lasting(5*time.Second, 3*time.Second))
		if after := replica.Client.DBSize(t.Context()).Val(); after <= before {
			t.Errorf("the new Redis remembers %d deliveries after %d", after, before)
		}
	})
	stats := d.Stats()
	explained(t, stats)
	if stats.Refused > 0 || stats.Ambiguous > 0 {
		t.Errorf("%d deliveries were refused and %d not answered", stats.Refused, stats.Ambiguous)
	}
	d.MustBeClean(t, cluster.URL(), within)
}

// notDegraded returns when a service uses its Redis again.
func notDegraded(t *testing.T, s *faults.Service) {
	t.Helper()

	began := time.Now()
	for {
		status, body := s.Get("/readyz", time.Second)
		if status == 200 && strings.Contains(body, `"degraded":false`) {
			t.Logf("Redis is used again after %v: %s", time.Since(began).Round(time.Millisecond), body)
			return
		}
		if time.Since(began) > 15*time.Second {
			t.Fatalf("Redis is not used again: %d %s", status, body)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
