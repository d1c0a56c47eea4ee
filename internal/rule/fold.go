package rule

// fold is what a hit does to the state of its measure.
type fold int

const (
	// always grants every target, every time; which award that is, its occurrence says.
	always fold = iota
	// counting adds the hit's amount and grants the targets whose threshold that reaches. The order of events
	// does not matter: the same events in any order cross the same thresholds.
	counting
	// remembering adds the hit to what the measure remembers, and grants the targets whose threshold the
	// best so far reaches by it. The order of events does not matter, as long as what they are about
	// fits the memory.
	remembering
	// entering and leaving grant and revoke; the state is the time of the newest event of either,
	// and an older one that comes late changes nothing. Of two at the same time the later one to
	// come holds.
	entering
	leaving
	// revoking revokes every target, every time.
	revoking
)

// Fold returns the state after the hit and what is to be done. The state is that of the hit's
// measure, recipient and bucket; a hit without a measure ignores it.
func (h *Hit) Fold(before State) (State, []Decision) {
	m := h.matcher
	switch m.fold {
	case counting:
		after := State{N: before.N + h.amount}
		return after, h.crossed(before.N, after.N)
	case remembering:
		data, n := m.measure.memory.add(before.Data, h)
		after := State{N: max(before.N, n), Data: data}
		return after, h.crossed(before.N, after.N)
	case entering, leaving:
		now := h.at.UnixMicro()
		if now < before.N {
			return before, nil
		}
		if m.fold == leaving {
			return State{N: now}, h.all(Revoke)
		}
		return State{N: now}, h.all(Grant)
	case revoking:
		return before, h.all(Revoke)
	default:
		return before, h.all(Grant)
	}
}

// crossed grants the targets whose threshold lies after the one number, up to the other.
func (h *Hit) crossed(before, after int64) []Decision {
	var decisions []Decision
	for i := range h.matcher.targets {
		if at := h.matcher.targets[i].at; before < at && at <= after {
			decisions = append(decisions, h.decision(i, Grant))
		}
	}
	return decisions
}

func (h *Hit) all(action Action) []Decision {
	decisions := make([]Decision, len(h.matcher.targets))
	for i := range decisions {
		decisions[i] = h.decision(i, action)
	}
	return decisions
}

func (h *Hit) decision(i int, action Action) Decision {
	t := &h.matcher.targets[i]
	d := Decision{Action: action, Namespace: t.namespace, Key: t.key, Rule: t.rule, At: h.at, Quiet: t.quiet}
	if t.repeats {
		d.Occurrence = h.occurrence
	}
	if h.messages != nil {
		d.Message = h.messages[i]
	}
	return d
}
