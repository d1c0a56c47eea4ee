// Package faults is what fault tests are made of: a driver that sends deliveries and writes down what was answered, a
// checker that compares what it wrote with the book, and things to break: processes, a Redis and a relay.
//
// A test runs the driver while something breaks, and then asks the checker what was lost, doubled, made up or never told
// of: every one of these must be 0. What the awards and counts should be, the checker works out by a model of its own, which
// shares no code with the engine. The tests have the build tag faults, one for each row of the fault matrix. The package is
// imported by tests alone; it may import testkit and forge.
package faults

import (
	"flag"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Uint64("faults.seed", 0, "seed of what fault tests do by chance; 0 takes one and prints it")
	scaleFlag = flag.Float64("faults.scale", 1, "factor on how long fault tests put load on, and on how often they break something")
)

// seed is the run's, the same for all of its tests.
var seed = sync.OnceValue(func() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return rand.Uint64()%1_000_000 + 1 //nolint:gosec // chance, not secrecy
})

// Seed returns the run's seed and prints how to repeat the run.
func Seed(t *testing.T) uint64 {
	t.Helper()
	t.Logf("seed %d, to repeat: -faults.seed=%[1]d -faults.scale=%v", seed(), *scaleFlag)
	return seed()
}

// Chance returns numbers by chance that are the same in each run with the same seed.
func Chance(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(Seed(t), 1)) //nolint:gosec // chance, not secrecy
}

// Lasting returns the duration at the run's scale, but no less than least.
func Lasting(full, least time.Duration) time.Duration {
	return max(time.Duration(float64(full)*scale()), least)
}

// Times returns the number at the run's scale, but no less than least.
func Times(full, least int) int { return max(int(float64(full)*scale()), least) }

// scale is a tenth in a short run that does not say otherwise.
func scale() float64 {
	if testing.Short() && *scaleFlag == 1 {
		return 0.1
	}
	return *scaleFlag
}
