package rule

import (
	"fmt"
	"io"
	"slices"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Report is what came of tests of rules.
type Report struct {
	results []result
	// silent are the rules that no test made fire.
	silent []string
}

type result struct {
	title string
	// file and name are the title's parts.
	file, name string
	// lines say what is missing (-) and what should not be there (+); none means it passed.
	lines []string
}

// Test runs the tests on the rules. The error is a Problems when files cannot be read; a test that
// fails is in the report, and so is a rule that none made fire.
func Test(rules, tests []File) (Report, error) { return test(rules, tests, nil) }

// TestSome runs the tests whose names are wanted. Rules that do not fire are no fault then; that no
// test is wanted is an error.
func TestSome(rules, tests []File, wanted func(name string) bool) (Report, error) {
	report, err := test(rules, tests, wanted)
	if err == nil && len(report.results) == 0 {
		err = fault.New(fault.NotFound, "no_test", "no test has such a name")
	}
	return report, err
}

func test(rules, tests []File, wanted func(name string) bool) (Report, error) {
	set, err := Load(rules)
	if err != nil {
		return Report{}, err
	}
	loaded, problems := loadTests(set, tests)
	if len(problems) > 0 {
		return Report{}, problems
	}
	var report Report
	fired := map[string]bool{}
	for i := range loaded {
		if wanted == nil || wanted(loaded[i].name) {
			report.results = append(report.results, run(set, &loaded[i], fired))
		}
	}
	if wanted != nil {
		return report, nil
	}
	for _, m := range set.matchers {
		for _, t := range m.targets {
			if name := t.firing(m.fold); !fired[name] && !slices.Contains(report.silent, name) {
				report.silent = append(report.silent, name)
			}
		}
	}
	slices.Sort(report.silent)
	return report, nil
}

// Failed reports whether a test failed or a rule never fired.
func (r Report) Failed() bool {
	return len(r.silent) > 0 || slices.ContainsFunc(r.results, func(result result) bool { return len(result.lines) > 0 })
}

// Write prints the report for people.
func (r Report) Write(out io.Writer) {
	failed := 0
	for _, result := range r.results {
		if len(result.lines) == 0 {
			fmt.Fprintf(out, "ok      %s\n", result.title)
			continue
		}
		failed++
		fmt.Fprintf(out, "FAILED  %s\n", result.title)
		for _, line := range result.lines {
			fmt.Fprintf(out, "          %s\n", line)
		}
	}
	for _, name := range r.silent {
		fmt.Fprintf(out, "FAILED  no test makes %s fire\n", name)
	}
	fmt.Fprintf(out, "%d tests, %d failed; %d rules never fired\n", len(r.results), failed, len(r.silent))
}

// firing names a rule as one that a test should make fire. Of a ladder, one tier is enough.
func (t *target) firing(f fold) string {
	if f == leaving || f == revoking {
		return "revoke of " + t.rule
	}
	return "award of " + t.rule
}

// profile is where a test's awards stand: what the service keeps in its database.
type profile struct {
	kinds       map[string]achievement.Kind
	standing    map[string]bool
	awards      []string
	revocations []string
}

func run(set *Set, t *unitTest, fired map[string]bool) result {
	p := &profile{kinds: map[string]achievement.Kind{}, standing: map[string]bool{}}
	for _, d := range set.declared {
		p.kinds[d.Namespace+"/"+d.Key] = d.Kind
	}
	type stateKey struct{ measure, person, bucket string }
	states := map[stateKey]State{}
	var lines []string
	for i := range t.events {
		matched := set.Match(&t.events[i])
		for _, failure := range matched.Failures {
			lines = append(lines, fmt.Sprintf("! event %d: %s: %v", i+1, failure.Rule, failure.Err))
		}
		for j := range matched.Hits {
			hit := &matched.Hits[j]
			key := stateKey{person: hit.Recipient.ID, bucket: hit.Bucket}
			if hit.Measure != nil {
				key.measure = hit.Measure.id
			}
			after, decisions := hit.Fold(states[key])
			if hit.Measure != nil {
				states[key] = after
			}
			for k := range decisions {
				if !t.looksAt(decisions[k].Key) {
					continue
				}
				p.apply(&decisions[k], hit.Recipient.ID, hit.Recipient.Login)
				name := &target{rule: decisions[k].Rule}
				fired[name.firing(hit.matcher.fold)] = true
			}
		}
	}
	lines = append(lines, difference("award", t.awards, p.awards)...)
	lines = append(lines, difference("revocation", t.revocations, p.revocations)...)
	return result{title: t.title(), file: t.file, name: t.name, lines: lines}
}

// apply does what the book does: a grant of what stands is nothing, and so is a revocation of what
// does not.
func (p *profile) apply(d *Decision, id, login string) {
	award := d.Namespace + "/" + d.Key
	where := award + "\x00" + id + "\x00" + d.Occurrence
	line := d.Key + " to " + login
	switch {
	case d.Action == Grant && !p.standing[where]:
		p.standing[where] = true
		p.awards = append(p.awards, line)
	case d.Action == Revoke && p.standing[where] && p.kinds[award] == achievement.Revocable:
		delete(p.standing, where)
		p.revocations = append(p.revocations, line)
	}
}

// difference compares two lists whatever their order.
func difference(what string, wanted, got []string) []string {
	var lines []string
	got = slices.Clone(got)
	slices.Sort(got)
	for _, line := range wanted {
		if i := slices.Index(got, line); i >= 0 {
			got = slices.Delete(got, i, i+1)
			continue
		}
		lines = append(lines, fmt.Sprintf("- missing %s: %s", what, line))
	}
	for _, line := range got {
		lines = append(lines, fmt.Sprintf("+ unexpected %s: %s", what, line))
	}
	return lines
}
