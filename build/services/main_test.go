package main

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// need skips where the programs are missing; make test has installed them by now.
func need(t *testing.T) {
	t.Helper()
	if _, missing := look(false); len(missing) > 0 {
		if os.Getenv("ACCOLADE_TEST_REQUIRE") != "" {
			t.Fatalf("%v is missing", missing)
		}
		t.Skipf("%v is missing; make test installs it", missing)
	}
}

// addresses returns where the services were, as the command that ran beside them wrote it down.
func addresses(t *testing.T, place string) []string {
	t.Helper()

	text, err := os.ReadFile(filepath.Join(place, "addresses"))
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	for line := range strings.FieldsSeq(string(text)) {
		address, err := url.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, address.Host)
	}
	return hosts
}

const tell = `echo "$ACCOLADE_TEST_POSTGRES_URL" "$ACCOLADE_TEST_REDIS_URL" > "$0/addresses"; `

func TestServicesAnswerAndAreGoneAfterwards(t *testing.T) {
	t.Parallel()
	need(t)

	place := t.TempDir()
	code, err := run(t.Context(), options{}, []string{"sh", "-c", tell + `[ -n "$ACCOLADE_TEST_REQUIRE" ] && exit 7`, place})
	if code != 7 || err != nil {
		t.Fatalf("run = %d, %v; want the command's 7", code, err)
	}
	hosts := addresses(t, place)
	if len(hosts) != 2 {
		t.Fatalf("the command was told of %v", hosts)
	}
	for _, host := range hosts {
		if conn, err := net.DialTimeout("tcp", host, time.Second); err == nil {
			conn.Close()
			t.Errorf("%s still answers", host)
		}
	}
}

// An interrupt ends the command and then the services.
func TestInterruptedCommand(t *testing.T) {
	t.Parallel()
	need(t)

	place := t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(place, "started")); err == nil {
				interrupt()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	code, _ := run(ctx, options{}, []string{"sh", "-c", tell + `trap 'touch "$0/ended"; exit 0' TERM; touch "$0/started"; while :; do sleep 0.1; done`, place})
	if _, err := os.Stat(filepath.Join(place, "ended")); err != nil {
		t.Errorf("the command was not told to end: %v (code %d)", err, code)
	}
	for _, host := range addresses(t, place) {
		if conn, err := net.DialTimeout("tcp", host, time.Second); err == nil {
			conn.Close()
			t.Errorf("%s still answers", host)
		}
	}
}

func TestMissingCommand(t *testing.T) {
	t.Parallel()
	need(t)

	if code, err := run(t.Context(), options{}, []string{"/no/such/command"}); code == 0 || err == nil {
		t.Errorf("run = %d, %v", code, err)
	}
}

func TestRenderersAreNamed(t *testing.T) {
	t.Parallel()
	need(t)

	if found, missing := look(true); found.chromium == "" && !slices.Contains(missing, "chromium") {
		t.Error("a browser is neither found nor missing")
	}
	if found, missing := look(true); found.rsvg == "" && !slices.Contains(missing, "librsvg2-bin") {
		t.Error("a renderer of SVG is neither found nor missing")
	}
	if found, missing := look(false); found.chromium != "" || found.rsvg != "" || len(missing) > 0 {
		t.Error("renderers were looked for, although nobody wants them")
	}
	for _, variable := range []string{"ACCOLADE_TEST_CHROMIUM", "ACCOLADE_TEST_RSVG"} {
		if os.Getenv("ACCOLADE_TEST_REQUIRE") != "" && os.Getenv(variable) == "" {
			t.Errorf("the command is not told %s", variable)
		}
	}
}

func TestNewestPostgres(t *testing.T) {
	t.Parallel()

	for path, want := range map[string]int{"/usr/lib/postgresql/9/bin/postgres": 9, "/usr/lib/postgresql/17/bin/postgres": 17, "/odd": 0} {
		if got := version(path); got != want {
			t.Errorf("version(%q) = %d, want %d", path, got, want)
		}
	}
}
