package testkit

import (
	"net"
	"testing"
)

// FreePort asks the system for a port of the loopback interface that nobody listens on, for a server that must be told one.
func FreePort(t *testing.T) int {
	t.Helper()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of a TCP listener
}
