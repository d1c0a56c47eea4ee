package rule

import (
	"slices"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Merge returns what the measure remembers of a person whom it knew as two. For counts, sums, different
// values, streaks and windows that is what it would remember had it known them as one. The longest gap is the
// longer of both; what reached a measure through another one (each) or a limit keeps what either let through.
func (m *Measure) Merge(x, y State) State { return m.meter.merge(x, y) }

// Rename returns the state of a measure that all people share, in which a person is now called otherwise:
// who took one of a bounded number of places keeps it, and two places of one person become one.
func (m *Measure) Rename(s State, from, to string) State {
	if m.meter.kind != admitting {
		return s
	}
	values := decode(s.Data)
	i, known := slices.BinarySearch(values, int64(fingerprint(from))) //nolint:gosec // bits are bits
	if !known {
		return s
	}
	data, n := addDistinct(encodeNumbers(slices.Delete(values, i, i+1)), fingerprint(to), int(m.meter.most))
	return State{N: n, Data: data}
}

func (m meter) merge(x, y State) State {
	switch m.kind {
	case counting:
		return State{N: x.N + y.N}
	case capping:
		return State{N: min(x.N+y.N, m.most)}
	case racing:
		return State{N: x.N + y.N, Data: newestOf(x, y)}
	case gaps:
		return State{N: max(x.N, y.N), Data: newestOf(x, y)}
	case distinctValues:
		return m.mergeValues(x, y, maxDistinct)
	case admitting:
		return m.mergeValues(x, y, int(m.most))
	case membership:
		// In on either side is in.
		merged := State{N: max(x.N, y.N)}
		if x.Data != nil || y.Data != nil {
			merged.Data = []byte{1}
		}
		return merged
	case levels:
		if newest := decode(y.Data); len(newest) == 2 {
			return addLevel(State{N: max(x.N, y.N), Data: x.Data}, dose{at: time.UnixMicro(newest[0]), amount: newest[1]})
		}
		return State{N: max(x.N, y.N), Data: x.Data}
	default:
		return m.mergeMoments(x, y)
	}
}

// newestOf returns the memory of the later of two newest moments.
func newestOf(x, y State) []byte {
	moments := slices.Concat(decode(x.Data), decode(y.Data))
	if len(moments) == 0 {
		return nil
	}
	return encodeNumbers([]int64{slices.Max(moments)})
}

func (m meter) mergeValues(x, y State, most int) State {
	merged := State{N: max(x.N, y.N), Data: x.Data}
	for _, value := range decode(y.Data) {
		var n int64
		merged.Data, n = addDistinct(merged.Data, uint64(value), most) //nolint:gosec // bits are bits
		merged.N = max(merged.N, n)
	}
	return merged
}

// mergeMoments adds to x what y remembers of when things happened.
func (m meter) mergeMoments(x, y State) State {
	merged := State{N: max(x.N, y.N), Data: x.Data}
	moments := decode(y.Data)
	switch m.kind {
	case streaks:
		for i := 0; i+1 < len(moments); i += 2 {
			for unit := moments[i]; unit <= moments[i+1]; unit++ {
				merged = m.add(merged, dose{unit: unit})
			}
		}
	case bursts:
		if len(moments) == 0 {
			return merged
		}
		// What y has forgotten counts on, beside what x has.
		own := decode(merged.Data)
		if len(own) == 0 {
			own = []int64{0}
		}
		own[0] += moments[0]
		merged.Data, moments = encodeNumbers(own), moments[1:]
		fallthrough
	default:
		for _, moment := range moments {
			merged = m.add(merged, dose{at: time.UnixMicro(moment)})
		}
	}
	return merged
}

// Rechecks returns the hits that look again at what states have reached which were changed by no event, such
// as by merging two people: one for each matcher whose measure is among the slots. They fold like others,
// and grant what is reached, whether it was granted before or not.
func (s *Set) Rechecks(slots []Slot, recipient event.Account, at time.Time) []Hit {
	var hits []Hit
	for _, slot := range slots {
		if slot.Measure.shared {
			continue
		}
		for _, m := range s.matchers {
			if m.main == nil || m.main.measure != slot.Measure || m.fold != measuring && m.fold != entering {
				continue
			}
			recheck := &effect{matcher: m, at: at, occurrence: slot.Bucket, again: true, slots: []Slot{slot}}
			recheck.gate()
			hits = append(hits, Hit{recheck, &recipient})
		}
	}
	return hits
}

// recheck grants what the states have reached, however they came to it.
func (f *folding) recheck() {
	now := f.states[0].N
	for i := range f.matcher.targets {
		t := &f.matcher.targets[i]
		switch {
		case t.closing:
		case t.reach != nil:
			if f.holds(t, f.states) {
				f.grant(i, "", time.Time{})
			}
		case f.matcher.main.measure.meter.kind == membership:
			if f.states[0].Data != nil {
				f.grant(i, "", time.Time{})
			}
		case t.hold.reached:
			f.keep(i, 0)
		case t.hold.length > 0:
			// How long it lasts, only the event that earned it can say.
		case t.again:
			for n := max(1, now/t.at-maxValues+1); n <= now/t.at; n++ {
				f.grant(i, strconv.FormatInt(n*t.at, 10), time.Time{})
			}
		case now >= t.at:
			f.grant(i, "", time.Time{})
		}
	}
}
