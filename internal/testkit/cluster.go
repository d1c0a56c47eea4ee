package testkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a Postgres of a test's own, which it may stop, crash and start again. It syncs to the disk, as a real one does.
type Cluster struct {
	t        *testing.T
	binaries string
	data     string
	port     int
	identity *syscall.SysProcAttr
	settings []string
}

// NewCluster makes and starts a Postgres with more settings, such as "max_connections=20", until the test ends. The test is
// skipped where there are no programs for one.
func NewCluster(t *testing.T, settings ...string) *Cluster {
	t.Helper()
	return NewClusterIn(t, os.TempDir(), settings...)
}

// NewClusterIn is NewCluster with its data in a directory.
func NewClusterIn(t *testing.T, directory string, settings ...string) *Cluster {
	t.Helper()

	need(t, "ACCOLADE_TEST_POSTGRES_URL") // where there is one, there are its programs
	c := emptyCluster(t, directory, postgresPrograms(t))
	c.settings = settings
	c.run("initdb", "--pgdata", c.data, "--username", "accolade", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	c.Start()
	t.Cleanup(c.end)
	return c
}

// emptyCluster makes the place of a cluster, which is removed when the test ends.
func emptyCluster(t *testing.T, directory, binaries string) *Cluster {
	t.Helper()

	place, err := os.MkdirTemp(directory, "accolade-cluster-") //nolint:usetesting // another account has to reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(place) })
	c := &Cluster{t: t, binaries: binaries, data: filepath.Join(place, "data"), port: FreePort(t)}
	if err := os.Mkdir(c.data, 0o700); err != nil {
		t.Fatal(err)
	}
	c.own(place)
	return c
}

// end stops the cluster in whatever state a test has left it.
func (c *Cluster) end() {
	c.signal(syscall.SIGCONT)
	_ = c.command("pg_ctl", "stop", "-D", c.data, "-m", "immediate").Run()
}

func postgresPrograms(t *testing.T) string {
	t.Helper()

	if paths, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl"); len(paths) > 0 { // fails for a bad pattern only
		return filepath.Dir(slices.Max(paths))
	}
	path, err := exec.LookPath("pg_ctl")
	if err != nil {
		t.Skip("pg_ctl is not here")
	}
	return filepath.Dir(path)
}

// own gives the data to the account that Postgres runs as, since it refuses to be root.
func (c *Cluster) own(place string) {
	c.t.Helper()

	if os.Geteuid() != 0 {
		return
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		c.t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	c.identity = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if err := os.Chown(c.data, int(uid), int(gid)); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Chmod(place, 0o711); err != nil { //nolint:gosec // the account has to pass it, and nothing in it is secret
		c.t.Fatal(err)
	}
}

func (c *Cluster) command(program string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(context.WithoutCancel(c.t.Context()), filepath.Join(c.binaries, program), arguments...) //nolint:gosec // the arguments are ours
	command.SysProcAttr, command.Dir = c.identity, c.data
	return command
}

func (c *Cluster) run(program string, arguments ...string) {
	c.t.Helper()

	if out, err := c.command(program, arguments...).CombinedOutput(); err != nil {
		log, _ := os.ReadFile(filepath.Join(c.data, "log"))
		c.t.Fatalf("%s: %v\n%s\n%s", program, err, out, log)
	}
}

// Programs is the directory of Postgres' programs, such as pg_dump.
func (c *Cluster) Programs() string { return c.binaries }

// URL returns the address of the cluster's one database.
func (c *Cluster) URL() string {
	return fmt.Sprintf("postgres://accolade@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}

// Start starts the cluster, and returns when it answers.
func (c *Cluster) Start() {
	c.t.Helper()

	options := []string{fmt.Sprintf("-k '%s' -p %d", c.data, c.port)}
	for _, setting := range append([]string{"listen_addresses=127.0.0.1", "max_connections=100"}, c.settings...) {
		options = append(options, "-c "+setting)
	}
	c.run("pg_ctl", "start", "-w", "-D", c.data, "-l", filepath.Join(c.data, "log"), "-o", strings.Join(options, " "))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(c.t.Context(), c.URL())
		if err == nil {
			_ = conn.Close(c.t.Context())
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatal(err)
		}
	}
}

// Running reports whether the cluster has a process; one that found its disk full may have none.
func (c *Cluster) Running() bool { return c.command("pg_ctl", "status", "-D", c.data).Run() == nil }

// Stop stops the cluster: "fast" is in order, and "immediate" is a crash.
func (c *Cluster) Stop(mode string) {
	c.t.Helper()
	c.run("pg_ctl", "stop", "-w", "-D", c.data, "-m", mode)
}

// Freeze stops every process of the cluster where it is, until Thaw: connections stay open, and nobody answers.
func (c *Cluster) Freeze() { c.signal(syscall.SIGSTOP) }

// Thaw lets the processes go on.
func (c *Cluster) Thaw() { c.signal(syscall.SIGCONT) }

// postmaster is the id of the cluster's first process, "" when it is stopped.
func (c *Cluster) postmaster() string {
	text, err := os.ReadFile(filepath.Join(c.data, "postmaster.pid"))
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first)
}

// signal sends the signal to the postmaster and all of its children, which it finds by what /proc says of their parents.
func (c *Cluster) signal(signal syscall.Signal) {
	first := c.postmaster()
	postmaster, err := strconv.Atoi(first)
	if err != nil || postmaster < 2 {
		return // it is stopped
	}
	_ = syscall.Kill(postmaster, signal) // who cannot fork cannot hide a child
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		stat, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == first {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				_ = syscall.Kill(pid, signal)
			}
		}
	}
}
