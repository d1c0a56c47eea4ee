package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// soakSettings say how long the service is loaded with everything at once, how much, and how often it is looked at.
type soakSettings struct {
	duration, window time.Duration
	// warm is for how long before it is loaded in the same way and not judged: until bodies are deleted, and the database has
	// written its first checkpoints.
	warm time.Duration
	// share is the part of its capacity for deliveries.
	share float64
}

// What is done beside the deliveries, in a second, and how long bodies are kept meanwhile, so that they are also deleted.
const (
	soakSenders      = 16
	soakReaders      = 4
	soakReads        = 80
	soakWrites       = 10
	soakRetention    = 5 * time.Minute
	soakDuplicates   = 10
	capacityMeasured = 10 * time.Second
)

// soak is one run of it.
type soak struct {
	*arena

	process  *process
	supply   *supply
	recorder *recorder
	rate     float64
	// achievement is what is awarded and revoked by hand.
	achievement int64
	// windows are those that are judged.
	windows []window
}

// soakAll loads the service and watches it, and fails when what it uses grows, when it gets slower, or when it lost something.
func (a *arena) soakAll(ctx context.Context) error {
	machine, err := a.machine(ctx)
	if err != nil {
		return err
	}
	c := contestant{name: "ours-soak", database: postgres}
	book, err := a.book(ctx, c)
	if err != nil {
		return err
	}
	defer book.close() //nolint:contextcheck // it must go when the run is interrupted, too
	s := &soak{arena: a, supply: newSupply(0, a.bodySize, byChance), recorder: &recorder{}}
	s.supply.count = math.MaxInt32 // signed as they are sent
	if s.process, err = a.start(ctx, c, book.url, "ACCOLADE_RATE_LIMIT=0", "ACCOLADE_RATE_LIMIT_ANONYMOUS=0", "ACCOLADE_DELIVERY_RETENTION="+soakRetention.String()); err != nil {
		return err
	}
	defer s.process.stop()
	full, err := load(ctx, s.process.address, s.supply, a.connections, min(capacityMeasured, a.soak.duration/4))
	if err != nil {
		return err
	}
	s.rate = a.soak.share * summarize(full).perSecond
	if err := s.prepareAwards(ctx); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%.0f deliveries/s of %.0f, %d reads/s and %d awards or revocations/s, for %s after %s\n", s.rate, s.rate/a.soak.share, soakReads, soakWrites, a.soak.duration, a.soak.warm)
	if err := s.all(ctx); err != nil {
		return err
	}
	s.process.stop()
	err = book.check(ctx, c, int(s.supply.next.Load()))
	return errors.Join(err, s.conclude(machine))
}

// all runs the load and the watch until the time is over, or the first thing goes wrong.
func (s *soak) all(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	until := time.Now().Add(s.soak().warm + s.soak().duration)
	work := func(do func(context.Context, time.Time) error) {
		running.Go(func() {
			if err := do(ctx, until); err != nil {
				cancel(err)
			}
		})
	}
	for range soakSenders {
		work(s.send)
	}
	for range soakReaders {
		work(s.read)
	}
	work(s.award)
	work(s.watch)
	running.Wait()
	return context.Cause(ctx)
}

func (s *soak) soak() soakSettings { return s.arena.soak }

// watch looks at the process at the end of each window, and at its heap more often: its smallest size is what is left after a collection.
func (s *soak) watch(ctx context.Context, until time.Time) error {
	began := time.Now()
	s.recorder.take() // of what came before
	before, err := s.usage(ctx, s.process)
	if err != nil {
		return err
	}
	looks := time.NewTicker(s.soak().window / 10)
	defer looks.Stop()
	heap := math.MaxFloat64
	ends := began.Add(s.soak().window)
	for !ends.After(until.Add(s.soak().window / 2)) {
		select {
		case <-ctx.Done():
			return nil // whoever failed has said why
		case <-looks.C:
		}
		values, err := scrape(ctx, s.process.metrics)
		if err != nil {
			return err
		}
		heap = min(heap, values["go_memstats_heap_alloc_bytes"])
		if time.Now().Before(ends) {
			continue
		}
		after, err := s.usage(ctx, s.process)
		if err != nil {
			return err
		}
		w := s.recorder.take()
		w.At, w.Heap, w.Goroutines = time.Since(began).Seconds(), heap/mebibyte, values["go_goroutines"]
		w.RSS, w.Files = s.process.memory()/mebibyte, s.process.files()
		used := after.minus(before)
		w.CPU, w.Batch = used.app/s.soak().window.Seconds(), used.batched/max(used.batches, 1)
		w.Others = used.others() / s.soak().window.Seconds()
		before, heap = after, math.MaxFloat64
		if ends.Sub(began) > s.soak().warm {
			s.windows = append(s.windows, w)
		}
		fmt.Fprintln(os.Stderr, w)
		ends = ends.Add(s.soak().window)
	}
	return nil
}

const mebibyte = 1 << 20

// memory returns how much memory of the machine the process takes, in bytes; 0 where there is no /proc.
func (p *process) memory() float64 {
	text := field("/proc/"+strconv.Itoa(p.command.Process.Pid)+"/status", "VmRSS")
	kibibytes, _ := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	return kibibytes * 1024
}

// files returns how many files and connections the process has open.
func (p *process) files() float64 {
	open, _ := filepath.Glob("/proc/" + strconv.Itoa(p.command.Process.Pid) + "/fd/*") // fails for a bad pattern only
	return float64(len(open))
}

// conclude prints what was seen, writes it where the flags say, and fails when it is not as it should be.
func (s *soak) conclude(m machine) error {
	trends := judgeWindows(s.windows)
	windows, verdict := windowTable(s.windows), trendTable(trends)
	windows.show(os.Stdout)
	verdict.show(os.Stdout)
	if s.json != "" {
		all := struct {
			Machine  machine  `json:"machine"`
			Duration string   `json:"duration"`
			Rate     float64  `json:"deliveries_per_second"`
			Trends   []trend  `json:"trends"`
			Windows  []window `json:"windows"`
		}{m, s.soak().duration.String(), s.rate, trends, s.windows}
		if err := writeJSON(s.json, all); err != nil {
			return err
		}
	}
	if s.document != "" {
		var out bytes.Buffer
		fmt.Fprintf(&out, "%s\n\n%s of %.0f deliveries a second (every tenth is sent twice), %d reads and %d awards or revocations by REST, after %s of the same. Other programs of the machine were in the way in %d of %d windows.\n\n",
			m.text(), s.soak().duration, s.rate, soakReads, soakWrites, s.soak().warm, len(s.windows)-len(undisturbed(s.windows)), len(s.windows))
		verdict.markdown(&out)
		windows.markdown(&out)
		if err := putBetween(s.document, "soaked", out.Bytes()); err != nil {
			return err
		}
	}
	for _, t := range trends {
		if !t.Flat {
			return fmt.Errorf("%s is not flat: %s", t.Name, t.text())
		}
	}
	return nil
}
