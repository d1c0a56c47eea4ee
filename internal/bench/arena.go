package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// arena holds what all contestants share.
type arena struct {
	settings

	place    string
	self     string
	binary   string
	config   string
	admin    *pgx.Conn
	memory   *redis.Client
	supplies map[choice]*supply
	results  map[string][]result
}

// result is one measurement; times are in seconds, but those of processors.
type result struct {
	perSecond, loneP50, loneP99, p50, p99 float64
	// cpu is the server's own, in microseconds a delivery, and the others that of whom it works with; wal is in bytes a delivery.
	cpu, postgresCPU, redisCPU, generatorCPU, wal float64
	// batch is how many deliveries a transaction of ours holds.
	batch float64
	// again is how many a second are answered when all were seen before, and elsewhere the same after a restart.
	again, elsewhere float64
}

// prepare builds the real server and the deliveries.
func prepare(ctx context.Context, s settings, place string) (*arena, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	a := &arena{
		settings: s, place: place, self: self, results: map[string][]result{}, supplies: map[choice]*supply{},
		binary: filepath.Join(place, "accolade"), config: filepath.Join(place, "accolade.yaml"),
	}
	fmt.Fprintln(os.Stderr, "building the server")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "nomsgpack", "-o", a.binary, "./cmd/accolade") //nolint:gosec // our own paths
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the server: %w\n%s", err, out)
	}
	errs := []error{os.WriteFile(a.config, []byte("sources: [{name: "+sourceName+", forge: github, secret: \""+hookSecret+"\"}]\n"), 0o600)}
	for _, rules := range []ruleset{plain, wide, tall, more, most} {
		errs = append(errs, rules.write(place))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	options, err := redis.ParseURL(s.redis)
	if err != nil {
		return nil, fmt.Errorf("reading Redis' address: %w", err)
	}
	a.memory = redis.NewClient(options)
	a.admin, err = connect(ctx, s.postgres)
	return a, err
}

func (a *arena) close() {
	_ = a.memory.Close()
	_ = a.admin.Close(context.Background())
}

// compete measures the contestants of a block by turns.
func (a *arena) compete(ctx context.Context, b block) error {
	rounds := a.rounds
	if b.narrow {
		rounds += moreRounds
	}
	for round := range rounds {
		for _, c := range b.contestants {
			fmt.Fprintf(os.Stderr, "%s, round %d of %d: %s\n", b.name, round+1, rounds, c.name)
			result, err := a.measure(ctx, b, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			a.results[c.name] = append(a.results[c.name], result)
		}
	}
	return nil
}

// supplyOf returns the deliveries for the contestant, from the first on; they are made when they are first needed.
func (a *arena) supplyOf(c contestant) *supply {
	s := a.supplies[c.people]
	if s == nil {
		fmt.Fprintln(os.Stderr, "signing deliveries")
		s = newSupply(a.supply, a.bodySize, c.people)
		a.supplies[c.people] = s
	}
	s.restart()
	s.endless = c.database == ""
	return s
}

// measure starts the contestant on an empty book, or one with a history, loads it, and counts the book.
func (a *arena) measure(ctx context.Context, b block, c contestant) (result, error) {
	supply := a.supplyOf(c)
	book, err := a.book(ctx, c)
	if err != nil {
		return result{}, err
	}
	defer book.close() //nolint:contextcheck // it must go when the run is interrupted, too
	process, err := a.start(ctx, c, book.url)
	if err != nil {
		return result{}, err
	}
	defer func() { process.stop() }()
	if err := book.begin(ctx, c); err != nil {
		return result{}, err
	}
	connections := a.connections
	if b.connections > 0 {
		connections = b.connections
	}
	r, acknowledged, err := a.race(ctx, process, supply, c, connections)
	if err != nil {
		return result{}, err
	}
	if c.storm {
		if r.again, err = a.storm(ctx, process, supply, acknowledged, connections); err != nil {
			return result{}, err
		}
		process.stop()
		if process, err = a.start(ctx, c, book.url); err != nil {
			return result{}, err
		}
		if r.elsewhere, err = a.storm(ctx, process, supply, acknowledged, connections); err != nil {
			return result{}, err
		}
	}
	process.stop() // SQLite's file is its process's alone
	return r, book.check(ctx, c, acknowledged)
}

// race loads the contestant and returns what was measured and how many deliveries were acknowledged in all.
func (a *arena) race(ctx context.Context, process *process, from *supply, c contestant, connections int) (result, int, error) {
	warm, err := a.warm(ctx, process, from, connections)
	if err != nil {
		return result{}, 0, err
	}
	before, err := a.usage(ctx, process)
	if err != nil {
		return result{}, 0, err
	}
	busy, err := load(ctx, process.address, from, connections, a.duration)
	if err != nil {
		return result{}, 0, err
	}
	after, err := a.usage(ctx, process)
	if err != nil {
		return result{}, 0, err
	}
	acknowledged := warm + busy.acknowledged
	r := summarize(busy)
	after.minus(before).each(busy.acknowledged, &r)
	if c.lone {
		// What many left to be done and written is not part of what a lone delivery takes.
		time.Sleep(a.duration / 3)
		lone, err := load(ctx, process.address, from, 1, a.duration)
		if err != nil {
			return result{}, 0, err
		}
		acknowledged += lone.acknowledged
		alone := summarize(lone)
		r.loneP50, r.loneP99 = alone.p50, alone.p99
	}
	if _, left := from.take(); !left {
		return result{}, 0, errors.New("the supply was used up; give a larger -supply or a shorter -duration")
	}
	return r, acknowledged, nil
}

// warm loads the contestant half as long as it will be measured, and until everybody was met, for new people cost more. It returns how
// many deliveries were acknowledged.
func (a *arena) warm(ctx context.Context, process *process, from *supply, connections int) (acknowledged int, err error) {
	for first := true; first || acknowledged < people; first = false {
		warm, err := load(ctx, process.address, from, connections, a.duration/2)
		if err != nil {
			return 0, err
		}
		if warm.acknowledged == 0 {
			return 0, errors.New("nothing was acknowledged; give a longer -duration")
		}
		acknowledged += warm.acknowledged
	}
	return acknowledged, nil
}

// storm sends the first deliveries once more, which all were acknowledged before, and returns how many a second are answered.
func (a *arena) storm(ctx context.Context, process *process, from *supply, acknowledged, connections int) (float64, error) {
	seen := &supply{bodies: from.bodies, signatures: from.signatures, about: from.about, count: int64(acknowledged), endless: true}
	if _, err := load(ctx, process.address, seen, connections, a.duration/4); err != nil {
		return 0, err
	}
	storm, err := load(ctx, process.address, seen, connections, a.duration)
	return summarize(storm).perSecond, err
}

// forget empties Redis, which would remember the deliveries of another book.
func (a *arena) forget(ctx context.Context) error { return a.memory.FlushAll(ctx).Err() }

// milliseconds shows a latency.
func milliseconds(seconds float64) string {
	return strconv.FormatFloat(seconds*float64(time.Second/time.Millisecond), 'f', 2, 64)
}
