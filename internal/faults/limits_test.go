//go:build faults

package faults_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Row 9: more connections than there are file descriptors.
func TestRow09FileDescriptorsExhausted(t *testing.T) {
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Skip("SKIPPED: prlimit is not here")
	}
	databaseURL := testkit.PostgresURL(t)
	s := faults.NewService(t, databaseURL)
	s.Before = []string{"prlimit", "--nofile=256:256"}
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.During(func() { time.Sleep(time.Second) })
	d.Stats()
	idle := make([]net.Conn, 0, 1000)
	for range 1000 {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(s.URL(), "http://"), time.Second)
		if err != nil {
			break // the backlog is full
		}
		idle = append(idle, conn)
	}
	t.Logf("%d connections are open", len(idle))
	before := s.CPU()
	const watched = 4 * time.Second
	time.Sleep(watched)
	if spent := s.CPU() - before; spent > watched/2 {
		t.Errorf("it spent %v of %v of a processor while it had nothing to do", spent, watched)
	}
	for _, conn := range idle {
		conn.Close()
	}
	atMost(t, "answering after they left", s.Until("/readyz", 200, 20*time.Second), 10*time.Second)
	d.During(func() { time.Sleep(time.Second) })
	stats := d.Stats()
	explained(t, stats)
	if stats.Refused+stats.Ambiguous > 0 {
		t.Errorf("%d deliveries were refused, %d not answered: %v", stats.Refused, stats.Ambiguous, stats.Resets)
	}
	d.MustBeClean(t, databaseURL, within)
}

// Row 16: somebody else locks the same rows in the opposite order, so that Postgres ends one of the two again and again.
func TestRow16Deadlocks(t *testing.T) {
	cluster := testkit.NewCluster(t, "deadlock_timeout=20ms")
	s := faults.NewService(t, cluster.URL())
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	d.Traffic(30) // few people, so that they meet
	var deadlocks int
	d.During(func() {
		time.Sleep(3 * time.Second)
		for range faults.Times(1000, 100) {
			if deadlock(t, cluster.URL()) {
				deadlocks++
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	t.Logf("%d deadlocks ended the other side", deadlocks)
	all := ask(t, cluster.URL(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	t.Logf("%s deadlocks in all", all)
	if all == "0" {
		t.Error("there was no deadlock to be ended")
	}
	stats := d.Stats()
	explained(t, stats)
	if stats.Refused+stats.Ambiguous > 0 {
		t.Errorf("%d deliveries were refused, %d not answered: %v", stats.Refused, stats.Ambiguous, stats.Resets)
	}
	d.MustBeClean(t, cluster.URL(), within)
}

// deadlock locks all counts one by one, the last one first, with pauses in which others come in between, and reports whether that
// ended in a deadlock.
func deadlock(t *testing.T, databaseURL string) bool {
	t.Helper()

	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `DO $$ DECLARE p sheets; BEGIN
		FOR p IN SELECT * FROM sheets ORDER BY user_id DESC, no DESC, bucket DESC LOOP
			PERFORM 1 FROM sheets AS q WHERE q.no = p.no AND q.user_id = p.user_id AND q.bucket = p.bucket FOR UPDATE;
			PERFORM pg_sleep(0.001) WHERE random() < 0.03;
		END LOOP;
	END $$`)
	if err != nil && !strings.Contains(err.Error(), "40P01") {
		t.Error(err)
	}
	return err != nil
}

// smallDisk mounts a disk of so many MiB, which only root can.
func smallDisk(t *testing.T, size int) string {
	t.Helper()

	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: mounting a small disk takes root")
	}
	disk := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=0777", size), "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: a small disk cannot be mounted here: %v %s", err, out)
	}
	for place := disk; place != "/" && place != "/tmp"; place = filepath.Dir(place) {
		_ = os.Chmod(place, 0o777) //nolint:gosec // another account has to pass it
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	return disk
}

// fillDisk takes all that is left of the disk, and returns what gives it back.
func fillDisk(t *testing.T, disk string) (free func()) {
	t.Helper()

	file, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	written, err := io.Copy(file, neverEnding{})
	t.Logf("the disk is full with %d MiB more: %v", written>>20, err)
	file.Close()
	return func() { _ = os.Remove(file.Name()) }
}

type neverEnding struct{}

func (neverEnding) Read(p []byte) (int, error) { return len(p), nil }

// Row 17: the disk of the database is full, and then is not any more.
func TestRow17DiskFull(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		disk := smallDisk(t, 64)
		path := filepath.Join(disk, "accolade.db")
		s := faults.NewService(t, path)
		s.Start()
		diskFull(t, s, path, disk, func() {})
		s.Stop()
		sound(t, path)
	})
	t.Run("postgres", func(t *testing.T) {
		disk := smallDisk(t, 192)
		cluster := testkit.NewClusterIn(t, disk, "max_wal_size=64MB", "min_wal_size=32MB")
		s := faults.NewService(t, cluster.URL())
		s.Start()
		diskFull(t, s, cluster.URL(), disk, func() {
			if !cluster.Running() {
				t.Log("Postgres ended by itself, and is started again as an operator would")
				cluster.Start()
			}
		})
	})
}

func diskFull(t *testing.T, s *faults.Service, databaseURL, disk string, mend func()) {
	t.Helper()

	d := faults.NewDriver(t, s.URLs)
	d.During(func() {
		time.Sleep(2 * time.Second)
		explained(t, d.Stats())
		free := fillDisk(t, disk)
		defer free()
		time.Sleep(faults.Lasting(20*time.Second, 8*time.Second))
		stats := d.Stats()
		explained(t, stats)
		if stats.Refused == 0 {
			t.Log("nothing was refused: what Postgres had reserved was enough")
		}
		if status, body := s.Get("/livez", 2*time.Second); status != 200 {
			t.Errorf("/livez is answered %d: %s", status, body)
		}
		free()
		mend()
		atMost(t, "being ready when there is room again", s.Until("/readyz", 200, 40*time.Second), 30*time.Second)
		recovers(t, d, 20*time.Second)
	})
	explained(t, d.Stats())
	d.MustBeClean(t, databaseURL, within)
}
