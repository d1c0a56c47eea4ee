//go:build faults

package faults_test

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// fleet starts replicas of one service.
func fleet(t *testing.T, replicas int, databaseURL string, environment ...string) []*faults.Service {
	t.Helper()

	services := make([]*faults.Service, replicas)
	for i := range services {
		services[i] = faults.NewService(t, databaseURL, environment...)
		services[i].Start()
	}
	return services
}

func addresses(services []*faults.Service) func() []string {
	return func() []string {
		all := make([]string, len(services))
		for i, s := range services {
			all[i] = s.URL()
		}
		return all
	}
}

// Three replicas on one Postgres and one Redis, of which one is killed every few seconds.
func TestFleetIsKilledOneByOne(t *testing.T) {
	cluster := testkit.NewCluster(t)
	shared := faults.NewRedis(t)
	chance := faults.Chance(t)
	services := fleet(t, 3, cluster.URL(), "ACCOLADE_REDIS_URL="+shared.URL())
	d := faults.NewDriver(t, addresses(services))
	d.During(func() {
		for range faults.Times(30, 4) {
			time.Sleep(between(chance, time.Second, 5*time.Second))
			s := services[chance.IntN(len(services))]
			s.Kill()
			time.Sleep(between(chance, 0, time.Second))
			atMost(t, "a start to serving", s.Start(), 5*time.Second)
		}
	})
	t.Log(d.Stats())
	d.MustBeClean(t, cluster.URL(), within)
	d.Resend()
	d.MustBeClean(t, cluster.URL(), within)
}

// All deliveries are about one person: the counts are exact, and that costs no more than half of the throughput.
func TestFleetAndAHotUser(t *testing.T) {
	const senders = 16
	type side struct {
		*faults.Driver

		cluster *testkit.Cluster
		rates   []float64
	}
	sides := map[int]*side{}
	for _, users := range []int{1, 1000} {
		cluster := testkit.NewCluster(t)
		services := fleet(t, 3, cluster.URL(), "ACCOLADE_REDIS_URL="+faults.NewRedis(t).URL())
		sides[users] = &side{Driver: faults.NewDriver(t, addresses(services)), cluster: cluster}
		sides[users].Traffic(users)
	}
	deliveries := faults.Times(2000, 300)
	for range 5 {
		for users, s := range sides {
			rate := float64(deliveries) / s.Senders(senders, deliveries).Seconds()
			t.Logf("%d users: %.0f deliveries a second", users, rate)
			s.rates = append(s.rates, rate)
		}
	}
	median := func(s *side) float64 { slices.Sort(s.rates); return s.rates[len(s.rates)/2] }
	hot, many := median(sides[1]), median(sides[1000])
	t.Logf("%d senders, three replicas: %.0f deliveries a second for one person, %.0f for 1,000, a ratio of %.2f", senders, hot, many, hot/many)
	if hot < many/2 {
		t.Errorf("one person gets %.0f deliveries a second and 1,000 get %.0f, want half of it at least", hot, many)
	}
	for _, s := range sides {
		s.MustBeClean(t, s.cluster.URL(), within)
	}
}
