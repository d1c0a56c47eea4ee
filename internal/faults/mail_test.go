//go:build faults

package faults_test

import (
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-504bad89/accolade/internal/faults"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Row 2: the process is killed after an award's commit: before its mail is sent, and after that but before it is noted.
func TestRow02KilledBetweenAwardAndMail(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: the lease of a mail is longer than a short run")
	}
	databaseURL := testkit.PostgresURL(t)
	post := testkit.NewMailServer(t, true)
	relay := testkit.NewRelay(t, post.Addr)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, post.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	s := faults.NewService(t, databaseURL, "ACCOLADE_SMTP_CA="+ca, "ACCOLADE_SMTP_URL=smtps://accolade:correct%20horse@"+relay.Addr())
	s.Start()
	award := s.AwardByHand()

	relay.Set(testkit.Paused)
	award("ada")
	time.Sleep(3 * time.Second) // its mail is leased, and on its way
	s.Kill()
	relay.Set(testkit.Fair)
	relay.Reset()
	s.Start()
	arrives(t, post, 90*time.Second)
	arrivesNot(t, post)

	relay.Set(testkit.Paused)
	award("grace")
	time.Sleep(3 * time.Second)
	release := lockJobs(t, databaseURL)
	relay.Set(testkit.Fair)
	first := arrives(t, post, 90*time.Second)
	s.Kill() // the mail is taken, and nothing says so
	release()
	s.Start()
	again := arrives(t, post, 90*time.Second)
	if first.Header.Get("Message-Id") == "" || first.Header.Get("Message-Id") != again.Header.Get("Message-Id") {
		t.Errorf("the mail was sent again with the Message-ID %q, and was %q", again.Header.Get("Message-Id"), first.Header.Get("Message-Id"))
	}
	arrivesNot(t, post)
}

func arrives(t *testing.T, post *testkit.MailServer, within time.Duration) *mail.Message {
	t.Helper()
	began := time.Now()
	select {
	case message := <-post.Mails:
		atMost(t, "a mail", time.Since(began), within)
		return message
	case <-time.After(within + 10*time.Second):
		t.Fatal("no mail came")
		return nil
	}
}

func arrivesNot(t *testing.T, post *testkit.MailServer) {
	t.Helper()
	select {
	case message := <-post.Mails:
		t.Errorf("one more mail came: %v", message.Header)
	case <-time.After(3 * time.Second):
	}
}

// lockJobs keeps everybody from changing a job until the function that it returns is called.
func lockJobs(t *testing.T, databaseURL string) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE jobs IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
			t.Error(fmt.Errorf("releasing the jobs: %w", err))
		}
	}
}
