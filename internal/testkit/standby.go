package testkit

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// NewStandby makes a copy of a running cluster that follows it, as a synchronous standby: from now on the cluster
// acknowledges no commit that the standby does not have on its disk.
func NewStandby(t *testing.T, primary *Cluster) *Cluster {
	t.Helper()

	place, err := os.MkdirTemp("", "accolade-standby-") //nolint:usetesting // another account has to reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(place) })
	c := &Cluster{t: t, binaries: primary.binaries, data: filepath.Join(place, "data")}
	if err := os.Mkdir(c.data, 0o700); err != nil {
		t.Fatal(err)
	}
	c.own(place)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.port = listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of a TCP listener
	listener.Close()
	c.run("pg_basebackup", "-D", c.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
		"-d", "host=127.0.0.1 user=accolade application_name=standby port="+strconv.Itoa(primary.port))
	c.Start()
	t.Cleanup(func() { _ = c.command("pg_ctl", "stop", "-D", c.data, "-m", "immediate").Run() })
	primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()")
	for deadline := time.Now().Add(30 * time.Second); primary.text("SELECT coalesce(max(sync_state), '') FROM pg_stat_replication") != "sync"; {
		if time.Now().After(deadline) {
			t.Fatal("the standby does not become synchronous")
		}
		time.Sleep(50 * time.Millisecond)
	}
	return c
}

// Promote makes a standby one that can be written to, and returns when it is.
func (c *Cluster) Promote() {
	c.t.Helper()
	c.run("pg_ctl", "promote", "-w", "-D", c.data)
}

// Kill ends all of the cluster's processes at once, as a power cut would, and returns when they are gone.
func (c *Cluster) Kill() {
	c.t.Helper()

	text, err := os.ReadFile(filepath.Join(c.data, "postmaster.pid"))
	if err != nil {
		c.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	c.signal(syscall.SIGKILL)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if stat, err := os.ReadFile("/proc/" + first + "/stat"); err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	c.t.Fatal("the cluster does not end")
}

func (c *Cluster) execute(statements ...string) {
	c.t.Helper()
	for _, statement := range statements {
		c.text(statement)
	}
}

// text returns what a statement returns, if that is one text.
func (c *Cluster) text(statement string) (text string) {
	c.t.Helper()

	conn, err := pgx.Connect(c.t.Context(), c.URL())
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(c.t.Context()))
	rows, err := conn.Query(c.t.Context(), statement)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if values, err := rows.Values(); err == nil && len(values) == 1 {
			text, _ = values[0].(string)
		}
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return text
}
