package spool_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/spool"
)

var noon = time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, cfg spool.Config) *spool.Spool {
	t.Helper()

	if cfg.Max == 0 {
		cfg.Max = 1 << 30
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	s, err := spool.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func put(t *testing.T, s *spool.Spool, payloads ...string) {
	t.Helper()

	for i, payload := range payloads {
		if err := s.Append(t.Context(), spool.Record{Owner: "forge", At: noon.Add(time.Duration(i) * time.Second), Payload: []byte(payload)}); err != nil {
			t.Fatal(err)
		}
	}
}

// drain takes out everything, a few records at a time.
func drain(t *testing.T, s *spool.Spool) (payloads []string) {
	t.Helper()

	for {
		records, err := s.Next(3, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return payloads
		}
		for _, record := range records {
			payloads = append(payloads, string(record.Payload))
		}
		if err := s.Done(len(records)); err != nil {
			t.Fatal(err)
		}
	}
}

func mustBe(t *testing.T, what string, got, want any) {
	t.Helper()

	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func files(t *testing.T, directory, pattern string) []string {
	t.Helper()

	paths, err := filepath.Glob(filepath.Join(directory, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func numbers(from, to int) (texts []string) {
	for i := from; i < to; i++ {
		texts = append(texts, "record "+strconv.Itoa(i))
	}
	return texts
}

func TestRecordsComeOutInOrderAndOnce(t *testing.T) {
	t.Parallel()

	// Segments of two or three records, so that most of it happens at their ends.
	s := open(t, spool.Config{Directory: t.TempDir(), Segment: 100})
	put(t, s, numbers(0, 20)...)
	mustBe(t, "how many it holds", s.Stats().Records, 20)
	mustBe(t, "the oldest", s.Stats().Oldest, noon)
	mustBe(t, "what comes out", drain(t, s), numbers(0, 20))
	put(t, s, numbers(20, 25)...)
	mustBe(t, "what comes out then", drain(t, s), numbers(20, 25))
	stats := s.Stats()
	mustBe(t, "what is left", stats.Records+stats.Bytes, 0)
	mustBe(t, "the oldest of none", stats.Oldest.IsZero(), true)
	mustBe(t, "whether it holds any", s.Holds(), false)
}

// What is not done comes again, in this process and in the next one.
func TestRecordsOutliveTheProcess(t *testing.T) {
	t.Parallel()

	directory := t.TempDir()
	s := open(t, spool.Config{Directory: directory, Segment: 100})
	put(t, s, numbers(0, 10)...)
	if records, err := s.Next(4, 1<<20); len(records) != 4 || err != nil {
		t.Fatalf("Next = %v, %v", records, err)
	}
	if err := s.Done(4); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if records, err := s.Next(1, 1); len(records) != 1 || err != nil || string(records[0].Payload) != "record 4" {
			t.Fatalf("Next = %v, %v", records, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, spool.Config{Directory: directory, Segment: 100})
	mustBe(t, "how many it holds", again.Stats().Records, 6)
	select {
	case <-again.Wake():
	default:
		t.Error("nobody is told of what is left")
	}
	put(t, again, numbers(10, 12)...)
	mustBe(t, "what comes out", drain(t, again), numbers(4, 12))
	mustBe(t, "the segments that are left", len(files(t, directory, "*.spool")), 0)
}

// Without the cursor everything that is still there comes again, and nothing is lost.
func TestLostCursor(t *testing.T) {
	t.Parallel()

	for name, damage := range map[string][]byte{"empty": {}, "garbage": bytes.Repeat([]byte{0xff}, 20)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			directory := t.TempDir()
			s := open(t, spool.Config{Directory: directory})
			put(t, s, numbers(0, 5)...)
			if records, err := s.Next(3, 1<<20); len(records) != 3 || err != nil {
				t.Fatalf("Next = %v, %v", records, err)
			}
			if err := s.Done(3); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(directory, "cursor"), damage, 0o600); err != nil {
				t.Fatal(err)
			}
			mustBe(t, "what comes out", drain(t, open(t, spool.Config{Directory: directory})), numbers(0, 5))
		})
	}
}

func TestFullSpoolRefuses(t *testing.T) {
	t.Parallel()

	s := open(t, spool.Config{Directory: t.TempDir(), Max: 1000, Share: 600})
	payload := make([]byte, 150)
	refused := func(owner string) bool {
		err := s.Append(t.Context(), spool.Record{Owner: owner, At: noon, Payload: payload})
		if err != nil && (!fault.Is(err, fault.Unavailable) || fault.As(err).Code != "spool_full" || fault.As(err).RetryAfter == 0) {
			t.Fatal(err)
		}
		return err != nil
	}
	for range 3 {
		mustBe(t, "whether a record is refused that fits", refused("flood"), false)
	}
	mustBe(t, "whether a record is refused beyond the owner's share", refused("flood"), true)
	mustBe(t, "whether another owner's is", refused("beside"), false)
	mustBe(t, "whether another owner's is", refused("beside"), false)
	mustBe(t, "whether one is refused beyond the whole", refused("beside"), true)
	mustBe(t, "how many were refused", s.Stats().Refused, 2)
	mustBe(t, "whether there is room", s.HasRoom(), false)

	mustBe(t, "how many come out", len(drain(t, s)), 5)
	mustBe(t, "whether there is room after that", refused("flood"), false)
}

func TestOneProcessUsesADirectory(t *testing.T) {
	t.Parallel()

	directory := t.TempDir()
	first := open(t, spool.Config{Directory: directory})
	_, err := spool.Open(spool.Config{Directory: directory, Max: 1000})
	if !fault.Is(err, fault.Conflict) || fault.As(err).Code != "spool_in_use" {
		t.Errorf("a second one is told %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, spool.Config{Directory: directory})
}

// Bodies may be private.
func TestFilesAreNobodyElses(t *testing.T) {
	t.Parallel()

	directory := filepath.Join(t.TempDir(), "made", "here")
	s := open(t, spool.Config{Directory: directory})
	put(t, s, "a body")
	for _, path := range append(files(t, directory, "*"), directory) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %s", path, info.Mode())
		}
	}
}

// Many who append at once and one who drains: everything that was acknowledged comes out once, and each appender's in order.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()

	const appenders, each = 16, 50
	s := open(t, spool.Config{Directory: t.TempDir(), Segment: 2000})
	var appending sync.WaitGroup
	for appender := range appenders {
		appending.Go(func() {
			for i := range each {
				payload := fmt.Appendf(nil, "%d %d %s", appender, i, bytes.Repeat([]byte("x"), rand.IntN(200)))
				if err := s.Append(t.Context(), spool.Record{Owner: "forge", At: noon, Payload: payload}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { appending.Wait(); close(over) }()
	next := map[int]int{}
	take := func() {
		for _, payload := range drain(t, s) {
			var appender, i int
			if _, err := fmt.Sscan(payload, &appender, &i); err != nil {
				t.Error(err)
			}
			if next[appender] != i {
				t.Errorf("the record %d of %d came out when %d was next", i, appender, next[appender])
			}
			next[appender]++
		}
	}
	for running := true; running; {
		select {
		case <-over:
			running = false
		case <-s.Wake():
		}
		take()
	}
	for appender := range appenders {
		mustBe(t, "how many came out of one appender", next[appender], each)
	}
	mustBe(t, "the bytes that are left", s.Stats().Bytes, 0)
}

// Syncing is what costs: those who wait for a sync at the same time share one.
func TestAppendersShareASync(t *testing.T) {
	t.Parallel()

	s := open(t, spool.Config{Directory: t.TempDir()})
	tickets := make([]*spool.Ticket, 100)
	for i := range tickets {
		var err error
		if tickets[i], err = s.Put(spool.Record{Owner: "forge", At: noon, Payload: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if records, err := s.Next(1, 1); len(records) != 0 || err != nil {
		t.Errorf("before it is synced, Next = %v, %v", records, err)
	}
	if err := tickets[0].Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	records, err := s.Next(1000, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "how many one sync makes safe", len(records), 100)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_ = tickets[1].Wait(ended) // either way, it returns
}

func TestClosedSpoolRefuses(t *testing.T) {
	t.Parallel()

	s := open(t, spool.Config{Directory: t.TempDir()})
	put(t, s, "kept")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), spool.Record{Owner: "forge", At: noon}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Append = %v", err)
	}
	if records, err := s.Next(1, 1); len(records) != 0 || err != nil {
		t.Errorf("Next = %v, %v", records, err)
	}
	mustBe(t, "whether there is room", s.HasRoom(), false)
}
