package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// windowsOf makes thirty windows of ten seconds.
func windowsOf(set func(i int, w *window)) []window {
	windows := make([]window, 30)
	for i := range windows {
		windows[i] = window{At: float64(10 * (i + 1)), RSS: 100, Heap: 20, Goroutines: 50, Files: 60, Deliveries: latencies{P99: 12}, Reads: latencies{P99: 3}, Writes: latencies{P99: 4}}
		set(i, &windows[i])
	}
	return windows
}

func TestSoakIsJudged(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		windows []window
		// grows are the figures that are not flat.
		grows string
	}{
		"flat":                 {windowsOf(func(int, *window) {}), ""},
		"warming up":           {windowsOf(func(i int, w *window) { w.RSS = min(100, 20+10*float64(i)) }), ""},
		"noise":                {windowsOf(func(i int, w *window) { w.Heap += float64(i % 4) }), ""},
		"growing memory":       {windowsOf(func(i int, w *window) { w.RSS += 2 * float64(i) }), "resident memory"},
		"growing heap":         {windowsOf(func(i int, w *window) { w.Heap += float64(i) }), "heap after a collection"},
		"forgotten goroutines": {windowsOf(func(i int, w *window) { w.Goroutines += float64(i) }), "goroutines"},
		"forgotten files":      {windowsOf(func(i int, w *window) { w.Files += float64(i) }), "open files"},
		"slower deliveries":    {windowsOf(func(i int, w *window) { w.Deliveries.P99 += float64(i) }), "p99 of deliveries"},
		"still fast":           {windowsOf(func(i int, w *window) { w.Reads.P99 += float64(i) / 5 }), ""},
		"others in the way":    {windowsOf(func(i int, w *window) { w.Others, w.Reads.P99 = float64(i/24), float64(3+100*(i/24)) }), ""},
		"a busy machine":       {windowsOf(func(i int, w *window) { w.Others = float64(i % 2) }), "everything"},
		"nothing":              {nil, "everything"},
	} {
		var grows []string
		for _, trend := range judgeWindows(tc.windows) {
			if !trend.Flat {
				grows = append(grows, trend.Name)
			}
		}
		if got := strings.Join(grows, ", "); got != tc.grows {
			t.Errorf("%s: what grows is %q, want %q", name, got, tc.grows)
		}
	}
}

func TestSlopeIsPerHour(t *testing.T) {
	t.Parallel()

	windows := windowsOf(func(i int, w *window) { w.RSS = 7 + float64(i) })
	if got := slope(windows, func(w window) float64 { return w.RSS }); math.Abs(got-360) > 0.001 {
		t.Errorf("one MiB in ten seconds is %v MiB an hour", got)
	}
	if shown := len(windowTable(windows).rows); shown > shownWindows+3 || shown < shownWindows {
		t.Errorf("the table shows %d windows", shown)
	}
}

// What is late is told when it was due, so that a stalled server's stall is seen.
func TestPaceCountsTheWait(t *testing.T) {
	t.Parallel()

	var worst time.Duration
	calls := 0
	err := pace(t.Context(), 100, time.Now().Add(200*time.Millisecond), func(due time.Time) error {
		calls++
		if calls == 1 {
			time.Sleep(100 * time.Millisecond)
		}
		worst = max(worst, time.Since(due))
		return nil
	})
	if err != nil || calls < 15 || worst < 100*time.Millisecond {
		t.Errorf("%d calls, the worst late by %s, %v", calls, worst, err)
	}
}
