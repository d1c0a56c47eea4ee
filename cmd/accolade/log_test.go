package main_test

import (
	"bufio"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Whoever collects the log reads it line by line: what libraries have to say is JSON as well.
func TestEveryLineOfTheLogIsJSON(t *testing.T) {
	t.Parallel()

	nobody, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	s := newServer(t, testkit.SQLitePath(t))
	s.env = append(s.env, "ACCOLADE_REDIS_URL=redis://"+nobody.Addr().String())
	log := s.launch()
	patience := time.AfterFunc(30*time.Second, func() { _ = s.process.Process.Kill() })
	defer patience.Stop()
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var line struct{ Msg, URL, Report string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		switch {
		case line.Report != "":
			return
		case line.Msg == "serving":
			s.address = line.URL
			if !s.deliver(1) {
				t.Error("without Redis a delivery was not taken in")
			}
		}
	}
	t.Error("the client of Redis reported nothing")
}

// A variable that is no setting does not keep the service from starting, and is not passed over in silence.
func TestAMisspeltVariableIsLogged(t *testing.T) {
	t.Parallel()

	s := newServer(t, testkit.SQLitePath(t))
	s.env = append(s.env, "ACCOLADE_LISTN=:1")
	log := s.launch()
	patience := time.AfterFunc(30*time.Second, func() { _ = s.process.Process.Kill() })
	defer patience.Stop()
	warned := false
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var line struct{ Level, Msg, Variable string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		warned = warned || line.Level == "WARN" && line.Variable == "ACCOLADE_LISTN"
		if line.Msg == "serving" {
			if !warned {
				t.Error("it serves, and has warned of nothing")
			}
			return
		}
	}
	t.Error("it does not serve")
}
