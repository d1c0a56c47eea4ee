package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// machine is what was measured on, and what.
type machine struct {
	Processor  string    `json:"processor"`
	Processors int       `json:"processors"`
	Memory     string    `json:"memory"`
	Kernel     string    `json:"kernel"`
	Go         string    `json:"go"`
	Postgres   string    `json:"postgres"`
	Redis      string    `json:"redis"`
	SQLite     string    `json:"sqlite"`
	Commit     string    `json:"commit"`
	At         time.Time `json:"at"`
	// Settings are those of Postgres that decide how fast it commits.
	Settings map[string]string `json:"postgres_settings"`
}

func (a *arena) machine(ctx context.Context) (machine, error) {
	m := machine{
		Processor: processor(), Processors: runtime.NumCPU(), Memory: field("/proc/meminfo", "MemTotal"), Kernel: "unknown", Go: runtime.Version(),
		SQLite: "modernc.org/sqlite " + moduleVersion("modernc.org/sqlite"), Commit: commit(ctx), At: time.Now().UTC().Truncate(time.Second),
		Settings: map[string]string{},
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = runtime.GOOS + " " + strings.TrimSpace(string(text))
	}
	for _, name := range []string{"server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_compression"} {
		var value string
		if err := a.admin.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return machine{}, fmt.Errorf("asking Postgres for %s: %w", name, err)
		}
		m.Settings[name] = value
	}
	m.Postgres = m.Settings["server_version"]
	if m.Settings["fsync"] != "on" || m.Settings["synchronous_commit"] != "on" {
		return machine{}, fmt.Errorf("no commits are synced by Postgres (fsync=%s, synchronous_commit=%s): start it by make bench",
			m.Settings["fsync"], m.Settings["synchronous_commit"])
	}
	info, err := a.memory.Info(ctx, "server").Result()
	if err != nil {
		return machine{}, fmt.Errorf("asking Redis for its version: %w", err)
	}
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			m.Redis = version
		}
	}
	return m, nil
}

// processor names the machine's processor, as well as it is known.
func processor() string {
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		return name
	}
	return runtime.GOARCH
}

// field returns what one of Linux' files says of something; "" when it says nothing.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func moduleVersion(path string) string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return "unknown"
}

// commit names what was measured; a tree that differs from its commit says so.
func commit(ctx context.Context) string {
	hash, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(hash))
	if changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output(); err != nil || len(changed) > 0 {
		name += " with changes"
	}
	return name
}

// text says it in a sentence.
func (m machine) text() string {
	return fmt.Sprintf("%s, %d processors, %s of memory, %s; Go %s, Postgres %s (fsync=%s, synchronous_commit=%s, shared_buffers=%s), Redis %s, %s; commit %s, %s.",
		m.Processor, m.Processors, m.Memory, m.Kernel, strings.TrimPrefix(m.Go, "go"), m.Postgres, m.Settings["fsync"], m.Settings["synchronous_commit"],
		m.Settings["shared_buffers"], m.Redis, m.SQLite, m.Commit, m.At.Format("2006-01-02 15:04 MST"))
}
