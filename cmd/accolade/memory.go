package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// garbagePercent trades memory, of which a quiet server needs little, for a tenth of the work of a
	// busy one.
	garbagePercent = 400
	// modest is what the runtime may take before it collects more often than that, as long as less than half of it is in use.
	modest = 128 << 20
	// adjustEvery is how often the limit follows what is in use.
	adjustEvery = time.Second
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
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(adjustEvery):
			}
			metrics.Read(live)
			debug.SetMemoryLimit(max(modest, 2*int64(live[0].Value.Uint64()))) //nolint:gosec // less than the machine has
		}
	}()
}
