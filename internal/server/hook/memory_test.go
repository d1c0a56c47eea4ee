package hook

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// These tests look inside: what a body holds, and how its connection goes on, shows outside only after long.

// door is a server that reads bodies and answers with their sizes.
type door struct {
	*memory

	t       *testing.T
	address string
}

// newDoor returns one that calls judge with the context of each request whose body is there.
func newDoor(t *testing.T, readTimeout time.Duration, judge func(ctx context.Context)) *door {
	t.Helper()

	d := &door{memory: newMemory(), t: t}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, release, err := d.read(w, r)
		defer release()
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, fault.As(err).Text)
			return
		}
		judge(r.Context())
		fmt.Fprint(w, len(body))
	}))
	server.Config.ReadTimeout = readTimeout
	server.Start()
	t.Cleanup(server.Close)
	d.address = server.Listener.Addr().String()
	return d
}

func nothing(context.Context) {}

func (d *door) connect() (net.Conn, *bufio.Reader) {
	d.t.Helper()

	conn, err := (&net.Dialer{}).DialContext(d.t.Context(), "tcp", d.address)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	return conn, bufio.NewReader(conn)
}

// answer returns what the server says, and how long that took.
func (d *door) answer(from *bufio.Reader) (said string, took time.Duration) {
	d.t.Helper()

	began := time.Now()
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		return err.Error(), time.Since(began)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error(), time.Since(began)
	}
	return fmt.Sprint(response.StatusCode, " ", string(text)), time.Since(began)
}

func (d *door) mustSay(from *bufio.Reader, want string) {
	d.t.Helper()

	if said, _ := d.answer(from); said != want {
		d.t.Errorf("the server says %q, want %q", said, want)
	}
}

func announce(size int) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size)
}

const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

const tooSlow = "400 the body came too slowly, and is not waited for any longer"

// send sends the text in pieces.
func send(conn net.Conn, text string, piece int, pause time.Duration) error {
	for text != "" {
		n := min(piece, len(text))
		if _, err := io.WriteString(conn, text[:n]); err != nil {
			return err
		}
		text = text[n:]
		time.Sleep(pause)
	}
	return nil
}

// Who stalls is told, and gives the memory back, however much of the body there is.
func TestStalledSendersAreGivenUp(t *testing.T) {
	t.Parallel()

	d := newDoor(t, time.Minute, nothing)
	var stalling sync.WaitGroup
	for _, step := range steps[:len(steps)-1] {
		conn, from := d.connect()
		stalling.Go(func() {
			_, _ = io.WriteString(conn, announce(maxBody)+strings.Repeat("x", int(step.size)+1))
			if said, took := d.answer(from); said != tooSlow || took > 10*maxPause {
				t.Errorf("after %d bytes and a byte the server says %q after %s", step.size, said, took)
			}
		})
	}
	stalling.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for part, size := range [...]int64{forOrdinary, forMiddling, maxInFlight - forOrdinary - forMiddling} {
		if err := d.memory[part].Acquire(ctx, size); err != nil {
			t.Errorf("part %d of the memory is not given back: %v", part, err)
		}
	}
}

// Bodies stand where others stood, and are their own until they are given back, whatever comes meanwhile.
func TestBodiesAreTheirOwn(t *testing.T) {
	t.Parallel()

	m := newMemory()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, release, err := m.read(w, r)
		defer release()
		if err != nil {
			t.Error(err)
			return
		}
		for range 3 {
			time.Sleep(time.Millisecond)
			want := strings.Repeat(r.Header.Get("Letter"), len(body))
			if announced := r.ContentLength; string(body) != want || announced >= 0 && announced != int64(len(body)) {
				t.Errorf("of %d bytes %q are read as %.20q", announced, r.Header.Get("Letter"), body)
			}
		}
	}))
	t.Cleanup(server.Close)
	var senders sync.WaitGroup
	for i := range 26 {
		senders.Go(func() {
			letter := string(rune('a' + i))
			for _, size := range []int{0, 1, roomUnit, 3000, firstStep, firstStep + 1, 10_000, 16 << 10, 40_000, maxOrdinary, maxOrdinary + 1, 0, 10_001} {
				var body io.Reader = strings.NewReader(strings.Repeat(letter, size))
				if i%2 == 0 {
					body = io.MultiReader(body) // of which nobody knows how long it is
				}
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Letter", letter)
				response, err := server.Client().Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
			}
		})
	}
	senders.Wait()
}

// Who sends slowly and does not stop gets through, and so does who is slow once more on the same connection after a while.
func TestSlowSendersGetThrough(t *testing.T) {
	t.Parallel()

	d := newDoor(t, time.Minute, nothing)
	conn, from := d.connect()
	for i := range 2 {
		time.Sleep(time.Duration(i) * maxPause * 5 / 4)
		if err := send(conn, announce(48<<10)+strings.Repeat("x", 48<<10), 10<<10, maxPause/4); err != nil {
			t.Fatal(err)
		}
		d.mustSay(from, "200 49152")
	}
}

// A deadline of the reader's does not outlive the body: the connection is watched, and one that was left behind would look as if
// the sender had gone. A body in chunks is at its end without anybody having said so before.
func TestJudgingTakesLongerThanReading(t *testing.T) {
	t.Parallel()

	d := newDoor(t, time.Minute, func(ctx context.Context) {
		select {
		case <-ctx.Done():
			t.Error("the sender is taken to be gone")
		case <-time.After(maxPause * 3 / 2):
		}
	})
	var sending sync.WaitGroup
	for _, size := range []int{firstStep, 10 << 10, 16 << 10, maxOrdinary, maxOrdinary + 1} {
		for _, text := range []string{
			announce(size) + strings.Repeat("x", size),
			fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunked, size, strings.Repeat("x", size)),
		} {
			conn, from := d.connect()
			sending.Go(func() {
				_, _ = io.WriteString(conn, text)
				d.mustSay(from, fmt.Sprint("200 ", size))
			})
		}
	}
	sending.Wait()
}

// What the server gives a request altogether holds for those who are quick enough at each part, too.
func TestServersTimeHolds(t *testing.T) {
	t.Parallel()

	const readTimeout = 3 * time.Second
	d := newDoor(t, readTimeout, nothing)
	conn, from := d.connect()
	go func() { _ = send(conn, announce(maxMiddling)+strings.Repeat("x", maxMiddling), 24<<10, time.Second/2) }()
	if said, took := d.answer(from); said != tooSlow || took < maxPause {
		t.Errorf("the server says %q after %s", said, took)
	}
}

// A body in chunks may be as large as others, and is not taken for whole when it ends without its last chunk.
func TestChunks(t *testing.T) {
	t.Parallel()

	d := newDoor(t, time.Minute, nothing)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", maxBody, strings.Repeat("x", maxBody))
	for text, want := range map[string]string{
		chunk + "0\r\n\r\n":           fmt.Sprint("200 ", maxBody),
		chunk + "1\r\nx\r\n0\r\n\r\n": "400 the body is larger than 25 MiB",
		"a\r\n0123456789\r\n":         "400 the body ended before its announced length",
	} {
		conn, from := d.connect()
		if _, err := io.WriteString(conn, chunked+text); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		d.mustSay(from, want)
	}
}

// A body waits so long altogether, and not at each step.
func TestWaitingIsBoundedAltogether(t *testing.T) {
	t.Parallel()

	d := newDoor(t, time.Minute, nothing)
	d.take(forOrdinary - firstStep)
	conn, from := d.connect()
	if _, err := io.WriteString(conn, announce(maxOrdinary)+strings.Repeat("x", maxOrdinary)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	time.Sleep(maxWait * 3 / 4)
	d.memory[ordinary].Release(steps[1].size - firstStep) // for one more step
	d.mustSay(from, "400 memory for the body is not available right now")
	if took := time.Since(began); took > maxWait*3/2 {
		t.Errorf("the body was kept waiting for %s", took)
	}
}

// Nobody is too slow for what was waited for, however long that took.
func TestWaitingIsNotTheSendersFault(t *testing.T) {
	t.Parallel()

	d := newDoor(t, time.Minute, nothing)
	d.take(forOrdinary - steps[1].size)
	conn, from := d.connect()
	text := announce(20<<10) + strings.Repeat("x", 20<<10)
	if _, err := io.WriteString(conn, text[:17<<10]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(maxWait * 3 / 4)
	d.memory[ordinary].Release(maxOrdinary)
	time.Sleep(maxPause * 3 / 4)
	if _, err := io.WriteString(conn, text[17<<10:]); err != nil {
		t.Fatal(err)
	}
	d.mustSay(from, "200 20480")
}

// take takes so much of the memory for ordinary bodies.
func (d *door) take(size int64) {
	d.t.Helper()

	if !d.memory[ordinary].TryAcquire(size) {
		d.t.Fatal("the memory is in use")
	}
}

// BenchmarkBodyThatIsThere reads bodies that come in one piece with their headers, as most deliveries do.
func BenchmarkBodyThatIsThere(b *testing.B) {
	for _, size := range []int{2 << 10, 10 << 10, 100 << 10} {
		b.Run(fmt.Sprintf("%d KiB", size>>10), func(b *testing.B) {
			m := newMemory()
			var reading time.Duration
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				began := time.Now()
				_, release, err := m.read(w, r)
				reading += time.Since(began)
				defer release()
				if err != nil {
					b.Error(err)
				}
			}))
			defer server.Close()
			conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", server.Listener.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			from := bufio.NewReader(conn)
			text := []byte(announce(size) + strings.Repeat("x", size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := conn.Write(text); err != nil {
					b.Fatal(err)
				}
				response, err := http.ReadResponse(from, nil)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			b.ReportMetric(float64(reading.Nanoseconds())/float64(b.N), "ns-reading/op")
		})
	}
}
