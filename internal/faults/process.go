package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// AdminToken is the first admin's.
const AdminToken = "the admin token of the fault tests"

// place is where the program is built, once for all tests.
var place = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "accolade-faults-") })

// binary is the program; ACCOLADE_TEST_PROGRAM may name one that was built before.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("ACCOLADE_TEST_PROGRAM"); path != "" {
		return path, nil
	}
	dir, err := place()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "accolade")
	build := exec.CommandContext(context.Background(), "go", "build", "-ldflags", "-s -w", "-o", path, "github.com/seed-504bad89/accolade/cmd/accolade") //nolint:gosec // our own program
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

// Main runs the tests and removes what was built for them. TestMain calls it.
func Main(m *testing.M) int {
	defer func() {
		if dir, err := place(); err == nil {
			_ = os.RemoveAll(dir)
		}
	}()
	return m.Run()
}

// Service is the real program as a process of its own, which can be started again and again.
type Service struct {
	// Env is what it is configured by, beside the rules, the source and the listener.
	Env []string
	// Before is a command and arguments that the program is an argument of, such as prlimit.
	Before []string

	t       *testing.T
	binary  string
	process *exec.Cmd
	serving chan string
	ended   chan struct{}
	url     atomic.Pointer[string]

	mutex sync.Mutex
	log   []string
}

// NewService prepares a service on the database; nothing is started yet. Whatever it has started when the test ends is killed.
func NewService(t *testing.T, databaseURL string, environment ...string) *Service {
	t.Helper()

	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rules, settings := filepath.Join(dir, "rules"), filepath.Join(dir, "accolade.yaml")
	for name, text := range map[string]string{
		filepath.Join(rules, "rules.yaml"): Rules,
		settings:                           fmt.Sprintf("sources: [{name: %s, forge: github, secret: %q}]\n", Source, Secret),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &Service{t: t, binary: path, Env: append([]string{
		"ACCOLADE_CONFIG=" + settings, "ACCOLADE_RULES=" + rules, "ACCOLADE_DATABASE_URL=" + databaseURL,
		"ACCOLADE_ADMIN_TOKEN=" + AdminToken, "ACCOLADE_LISTEN=127.0.0.1:0", "ACCOLADE_RATE_LIMIT=0",
	}, environment...)}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("the end of the service's log:\n%s", strings.Join(s.Log(), "\n"))
		}
	})
	return s
}

// Start starts the program, and returns how long it took until it served.
func (s *Service) Start() time.Duration {
	s.t.Helper()

	began := time.Now()
	if err := s.Try(); err != nil {
		s.t.Fatal(err)
	}
	return time.Since(began)
}

// Try is Start for a program that may refuse: it returns what its log said last.
func (s *Service) Try() error {
	if err := s.Launch(); err != nil {
		return err
	}
	select {
	case url := <-s.serving:
		// The port stays, so that senders find it again.
		s.url.Store(&url)
		s.Env = append(s.Env, "ACCOLADE_LISTEN="+strings.TrimPrefix(url, "http://"))
		return nil
	case <-s.ended:
		lines := s.Log()
		return fmt.Errorf("it ended before it served: %s", lines[max(0, len(lines)-1):])
	case <-time.After(time.Minute):
		return fmt.Errorf("it does not serve after a minute: %s", s.Log())
	}
}

// Launch starts the program and waits for nothing.
func (s *Service) Launch() error {
	command := append(append([]string{}, s.Before...), s.binary, "serve")
	process := exec.CommandContext(context.WithoutCancel(s.t.Context()), command[0], command[1:]...) //nolint:gosec // our own program
	process.Env = append(os.Environ(), s.Env...)
	process.SysProcAttr = dieWithUs()
	log, err := process.StderrPipe()
	if err != nil {
		return fmt.Errorf("reading its log: %w", err)
	}
	if err := process.Start(); err != nil {
		return fmt.Errorf("starting it: %w", err)
	}
	serving, ended := make(chan string, 1), make(chan struct{})
	go func() {
		s.follow(log, serving)
		_ = process.Wait()
		close(ended)
	}()
	s.process, s.serving, s.ended = process, serving, ended
	return nil
}

// follow reads the log, keeps its end, and tells once where it serves.
func (s *Service) follow(log io.Reader, serving chan<- string) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Level string `json:"level"`
			Msg   string `json:"msg"`
			URL   string `json:"url"`
		}
		_ = json.Unmarshal(lines.Bytes(), &line) // what is no JSON is kept all the same
		if line.Msg == "serving" {
			select {
			case serving <- line.URL:
			default:
			}
		}
		if line.Msg == "request" && line.Level != "ERROR" || line.Level == "INFO" && line.Msg != "serving" && line.Msg != "stopping" {
			continue
		}
		s.mutex.Lock()
		s.log = append(s.log, lines.Text())
		s.log = s.log[max(0, len(s.log)-40):]
		s.mutex.Unlock()
	}
	_, _ = io.Copy(io.Discard, log) // a line that is too long must not block it
}

// Log returns the end of its log, without what went well.
func (s *Service) Log() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string{}, s.log...)
}

// URL returns where it serves, http://host:port.
func (s *Service) URL() string {
	if url := s.url.Load(); url != nil {
		return *url
	}
	return ""
}

// URLs returns URL in the form that a driver asks for.
func (s *Service) URLs() []string { return []string{s.URL()} }

// PID returns the number of its process.
func (s *Service) PID() int { return s.process.Process.Pid }

// Signal sends it a signal, such as SIGSTOP.
func (s *Service) Signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Errorf("sending %v: %v", signal, err)
	}
}

// Kill ends it as a power cut would, from its own point of view.
func (s *Service) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGKILL)
	<-s.ended
	s.process = nil
}

// Stop ends it in order and returns its exit code and how long that took; it fails the test when it takes more than a minute.
func (s *Service) Stop() (code int, took time.Duration) {
	s.t.Helper()

	began := time.Now()
	s.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		s.t.Fatal("it does not stop")
	}
	code = s.process.ProcessState.ExitCode()
	s.process = nil
	return code, time.Since(began)
}

// Ended is closed when the process has.
func (s *Service) Ended() <-chan struct{} { return s.ended }
