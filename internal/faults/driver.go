package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
)

const (
	// Source is the name of the source that deliveries are sent as, and Secret what they are signed with.
	Source = "forge"
	// Secret is what the source signs with.
	Secret = "the webhook secret of the fault tests" //nolint:gosec // it opens nothing
	// maxInFlight bounds the requests that wait for an answer; a sender that would be one more waits.
	maxInFlight = 256
	// patience is how long a sender waits for an answer, as GitHub does.
	patience = 10 * time.Second
)

// Driver sends deliveries at a steady rate and writes what was answered into its ledger.
type Driver struct {
	*Ledger

	// Addresses returns the replicas' addresses, each http://host:port; one is taken by chance for each request.
	Addresses func() []string
	// Rate is how many deliveries a second are sent; 0 means 200.
	Rate int
	// Duplicates is which part of them was sent before; 0 means 0.3. Half of those come under a new id.
	Duplicates float64
	// Again sends what was refused or not answered again, as often, a second later.
	Again int
	// Keep keeps connections alive between requests.
	Keep bool

	t        *testing.T
	next     atomic.Int64
	copies   atomic.Int64
	client   *http.Client
	inFlight chan struct{}

	mutex sync.Mutex
	stats Stats
}

// Stats are what a driver has met.
type Stats struct {
	Sent, Acked, Refused, Ambiguous int
	// Statuses are how often each was answered, and Unexplained how many answers 503 and 429 said no Retry-After.
	Statuses    map[int]int
	Unexplained int
	// Resets are the errors of requests without an answer.
	Resets []string
	// Latencies are those of the acknowledged ones.
	Latencies []time.Duration
}

// P99 returns what 99 of 100 acknowledged deliveries took at most.
func (s *Stats) P99() time.Duration {
	if len(s.Latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.Latencies))
	return sorted[len(sorted)*99/100]
}

// String says it in a line.
func (s *Stats) String() string {
	return fmt.Sprintf("sent %d: acked %d (p99 %v), refused %d, ambiguous %d; statuses %v",
		s.Sent, s.Acked, s.P99().Round(time.Millisecond), s.Refused, s.Ambiguous, s.Statuses)
}

// NewDriver returns a driver of the load of the matrix: 200 deliveries a second of 1,000 users, 3 in 10 of them duplicates.
func NewDriver(t *testing.T, addresses func() []string) *Driver {
	t.Helper()

	return &Driver{
		Ledger: NewLedger(t, Traffic{Seed(t), 1000}), Addresses: addresses, Rate: 200, Duplicates: 0.3, Keep: true,
		t: t, inFlight: make(chan struct{}, maxInFlight), stats: Stats{Statuses: map[int]int{}},
		client: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: maxInFlight}},
	}
}

// Traffic has the deliveries be about so many users. Call it before anything is sent.
func (d *Driver) Traffic(users int) { d.traffic.Users = users }

// Run sends until the context is done, and returns when every request has ended.
func (d *Driver) Run(ctx context.Context) {
	d.client.Transport.(*http.Transport).DisableKeepAlives = !d.Keep //nolint:forcetypeassert // NewDriver made it
	var sending sync.WaitGroup
	ticks := time.NewTicker(time.Second / time.Duration(d.Rate))
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			sending.Wait()
			d.client.CloseIdleConnections()
			return
		case <-ticks.C:
		}
		select {
		case d.inFlight <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		sending.Go(func() { //nolint:contextcheck // what is sent is answered, also at the end
			defer func() { <-d.inFlight }()
			d.sendOne()
		})
	}
}

// During sends for as long as the function takes.
func (d *Driver) During(fn func()) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); d.Run(ctx) }()
	// A test that ends within fn must not leave the driver running.
	defer func() { stop(); <-done }()
	fn()
}

// Stats returns what it has met so far, and begins anew.
func (d *Driver) Stats() *Stats {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	stats := d.stats
	d.stats = Stats{Statuses: map[int]int{}}
	return &stats
}

// sendOne sends a new delivery or one that was sent before, and again if it must.
func (d *Driver) sendOne() {
	e := Entry{}
	if n := d.next.Load(); n > 20 && rand.Float64() < d.Duplicates { //nolint:gosec // chance, not secrecy
		e.Step = int(n) - 1 - rand.IntN(min(int(n), 2000)) //nolint:gosec // chance, not secrecy
		e.ID = transportID(e.Step, 0)
		if rand.IntN(2) == 0 { //nolint:gosec // chance, not secrecy
			e.ID = transportID(e.Step, d.copies.Add(1))
		}
	} else {
		e.Step = int(d.next.Add(1)) - 1
		e.ID = transportID(e.Step, 0)
	}
	for try := 0; d.send(&e) != Acked && try < d.Again; try++ {
		time.Sleep(time.Second)
	}
}

func transportID(step int, replica int64) string {
	return fmt.Sprintf("%08d-0000-4000-8000-%012d", step, replica)
}

// Resend sends everything that was ever sent once more, under the same ids, and fails the test unless all of it is acknowledged.
func (d *Driver) Resend() {
	d.t.Helper()

	sent, err := d.entries()
	if err != nil {
		d.t.Fatal(err)
	}
	var sending sync.WaitGroup
	var refused atomic.Int64
	for _, e := range sent {
		d.inFlight <- struct{}{}
		sending.Go(func() {
			defer func() { <-d.inFlight }()
			for try := 0; d.send(&e) != Acked; try++ {
				if try == 10 {
					refused.Add(1)
					return
				}
				time.Sleep(500 * time.Millisecond)
			}
		})
	}
	sending.Wait()
	if n := refused.Load(); n > 0 {
		d.t.Fatalf("%d deliveries were refused when they were sent again", n)
	}
}

// send sends the delivery and writes down the answer.
func (d *Driver) send(e *Entry) Answer {
	addresses := d.Addresses()
	address := addresses[rand.IntN(len(addresses))] //nolint:gosec // chance, not secrecy
	request, err := newDelivery(address, *e, d.traffic.Step(e.Step))
	if err != nil {
		d.t.Error(err)
		return Ambiguous
	}
	began := time.Now()
	response, err := d.client.Do(request)
	took := time.Since(began)
	e.Answer, e.Status = Ambiguous, 0
	var retryAfter string
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		e.Status, retryAfter = response.StatusCode, response.Header.Get("Retry-After")
		switch {
		case e.Status/100 == 2: // the status says it, whether the rest comes or not
			e.Answer = Acked
		case err == nil:
			e.Answer = Refused
		}
	}
	d.Note(*e)
	d.tally(*e, took, err, retryAfter)
	return e.Answer
}

func (d *Driver) tally(e Entry, took time.Duration, err error, retryAfter string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.stats.Sent++
	d.stats.Statuses[e.Status]++
	switch e.Answer {
	case Acked:
		d.stats.Acked++
		d.stats.Latencies = append(d.stats.Latencies, took)
	case Refused:
		d.stats.Refused++
		if (e.Status == 503 || e.Status == 429) && retryAfter == "" {
			d.stats.Unexplained++
		}
	case Ambiguous:
		d.stats.Ambiguous++
		if err != nil && len(d.stats.Resets) < 20 {
			d.stats.Resets = append(d.stats.Resets, err.Error())
		}
	}
}

func newDelivery(address string, e Entry, step Step) (*http.Request, error) {
	body := step.Body()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address+"/hooks/"+Source, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making a delivery: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Github-Event", "pull_request")
	request.Header.Set("X-Github-Delivery", e.ID)
	forge.Sign("github", Secret, request.Header, body)
	return request, nil
}
