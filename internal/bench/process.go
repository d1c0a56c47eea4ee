package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// process is a running contestant.
type process struct {
	command *exec.Cmd
	address string
}

// start runs the contestant as a process of its own and waits until it says where it serves.
func (a *arena) start(ctx context.Context, c contestant, database string, environment ...string) (*process, error) {
	command := exec.CommandContext(ctx, a.self, "serve", c.name) //nolint:gosec // this program
	if strings.HasPrefix(c.name, "ours") {
		command = exec.CommandContext(ctx, a.binary, "serve") //nolint:gosec // the program built before
	}
	rules := a.rules
	if c.moreRules > 0 {
		rules = a.moreRules()
	}
	command.Env = append(os.Environ(),
		"ACCOLADE_LISTEN=127.0.0.1:0", "ACCOLADE_CONFIG="+a.config, "ACCOLADE_RULES="+rules,
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
	lines := bufio.NewScanner(log)
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
	}
	return nil, errors.Join(errors.New("it ended before it served"), command.Wait())
}

// stop ends the process in order; a second time it does nothing.
func (p *process) stop() {
	if p.command.ProcessState == nil {
		_ = p.command.Process.Signal(syscall.SIGTERM)
		_ = p.command.Wait()
	}
}

// ticksPerSecond is how Linux counts the time of processes, on every architecture that Go knows.
const ticksPerSecond = 100

// cpu returns the processor time that the process has used, in seconds; 0 where there is no /proc.
func (p *process) cpu() float64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.command.Process.Pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name in parentheses may hold blanks; user and system time are the 12th and 13th field after it.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticksPerSecond
}
