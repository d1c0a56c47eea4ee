package testkit

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// Relay stands between a program and a server on a TCP port, so that a test can take the server
// away without stopping it.
type Relay struct {
	listener net.Listener
	target   string

	mutex sync.Mutex
	cut   bool
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

// Addr returns host:port to connect to instead of the target.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Cut closes every connection and refuses new ones until Restore.
func (r *Relay) Cut() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cut = true
	for conn := range r.open {
		_ = conn.Close()
	}
	clear(r.open)
}

// Restore lets connections through again.
func (r *Relay) Restore() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.cut = false
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
	defer conn.Close()
	upstream, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", r.target)
	if err != nil || !r.keep(conn, upstream) {
		return
	}
	defer upstream.Close()
	go func() {
		_, _ = io.Copy(upstream, conn)
		_ = upstream.Close()
	}()
	_, _ = io.Copy(conn, upstream)
}

// keep notes the pair as open; it reports false while the relay is cut.
func (r *Relay) keep(conns ...net.Conn) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, conn := range conns {
		if r.cut {
			_ = conn.Close()
			continue
		}
		r.open[conn] = true
	}
	return !r.cut
}
