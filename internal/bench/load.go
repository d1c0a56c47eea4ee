package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// supply are deliveries, told apart by a number. They are put together when they are sent, for all of them at once would fill the
// memory; only what costs time, the signatures, is made before the clock starts.
type supply struct {
	bodies     []template
	signatures [][2 * sha256.Size]byte
	// about says whom they are about.
	about choice
	next  atomic.Int64
	// count is how many there are; endless begins anew when all were sent, for a server that remembers nothing.
	count   int64
	endless bool
}

// choice is how the people are chosen whom deliveries are about.
type choice int

const (
	byTurns choice = iota
	// byChance begins with everybody once.
	byChance
	onePerson
)

// newSupply prepares so many deliveries.
func newSupply(count, size int, about choice) *supply {
	s := &supply{bodies: templates(size), signatures: make([][2 * sha256.Size]byte, count), about: about, count: int64(count)}
	signer := newComposer(s)
	for i := range s.signatures {
		signer.body(i)
		signer.sign(s.signatures[i][:])
	}
	return s
}

// restart begins with the first delivery again.
func (s *supply) restart() { s.next.Store(0) }

// take returns the next delivery's number, and false when there is none left.
func (s *supply) take() (int, bool) {
	i := s.next.Add(1) - 1
	if s.endless {
		return int(i % s.count), true
	}
	return int(i), i < s.count
}

// person returns whom the delivery is about.
func (s *supply) person(i int) int {
	switch {
	case s.about == onePerson:
		return 0
	case s.about == byTurns || i < people: // everybody is met
		return i % people
	}
	var chance rand.PCG
	chance.Seed(uint64(i), 0)
	return int(chance.Uint64() % people)
}

// composer puts deliveries together, for one connection.
type composer struct {
	*supply

	mac     hash.Hash
	request []byte
	// bodyAt is where the body begins in the request.
	bodyAt int
}

const (
	requestHead = "POST /hooks/" + sourceName + " HTTP/1.1\r\nHost: bench\r\nUser-Agent: GitHub-Hookshot/bench\r\nContent-Type: application/json\r\n" +
		"X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: 00000000-0000-4000-8000-000000000000\r\nX-Hub-Signature-256: sha256="
	blankSignature = "0000000000000000000000000000000000000000000000000000000000000000"
)

// signatureAt is where the signature stands in a request, and deliveryEnds where the delivery's id ends.
const (
	signatureAt  = len(requestHead)
	deliveryEnds = len(requestHead) - len("\r\nX-Hub-Signature-256: sha256=")
)

func newComposer(s *supply) *composer {
	return &composer{supply: s, mac: hmac.New(sha256.New, []byte(hookSecret))}
}

// compose returns the request of the delivery, which is good until the next is composed.
func (c *composer) compose(i int) []byte {
	c.body(i)
	signature := c.request[signatureAt : signatureAt+len(blankSignature)]
	if i < len(c.signatures) {
		copy(signature, c.signatures[i][:])
	} else {
		c.sign(signature)
	}
	return c.request
}

// body writes all of the request but the signature.
func (c *composer) body(i int) {
	t := &c.bodies[i%len(c.bodies)]
	c.request = append(c.request[:0], requestHead...)
	digits(c.request[deliveryEnds-12:deliveryEnds], i)
	c.request = append(c.request, blankSignature...)
	c.request = fmt.Appendf(c.request, "\r\nContent-Length: %d\r\n\r\n", len(t.text))
	c.bodyAt = len(c.request)
	c.request = append(c.request, t.text...)
	t.fill(c.request[c.bodyAt:], i, c.person(i))
}

// sign writes the signature of the body.
func (c *composer) sign(into []byte) {
	c.mac.Reset()
	c.mac.Write(c.request[c.bodyAt:])
	var sum [sha256.Size]byte
	hex.Encode(into, c.mac.Sum(sum[:0]))
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
	end, _ := ctx.Deadline()
	_ = conn.SetDeadline(end)
	answers := bufio.NewReader(conn)
	composer := newComposer(from)
	var body bytes.Buffer
	var latencies []time.Duration
	for time.Now().Before(until) {
		i, ok := from.take()
		if !ok {
			break
		}
		request := composer.compose(i)
		sent := time.Now()
		if _, err := conn.Write(request); err != nil {
			return latencies, fmt.Errorf("sending: %w", err)
		}
		status, err := readAnswer(answers, &body)
		if err != nil {
			return latencies, fmt.Errorf("reading an answer: %w", err)
		}
		if status != http.StatusAccepted {
			return latencies, fmt.Errorf("answered %d: %s", status, body.Bytes())
		}
		latencies = append(latencies, time.Since(sent))
	}
	return latencies, nil
}
