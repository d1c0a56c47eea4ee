package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"
)

const (
	// garbagePercent trades memory, of which a quiet server needs little, for a tenth of the work of a
	// busy one.
	garbagePercent = 400
	// modest is what the runtime may take before it collects more often than that, as long as less than half of it is in use.
	modest = 128 << 20
	// adjustEvery is how often the limit follows what is in use, and remembered how many looks back decide what stays in use.
	adjustEvery, remembered = time.Second / 2, 8
)

// tuneMemory lets garbage wait as long as there is little of it in all, and collects it the more often the more there is: a
// server whose heap is small works less, and one that is given many large bodies does not grow to five times their size.
// GOGC and GOMEMLIMIT in the environment have the last word.
func tuneMemory(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(modest)
	go func() {
		usage := newUsage()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(adjustEvery):
			}
			debug.SetMemoryLimit(max(modest, usage.limit()))
		}
	}()
}

// usage is what the runtime uses memory for.
type usage struct {
	// samples have the bytes that were alive after the last collection first, then all that is mapped, and then what of it is
	// no overhead: given back to the system, taken by objects, and free.
	samples []metrics.Sample
	// lives are what was alive when it was last looked.
	lives []int64
}

func newUsage() *usage {
	return &usage{samples: []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}}
}

// limit returns what lets as much garbage wait as there is alive. Beside what stays alive, as rules do, the overhead is let be:
// the runtime counts stacks, and what spans have left, against its limit (https://go.dev/doc/gc-guide#Memory_limit), and a
// server with thousands of rules would collect without end. What is alive for moments, as bodies are, gets no such addition.
func (u *usage) limit() int64 {
	metrics.Read(u.samples)
	bytes := func(i int) int64 { return int64(u.samples[i].Value.Uint64()) } //nolint:gosec // less than the machine has
	live, overhead := bytes(0), bytes(1)-bytes(2)-bytes(3)-bytes(4)
	u.lives = append(u.lives, live)
	if len(u.lives) > remembered {
		u.lives = u.lives[1:]
	}
	return max(2*live, 2*slices.Min(u.lives)+overhead)
}
