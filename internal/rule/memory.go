package rule

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

func addDistinct(data []byte, value uint64, most int) ([]byte, int64) {
	values := decode(data)
	if i, known := slices.BinarySearch(values, int64(value)); !known && len(values) < most { //nolint:gosec // bits are bits
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

// addToBursts keeps how many events were in full windows that are forgotten, and then the moments that are
// remembered, in order. It returns how many events all full windows hold: each holds most, begins after
// the one before, and is the earliest there is, so that there are as many as there can be.
func addToBursts(data []byte, at time.Time, length time.Duration, most int64) ([]byte, int64) {
	kept := decode(data)
	forgotten, moments := int64(0), kept
	if len(kept) > 0 {
		forgotten, moments = kept[0], kept[1:]
	}
	i, _ := slices.BinarySearch(moments, at.UnixMicro())
	moments = slices.Insert(moments, i, at.UnixMicro())
	full, first, end := int64(0), 0, 0
	for last := range moments {
		for moments[last]-moments[first] > length.Microseconds() {
			first++
		}
		if int64(last-first+1) >= most {
			full++
			first = last + 1
			if full == 1 {
				end = first
			}
		}
	}
	total := forgotten + full*most
	if len(moments) > maxWindow {
		drop := 1
		if full > 0 && end <= len(moments)/2 {
			drop, forgotten = end, forgotten+most
		}
		moments = moments[drop:]
	}
	return encodeNumbers(append([]int64{forgotten}, moments...)), total
}

// addLevel keeps the time and the value of the newest; of two at the same time, the higher one.
func addLevel(before State, d dose) State {
	now := d.at.UnixMicro()
	newest := decode(before.Data)
	if len(newest) == 2 && (now < newest[0] || now == newest[0] && d.amount < newest[1]) {
		return State{N: max(before.N, d.amount), Data: before.Data}
	}
	return State{N: max(before.N, d.amount), Data: encodeNumbers([]int64{now, d.amount})}
}

func addGap(before State, at time.Time) State {
	newest := decode(before.Data)
	now := at.UnixMicro()
	switch {
	case len(newest) != 1:
		return State{N: before.N, Data: encodeNumbers([]int64{now})}
	case now <= newest[0]:
		return before
	default:
		return State{N: max(before.N, (now-newest[0])/time.Second.Microseconds()), Data: encodeNumbers([]int64{now})}
	}
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

// values returns what tells different values apart, each once and at most 100 of them. Null and the empty
// text are no values.
func (e *expr) values(s *scope) ([]uint64, error) {
	given, err := e.eval(s)
	if err != nil {
		return nil, err
	}
	var found []uint64
	err = each(given, func(given ref.Val) error {
		var text string
		switch given := given.(type) {
		case types.String:
			text = string(given)
		case types.Int:
			text = strconv.FormatInt(int64(given), 10)
		default:
			account, err := accountOf(given)
			if err != nil {
				return fmt.Errorf("%s: gives neither a text, a whole number nor an account", e.text)
			}
			text = account.ID
		}
		if value := fingerprint(text); text != "" && !slices.Contains(found, value) && len(found) < maxValues {
			found = append(found, value)
		}
		return nil
	})
	return found, err
}

// fingerprint returns what tells a text from others: 64 bits, by which two different ones are taken for
// the same less than once in 10^13 measures of a thousand.
func fingerprint(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:8])
}

// bucketOf is a short name for a value in a bucket.
func bucketOf(value uint64) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, value))
}
