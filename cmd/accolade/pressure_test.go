package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// ceiling is the memory that a server may have in these tests.
const ceiling = 256 << 20

// largest returns the merge with the id as the largest body that is taken. It compresses as text does, to a few MiB.
func largest(id int64) []byte {
	body := testkit.MergedPullRequest(id, 583231, "ada")
	noise := rand.NewChaCha8([32]byte{byte(id)})
	var filling bytes.Buffer
	for filling.Len() < 25<<20 {
		fmt.Fprintf(&filling, "a line of a diff that repeats what others say, but for %08x. ", uint32(noise.Uint64()))
	}
	filling.Truncate(25<<20 - len(body) - len(`"body":"",`))
	return bytes.Replace(body, []byte(`"action"`), []byte(`"body":"`+filling.String()+`","action"`), 1)
}

// confine makes the server start in a control group that may not use more memory than the ceiling: beyond it the kernel
// kills it. It reports false where that is not possible.
func (s *server) confine() bool {
	name := fmt.Sprintf("accolade-test-%d", os.Getpid())
	for _, kind := range []struct{ root, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"},
	} {
		group := filepath.Join(kind.root, name)
		if _, err := os.Stat(filepath.Join(kind.root, "cgroup.procs")); err != nil || os.Mkdir(group, 0o755) != nil {
			continue
		}
		s.t.Cleanup(func() {
			s.kill()
			for range 50 { // a group is busy for a moment after its last process
				if os.Remove(group) == nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
			s.t.Errorf("%s cannot be removed", group)
		})
		if os.WriteFile(filepath.Join(group, kind.limit), []byte(strconv.Itoa(ceiling)), 0o600) != nil {
			continue
		}
		s.before = []string{"sh", "-c", `echo $$ > ` + filepath.Join(group, "cgroup.procs") + `; exec "$@"`, "sh"}
		return true
	}
	return false
}

// peak returns the most memory that the server has had.
func (s *server) peak() int {
	s.t.Helper()

	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		s.t.Skip("this system does not tell how much memory a process had")
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return kilobytes << 10
}

// Rows 8 and 34: a hundred of the largest bodies at once are taken or told to come back; beside them small ones are taken; and
// the server stays within 256 MiB.
func TestManyLargeBodies(t *testing.T) {
	t.Parallel()

	s := newServer(t, filepath.Join(t.TempDir(), "accolade.db"))
	if !s.confine() {
		t.Log("no control group can be made here: that the memory is bounded shows by its peak alone")
	}
	s.start()
	bodies := [][]byte{largest(1), largest(2)}
	var sending sync.WaitGroup
	var mutex sync.Mutex
	statuses := map[int]int{}
	for i := range 100 {
		sending.Go(func() {
			request, err := testkit.GitHubDelivery(t.Context(), s.address, "forge", hookSecret, "pull_request", bodies[i%len(bodies)])
			if err != nil {
				t.Error(err)
				return
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil { // refused while it was being sent: some clients do not look at the answer then
				t.Logf("a large body: %v", err)
				mutex.Lock()
				defer mutex.Unlock()
				statuses[http.StatusServiceUnavailable]++
				return
			}
			defer response.Body.Close()
			text, _ := io.ReadAll(response.Body)
			mutex.Lock()
			defer mutex.Unlock()
			if bytes.Contains(text, []byte("came too slowly")) { // this machine is too busy to send what it has been given memory for
				t.Logf("a large body: %s", text)
				statuses[http.StatusServiceUnavailable]++
				return
			}
			statuses[response.StatusCode]++
			if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
				t.Errorf("the refusal does not say when to come back: %s", text)
			}
		})
	}
	slowest, refused := s.small(20)
	sending.Wait()
	if refused > 10 { // a machine that is busy with other tests is slow to judge
		t.Errorf("%d of 20 small ones were refused", refused)
	}
	if statuses[http.StatusAccepted] == 0 || statuses[http.StatusAccepted]+statuses[http.StatusServiceUnavailable] != 100 {
		t.Errorf("the large ones were answered %v", statuses)
	}
	if !s.deliver(2000) {
		t.Error("the server does not take deliveries any more")
	}
	peak := s.peak()
	t.Logf("%v; the slowest small one took %s; the server had %d MiB at most", statuses, slowest, peak>>20)
	if peak > ceiling {
		t.Errorf("the server had %d MiB", peak>>20)
	}
}

// small delivers so many small bodies one after the other, and returns how long the slowest one took and how many were refused.
func (s *server) small(count int64) (slowest time.Duration, refused int) {
	for id := range count {
		began := time.Now()
		if !s.deliver(1000 + id) {
			refused++
		}
		slowest = max(slowest, time.Since(began))
	}
	return slowest, refused
}

// command returns the server's command.
func (s *server) command() *exec.Cmd {
	arguments := append(append([]string{}, s.before...), s.binary, "serve")
	return exec.CommandContext(context.WithoutCancel(s.t.Context()), arguments[0], arguments[1:]...)
}
