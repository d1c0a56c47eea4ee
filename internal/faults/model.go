package faults

import (
	"fmt"
	"time"
)

// award is one that somebody holds, or should: its achievement's key, whose, and for which occurrence.
type award struct {
	achievement string
	person      int
	occurrence  string
}

// tally says whose count it is, and of which occurrence.
type tally struct {
	person int
	bucket string
}

// model is what the rules of Rules make of steps, worked out step by step without the engine.
type model struct {
	seen   map[string]bool
	counts map[string]map[tally]int
	values map[tally]map[string]bool
	awards map[award]bool
	// worn is when somebody's label changed last, and to what.
	worn map[award]change
}

type change struct {
	at   time.Time
	worn bool
}

func newModel() *model {
	return &model{
		seen: map[string]bool{}, counts: map[string]map[tally]int{}, values: map[tally]map[string]bool{},
		awards: map[award]bool{}, worn: map[award]change{},
	}
}

// happen lets the step happen. A step that happened before changes nothing.
func (m *model) happen(s Step) {
	if m.seen[s.Key] {
		return
	}
	m.seen[s.Key] = true
	switch s.Action {
	case "opened":
		m.reach("opened", s.Author, m.count("opened", s.Author, "", 1), 2, 4)
		m.give("first-open", s.Author, "")
		if s.Repository == 0 {
			m.give("proposal", s.Author, s.object())
		}
	case "closed":
		m.reach("closed", s.Author, m.count("closed", s.Author, "", 1), 2)
	case "labeled", "unlabeled":
		m.wear(s)
	case "merged":
		m.merge(s)
	}
}

func (m *model) merge(s Step) {
	for size := 0; size <= 80 && s.Additions >= size; size += 20 {
		rule := fmt.Sprintf("size-%d", size)
		m.reach(rule, s.Author, m.count(rule, s.Author, "", 1), 1, 5, 20)
	}
	m.reach("lines", s.Author, m.count("lines", s.Author, "", s.Additions), 200)
	m.reach("merger", s.Merger, m.count("merger", s.Merger, "", 1), 5, 50)
	m.give("merge", s.Author, s.object())
	if s.Docs {
		m.give("first-docs", s.Author, "")
		m.give("docs", s.Author, s.object())
	}
	if m.count("regular", s.Author, s.path(), 1) >= 2 {
		m.give("regular", s.Author, s.path())
	}
	if day := s.At.Format(time.DateOnly); m.count("day", s.Author, day, 1) >= 2 {
		m.give("day", s.Author, day)
	}
	if s.Additions >= 10 {
		if n := m.count("third", s.Author, "", 1); n%3 == 0 {
			m.give("third", s.Author, fmt.Sprint(n))
		}
	}
	who := tally{s.Author, ""}
	if m.values[who] == nil {
		m.values[who] = map[string]bool{}
	}
	m.values[who][s.path()] = true
	m.reach("wide", s.Author, len(m.values[who]), 3)
}

// wear keeps the last change of a label by when it happened.
func (m *model) wear(s Step) {
	of := award{s.Label, s.Author, ""}
	if s.At.Before(m.worn[of].at) {
		return
	}
	m.worn[of] = change{s.At, s.Action == "labeled"}
	delete(m.awards, of)
	if s.Action == "labeled" {
		m.awards[of] = true
	}
}

func (m *model) count(rule string, person int, bucket string, n int) int {
	if m.counts[rule] == nil {
		m.counts[rule] = map[tally]int{}
	}
	m.counts[rule][tally{person, bucket}] += n
	return m.counts[rule][tally{person, bucket}]
}

func (m *model) give(achievement string, person int, occurrence string) {
	m.awards[award{achievement, person, occurrence}] = true
}

// reach gives the steps of the ladder that the number has reached.
func (m *model) reach(achievement string, person, n int, thresholds ...int) {
	for i, at := range thresholds {
		if n < at {
			return
		}
		key := achievement
		if i > 0 {
			key = fmt.Sprintf("%s-%d", achievement, i+1)
		}
		m.give(key, person, "")
	}
}
