package store

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), which package syscall does not name on every architecture.
const tcpUserTimeout = 0x12

// boundSilence bounds how long what was sent may stay unacknowledged.
func boundSilence(network, _ string, conn syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var failure error
	err := conn.Control(func(descriptor uintptr) {
		failure = syscall.SetsockoptInt(int(descriptor), syscall.IPPROTO_TCP, tcpUserTimeout, int(unheard.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failure
}
