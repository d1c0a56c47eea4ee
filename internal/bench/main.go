// Command bench measures how many deliveries a second are taken in, and how many readers are answered. Deliveries are taken in by
// these side by side (contestants.go):
//
//   - bare: gin reads the body and checks its signature, and does nothing else; nobody can be faster.
//   - naive-store and naive: what one writes first, a transaction for each delivery, without rules and with a statement for each count.
//   - ours: the real server, built and started as a process of its own.
//
// All get the same deliveries over HTTP from one load generator, on the same Postgres and Redis,
// which make bench starts with every commit synced to the disk. The rounds are interleaved, and
// medians shown; after each round the books are counted, and a contestant that lost or doubled
// anything fails the run. Compare ratios within a run only: machines differ, and moods of machines.
//
// It may import the pure rooms and forge, whose work the naive server needs too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// settings say how much is measured.
type settings struct {
	rounds      int
	duration    time.Duration
	connections int
	bodySize    int
	supply      int
	postgres    string
	redis       string
	only        string
	json        string
	document    string
	soak        soakSettings
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		fail(serve(os.Args[2]))
		return
	}
	s := settings{postgres: os.Getenv("ACCOLADE_TEST_POSTGRES_URL"), redis: os.Getenv("ACCOLADE_TEST_REDIS_URL")}
	flag.IntVar(&s.rounds, "rounds", 3, "how often each contestant is measured, and two times more where small differences are asked for, and in reading")
	flag.DurationVar(&s.duration, "duration", 3*time.Second, "how long a measurement takes")
	flag.IntVar(&s.connections, "connections", 64, "how many connections send at once")
	flag.IntVar(&s.bodySize, "body", 10<<10+200, "mean size of a delivery in bytes")
	flag.IntVar(&s.supply, "supply", 150_000, "how many different deliveries there are for a measurement")
	flag.StringVar(&s.only, "only", "", "measure only these, separated by commas: "+strings.Join(parts(), ", "))
	flag.StringVar(&s.json, "json", "", "write everything that was measured into this file")
	flag.StringVar(&s.document, "document", "", "put the tables between the marks of this file")
	flag.DurationVar(&s.soak.duration, "soak", 0, "instead of measuring, load the service for so long with everything at once, and watch what it uses")
	flag.DurationVar(&s.soak.warm, "soak-warm", 2*soakRetention, "for how long before that it is loaded in the same way, and not judged")
	flag.Float64Var(&s.soak.share, "soak-share", 0.15, "the part of its capacity for deliveries that a soak uses")
	flag.DurationVar(&s.soak.window, "soak-window", 10*time.Second, "how often a soak looks")
	flag.Parse()
	if s.postgres == "" || s.redis == "" {
		fail(errors.New("start it by make bench, which brings Postgres and Redis"))
	}
	if s.bodySize < leastSize {
		fail(fmt.Errorf("-body %d: bodies as GitHub sends them have %d bytes at least", s.bodySize, leastSize))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	// The load generator shares the processors with what it measures: one thread is enough for it, and more would spend their
	// time on waking each other.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400)
	fail(run(ctx, s))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// readsPart names the part that measures how people are read about.
const readsPart = "reads"

// parts are what can be measured by itself.
func parts() []string {
	var names []string
	for _, b := range blocks() {
		names = append(names, b.name)
	}
	return append(names, readsPart)
}

// chosen returns the parts to measure: those that were asked for, or all.
func (s settings) chosen() ([]string, error) {
	if s.only == "" {
		return parts(), nil
	}
	names := strings.Split(s.only, ",")
	for _, name := range names {
		if !slices.Contains(parts(), name) {
			return nil, fmt.Errorf("there is no part %q to measure; there are %s", name, strings.Join(parts(), ", "))
		}
	}
	if s.document != "" {
		return nil, errors.New("a document is written of whole runs only: give -document or -only")
	}
	return names, nil
}

// run measures every contestant in turn, round after round, and then every reading.
func run(ctx context.Context, s settings) (err error) {
	names, err := s.chosen()
	if err != nil {
		return err
	}
	place, err := os.MkdirTemp("", "accolade-bench-")
	if err != nil {
		return fmt.Errorf("making a temporary directory: %w", err)
	}
	defer os.RemoveAll(place)
	a, err := prepare(ctx, s, place)
	if err != nil {
		return err
	}
	defer a.close() //nolint:contextcheck // it must be closed when the run is interrupted, too
	if s.soak.duration > 0 {
		return a.soakAll(ctx)
	}
	machine, err := a.machine(ctx)
	if err != nil {
		return err
	}
	for _, b := range blocks() {
		if !slices.Contains(names, b.name) {
			continue
		}
		if err := a.compete(ctx, b); err != nil {
			return err
		}
		b.table(a.results).show(os.Stdout)
	}
	if slices.Contains(names, readsPart) {
		if err := a.reads(ctx); err != nil {
			return err
		}
	}
	goalTable(a.results).show(os.Stdout)
	return a.write(machine)
}
