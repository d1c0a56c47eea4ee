package faults

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Weather is what a relay does with what it should pass on.
type Weather int32

// The weathers.
const (
	// Fair passes everything on.
	Fair Weather = iota
	// Paused takes nothing until it is fair again: nothing is lost, as behind a link that is cut and mended.
	Paused
	// Silent throws everything away and tells nobody, as a firewall does that has forgotten a connection. What is connected stays lost.
	Silent
	// Slow passes on a byte at a time.
	Slow
)

// Relay stands between a service and a server on a TCP port. Unlike testkit's it does more than cut.
type Relay struct {
	listener net.Listener
	target   string
	weather  atomic.Int32

	mutex sync.Mutex
	open  map[net.Conn]bool
}

// NewRelay relays to target, host:port, until the test ends.
func NewRelay(t *testing.T, target string) *Relay {
	t.Helper()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{listener: listener, target: target, open: map[net.Conn]bool{}}
	go r.accept()
	t.Cleanup(func() {
		listener.Close()
		r.Set(Fair)
		r.Reset()
	})
	return r
}

// Addr returns host:port to connect to instead of the target.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Set changes the weather, for connections that are open, too.
func (r *Relay) Set(w Weather) { r.weather.Store(int32(w)) }

// Reset ends every connection with a RST, or as one that was never closed in order.
func (r *Relay) Reset() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for conn := range r.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
	}
	clear(r.open)
}

// Open is how many connections there are to the target.
func (r *Relay) Open() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.open) / 2
}

func (r *Relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.relay(conn)
	}
}

func (r *Relay) relay(conn net.Conn) {
	r.await()
	upstream, err := net.DialTimeout("tcp", r.target, 5*time.Second) //nolint:noctx // the relay lives as long as its connections
	if err != nil {
		conn.Close()
		return
	}
	r.mutex.Lock()
	r.open[conn], r.open[upstream] = true, true
	r.mutex.Unlock()
	var both sync.WaitGroup
	lost := &atomic.Bool{} // a stream that misses bytes must not go on
	both.Go(func() { r.pass(upstream, conn, lost) })
	both.Go(func() { r.pass(conn, upstream, lost) })
	both.Wait()
	r.mutex.Lock()
	delete(r.open, conn)
	delete(r.open, upstream)
	r.mutex.Unlock()
}

// await waits for as long as it is paused or silent.
func (r *Relay) await() {
	for w := Weather(r.weather.Load()); w == Paused || w == Silent; w = Weather(r.weather.Load()) {
		time.Sleep(10 * time.Millisecond)
	}
}

// pass copies one direction. When one ends, so do both, unless it is silent: then nobody is told.
func (r *Relay) pass(to, from net.Conn, lost *atomic.Bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		weather := Weather(r.weather.Load())
		if weather == Silent {
			lost.Store(true)
		}
		if err != nil && weather == Silent {
			r.await()
		}
		if err != nil && n == 0 {
			return
		}
		switch {
		case lost.Load():
			continue
		case weather == Paused:
			r.await()
		case weather == Slow:
			if !slowly(to, buffer[:n]) {
				return
			}
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func slowly(to net.Conn, bytes []byte) bool {
	for i := range bytes {
		if _, err := to.Write(bytes[i : i+1]); err != nil {
			return false
		}
		time.Sleep(100 * time.Millisecond)
	}
	return true
}
