package rule

import "slices"

// Matching is what a set judges by: one question to events, and what is asked for each achievement that it
// may give. Sets that ask the same have equal ones.
type Matching struct {
	ID string
	// Targets are texts that tell what is asked for; a message is no part of it.
	Targets []string
	// Rules are the rules that it is of, as "namespace/key".
	Rules []string
	// Kinds are the kinds of event that it is about.
	Kinds []string
	// Timed says that it is about a clock, and not about what happened.
	Timed bool
}

// Matchings returns all that the set judges by.
func (s *Set) Matchings() []Matching {
	matchings := make([]Matching, len(s.matchers))
	for i, m := range s.matchers {
		matchings[i] = Matching{ID: m.id, Kinds: m.kinds, Timed: m.everyone}
		for j := range m.targets {
			matchings[i].Targets = append(matchings[i].Targets, m.targets[j].asks())
			if rule := m.targets[j].rule; !slices.Contains(matchings[i].Rules, rule) {
				matchings[i].Rules = append(matchings[i].Rules, rule)
			}
		}
	}
	return matchings
}

// Part returns a set that judges by some of what this one judges by.
func (s *Set) Part(ids []string) *Set {
	return s.part(func(m *matcher) *matcher {
		if !slices.Contains(ids, m.id) {
			return nil
		}
		return m
	})
}

// Afresh returns a set that judges by some of what this one judges by, for some of its targets, and whose
// measures remember nothing yet: they are called otherwise, by a name that is the caller's.
func (s *Set) Afresh(name string, targets map[string][]string) *Set {
	renamed := map[string]*Measure{}
	fresh := func(m *Measure) *Measure {
		if renamed[m.id] == nil {
			renamed[m.id] = &Measure{id: FreshID(name, m.id), meter: m.meter, shared: m.shared}
		}
		return renamed[m.id]
	}
	set := s.part(func(m *matcher) *matcher {
		wanted, ok := targets[m.id]
		if !ok {
			return nil
		}
		copied := *m
		copied.main, copied.each, copied.capped = m.main.renamed(fresh), m.each.renamed(fresh), m.capped.renamed(fresh)
		copied.targets = nil
		for _, t := range m.targets {
			if !slices.Contains(wanted, t.asks()) {
				continue
			}
			t.parts = slices.Clone(t.parts)
			for i := range t.parts {
				t.parts[i].measure = fresh(t.parts[i].measure)
			}
			copied.targets = append(copied.targets, t)
		}
		return &copied
	})
	for _, m := range renamed {
		set.measures = append(set.measures, m)
	}
	return set
}

// FreshID is what Afresh calls a measure.
func FreshID(name, measure string) string { return digest(name + " " + measure) }

func (st *step) renamed(fresh func(*Measure) *Measure) *step {
	if st == nil {
		return nil
	}
	copied := *st
	copied.measure = fresh(st.measure)
	return &copied
}

func (s *Set) part(choose func(*matcher) *matcher) *Set {
	part := &Set{
		hash: s.hash, declared: s.declared, namespaces: s.namespaces, measures: slices.Clone(s.measures), custom: s.custom,
		needsHistory: s.needsHistory, index: index{},
	}
	for _, m := range s.matchers {
		if chosen := choose(m); chosen != nil {
			part.matchers = append(part.matchers, chosen)
			part.index.add(chosen)
		}
	}
	return part
}
