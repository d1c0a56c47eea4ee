package rule

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
)

// memory is how a measure remembers more than a number. What it remembers is bounded, and whatever the
// order in which events come, it ends the same.
type memory struct {
	kind memoryKind
	// period is the unit of a streak; its days need not follow each other if separate is set.
	period   period
	separate bool
	// window is how long a time is that events must lie within.
	window time.Duration
}

type memoryKind int

const (
	noMemory memoryKind = iota
	// distinctValues remembers which values there were.
	distinctValues
	// streaks remembers in which units of the calendar there was anything.
	streaks
	// window remembers when the events were.
	window
)

// The limits of memories. A threshold beyond them would never be reached.
const (
	maxDistinct = 1_000
	// maxRuns is how many runs of a streak are remembered; the oldest are forgotten first.
	maxRuns   = 500
	maxWindow = 1_000
)

// limit is the largest threshold that can be reached.
func (m memory) limit() int64 {
	switch {
	case m.kind == distinctValues:
		return maxDistinct
	case m.kind == window:
		return maxWindow
	case m.kind == streaks && m.separate:
		return maxRuns
	default:
		return maxThreshold
	}
}

func (m memory) identity() string {
	switch m.kind {
	case distinctValues:
		return distinct
	case streaks:
		return streak + " " + m.period.identity() + " " + strconv.FormatBool(m.separate)
	case window:
		return "within " + m.window.String()
	default:
		return ""
	}
}

// unit numbers the units of a streak: units that follow each other have numbers that do.
func (m memory) unit(t time.Time) int64 {
	if m.kind != streaks {
		return 0
	}
	t = t.In(m.period.location)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	switch m.period.unit {
	case "day":
		return day
	case "week":
		return floorDiv(day+3, 7) // 1970 began on a Thursday
	case "month":
		return int64(t.Year())*12 + int64(t.Month()) - 1
	case "quarter":
		return int64(t.Year())*4 + int64(t.Month()-1)/3
	default:
		return int64(t.Year())
	}
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// add returns what is remembered after the hit, and the best that it shows.
func (m memory) add(data []byte, h *Hit) (after []byte, best int64) {
	switch m.kind {
	case distinctValues:
		return addDistinct(data, h.value)
	case streaks:
		return addUnit(data, h.unit, m.separate)
	default:
		return addMoment(data, h.at, m.window)
	}
}

func addDistinct(data []byte, value uint64) ([]byte, int64) {
	values := decode(data)
	if i, known := slices.BinarySearch(values, int64(value)); !known && len(values) < maxDistinct { //nolint:gosec // bits are bits
		values = slices.Insert(values, i, int64(value)) //nolint:gosec // as above
	}
	return encodeNumbers(values), int64(len(values))
}

// addUnit keeps runs as pairs of their first and last unit, in order.
func addUnit(data []byte, unit int64, separate bool) ([]byte, int64) {
	runs := decode(data)
	runs = runs[:len(runs)&^1]
	i := 0
	for i < len(runs) && runs[i+1] < unit-1 {
		i += 2
	}
	first, last, end := unit, unit, i
	for end < len(runs) && runs[end] <= unit+1 {
		first, last = min(first, runs[end]), max(last, runs[end+1])
		end += 2
	}
	runs = slices.Replace(runs, i, end, first, last)
	if len(runs) > 2*maxRuns {
		runs = runs[len(runs)-2*maxRuns:]
	}
	var best int64
	for i := 0; i < len(runs); i += 2 {
		length := runs[i+1] - runs[i] + 1
		if separate {
			best += length
		} else {
			best = max(best, length)
		}
	}
	return encodeNumbers(runs), best
}

// addMoment keeps the newest moments, in order, and counts the most that any window holds.
func addMoment(data []byte, at time.Time, length time.Duration) ([]byte, int64) {
	moments := decode(data)
	now := at.UnixMicro()
	i, _ := slices.BinarySearch(moments, now)
	moments = slices.Insert(moments, i, now)
	if len(moments) > maxWindow {
		moments = moments[len(moments)-maxWindow:]
	}
	best, first := 0, 0
	for last := range moments {
		for moments[last]-moments[first] > length.Microseconds() {
			first++
		}
		best = max(best, last-first+1)
	}
	return encodeNumbers(moments), int64(best)
}

// encodeNumbers writes numbers that grow as the differences between them, which are small.
func encodeNumbers(numbers []int64) []byte {
	var data []byte
	before := int64(0)
	for _, n := range numbers {
		data = binary.AppendVarint(data, n-before)
		before = n
	}
	return data
}

// decode reads what encodeNumbers wrote; it stops at what it did not.
func decode(data []byte) []int64 {
	var numbers []int64
	for before := int64(0); len(data) > 0; {
		difference, n := binary.Varint(data)
		if n <= 0 {
			break
		}
		before += difference
		numbers, data = append(numbers, before), data[n:]
	}
	return numbers
}

// fingerprint returns what tells a value from others: 64 bits, by which two different ones are taken for
// the same less than once in 10^13 measures of a thousand. Null and the empty text are no value.
func (e *expr) fingerprint(s *scope) (value uint64, some bool, err error) {
	given, err := e.eval(s)
	if err != nil {
		return 0, false, err
	}
	var text string
	switch given := given.(type) {
	case types.String:
		text = string(given)
	case types.Int:
		text = strconv.FormatInt(int64(given), 10)
	default:
		account, err := accountOf(given)
		if err != nil {
			return 0, false, fmt.Errorf("%s: gives neither a text, a whole number nor an account", e.text)
		}
		text = account.ID
	}
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:8]), text != "", nil
}
