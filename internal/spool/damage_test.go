package spool_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/spool"
)

// damaged returns a spool whose one segment, of ten records, was changed while nobody had it open.
func damaged(t *testing.T, change func(text []byte) []byte) (s *spool.Spool, directory string) {
	t.Helper()

	directory = t.TempDir()
	before := open(t, spool.Config{Directory: directory})
	put(t, before, numbers(0, 10)...)
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	path := files(t, directory, "*.spool")[0]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, spool.Config{Directory: directory}), directory
}

// A kill or a power cut leaves half a record at the end, or zeros. It was not acknowledged, and is no loss.
func TestTornEnd(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func([]byte) []byte{
		"in a header":  func(text []byte) []byte { return append(text, text[:20]...) },
		"in a payload": func(text []byte) []byte { return append(text, text[:33]...) },
		"zeros":        func(text []byte) []byte { return append(text, make([]byte, 100_000)...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s, directory := damaged(t, change)
			put(t, s, "after")
			mustBe(t, "what comes out", drain(t, s), append(numbers(0, 10), "after"))
			mustBe(t, "what was moved aside", len(files(t, directory, "*.corrupt")), 0)
			mustBe(t, "what is left", s.Stats().Bytes, 0)
		})
	}
}

// A record that was damaged is moved aside, and the others come out.
func TestDamagedRecordHurtsNoOther(t *testing.T) {
	t.Parallel()

	const frame = 28 + len("record 0")
	for name, change := range map[string]func([]byte) []byte{
		"payload": func(text []byte) []byte { text[3*frame+30] ^= 1; return text },
		"header":  func(text []byte) []byte { text[3*frame+6] ^= 1; return text },
		"magic":   func(text []byte) []byte { text[3*frame] ^= 1; return text },
		"length":  func(text []byte) []byte { text[3*frame+4] ^= 1; return text },
		"all":     func(text []byte) []byte { copy(text[3*frame:4*frame], strings.Repeat("?", frame)); return text },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s, directory := damaged(t, change)
			mustBe(t, "what comes out", drain(t, s), slices.Concat(numbers(0, 3), numbers(4, 10)))
			aside := files(t, directory, "*.corrupt")
			mustBe(t, "how many were moved aside", len(aside), 1)
			mustBe(t, "how many it counts", s.Stats().Aside, 1)
			mustBe(t, "how many it holds", s.Stats().Records, 0)
			if text, err := os.ReadFile(aside[0]); err != nil || len(text) != frame {
				t.Errorf("moved aside are %q, %v", text, err)
			}
		})
	}
}

// Whoever may send a payload cannot have it read as a record when what was around it is damaged.
func TestPayloadIsNeverTakenForARecord(t *testing.T) {
	t.Parallel()

	// What an attacker can know is a frame of another spool, whose seed is another.
	elsewhere := t.TempDir()
	other := open(t, spool.Config{Directory: elsewhere})
	put(t, other, "forged")
	forged, err := os.ReadFile(files(t, elsewhere, "*.spool")[0])
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	s := open(t, spool.Config{Directory: directory})
	put(t, s, "before", "x"+string(forged)+"x", "after")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := files(t, directory, "*.spool")[0]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[28+len("before")] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "what comes out", drain(t, open(t, spool.Config{Directory: directory})), []string{"before", "after"})
}

func TestSetAside(t *testing.T) {
	t.Parallel()

	directory := t.TempDir()
	s := open(t, spool.Config{Directory: directory})
	put(t, s, numbers(0, 3)...)
	if records, err := s.Next(1, 1); len(records) != 1 || err != nil {
		t.Fatalf("Next = %v, %v", records, err)
	}
	if err := s.SetAside(); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "what comes out", drain(t, s), numbers(1, 3))
	aside := files(t, directory, "*.corrupt")
	mustBe(t, "how many were moved aside", len(aside), 1)
	if text, err := os.ReadFile(aside[0]); err != nil || !strings.HasSuffix(string(text), "record 0") {
		t.Errorf("moved aside are %q, %v", text, err)
	}
}

// Whatever is in a segment, everything that is whole before it comes out, nothing crashes, and the spool can be used on.
func FuzzSegment(f *testing.F) {
	directory := f.TempDir()
	s, err := spool.Open(spool.Config{Directory: directory, Max: 1 << 20, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	for _, payload := range []string{"", "a record", strings.Repeat("AcSp", 50)} {
		if err := s.Append(f.Context(), spool.Record{Owner: "forge", At: noon, Payload: []byte(payload)}); err != nil {
			f.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(directory, "*.spool"))
	if err != nil || len(paths) != 1 {
		f.Fatal(paths, err)
	}
	whole, err := os.ReadFile(paths[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, []byte{})
	f.Add(whole[:40], []byte("cursor"))
	f.Add(slices.Concat(whole, whole[:20]), make([]byte, 20))
	f.Add([]byte("AcSp\xff\xff\xff\xff"), []byte{})
	f.Fuzz(func(t *testing.T, text, cursor []byte) {
		place := t.TempDir()
		for name, content := range map[string][]byte{
			filepath.Base(paths[0]): text, "cursor": cursor, "0000000002-0000000000000000.spool": text, "notes.txt": text,
		} {
			if err := os.WriteFile(filepath.Join(place, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, spool.Config{Directory: place, Max: 1 << 30})
		put(t, s, "behind it")
		payloads := drain(t, s)
		if len(payloads) == 0 || payloads[len(payloads)-1] != "behind it" {
			t.Errorf("what was put behind it did not come out: %q", payloads)
		}
		if len(cursor) == 0 && bytes.HasPrefix(text, whole) && len(payloads) < 4 {
			t.Errorf("of what was whole came out %q", payloads)
		}
		if stats := s.Stats(); stats.Records != 0 || stats.Bytes != 0 {
			t.Errorf("%d records and %d bytes are left", stats.Records, stats.Bytes)
		}
	})
}
