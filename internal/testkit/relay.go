package testkit

import (
	"context"
	"net"
	"net/url"
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
	// cut lets nobody connect.
	cut
)

// dialPatience is how long a relay tries to reach its target.
const dialPatience = 5 * time.Second

// Relay stands between a program and a server on a TCP port, so that a test can take the server
// away without stopping it.
type Relay struct {
	listener net.Listener
	target   string
	weather  atomic.Int32
	accepted atomic.Int64

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
		_ = listener.Close()
		r.Cut()
	})
	return r
}

// Behind puts a relay before the server that a URL names, and returns the URL by which it is reached through that.
func Behind(t *testing.T, server string) (through string, relay *Relay) {
	t.Helper()

	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	relay = NewRelay(t, address.Host)
	address.Host = relay.Addr()
	return address.String(), relay
}

// Addr returns host:port to connect to instead of the target.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Accepted returns how many connections there were.
func (r *Relay) Accepted() int { return int(r.accepted.Load()) }

// Set changes the weather, for connections that are open, too.
func (r *Relay) Set(w Weather) { r.weather.Store(int32(w)) }

// Cut closes every connection and refuses new ones until Restore.
func (r *Relay) Cut() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.Set(cut)
	r.close()
}

// Restore lets connections through again.
func (r *Relay) Restore() { r.Set(Fair) }

// Reset ends every connection with a RST, or as one that was never closed in order.
func (r *Relay) Reset() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for conn := range r.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	r.close()
}

func (r *Relay) close() {
	for conn := range r.open {
		_ = conn.Close()
	}
	clear(r.open)
}

func (r *Relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.accepted.Add(1)
		go r.relay(conn)
	}
}

func (r *Relay) relay(conn net.Conn) {
	defer conn.Close()
	r.await()
	upstream, err := (&net.Dialer{Timeout: dialPatience}).DialContext(context.Background(), "tcp", r.target)
	if err != nil {
		return
	}
	defer upstream.Close()
	if !r.keep(conn, upstream) {
		return
	}
	defer r.forget(conn, upstream)
	var both sync.WaitGroup
	lost := &atomic.Bool{} // a stream that misses bytes must not go on
	both.Go(func() { r.pass(upstream, conn, lost) })
	both.Go(func() { r.pass(conn, upstream, lost) })
	both.Wait()
}

// keep notes the pair as open; it reports false while the relay is cut.
func (r *Relay) keep(conns ...net.Conn) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.now() == cut {
		return false
	}
	for _, conn := range conns {
		r.open[conn] = true
	}
	return true
}

func (r *Relay) forget(conns ...net.Conn) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, conn := range conns {
		delete(r.open, conn)
	}
}

func (r *Relay) now() Weather { return Weather(r.weather.Load()) }

// await waits for as long as it is paused or silent.
func (r *Relay) await() {
	for w := r.now(); w == Paused || w == Silent; w = r.now() {
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
		weather := r.now()
		if weather == Silent {
			lost.Store(true)
		}
		if err != nil && weather == Silent {
			r.await()
		}
		if err != nil && n == 0 {
			return
		}
		if lost.Load() {
			continue
		}
		if weather == Paused {
			r.await()
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
