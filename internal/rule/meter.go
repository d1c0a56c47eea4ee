package rule

import (
	"slices"
	"strconv"
	"time"
)

// meter is how a measure takes in what happened. What it remembers is bounded, and whatever the order in
// which events come, it ends the same unless it says otherwise.
type meter struct {
	kind meterKind
	// period is the unit of a streak; its days need not follow each other if separate is set.
	period   period
	separate bool
	// window is how long a time is that events must lie within.
	window time.Duration
	// most is how many events make a burst, how much a capped sum adds up to, or how many are admitted.
	most int64
}

type meterKind int

const (
	// counting adds amounts.
	counting meterKind = iota
	// racing adds amounts and remembers when the last one was added, which decides ties.
	racing
	// distinctValues remembers which values there were.
	distinctValues
	// streaks remembers in which units of the calendar there was anything.
	streaks
	// windows remembers when the events were; N is the most of them within one window so far.
	windows
	// bursts remembers when the events were; N counts the events in full windows that do not overlap.
	bursts
	// levels remembers the newest of the values and when it was; N is the highest so far.
	levels
	// gaps remembers when the newest event was; N is the longest time between two, in seconds. An event
	// that comes late changes nothing, so that here the order of arrival matters.
	gaps
	// membership remembers whether somebody is in, and since or until when.
	membership
	// capping adds amounts up to a bound.
	capping
	// admitting remembers whom or what it has let in, up to a bound, first come first served.
	admitting
)

// The limits of what measures remember. A threshold beyond them would never be reached.
const (
	maxDistinct = 1_000
	// maxRuns is how many runs of a streak are remembered; the oldest are forgotten first.
	maxRuns   = 500
	maxWindow = 1_000
	// maxAdmitted is how many people or occurrences can be admitted.
	maxAdmitted = 1_000
)

// limit is the largest threshold that can be reached.
func (m meter) limit() int64 {
	switch {
	case m.kind == distinctValues:
		return maxDistinct
	case m.kind == windows || m.kind == bursts:
		return maxWindow
	case m.kind == streaks && m.separate:
		return maxRuns
	default:
		return maxThreshold
	}
}

// identity is part of what a measure is called, for good.
func (m meter) identity() string {
	switch m.kind {
	case counting:
		return count
	case racing:
		return "race"
	case distinctValues:
		return distinct
	case streaks:
		return streak + " " + m.period.identity() + " " + strconv.FormatBool(m.separate)
	case windows:
		return "within " + m.window.String()
	case bursts:
		return "bursts " + m.window.String() + " " + strconv.FormatInt(m.most, 10)
	case levels:
		return gauge
	case gaps:
		return gap
	case membership:
		return "state"
	case capping:
		return "cap " + strconv.FormatInt(m.most, 10)
	default:
		return "admit " + strconv.FormatInt(m.most, 10)
	}
}

// dose is what one event adds to one measure.
type dose struct {
	amount int64
	value  uint64
	unit   int64
	at     time.Time
	// slot is the index of the state among the hit's.
	slot int
}

// add returns the state after a dose.
func (m meter) add(before State, d dose) State {
	switch m.kind {
	case racing:
		last := decode(before.Data)
		newest := d.at.UnixMicro()
		if len(last) == 1 {
			newest = max(newest, last[0])
		}
		return State{N: before.N + d.amount, Data: encodeNumbers([]int64{newest})}
	case distinctValues:
		data, n := addDistinct(before.Data, d.value, maxDistinct)
		return State{N: max(before.N, n), Data: data}
	case streaks:
		data, n := addUnit(before.Data, d.unit, m.separate)
		return State{N: max(before.N, n), Data: data}
	case windows:
		data, n := addMoment(before.Data, d.at, m.window)
		return State{N: max(before.N, n), Data: data}
	case bursts:
		data, n := addToBursts(before.Data, d.at, m.window, m.most)
		return State{N: max(before.N, n), Data: data}
	case levels:
		return addLevel(before, d)
	case gaps:
		return addGap(before, d.at)
	case capping:
		return State{N: min(before.N+d.amount, m.most)}
	default:
		return State{N: before.N + d.amount}
	}
}

// admit says whether the value is let in: it is, if it was before or there is room.
func (m meter) admit(before State, value uint64) (after State, admitted bool) {
	data, n := addDistinct(before.Data, value, int(m.most))
	_, admitted = slices.BinarySearch(decode(data), int64(value)) //nolint:gosec // bits are bits
	return State{N: n, Data: data}, admitted
}

// level returns what the measure reads now, which may be less than its N, and until when it stays so
// if nothing more happens; zero for ever.
func (m meter) level(s State, threshold int64) (now int64, until time.Time) {
	numbers := decode(s.Data)
	switch m.kind {
	case levels:
		if len(numbers) == 2 {
			return numbers[1], time.Time{}
		}
		return 0, time.Time{}
	case windows:
		return levelOfWindow(numbers, m.window, threshold)
	case streaks:
		if len(numbers) < 2 {
			return 0, time.Time{}
		}
		first, last := numbers[len(numbers)-2], numbers[len(numbers)-1]
		return last - first + 1, m.period.beginning(last + 2)
	default:
		return s.N, time.Time{}
	}
}

// levelOfWindow counts the moments in the window that ends with the newest one.
func levelOfWindow(moments []int64, length time.Duration, threshold int64) (now int64, until time.Time) {
	for i := len(moments) - 1; i >= 0 && moments[len(moments)-1]-moments[i] <= length.Microseconds(); i-- {
		now++
	}
	if now < threshold {
		return now, time.Time{}
	}
	oldest := moments[int64(len(moments))-threshold]
	return now, time.UnixMicro(oldest).UTC().Add(length + time.Microsecond)
}
