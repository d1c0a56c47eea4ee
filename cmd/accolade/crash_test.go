package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

const (
	hookSecret = "a webhook secret of the tests"
	adminToken = "an admin token of the tests"

	crashRules = `
namespace: acme
achievements:
  - key: merge
    name: Merge
    kind: repeatable
    award: {on: merge_request.merged, to: event.author, per: event.object}
`
)

// server is the real binary as a process of its own.
type server struct {
	t       *testing.T
	binary  string
	env     []string
	process *exec.Cmd
	address string
	// before is what the server's command is an argument of.
	before []string
}

func newServer(t *testing.T, databaseURL string) *server {
	t.Helper()

	place := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(place, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules := write("rules/merge.yaml", crashRules)
	settings := write("accolade.yaml", "sources: [{name: forge, forge: github, secret: "+hookSecret+"}]\n")
	s := &server{t: t, binary: filepath.Join(place, "accolade"), env: append(os.Environ(),
		"ACCOLADE_CONFIG="+settings, "ACCOLADE_RULES="+filepath.Dir(rules), "ACCOLADE_DATABASE_URL="+databaseURL,
		"ACCOLADE_ADMIN_TOKEN="+adminToken, "ACCOLADE_LISTEN=127.0.0.1:0")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	t.Cleanup(s.kill)
	return s
}

// launch runs the binary and returns its log.
func (s *server) launch() io.Reader {
	s.t.Helper()

	s.process = s.command()
	s.process.Env = s.env
	log, err := s.process.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	return log
}

// start runs the binary and waits until its log says where it serves.
func (s *server) start() {
	s.t.Helper()

	log := s.launch()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && strings.HasPrefix(line.Msg, "serving") {
			s.address = line.URL
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return
		}
	}
	s.t.Fatal("the server ended before it served")
}

// kill ends the process as a power cut would, from the process's own point of view.
func (s *server) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGKILL)
	_ = s.process.Wait()
	s.process = nil
}

// deliver sends the merge with the id and reports whether it was acknowledged.
func (s *server) deliver(id int64) bool {
	body := testkit.MergedPullRequest(id, 583231, "ada")
	request, err := testkit.GitHubDelivery(s.t.Context(), s.address, "forge", hookSecret, "pull_request", body)
	if err != nil {
		s.t.Error(err)
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusAccepted
}

// occurrences returns how often each merge was awarded.
func (s *server) occurrences() map[string]int {
	s.t.Helper()

	found := map[string]int{}
	for cursor := ""; ; {
		request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet,
			s.address+"/api/v1/users/ada/awards?limit=100&cursor="+cursor, http.NoBody)
		if err != nil {
			s.t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			s.t.Fatal(err)
		}
		var page struct {
			Items      []struct{ Occurrence string }
			NextCursor *string `json:"next_cursor"`
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		response.Body.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		for _, item := range page.Items {
			found[item.Occurrence]++
		}
		if page.NextCursor == nil {
			return found
		}
		cursor = *page.NextCursor
	}
}

// The server is killed under load and started again, several times: every acknowledged delivery
// is stored and judged, and sending everything once more gives nothing twice.
func TestKilledServerLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()
		killUnderLoad(t, newServer(t, databaseURL))
	})
}

func killUnderLoad(t *testing.T, s *server) {
	t.Helper()

	const kills = 4
	l := &load{server: s, acknowledged: map[int64]bool{}}
	for range kills {
		s.start()
		l.sendUntil(func() {
			time.Sleep(time.Duration(200+rand.IntN(300)) * time.Millisecond)
			_ = s.process.Process.Signal(syscall.SIGKILL)
		})
		s.kill()
	}
	if len(l.acknowledged) == 0 {
		t.Fatal("no delivery was acknowledged; there was no load to be killed under")
	}

	s.start()
	awarded := s.occurrences()
	for id := range l.acknowledged {
		if awarded[occurrence(id)] != 1 {
			t.Errorf("delivery %d was acknowledged, and awarded %d times", id, awarded[occurrence(id)])
		}
	}
	for id := range l.sent {
		if !s.deliver(id + 1) {
			t.Fatalf("delivery %d was refused after the restart", id+1)
		}
	}
	awarded = s.occurrences()
	if int64(len(awarded)) != l.sent {
		t.Errorf("%d merges are awarded, want %d", len(awarded), l.sent)
	}
	for what, times := range awarded {
		if times != 1 || !strings.HasPrefix(what, "merge_request:") {
			t.Errorf("%s was awarded %d times", what, times)
		}
	}
	t.Logf("%d of %d deliveries were acknowledged over %d kills", len(l.acknowledged), l.sent, kills)
}

// load is eight senders of merges, each merge once.
type load struct {
	server *server

	mutex        sync.Mutex
	sent         int64
	acknowledged map[int64]bool
}

// sendUntil sends until the event has happened.
func (l *load) sendUntil(event func()) {
	var sending sync.WaitGroup
	stop := make(chan struct{})
	for range 8 {
		sending.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					l.send()
				}
			}
		})
	}
	event()
	close(stop)
	sending.Wait()
}

func (l *load) send() {
	l.mutex.Lock()
	l.sent++
	id := l.sent
	l.mutex.Unlock()
	if l.server.deliver(id) {
		l.mutex.Lock()
		l.acknowledged[id] = true
		l.mutex.Unlock()
	}
}

func occurrence(id int64) string { return fmt.Sprintf("merge_request:7301:%d", id) }
