package main_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// The server is killed while its database comes and goes and deliveries go to the spool and out of it: every acknowledged one
// is awarded once.
func TestKilledServerKeepsItsSpool(t *testing.T) {
	t.Parallel()

	cluster := testkit.NewCluster(t)
	s := newServer(t, cluster.URL())
	spool := filepath.Join(t.TempDir(), "spool")
	s.env = append(s.env, "ACCOLADE_SPOOL_DIR="+spool)
	l := &load{server: s, acknowledged: map[int64]bool{}}
	pause := func(most int) { time.Sleep(time.Duration(50+rand.IntN(most)) * time.Millisecond) }
	s.start()
	for round := range 3 {
		var database sync.WaitGroup
		l.sendUntil(func() {
			pause(200)
			cluster.Stop([]string{"fast", "immediate"}[round%2])
			pause(400)
			if round > 0 { // killed while it drains, and not only while it fills
				database.Go(cluster.Start)
				pause(700)
			}
			_ = s.process.Process.Signal(syscall.SIGKILL)
		})
		database.Wait()
		s.kill()
		if round == 0 {
			if paths, err := filepath.Glob(filepath.Join(spool, "*.spool")); err != nil || len(paths) == 0 {
				t.Errorf("nothing was spooled: %v, %v", paths, err)
			}
		}
		s.start() // for the first time without its database
		if round == 0 {
			l.sendUntil(func() { pause(200) })
			cluster.Start()
		}
	}
	s.drained()
	awarded := s.occurrences()
	for id := range l.acknowledged {
		if awarded[occurrence(id)] != 1 {
			t.Errorf("delivery %d was acknowledged, and awarded %d times", id, awarded[occurrence(id)])
		}
	}
	if len(awarded) > int(l.sent) || slices.Max(values(awarded)) != 1 {
		t.Errorf("%d merges are awarded, and %d were sent", len(awarded), l.sent)
	}
	t.Logf("%d of %d deliveries were acknowledged", len(l.acknowledged), l.sent)
	if aside, _ := filepath.Glob(filepath.Join(spool, "*.corrupt")); len(aside) > 0 {
		text, _ := os.ReadFile(aside[0])
		t.Errorf("%d records were moved aside, the first is %.200q", len(aside), text)
	}
}

func values(of map[string]int) (values []int) {
	values = append(values, 0)
	for _, value := range of {
		values = append(values, value)
	}
	return values
}

// drained waits until nothing is in the spool.
func (s *server) drained() {
	s.t.Helper()

	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.address+"/readyz/hooks", http.NoBody)
		if err != nil {
			s.t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			s.t.Fatal(err)
		}
		var said struct{ Spooled *int64 }
		err = json.NewDecoder(response.Body).Decode(&said)
		response.Body.Close()
		if err == nil && said.Spooled != nil && *said.Spooled == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the spool is not drained: %s, %v", response.Status, said.Spooled)
		}
	}
}
