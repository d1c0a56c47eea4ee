package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// supply are signed deliveries, ready to be written to a connection.
type supply struct {
	requests [][]byte
	next     atomic.Int64
	// endless begins anew when all were sent, for a server that remembers nothing.
	endless bool
}

// newSupply prepares deliveries before the clock starts: the generator then only writes and reads.
func newSupply(count, size int) *supply {
	s := &supply{requests: make([][]byte, count)}
	for i := range s.requests {
		body := mergeBody(i+1, size)
		header := http.Header{}
		forge.Sign("github", hookSecret, header, body)
		var out bytes.Buffer
		fmt.Fprintf(&out, "POST /hooks/%s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-GitHub-Event: pull_request\r\n"+
			"X-GitHub-Delivery: 00000000-0000-4000-8000-%012d\r\nX-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n",
			sourceName, i+1, header.Get("X-Hub-Signature-256"), len(body))
		out.Write(body)
		s.requests[i] = out.Bytes()
	}
	return s
}

// take returns the next delivery, and nil when there is none left.
func (s *supply) take() []byte {
	i := s.next.Add(1) - 1
	if s.endless {
		return s.requests[i%int64(len(s.requests))]
	}
	if i >= int64(len(s.requests)) {
		return nil
	}
	return s.requests[i]
}

// sample is what one load saw.
type sample struct {
	acknowledged int
	elapsed      time.Duration
	latencies    []time.Duration
}

// load sends from so many connections at once until the time is over or the supply is used up.
// Every delivery must be answered with 202.
func load(ctx context.Context, address string, from *supply, connections int, duration time.Duration) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, duration+time.Minute)
	defer cancel()
	var mutex sync.Mutex
	var total sample
	var firstErr error
	var sending sync.WaitGroup
	began := time.Now()
	for range connections {
		sending.Go(func() {
			latencies, err := send(ctx, address, from, began.Add(duration))
			mutex.Lock()
			defer mutex.Unlock()
			total.latencies = append(total.latencies, latencies...)
			if firstErr == nil {
				firstErr = err
			}
		})
	}
	sending.Wait()
	total.elapsed = time.Since(began)
	total.acknowledged = len(total.latencies)
	return total, firstErr
}

// send is one connection. It is written by hand: an HTTP client would cost more than some servers.
func send(ctx context.Context, address string, from *supply, until time.Time) ([]time.Duration, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	var latencies []time.Duration
	for time.Now().Before(until) {
		request := from.take()
		if request == nil {
			break
		}
		sent := time.Now()
		if _, err := conn.Write(request); err != nil {
			return latencies, fmt.Errorf("sending: %w", err)
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			return latencies, fmt.Errorf("reading an answer: %w", err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			return latencies, fmt.Errorf("reading an answer: %w", err)
		}
		if answer.StatusCode != http.StatusAccepted {
			return latencies, fmt.Errorf("answered %s: %s", answer.Status, text)
		}
		latencies = append(latencies, time.Since(sent))
	}
	return latencies, nil
}
