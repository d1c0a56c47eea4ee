package main

import (
	"fmt"
	"slices"
	"strconv"
)

// latencies are of the answers to one kind of request in a window, in milliseconds.
type latencies struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
}

// window is what was seen of the service at the end of a time, and during it.
type window struct {
	// At is in seconds since the beginning.
	At float64 `json:"at_s"`
	// RSS and Heap are in MiB; Heap is the smallest of the window.
	RSS        float64 `json:"rss_mib"`
	Heap       float64 `json:"heap_mib"`
	Goroutines float64 `json:"goroutines"`
	Files      float64 `json:"files"`
	// CPU is how many processors it used, and Others those that neither it nor what belongs to the soak did.
	CPU        float64   `json:"cpu"`
	Others     float64   `json:"others_cpu"`
	Batch      float64   `json:"batch"`
	Deliveries latencies `json:"deliveries"`
	Reads      latencies `json:"reads"`
	Writes     latencies `json:"writes"`
}

func (w window) String() string {
	return fmt.Sprintf("%6.0f s: RSS %.1f MiB, heap %.1f MiB, %.0f goroutines, %.0f files, CPU %.2f, others %.2f; deliveries %d, p50 %.1f ms, p99 %.1f ms; reads %d, p99 %.1f ms; writes %d, p99 %.1f ms",
		w.At, w.RSS, w.Heap, w.Goroutines, w.Files, w.CPU, w.Others, w.Deliveries.Count, w.Deliveries.P50, w.Deliveries.P99, w.Reads.Count, w.Reads.P99, w.Writes.Count, w.Writes.P99)
}

// trend is how a figure went.
type trend struct {
	Name string `json:"name"`
	// First and Last are the medians of the first and the last third, and PerHour how fast it grew over the last two.
	First   float64 `json:"first"`
	Last    float64 `json:"last"`
	PerHour float64 `json:"per_hour"`
	Unit    string  `json:"unit"`
	// Flat says that it is as it should be.
	Flat bool `json:"flat"`
}

func (t trend) text() string {
	return fmt.Sprintf("%.1f %s in the first third, %.1f in the last, %+.1f an hour", t.First, t.Unit, t.Last, t.PerHour)
}

const (
	// growth is how much of its mean a figure may grow during the last two thirds; it is more than the noise of a short run.
	growth = 0.10
	// few is what a small number may grow by.
	few = 5
	// slower is how many times as long the slowest answers may take in the end.
	slower = 1.5
	// fast is what is fast enough whatever it was before, in milliseconds.
	fast = 10
	// disturbing is how many processors others may use in a window before it says more of them than of the service, and disturbed
	// which part of all windows they may spoil.
	disturbing, disturbed = 0.25, 0.25
)

// undisturbed returns the windows in which no others were in the way.
func undisturbed(windows []window) []window {
	return slices.DeleteFunc(slices.Clone(windows), func(w window) bool { return w.Others > disturbing })
}

// judgeWindows says of each figure whether it is flat: what is used, by the line through the last two thirds, for it takes
// a while until everything is in use; and how long answers take, by the last third against the first. Windows in which others were in the
// way do not count; when they are too many, nothing is flat.
func judgeWindows(windows []window) []trend {
	used := func(name, unit string, of func(window) float64) trend {
		t := thirds(windows, of)
		t.Name, t.Unit = name, unit
		later := windows[len(windows)/3:]
		t.PerHour = slope(later, of)
		if len(later) > 1 {
			grown := t.PerHour / 3600 * (later[len(later)-1].At - later[0].At)
			t.Flat = grown <= max(growth*mean(later, of), few)
		}
		return t
	}
	answered := func(name string, of func(window) float64) trend {
		t := thirds(windows, of)
		t.Name, t.Unit, t.PerHour = name, "ms", slope(windows[len(windows)/3:], of)
		t.Flat = t.Last <= max(slower*t.First, fast)
		return t
	}
	all := len(windows)
	windows = undisturbed(windows)
	if all == 0 || float64(all-len(windows)) > disturbed*float64(all) {
		return []trend{{Name: "everything", Unit: "undisturbed windows", First: float64(len(windows)), Last: float64(len(windows))}}
	}
	return []trend{
		used("resident memory", "MiB", func(w window) float64 { return w.RSS }),
		used("heap after a collection", "MiB", func(w window) float64 { return w.Heap }),
		used("goroutines", "goroutines", func(w window) float64 { return w.Goroutines }),
		used("open files", "files", func(w window) float64 { return w.Files }),
		answered("p99 of deliveries", func(w window) float64 { return w.Deliveries.P99 }),
		answered("p99 of reads", func(w window) float64 { return w.Reads.P99 }),
		answered("p99 of awards and revocations", func(w window) float64 { return w.Writes.P99 }),
	}
}

// thirds fills in the medians of the first and of the last third.
func thirds(windows []window, of func(window) float64) trend {
	third := (len(windows) + 2) / 3
	middle := func(of []window, figure func(window) float64) float64 {
		values := make([]result, len(of))
		for i, w := range of {
			values[i].perSecond = figure(w)
		}
		return median(values, perSecond)
	}
	return trend{First: middle(windows[:third], of), Last: middle(windows[len(windows)-third:], of)}
}

func mean(windows []window, of func(window) float64) float64 {
	sum := 0.0
	for _, w := range windows {
		sum += of(w)
	}
	return sum / float64(len(windows))
}

// slope returns how much the line through the figures, by least squares, rises in an hour.
func slope(windows []window, of func(window) float64) float64 {
	x, y := mean(windows, func(w window) float64 { return w.At }), mean(windows, of)
	var along, square float64
	for _, w := range windows {
		along += (w.At - x) * (of(w) - y)
		square += (w.At - x) * (w.At - x)
	}
	if square == 0 {
		return 0
	}
	return along / square * 3600
}

// shownWindows is about how many windows a table shows.
const shownWindows = 12

func windowTable(windows []window) sheet {
	s := sheet{title: "What was seen", head: []string{
		"after", "RSS MiB", "heap MiB", "goroutines", "files", "CPU", "others", "deliveries", "p50 ms", "p99 ms", "reads", "p99 ms", "writes", "p99 ms",
	}}
	step := max(len(windows)/shownWindows, 1)
	for some := range slices.Chunk(windows, step) {
		w := some[len(some)-1]
		s.rows = append(s.rows, []string{
			fmt.Sprintf("%.0f s", w.At), fmt.Sprintf("%.1f", w.RSS), fmt.Sprintf("%.1f", w.Heap), fmt.Sprintf("%.0f", w.Goroutines), fmt.Sprintf("%.0f", w.Files),
			fmt.Sprintf("%.2f", w.CPU), fmt.Sprintf("%.2f", w.Others), strconv.Itoa(w.Deliveries.Count), fmt.Sprintf("%.1f", w.Deliveries.P50), fmt.Sprintf("%.1f", w.Deliveries.P99),
			strconv.Itoa(w.Reads.Count), fmt.Sprintf("%.1f", w.Reads.P99), strconv.Itoa(w.Writes.Count), fmt.Sprintf("%.1f", w.Writes.P99),
		})
	}
	return s
}

func trendTable(trends []trend) sheet {
	s := sheet{title: "How it went", head: []string{"", "first third", "last third", "an hour", "unit", "flat"}}
	for _, t := range trends {
		flat := "yes"
		if !t.Flat {
			flat = "NO"
		}
		s.rows = append(s.rows, []string{t.Name, fmt.Sprintf("%.1f", t.First), fmt.Sprintf("%.1f", t.Last), fmt.Sprintf("%+.1f", t.PerHour), t.Unit, flat})
	}
	return s
}
