package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
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

// sheet is a table: the first column is text, the others are figures.
type sheet struct {
	title string
	head  []string
	rows  [][]string
	notes []string
}

// show writes the table for a terminal.
func (s sheet) show(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n\n", s.title)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{s.head}, s.rows...) {
		fmt.Fprintln(table, strings.Join(row, "\t")+"\t")
	}
	_ = table.Flush()
	fmt.Fprintln(out)
	for _, note := range s.notes {
		fmt.Fprintln(out, note)
	}
}

// markdown writes the table for a document.
func (s sheet) markdown(out io.Writer) {
	fmt.Fprintf(out, "### %s\n\n| %s |\n|---|%s\n", s.title, strings.Join(s.head, " | "), strings.Repeat("---:|", len(s.head)-1))
	for _, row := range s.rows {
		fmt.Fprintf(out, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(out)
	for _, note := range s.notes {
		fmt.Fprintf(out, "- %s\n", note)
	}
	fmt.Fprintln(out)
}

// span shows the smallest and the largest rate.
func span(results []result) string {
	rates := make([]float64, len(results))
	for i, r := range results {
		rates[i] = r.perSecond
	}
	return fmt.Sprintf("%.0f-%.0f", slices.Min(rates), slices.Max(rates))
}

// table shows the medians of a block.
func (b block) table(results map[string][]result) sheet {
	s := sheet{title: b.title, head: []string{"", "deliveries/s", "min-max", "p50 ms", "p99 ms", "CPU us", "Postgres", "Redis", "load", "WAL bytes", "batch"}}
	lone := slices.ContainsFunc(b.contestants, func(c contestant) bool { return c.lone })
	storm := slices.ContainsFunc(b.contestants, func(c contestant) bool { return c.storm })
	if lone {
		s.head = append(s.head, "lone p50", "lone p99")
	}
	if storm {
		s.head = append(s.head, "again/s", "after a restart/s")
	}
	for _, c := range b.contestants {
		of := results[c.name]
		if len(of) == 0 {
			continue
		}
		row := []string{c.name, whole(of, perSecond), span(of), latency(of, p50), latency(of, p99)}
		for _, figure := range []func(result) float64{cpu, postgresCPU, redisCPU, generatorCPU, wal, batch} {
			row = append(row, whole(of, figure))
		}
		if lone {
			row = append(row, latency(of, loneP50), latency(of, loneP99))
		}
		if storm {
			row = append(row, whole(of, again), whole(of, elsewhere))
		}
		s.rows = append(s.rows, row)
		s.notes = append(s.notes, c.name+": "+c.about)
	}
	return s
}

func whole(results []result, figure func(result) float64) string {
	return strconv.FormatFloat(median(results, figure), 'f', 0, 64)
}

func latency(results []result, figure func(result) float64) string {
	return milliseconds(median(results, figure))
}

// The figures of a result.
func perSecond(r result) float64    { return r.perSecond }
func p50(r result) float64          { return r.p50 }
func p99(r result) float64          { return r.p99 }
func loneP50(r result) float64      { return r.loneP50 }
func loneP99(r result) float64      { return r.loneP99 }
func cpu(r result) float64          { return r.cpu }
func postgresCPU(r result) float64  { return r.postgresCPU }
func redisCPU(r result) float64     { return r.redisCPU }
func generatorCPU(r result) float64 { return r.generatorCPU }
func wal(r result) float64          { return r.wal }
func batch(r result) float64        { return r.batch }
func again(r result) float64        { return r.again }
func elsewhere(r result) float64    { return r.elsewhere }

// readsTable shows the medians of the readings.
func readsTable(results map[string][]result) sheet {
	s := sheet{title: "Reading", head: []string{"", "answers/s", "min-max", "p50 ms", "p99 ms", "CPU us"}}
	for _, r := range readings() {
		of := results[r.name]
		if len(of) == 0 {
			continue
		}
		s.rows = append(s.rows, []string{r.name, whole(of, perSecond), span(of), latency(of, p50), latency(of, p99), whole(of, cpu)})
		s.notes = append(s.notes, r.name+": "+r.about)
	}
	return s
}

// reportReads prints the medians of the readings.
func (a *arena) reportReads(out io.Writer) { readsTable(a.results).show(out) }
