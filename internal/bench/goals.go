package main

import (
	"fmt"
	"slices"
)

// goal is what has to be reached, and what would be fine: a ratio, or a figure, of what was measured in this run.
type goal struct {
	number, text   string
	floor, stretch float64
	// atMost says that less is better.
	atMost bool
	// ratio returns the figure, given the results of those that it needs.
	needs []string
	ratio func(of, to []result) float64
}

// goals are all of them.
func goals() []goal {
	return slices.Concat(ingestGoals(), growthGoals(), readGoals())
}

// Names of contestants that goals are about.
const (
	bareName   = "bare"
	naiveName  = "naive"
	storeName  = "naive-store"
	sqliteName = "ours-sqlite"
	stormName  = "ours-storm"
	// chanceName is the contestant of the lone connection: by turns, all people reach the same threshold at once, and each lone delivery
	// may give awards.
	chanceName = "ours-by-chance"
	baseRules  = "ours-100"
)

func ingestGoals() []goal {
	return []goal{
		{"1", "deliveries a second / bare", 0.20, 0.30, false, []string{ours, bareName}, ratioOf(perSecond)},
		{"2a", "deliveries a second / naive with rules", 5, 7, false, []string{ours, naiveName}, ratioOf(perSecond)},
		{"2b", "deliveries a second / naive that only stores", 2.5, 3.5, false, []string{ours, storeName}, ratioOf(perSecond)},
		{"4a", "p99 / that of naive with rules", 0.2, 0.1, true, []string{ours, naiveName}, ratioOf(p99)},
		{"4c", "p50 of a lone connection / that of naive that only stores", 0.8, 0.7, true, []string{chanceName, storeName}, ratioOf(loneP50)},
		{"6", "bytes of the log a delivery / naive with rules", 0.7, 0.5, true, []string{ours, naiveName}, ratioOf(wal)},
		{"7", "everything again / everything new", 1.3, 3, false, []string{stormName, stormName}, func(of, _ []result) float64 {
			return across(of, of, func(x, y result) float64 { return x.again / y.perSecond })
		}},
		{"9", "on SQLite (FULL) / on Postgres", 0.8, 1, false, []string{sqliteName, ours}, ratioOf(perSecond)},
		{"hot", "all deliveries of one person / of 1,000, 16 connections", 0.5, 0.8, false, []string{"ours-1-person", "ours-1000-people"}, ratioOf(perSecond)},
	}
}

func growthGoals() []goal {
	more := wide.perDelivery() - plain.perDelivery()
	return []goal{
		{"5a", "1,100 rules / 100, the others match nothing", 0.75, 0.95, false, []string{"ours-1100", baseRules}, ratioOf(perSecond)},
		{"5b", "10,100 rules / 100", 0.3, 0.7, false, []string{"ours-10100", baseRules}, ratioOf(perSecond)},
		{"5c", "CPU of Postgres for a count that is raised, us", 8, 5, true, []string{"ours-wide", baseRules}, func(of, to []result) float64 {
			return across(of, to, func(x, y result) float64 { return (x.postgresCPU - y.postgresCPU) / more })
		}},
		{"5d", "four more tiers on each rule / none", 0.95, 0.98, false, []string{"ours-tiers", baseRules}, ratioOf(perSecond)},
		{"5e", "1,000,000 earlier deliveries / 10,000", 0.90, 0.97, false, []string{"ours-1e6", "ours-1e4"}, ratioOf(perSecond)},
	}
}

func readGoals() []goal {
	return []goal{
		{"8a packed", "profile from memory, compressed / constant", 0.80, 0.90, false, []string{"json", "constant"}, ratioOf(perSecond)},
		{"8a plain", "profile from memory, not compressed / constant of its size", 0.80, 0.90, false, []string{"json-plain", constantLarge}, ratioOf(perSecond)},
		{"8b", "badge from memory / constant", 1.1, 1.3, false, []string{"svg", "constant"}, ratioOf(perSecond)},
		{"8c", "profile known already (304) / profile, neither compressed", 1.3, 1.5, false, []string{"json-304", "json-plain"}, ratioOf(perSecond)},
		{"8d", "profile from the database / bare pgx", 0.85, 0.95, false, []string{"json-cold", "pgx"}, ratioOf(perSecond)},
	}
}

// ratioOf compares a figure of two in the same round, a moment apart: what else the machine does then is the same for both.
func ratioOf(figure func(result) float64) func(of, to []result) float64 {
	return func(of, to []result) float64 {
		return across(of, to, func(x, y result) float64 { return figure(x) / figure(y) })
	}
}

// across returns the median over the rounds of what is worked out from both in the same round.
func across(of, to []result, work func(x, y result) float64) float64 {
	worked := make([]result, min(len(of), len(to)))
	for i := range worked {
		worked[i].perSecond = work(of[i], to[i])
	}
	return median(worked, perSecond)
}

// outcome is what a goal came to.
type outcome struct {
	Number   string  `json:"number"`
	Text     string  `json:"text"`
	Floor    float64 `json:"floor"`
	Stretch  float64 `json:"stretch"`
	AtMost   bool    `json:"at_most"`
	Measured float64 `json:"measured"`
	Met      string  `json:"met"`
}

// outcomes returns what the goals came to that were measured.
func outcomes(results map[string][]result) []outcome {
	var all []outcome
	for _, g := range goals() {
		of, to := results[g.needs[0]], results[g.needs[1]]
		if len(of) == 0 || len(to) == 0 {
			continue
		}
		measured := g.ratio(of, to)
		all = append(all, outcome{g.number, g.text, g.floor, g.stretch, g.atMost, measured, g.met(measured)})
	}
	return all
}

// met says how much of the goal the figure reaches.
func (g goal) met(measured float64) string {
	reaches := func(mark float64) bool { return measured >= mark && !g.atMost || measured <= mark && g.atMost }
	switch {
	case reaches(g.stretch):
		return "stretch"
	case reaches(g.floor):
		return "floor"
	default:
		return "NOT MET"
	}
}

// goalTable shows what the goals came to.
func goalTable(results map[string][]result) sheet {
	s := sheet{title: "Goals", head: []string{"goal", "", "floor", "stretch", "measured", "reached"}}
	for _, o := range outcomes(results) {
		sign := ">="
		if o.AtMost {
			sign = "<="
		}
		s.rows = append(s.rows, []string{o.Number, o.Text, fmt.Sprintf("%s %.2f", sign, o.Floor), fmt.Sprintf("%s %.2f", sign, o.Stretch), fmt.Sprintf("%.2f", o.Measured), o.Met})
	}
	return s
}
