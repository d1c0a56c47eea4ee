package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what was used up to a moment: processor time in seconds, bytes of the write-ahead log, and batches of ours.
type usage struct {
	app, postgres, redis, generator, wal float64
	batches, batched                     float64
	// machine is the processor time of everything.
	machine float64
}

func (u usage) minus(before usage) usage {
	return usage{
		u.app - before.app, u.postgres - before.postgres, u.redis - before.redis, u.generator - before.generator, u.wal - before.wal,
		u.batches - before.batches, u.batched - before.batched, u.machine - before.machine,
	}
}

// others returns the processor time of what has nothing to do with the measurement.
func (u usage) others() float64 {
	return max(u.machine-u.app-u.postgres-u.redis-u.generator, 0)
}

// each fills in what was used for each of so many deliveries.
func (u usage) each(deliveries int, r *result) {
	each := 1e6 / float64(deliveries)
	r.cpu, r.postgresCPU, r.redisCPU, r.generatorCPU = u.app*each, u.postgres*each, u.redis*each, u.generator*each
	r.wal = u.wal / float64(deliveries)
	if u.batches > 0 {
		r.batch = u.batched / u.batches
	}
}

func (a *arena) usage(ctx context.Context, p *process) (usage, error) {
	u := usage{app: p.cpu(), postgres: a.postgresCPU(ctx), redis: a.redisCPU(ctx), generator: ownCPU(), machine: machineCPU()}
	if err := a.admin.QueryRow(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8").Scan(&u.wal); err != nil {
		return usage{}, fmt.Errorf("asking for the position of the log: %w", err)
	}
	if p.metrics != "" {
		values, err := scrape(ctx, p.metrics)
		if err != nil {
			return usage{}, err
		}
		u.batches, u.batched = values["accolade_batch_deliveries_count"], values["accolade_batch_deliveries_sum"]
	}
	return u, nil
}

// scrape returns the metrics that have no labels.
func scrape(ctx context.Context, address string) (map[string]float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking for metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking for metrics: %w", err)
	}
	defer response.Body.Close()
	values := map[string]float64{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.ContainsAny(name, "#{") {
			continue
		}
		if values[name], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("reading the metric %s: %w", name, err)
		}
	}
	return values, lines.Err()
}

// ownCPU returns the processor time of the load generator.
func ownCPU() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

// machineCPU returns the processor time of all that the machine did, and what its host took from it; 0 where there is no /proc.
func machineCPU() float64 {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	return parseMachine(line)
}

// parseMachine reads the first line of /proc/stat: user, nice, system, idle, waiting for the disk, interrupts, soft ones, and stolen.
func parseMachine(line string) float64 {
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return 0
	}
	sum := 0.0
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		n, _ := strconv.ParseFloat(fields[i], 64)
		sum += n / ticksPerSecond
	}
	return sum
}

// redisCPU returns the processor time of Redis, as it says itself.
func (a *arena) redisCPU(ctx context.Context) float64 {
	text, err := a.memory.Info(ctx, "cpu").Result()
	if err != nil {
		return 0
	}
	return infoOf(text, "used_cpu_user") + infoOf(text, "used_cpu_sys")
}

// infoOf returns a number of what INFO says.
func infoOf(text, name string) float64 {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			number, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return number
		}
	}
	return 0
}

// postgresCPU returns the processor time of all processes of Postgres, also of those that have ended; 0 where there is no /proc.
func (a *arena) postgresCPU(ctx context.Context) float64 {
	var backend int
	if a.admin.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend) != nil {
		return 0
	}
	postmaster := statOf(backend).parent
	if postmaster == 0 {
		return 0
	}
	whole := statOf(postmaster)
	sum := whole.own + whole.children
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // fails for a bad pattern only
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if stat := statOf(pid); stat.parent == postmaster {
			sum += stat.own
		}
	}
	return sum
}

// stat is what Linux says of a process; own and children are in seconds, and children are those that have ended.
type stat struct {
	parent        int
	own, children float64
}

// ticksPerSecond is how Linux counts the time of processes, on every architecture that Go knows.
const ticksPerSecond = 100

func statOf(pid int) stat {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}
	}
	return parseStat(string(text))
}

func parseStat(text string) stat {
	// The name in parentheses may hold blanks and parentheses; the fields after the last one are counted from the state.
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	if len(fields) < 15 {
		return stat{}
	}
	ticks := func(i int) float64 {
		n, _ := strconv.ParseFloat(fields[i], 64)
		return n / ticksPerSecond
	}
	parent, _ := strconv.Atoi(fields[1])
	return stat{parent: parent, own: ticks(11) + ticks(12), children: ticks(13) + ticks(14)}
}
