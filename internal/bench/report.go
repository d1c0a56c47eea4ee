package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// summarize turns a load into figures; latencies are in seconds.
func summarize(s sample) result {
	slices.Sort(s.latencies)
	return result{
		perSecond: float64(s.acknowledged) / s.elapsed.Seconds(),
		p50:       percentile(s.latencies, 50).Seconds(), p99: percentile(s.latencies, 99).Seconds(),
	}
}

// percentile returns the smallest of the sorted values that p percent of them do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*p+99)/100-1]
}

// median returns the middle of a figure over the rounds.
func median(results []result, figure func(result) float64) float64 {
	values := make([]float64, len(results))
	for i, r := range results {
		values[i] = figure(r)
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func perSecond(r result) float64 { return r.perSecond }

// report prints the medians and the ratios that matter.
func (a *arena) report(out io.Writer) {
	fmt.Fprintf(out, "\n%s, %d processors, %s; %d connections, bodies of %d bytes, 100 rules, %d counts a delivery; medians of %d rounds of %s\n\n",
		processor(), runtime.NumCPU(), runtime.Version(), a.connections, a.bodySize, increments, a.rounds, a.duration)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tdeliveries/s\t[min-max]\tp50 ms\tp99 ms\tlone p50 ms\tCPU us\tWAL bytes\t")
	for _, c := range contestants() {
		results := a.results[c.name]
		rates := make([]float64, len(results))
		for i, r := range results {
			rates[i] = r.perSecond
		}
		fmt.Fprintf(table, "%s\t%.0f\t[%.0f-%.0f]\t%s\t%s\t%s\t%.0f\t%.0f\t\n", c.name,
			median(results, perSecond), slices.Min(rates), slices.Max(rates),
			milliseconds(median(results, func(r result) float64 { return r.p50 })),
			milliseconds(median(results, func(r result) float64 { return r.p99 })),
			milliseconds(median(results, func(r result) float64 { return r.loneP50 })),
			median(results, func(r result) float64 { return r.cpu }), median(results, func(r result) float64 { return r.wal }))
	}
	_ = table.Flush()
	fmt.Fprintln(out)
	for _, c := range contestants() {
		fmt.Fprintf(out, "%14s: %s\n", c.name, c.about)
	}
	ratio := func(x, y string) float64 { return median(a.results[x], perSecond) / median(a.results[y], perSecond) }
	fmt.Fprintf(out, "\nours / naive = %.2f\nours / bare  = %.2f\nours on SQLite / ours on Postgres = %.2f\n"+
		"with 10,000 more rules / without = %.2f\nwith 1,000,000 earlier events / with none = %.2f\n",
		ratio("ours", "naive"), ratio("ours", "bare"), ratio("ours-sqlite", "ours"), ratio("ours-10k-rules", "ours"), ratio("ours-1m-events", "ours"))
}

// processor names the machine's processor, as well as it is known.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// goal is a ratio of two readings that has to be reached, and one that would be fine; 0 for what is only shown.
type goal struct {
	text, of, to   string
	floor, stretch float64
}

func readGoals() []goal {
	return []goal{
		{"profile from memory, compressed / constant", "json", "constant", 0.80, 0.90},
		{"profile from memory, not compressed / constant of its size", "json-plain", constantLarge, 0.80, 0.90},
		{"profile from memory, not compressed / constant", "json-plain", "constant", 0, 0},
		{"badge from memory / constant", "svg", "constant", 1.1, 1.3},
		{"profile known already (304) / profile, neither compressed", "json-304", "json-plain", 1.3, 1.5},
		{"profile from the database / bare pgx", "json-cold", "pgx", 0.85, 0.95},
	}
}

// reportReads prints the medians and the ratios of the readings.
func (a *arena) reportReads(out io.Writer) {
	fmt.Fprintf(out, "\nreading, %d connections, %d people with %d awards each; medians of %d rounds of %s, of ratios too\n\n",
		a.connections, people, awardsEach, a.rounds, a.duration)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tanswers/s\t[min-max]\tp50 ms\tp99 ms\tCPU us\t")
	for _, r := range readings() {
		results := a.results[r.name]
		if len(results) == 0 {
			continue
		}
		rates := make([]float64, len(results))
		for i, one := range results {
			rates[i] = one.perSecond
		}
		fmt.Fprintf(table, "%s\t%.0f\t[%.0f-%.0f]\t%s\t%s\t%.0f\t\n", r.name,
			median(results, perSecond), slices.Min(rates), slices.Max(rates),
			milliseconds(median(results, func(r result) float64 { return r.p50 })),
			milliseconds(median(results, func(r result) float64 { return r.p99 })),
			median(results, func(r result) float64 { return r.cpu }))
	}
	_ = table.Flush()
	fmt.Fprintln(out)
	for _, r := range readings() {
		fmt.Fprintf(out, "%14s: %s\n", r.name, r.about)
	}
	fmt.Fprintln(out)
	for _, g := range readGoals() {
		if len(a.results[g.of]) == 0 {
			fmt.Fprintf(out, "%s: not measured, because it is not served\n", g.text)
			continue
		}
		ratio := sideBySide(a.results[g.of], a.results[g.to])
		if g.floor == 0 {
			fmt.Fprintf(out, "%s = %.2f\n", g.text, ratio)
			continue
		}
		fmt.Fprintf(out, "%s = %.2f (at least %.2f: %s; %.2f: %s)\n", g.text, ratio,
			g.floor, met(ratio >= g.floor), g.stretch, met(ratio >= g.stretch))
	}
}

// sideBySide returns the median of the ratios of two readings in the same round, a moment apart: what else the machine does
// then is the same for both.
func sideBySide(of, to []result) float64 {
	ratios := make([]result, len(of))
	for i := range of {
		ratios[i].perSecond = of[i].perSecond / to[i].perSecond
	}
	return median(ratios, perSecond)
}

func met(reached bool) string {
	if reached {
		return "met"
	}
	return "not met"
}
