//go:build faults

package faults_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Row 18: an older backup is restored, and the forge sends everything again. Redis remembers what the backup does not.
func TestRow18OlderBackupRestored(t *testing.T) {
	for name, restore := range map[string]string{"into a new database": "restored", "in place": "postgres"} {
		t.Run(name, func(t *testing.T) { restored(t, restore) })
	}
}

func restored(t *testing.T, into string) {
	t.Helper()

	cluster := testkit.NewCluster(t)
	cache := faults.NewRedis(t)
	s := faults.NewService(t, cluster.URL(), "ACCOLADE_REDIS_URL="+cache.URL())
	s.Start()
	d := faults.NewDriver(t, s.URLs)
	backup := filepath.Join(t.TempDir(), "backup")
	target := strings.Replace(cluster.URL(), "/postgres?", "/"+into+"?", 1)
	d.During(func() {
		time.Sleep(faults.Lasting(30*time.Second, 3*time.Second))
		command(t, cluster, "pg_dump", "--format=custom", "--file="+backup, cluster.URL())
		time.Sleep(faults.Lasting(5*time.Minute, 4*time.Second))
	})
	t.Log(d.Stats())
	d.MustBeClean(t, cluster.URL(), within)
	s.Stop()
	if into != "postgres" {
		ask(t, cluster.URL(), "CREATE DATABASE "+into)
	}
	ask(t, target, "DROP SCHEMA public CASCADE") // as docs/operations.md says
	ask(t, target, "CREATE SCHEMA public")
	command(t, cluster, "pg_restore", "--exit-on-error", "--dbname="+target, backup)
	s.Env = append(s.Env, "ACCOLADE_DATABASE_URL="+target)
	s.Start()
	d.Resend()
	d.MustBeClean(t, target, within)
}

func command(t *testing.T, cluster *testkit.Cluster, program string, arguments ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), filepath.Join(cluster.Programs(), program), arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}
