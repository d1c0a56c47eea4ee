package faults

import (
	"context"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a Redis of a test's own, which it may freeze, kill and start again. It keeps nothing on the disk.
type Redis struct {
	// Client talks to it.
	Client *redis.Client

	t       *testing.T
	port    int
	options []string
	process *exec.Cmd
}

// NewRedis starts a Redis with more options, such as "--maxmemory", "1mb", until the test ends.
func NewRedis(t *testing.T, options ...string) *Redis {
	t.Helper()

	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not here")
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Redis{t: t, port: listener.Addr().(*net.TCPAddr).Port, options: options} //nolint:forcetypeassert // of a TCP listener
	listener.Close()
	r.Client = redis.NewClient(&redis.Options{Addr: r.Addr(), MaxRetries: -1})
	r.Start()
	t.Cleanup(func() {
		r.Client.Close()
		r.Kill()
	})
	return r
}

// Addr returns host:port.
func (r *Redis) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

// URL returns its address as the service is configured with it.
func (r *Redis) URL() string { return "redis://" + r.Addr() + "/0" }

// Start starts it, empty, and returns when it answers.
func (r *Redis) Start() {
	r.t.Helper()

	arguments := append([]string{"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", r.t.TempDir()}, r.options...)
	r.process = exec.CommandContext(context.WithoutCancel(r.t.Context()), "redis-server", arguments...) //nolint:gosec // our own arguments
	r.process.SysProcAttr = dieWithUs()
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := r.Client.Ping(context.Background()).Err()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("Redis does not answer: %v", err)
		}
	}
}

// Kill ends it, and all that it held.
func (r *Redis) Kill() {
	if r.process == nil {
		return
	}
	_ = r.process.Process.Signal(syscall.SIGKILL)
	_ = r.process.Wait()
	r.process = nil
}

// Signal sends it a signal, such as SIGSTOP.
func (r *Redis) Signal(signal syscall.Signal) {
	r.t.Helper()
	if err := r.process.Process.Signal(signal); err != nil {
		r.t.Errorf("sending %v: %v", signal, err)
	}
}
