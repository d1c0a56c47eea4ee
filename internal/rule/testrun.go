package rule

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Report is what came of tests of rules.
type Report struct {
	results []result
	// silent are the rules that no test made fire.
	silent []string
	// coverage says which sides of conditions the tests have seen.
	coverage []Coverage
}

type result struct {
	title string
	// file and name are the title's parts.
	file, name string
	// lines say what is missing (-) and what should not be there (+); none means it passed.
	lines []string
}

// TestOptions say which tests run, and what is noted.
type TestOptions struct {
	// Only, unless nil, chooses tests by their names. Rules that do not fire are no fault then; that no test is
	// chosen is an error.
	Only func(name string) bool
	// Cover notes which sides of conditions the tests see.
	Cover bool
}

// Test runs the tests on the rules. The error is a Problems when files cannot be read; a test that
// fails is in the report, and so is a rule that none made fire.
func Test(rules, tests []File, options TestOptions) (Report, error) {
	set, err := Load(rules)
	if err != nil {
		return Report{}, err
	}
	loaded, problems := loadTests(set, tests)
	if len(problems) > 0 {
		return Report{}, problems
	}
	if options.Cover {
		set.track()
	}
	var report Report
	fired := map[string]bool{}
	for i := range loaded {
		if options.Only == nil || options.Only(loaded[i].name) {
			report.results = append(report.results, run(set, &loaded[i], fired))
		}
	}
	report.coverage = set.coverage()
	if options.Only != nil {
		if len(report.results) == 0 {
			err = fault.New(fault.NotFound, "no_test", "no test has such a name")
		}
		return report, err
	}
	for _, m := range set.matchers {
		for _, name := range m.firings() {
			if !fired[name] && !slices.Contains(report.silent, name) {
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
func firing(rule string, action Action) string {
	if action == Revoke {
		return "revoke of " + rule
	}
	return "award of " + rule
}

// firings are the names of what a matcher should be seen to do.
func (m *matcher) firings() []string {
	var names []string
	action := Grant
	switch {
	case m.awards != nil:
		return nil
	case m.fold == leaving || m.fold == revoking:
		action = Revoke
	}
	for i := range m.targets {
		names = append(names, firing(m.targets[i].rule, action))
	}
	return names
}

func run(set *Set, t *unitTest, fired map[string]bool) result {
	s := NewSimulation(set, epoch)
	s.OnDecision = func(o Outcome) {
		if t.looksAt(o.Key) && !o.Lapsed {
			fired[firing(o.Rule, o.Action)] = true
		}
	}
	for _, person := range t.known {
		s.Know(person.account, person.known)
	}
	var lines []string
	played := 0
	for i := range t.events {
		t.events[i].each(func(ev *event.Event) {
			played++
			before := len(s.failures)
			s.Play(ev)
			for _, failure := range s.failures[before:] {
				lines = append(lines, fmt.Sprintf("! event %d: %s: %v", played, failure.Rule, failure.Err))
			}
		})
	}
	before := len(s.failures)
	s.Advance(t.until)
	for _, failure := range s.failures[before:] {
		lines = append(lines, fmt.Sprintf("! after the last event: %s: %v", failure.Rule, failure.Err))
	}
	var awards, revocations []string
	for _, o := range s.outcomes {
		line := o.Key + " to " + cmp.Or(o.Person.Login, o.Person.ID)
		switch {
		case !t.looksAt(o.Key):
		case o.Action == Grant:
			awards = append(awards, line)
		default:
			revocations = append(revocations, line)
		}
	}
	lines = append(lines, difference("award", t.awards, awards)...)
	lines = append(lines, difference("revocation", t.revocations, revocations)...)
	return result{title: t.title(), file: t.file, name: t.name, lines: lines}
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
