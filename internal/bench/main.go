// Command bench measures how many deliveries a second are taken in, and how many readers are answered (reads.go). Deliveries
// are taken in three ways side by side:
//
//   - bare: gin reads the body and checks its signature, and does nothing else; nobody can be faster.
//   - naive: what one writes first, a transaction for each delivery and a statement for each count.
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
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		fail(serve(os.Args[2]))
		return
	}
	s := settings{postgres: os.Getenv("ACCOLADE_TEST_POSTGRES_URL"), redis: os.Getenv("ACCOLADE_TEST_REDIS_URL")}
	flag.IntVar(&s.rounds, "rounds", 3, "how often each contestant is measured")
	flag.DurationVar(&s.duration, "duration", 3*time.Second, "how long a measurement takes")
	flag.IntVar(&s.connections, "connections", 64, "how many connections send at once")
	flag.IntVar(&s.bodySize, "body", 10<<10, "size of a delivery in bytes")
	flag.IntVar(&s.supply, "supply", 40_000, "how many different deliveries there are for a measurement")
	flag.StringVar(&s.only, "only", "", "measure nothing but \"ingest\" or \"reads\"")
	flag.Parse()
	if s.postgres == "" || s.redis == "" {
		fail(errors.New("start it by make bench, which brings Postgres and Redis"))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail(run(ctx, s))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures every contestant in turn, round after round, and then every reading.
func run(ctx context.Context, s settings) error {
	place, err := os.MkdirTemp("", "accolade-bench-")
	if err != nil {
		return fmt.Errorf("making a temporary directory: %w", err)
	}
	defer os.RemoveAll(place)
	arena, err := prepare(ctx, s, place)
	if err != nil {
		return err
	}
	if s.only != "reads" {
		if err := arena.ingest(ctx); err != nil {
			return err
		}
	}
	if s.only != "ingest" {
		return arena.reads(ctx)
	}
	return nil
}

// ingest measures how deliveries are taken in.
func (a *arena) ingest(ctx context.Context) error {
	for round := range a.rounds {
		for _, contestant := range contestants() {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, a.rounds, contestant.name)
			result, err := a.measure(ctx, contestant)
			if err != nil {
				return fmt.Errorf("%s: %w", contestant.name, err)
			}
			a.results[contestant.name] = append(a.results[contestant.name], result)
		}
	}
	a.report(os.Stdout)
	return nil
}
