package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	hookSecret = "the benchmark's webhook secret"
	sourceName = "forge"
	adminToken = "the benchmark's admin token"
)

// ruleset is a directory of rules that a contestant has.
type ruleset struct {
	name string
	// matching is how many rules match every delivery; one more matches each second one.
	matching int
	// tiers is how many thresholds each rule has.
	tiers int
	// unmatched is how many rules there are beside the hundred, which match nothing.
	unmatched int
}

// plain are the hundred rules that everybody has: 25 are for merges, of which a delivery matches 8.5 on average.
var (
	plain = ruleset{name: "plain", matching: 8, tiers: 1}
	wide  = ruleset{name: "wide", matching: 34, tiers: 1}
	tall  = ruleset{name: "tall", matching: 8, tiers: 5}
	more  = ruleset{name: "more", matching: 8, tiers: 1, unmatched: 1_000}
	most  = ruleset{name: "most", matching: 8, tiers: 1, unmatched: 10_000}
)

// increments is how many counts so many deliveries have raised, beginning with the first.
func (r ruleset) increments(deliveries int) int { return deliveries*r.matching + (deliveries+1)/2 }

// perDelivery is how many counts a delivery raises on average.
func (r ruleset) perDelivery() float64 { return float64(r.matching) + 0.5 }

// file returns the rules that all have: those that match, those for merges elsewhere, and 75 for other events.
func (r ruleset) file() string {
	var out strings.Builder
	out.WriteString("namespace: acme\nachievements:\n")
	add := func(name, on, when string, threshold int) {
		key := strings.ReplaceAll(strings.ToLower(name), " ", "-")
		fmt.Fprintf(&out, "  - key: %s\n    name: %s\n    kind: irrevocable\n    award: {on: %s, when: '%s', to: event.%s, count: {}}\n    tiers: [{at: %d, name: %[2]s}",
			key, name, on, when, map[bool]string{true: "author", false: "member"}[strings.HasPrefix(on, "merge")], threshold)
		for tier := 1; tier < r.tiers; tier++ {
			// What is measured are more thresholds, not more awards: nobody reaches these.
			fmt.Fprintf(&out, ", {at: %d, name: %s %d}", 100_000*tier, name, tier+1)
		}
		out.WriteString("]\n")
	}
	thresholds := [...]int{1, 10, 100, 1_000, 10_000}
	for i := range r.matching {
		add(fmt.Sprintf("Matching %d", i), "merge_request.merged",
			fmt.Sprintf("event.target_branch == event.repository.default_branch && event.additions >= %d && event.deletions < %d", i%20, 100+i), thresholds[i%len(thresholds)])
	}
	add("Large", "merge_request.merged", "event.additions >= 50", 100)
	for i := range 24 - min(r.matching, 8) {
		add(fmt.Sprintf("Elsewhere %d", i), "merge_request.merged", fmt.Sprintf(`event.repository.path == "acme/other-%d"`, i), thresholds[i%len(thresholds)])
	}
	for i := range 75 {
		add(fmt.Sprintf("Member %d", i), "member.added", fmt.Sprintf(`event.group.path == "acme/team-%d"`, i), thresholds[i%len(thresholds)])
	}
	return out.String()
}

const rulesInFile = 1_000

// write writes the rules into a directory of their own. Of those that match nothing a quarter is for the same events.
func (r ruleset) write(place string) error {
	directory := filepath.Join(place, r.name)
	errs := []error{os.MkdirAll(directory, 0o700), os.WriteFile(filepath.Join(directory, "rules.yaml"), []byte(r.file()), 0o600)}
	for first := 0; first < r.unmatched; first += rulesInFile {
		var out strings.Builder
		out.WriteString("namespace: acme/others\nachievements:\n")
		for i := first; i < min(first+rulesInFile, r.unmatched); i++ {
			on, to := "merge_request.merged", "author"
			if i%4 != 0 {
				on, to = [...]string{"issue.opened", "comment.created", "release.published"}[i%4-1], "actor"
			}
			fmt.Fprintf(&out, "  - key: other-%d\n    name: Other %[1]d\n    kind: irrevocable\n"+
				"    award: {on: %[2]s, when: event.repository.path == \"others/r%[1]d\", to: event.%[3]s, count: 10}\n", i, on, to)
		}
		errs = append(errs, os.WriteFile(filepath.Join(directory, fmt.Sprintf("others-%d.yaml", first)), []byte(out.String()), 0o600))
	}
	return errors.Join(errs...)
}

// ruleset returns the rules that the contestant has.
func (c contestant) ruleset() ruleset { return cmp.Or(c.rules, plain) }
