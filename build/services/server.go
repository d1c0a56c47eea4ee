package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// startWithin is how long a server may take until it answers.
	startWithin = 30 * time.Second
	// stopWithin is how long it may take to end before it is killed.
	stopWithin = 10 * time.Second
	// portTries is how often another port is tried when somebody else was faster.
	portTries = 5
)

// freePort asks the system for a port that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("asking for a free port: %w", err)
	}
	defer listener.Close()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("the system gave no TCP port")
	}
	return address.Port, nil
}

// server is a process that listens on a port of its own.
type server struct {
	port    int
	process *exec.Cmd
	ended   chan struct{}
	log     string
}

// start runs the command that command makes for a free port until it accepts connections.
func (s *server) start(ctx context.Context, logFile string, command func(port int) *exec.Cmd) error {
	var err error
	for range portTries {
		if s.port, err = freePort(ctx); err != nil {
			return err
		}
		if err = s.try(ctx, logFile, command(s.port)); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (s *server) try(ctx context.Context, logFile string, process *exec.Cmd) error {
	log, err := os.Create(logFile)
	if err != nil {
		return fmt.Errorf("making a log: %w", err)
	}
	defer log.Close()
	s.log = logFile
	process.Stdout, process.Stderr = log, log
	// A group of its own keeps an interrupt at the keyboard for the command that is run; the
	// server dies with this process, whatever kills it.
	if process.SysProcAttr == nil {
		process.SysProcAttr = &syscall.SysProcAttr{}
	}
	process.SysProcAttr.Setpgid = true
	dieWithParent(process.SysProcAttr)
	if err := process.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", process.Path, err)
	}
	s.process, s.ended = process, make(chan struct{})
	go func() {
		_ = process.Wait()
		close(s.ended)
	}()
	return s.await(ctx)
}

// await returns when the server accepts connections.
func (s *server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.ended:
			return fmt.Errorf("%s ended at once:\n%s", s.process.Path, tail(s.log))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s does not answer:\n%s", s.process.Path, tail(s.log)), s.stopWith(syscall.SIGKILL))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// stopWith ends the server by the signal, and by force when that does not help.
func (s *server) stopWith(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	select {
	case <-s.ended:
		return nil
	default:
	}
	if err := s.process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", s.process.Path, err)
	}
	select {
	case <-s.ended:
	case <-time.After(stopWithin):
		_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
		<-s.ended
	}
	return nil
}

// tail returns the end of a log.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// redis is a throw-away Redis without persistence.
type redis struct {
	server

	binary, place string
}

func (r *redis) start(ctx context.Context) error {
	return r.server.start(ctx, filepath.Join(r.place, "redis.log"), func(port int) *exec.Cmd {
		return exec.Command(r.binary, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", //nolint:noctx,gosec // stop ends it, in order; the arguments are ours
			"--save", "", "--appendonly", "no", "--dir", r.place)
	})
}

func (r *redis) stop() error { return r.stopWith(syscall.SIGTERM) }

func (r *redis) url() string { return "redis://" + r.address() + "/0" }
