package main_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// These tests hold the real binary, as a process of its own, to what hostile input may cost it: processor time, which does not
// depend on what else the machine does, and memory.

// call sends a request as the admin and returns the status and the body.
func (s *server) call(method, path string, header http.Header, body []byte) (int, string) {
	s.t.Helper()

	request, err := http.NewRequestWithContext(s.t.Context(), method, s.address+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header = header.Clone()
	request.Header.Set("Authorization", "Bearer "+adminToken)
	if request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

// cost returns how much processor time f takes the server, and by how much it makes the most memory grow that it has.
func (s *server) cost(f func()) (took time.Duration, grown int) {
	s.t.Helper()

	pid := s.process.Process.Pid
	before := testkit.ResidentMemory(s.t, pid)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o600) // forgets the peak
	began := testkit.ProcessorTime(s.t, pid)
	f()
	return testkit.ProcessorTime(s.t, pid) - began, max(0, s.peak()-before)
}

// warm starts the server and lets it do a little of everything, so that what comes first is not taken for what is dear.
func (s *server) warm() {
	s.t.Helper()

	s.start()
	for id := range int64(50) {
		if !s.deliver(9000 + id) {
			s.t.Fatal("an honest delivery is refused")
		}
	}
}

// signed returns the headers of a delivery of the body.
func signed(body []byte) http.Header {
	header := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}, "X-Github-Delivery": {fmt.Sprint("id-", rand.Uint64())}}
	forge.Sign(forge.GitHub, hookSecret, header, body)
	return header
}

// Rows 29, 33 and 35: bad signatures, a bomb, and JSON without end cost next to nothing.
func TestRows29And33And35HostileBodiesAreCheap(t *testing.T) {
	t.Parallel()

	s := newServer(t, filepath.Join(t.TempDir(), "accolade.db"))
	s.warm()
	small := testkit.MergedPullRequest(1, 583231, "ada")
	unsigned := signed(small)
	unsigned.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	bomb := bombOf(t, 100)
	squeezed := signed(bomb)
	squeezed.Set("Content-Encoding", "gzip")
	merged := string(small)
	for _, tc := range []struct {
		name   string
		times  int
		header http.Header
		body   []byte
		status int
		took   time.Duration // each time
		grown  int
	}{
		{"a bad signature", 200, unsigned, small, http.StatusUnauthorized, 5 * time.Millisecond, 16 << 20},
		{"10 GB that are sent as 10 MB", 3, squeezed, bomb, http.StatusUnsupportedMediaType, 50 * time.Millisecond, 16 << 20},
		{"10,001 levels", 5, nil, []byte(strings.Repeat("[", 10_001)), http.StatusAccepted, 50 * time.Millisecond, 32 << 20},
		{"a million levels", 1, nil, []byte(strings.Repeat(`{"a":`, 1_000_000)), http.StatusAccepted, 500 * time.Millisecond, 64 << 20},
		{"a million keys", 1, nil, []byte("{" + strings.Repeat(`"k":1,`, 1_000_000) + merged[1:]), http.StatusAccepted, time.Second, 128 << 20},
		{"a million elements", 1, nil, []byte(`{"x":[` + strings.Repeat("1,", 1_000_000) + "1]," + merged[1:]), http.StatusAccepted, time.Second, 128 << 20},
	} {
		took, grown := s.cost(func() {
			for range tc.times {
				header := tc.header
				if header == nil {
					header = signed(tc.body)
				}
				if status, text := s.call("POST", "/hooks/forge", header, tc.body); status != tc.status && status != 0 { // refused before all of it is sent
					t.Errorf("%s is answered %d: %s", tc.name, status, text)
				}
			}
		})
		took /= time.Duration(tc.times)
		t.Logf("%s: %s of processor time, %d KiB more", tc.name, took, grown>>10)
		if took > tc.took || grown > tc.grown {
			t.Errorf("%s costs %s of processor time and %d MiB", tc.name, took, grown>>20)
		}
	}
}

// bombOf returns that many times 100 MB of zeros, compressed.
func bombOf(t *testing.T, times int) []byte {
	t.Helper()

	var member bytes.Buffer
	w := gzip.NewWriter(&member)
	if _, err := io.CopyN(w, zeros{}, 100<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(member.Bytes(), times)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Two thousand send their headers or bodies a byte at a time: each is closed in time, however they drip, and meanwhile honest
// deliveries are taken and the memory hardly grows.
func TestRow32ThousandsOfSlowSenders(t *testing.T) {
	t.Parallel()

	s := newServer(t, filepath.Join(t.TempDir(), "accolade.db"))
	s.warm()
	const body = "POST /hooks/forge HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{"
	var conns []net.Conn
	_, grown := s.cost(func() {
		for i := range 2000 {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.address, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			conns = append(conns, conn)
			if _, err := io.WriteString(conn, []string{"POST /hooks/forge HTTP/1.1\r\nX-A: ", body}[i%2]); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		var dripping sync.WaitGroup
		dripping.Go(func() {
			for time.Since(began) < 30*time.Second {
				time.Sleep(2 * time.Second)
				for _, conn := range conns {
					_, _ = io.WriteString(conn, "a") // to whoever still listens
				}
			}
		})
		if _, refused := s.small(50); refused > 0 {
			t.Errorf("%d of 50 honest deliveries are refused", refused)
		}
		for kind, patience := range []time.Duration{20 * time.Second, 60 * time.Second} { // headers, bodies
			for i := kind; i < len(conns); i += 2 {
				left := max(time.Until(began.Add(patience)), time.Second) // that it is closed shows in a moment
				if err := conns[i].SetReadDeadline(time.Now().Add(left)); err != nil {
					t.Fatal(err)
				}
				_, err := io.Copy(io.Discard, bufio.NewReader(conns[i]))
				if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // it is the connection's own
					t.Fatalf("slow sender %d is still served after %s", i, patience)
				}
			}
		}
		dripping.Wait()
	})
	t.Logf("the memory grew by %d MiB", grown>>20)
	if grown > 64<<20 {
		t.Errorf("the memory grew by %d MiB", grown>>20)
	}
	if !s.deliver(1) {
		t.Error("the server does not take deliveries any more")
	}
}

// The server is killed while requests with an Idempotency-Key run; each is sent again until it is answered, and has happened once.
func TestRow43KilledBetweenRequestAndAnswer(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		s := newServer(t, databaseURL)
		s.start()
		badge := s.repeatable()
		give := func(i int) int {
			status, _ := s.call("POST", fmt.Sprintf("/api/v1/achievements/%d/awards", badge), http.Header{"Idempotency-Key": {fmt.Sprint("key ", i)}},
				fmt.Appendf(nil, `{"user":"ada","message":"number %d"}`, i))
			return status
		}
		const each, rounds = 60, 3
		answered := make([]int, each*rounds)
		for round := range rounds {
			var hands sync.WaitGroup
			for hand := range 6 {
				hands.Go(func() {
					for i := hand; i < each; i += 6 {
						answered[round*each+i] = give(round*each + i)
					}
				})
			}
			time.Sleep(time.Duration(50+rand.IntN(150)) * time.Millisecond)
			_ = s.process.Process.Signal(syscall.SIGKILL)
			hands.Wait()
			s.kill()
			s.start()
		}
		cut := 0
		for i, before := range answered {
			if before != http.StatusCreated {
				cut++
			}
			if status := give(i); status != http.StatusCreated {
				t.Errorf("request %d, sent again, is answered %d", i, status)
			}
		}
		t.Logf("%d of %d requests were cut off", cut, len(answered))
		if given := s.messages(badge); len(given) != len(answered) {
			t.Errorf("%d different awards are there, want %d", len(given), len(answered))
		} else {
			for message, times := range given {
				if times != 1 {
					t.Errorf("%q was given %d times", message, times)
				}
			}
		}
	})
}

// repeatable makes ada and an achievement that she may be given again and again, and returns its id.
func (s *server) repeatable() int64 {
	s.t.Helper()

	for path, body := range map[string]string{
		"/api/v1/namespaces": `{"full_path":"crew","name":"Crew","visibility":"public"}`, "/api/v1/users": `{"username":"ada","name":"Ada"}`,
	} {
		if status, text := s.call("POST", path, http.Header{}, []byte(body)); status != http.StatusCreated {
			s.t.Fatalf("POST %s is answered %d: %s", path, status, text)
		}
	}
	_, text := s.call("POST", "/api/v1/namespaces/crew/achievements", http.Header{}, []byte(`{"name":"Badge","kind":"repeatable"}`))
	var badge struct{ ID int64 }
	if err := json.Unmarshal([]byte(text), &badge); err != nil || badge.ID == 0 {
		s.t.Fatalf("the achievement is %s, %v", text, err)
	}
	return badge.ID
}

// messages returns how often each message is among the awards of an achievement.
func (s *server) messages(badge int64) map[string]int {
	s.t.Helper()

	found := map[string]int{}
	for cursor := ""; ; {
		_, text := s.call("GET", fmt.Sprintf("/api/v1/achievements/%d/awards?limit=100&cursor=%s", badge, cursor), http.Header{}, nil)
		var page struct {
			Items      []struct{ Message string }
			NextCursor *string `json:"next_cursor"`
		}
		if err := json.Unmarshal([]byte(text), &page); err != nil {
			s.t.Fatalf("%v: %s", err, text)
		}
		for _, item := range page.Items {
			found[item.Message]++
		}
		if page.NextCursor == nil {
			return found
		}
		cursor = *page.NextCursor
	}
}
