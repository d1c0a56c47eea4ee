package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// process is a running contestant.
type process struct {
	command *exec.Cmd
	address string
	// metrics is where ours says how it is; empty for others.
	metrics string
}

// freeAddress asks the system for an address that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("asking for a free address: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// start runs the contestant as a process of its own and waits until it says where it serves.
func (a *arena) start(ctx context.Context, c contestant, database string, environment ...string) (*process, error) {
	command := exec.CommandContext(ctx, a.self, "serve", c.name) //nolint:gosec // this program
	if strings.HasPrefix(c.name, "ours") {
		command = exec.CommandContext(ctx, a.binary, "serve") //nolint:gosec // the program built before
	}
	metrics, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	command.Env = append(os.Environ(),
		"ACCOLADE_LISTEN=127.0.0.1:0", "ACCOLADE_CONFIG="+a.config, "ACCOLADE_RULES="+filepath.Join(a.place, c.ruleset().name), "ACCOLADE_METRICS_LISTEN="+metrics,
		"ACCOLADE_DATABASE_URL="+database, "ACCOLADE_ADMIN_TOKEN="+adminToken, "GIN_MODE=release")
	if c.database == postgres {
		command.Env = append(command.Env, "ACCOLADE_REDIS_URL="+a.redis)
	}
	command.Env = append(command.Env, environment...)
	log, err := command.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("reading its log: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting: %w", err)
	}
	p := &process{command: command}
	if command.Path == a.binary {
		p.metrics = metrics
	}
	lines := bufio.NewScanner(log)
	last := ""
	for lines.Scan() {
		var line struct {
			Msg string `json:"msg"`
			URL string `json:"url"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			p.address = strings.TrimPrefix(line.URL, "http://")
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return p, nil
		}
		last = lines.Text()
	}
	return nil, errors.Join(fmt.Errorf("it ended before it served, and said last: %.1000s", last), command.Wait())
}

// stop ends the process in order; a second time it does nothing.
func (p *process) stop() {
	if p.command.ProcessState == nil {
		_ = p.command.Process.Signal(syscall.SIGTERM)
		_ = p.command.Wait()
	}
}

// cpu returns the processor time that the process has used, in seconds; 0 where there is no /proc.
func (p *process) cpu() float64 { return statOf(p.command.Process.Pid).own }
