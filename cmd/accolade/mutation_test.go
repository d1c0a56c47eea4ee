package main_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/rules"
)

// mutations break a line of a rule; each returns what the line may become.
var mutations = []func(line string) []string{
	numbers(regexp.MustCompile(`\b(?:at|at_least|count): (\d+)`)),
	numbers(regexp.MustCompile(`(?:[<>]=? |days\()(\d+)`)), numbers(regexp.MustCompile(`\? (\d+)`)), numbers(regexp.MustCompile(` : (\d+)`)),
	swap("event.author", "event.actor"), swap("event.actor", "event.author"), swap("event.member", "event.actor"), swap("event.merged_by", "event.author"),
	swap("event.target.author", "event.author"), swap("event.co_authors", "[event.author]"), swap("event.sponsor", "event.sponsored"), swap("event.holder", "event.actor"),
	swap("to: event.merged_by", "to: event.actor"), swap("to: event.author", "to: event.target.author"), swap("c.author", "event.actor"),
	swap("merge_request.merged", "merge_request.opened"), swap("merge_request.opened", "merge_request.merged"), swap("merge_request.closed", "merge_request.merged"),
	swap("issue.opened", "issue.closed"), swap("issue.closed", "issue.opened"), swap("issue.labeled", "issue.unlabeled"), swap("merge_request.labeled", "issue.labeled"),
	swap("member.added", "member.removed"), swap("member.removed", "member.added"), swap("reaction.added", "reaction.removed"),
	swap("comment.created", "comment.edited"), swap("branch.created", "branch.deleted"), swap("clock.daily", "clock.yearly"), swap("award.granted", "award.revoked"),
	swap("==", "!="), swap("!=", "=="), swap("<", ">"), swap(" >= ", " > "), swap(" <= ", " < "), swap("&&", "||"), swap("||", "&&"), swap("!history", "history"),
	swap("unit: week", "unit: day"), swap("separate: true", "separate: false"), swap("every: month", "every: year"), swap("every: year", "per: event.object"),
	swap("within: 24h", "within: 48h"), swap("within: 24h", "within: 1m"), swap("settle: 7d", "settle: 5d"), swap("settle: 7d", "settle: 9d"), swap(`duration("5m")`, `duration("4m")`), swap(`duration("5m")`, `duration("6m")`),
	swap("[bots, self]", "[bots]"), swap("per: event.object", "per: event.kind"), swap("of: event.object", "of: event.key"), swap("distinct: {of: event.object}", "count: {}"),
	swap(`"saturday", `, ""), swap(`, "sunday"`, ""), swap("-01-01", "-01-02"), swap("-02-29", "-03-01"),
	without(regexp.MustCompile(`^\s+(?:when|within|except|settle|active): [^|]*$`)), without(regexp.MustCompile(`^where: .*`)),
}

func numbers(pattern *regexp.Regexp) func(string) []string {
	return func(line string) []string {
		at := pattern.FindStringSubmatchIndex(line)
		if at == nil {
			return nil
		}
		n, err := strconv.Atoi(line[at[2]:at[3]])
		if err != nil {
			return nil
		}
		mutants := []string{line[:at[2]] + strconv.Itoa(n+1) + line[at[3]:]}
		if n > 1 {
			mutants = append(mutants, line[:at[2]]+strconv.Itoa(n-1)+line[at[3]:])
		}
		return mutants
	}
}

// swap puts one in the place of the other, at each place alone.
func swap(from, to string) func(string) []string {
	return func(line string) []string {
		var mutants []string
		for at := 0; ; {
			next := strings.Index(line[at:], from)
			if next < 0 {
				return mutants
			}
			at += next
			mutants = append(mutants, line[:at]+to+line[at+len(from):])
			at += len(from)
		}
	}
}

func without(pattern *regexp.Regexp) func(string) []string {
	return func(line string) []string {
		if !pattern.MatchString(line) {
			return nil
		}
		return []string{""}
	}
}

// set is one file of the pack's rules, and the tests whose names begin with its own.
type set struct {
	rules rule.File
	tests []rule.File
}

func sets(t *testing.T) []set {
	t.Helper()

	files, tests, err := rule.ReadFiles(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	var all []set
	for _, file := range files {
		if file.Data != nil {
			continue
		}
		one := set{rules: file}
		for _, test := range tests {
			if strings.HasPrefix(test.Name, strings.TrimSuffix(file.Name, ".yaml")+"_") {
				one.tests = append(one.tests, test)
			}
		}
		all = append(all, one)
	}
	return all
}

// mutant is a set's rules with one line broken.
type mutant struct {
	name, text, key string
}

func (s set) mutants() []mutant {
	var mutants []mutant
	lines := strings.Split(s.rules.Text, "\n")
	key := ""
	for n, line := range lines {
		if name, found := strings.CutPrefix(line, "  - key: "); found {
			key = name
		}
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, mutate := range mutations {
			for _, change := range mutate(line) {
				broken := slices.Clone(lines)
				broken[n] = change
				name := fmt.Sprintf("%s:%d: %q instead of %q", s.rules.Name, n+1, change, line)
				mutants = append(mutants, mutant{name, strings.Join(broken, "\n"), key})
			}
		}
	}
	return mutants
}

// pictures are the lines and the parts of tiers that name a picture.
var pictures = regexp.MustCompile(`\n    avatar: \S+|, avatar: [^,}]+`)

// noticed says whether the set's tests fail on the mutant; ok is false when it is none, because the loader refuses it.
// Tests whose names begin with the key are for that achievement; only if there are none, all are asked.
func (s set) noticed(m mutant) (noticed, ok bool) {
	// Pictures are no part of what a rule does.
	file := []rule.File{{Name: s.rules.Name, Text: pictures.ReplaceAllString(m.text, "")}}
	if slices.ContainsFunc(s.tests, func(f rule.File) bool { return strings.Contains(f.Text, `  - name: "`+m.key+":") }) {
		report, err := rule.Test(file, s.tests, rule.TestOptions{Only: func(name string) bool { return strings.HasPrefix(name, m.key+":") }})
		if err != nil || report.Failed() {
			return true, err == nil
		}
	}
	report, err := rule.Test(file, s.tests, rule.TestOptions{})
	return err == nil && report.Failed(), err == nil
}

// Breaking any shipped rule makes a test of its set fail. Mutants that the loader refuses are no
// mutants.
func TestThePacksTestsNoticeEveryBrokenRule(t *testing.T) {
	t.Parallel()

	for _, set := range sets(t) {
		t.Run(set.rules.Name, func(t *testing.T) {
			t.Parallel()

			tried := 0
			for _, mutant := range set.mutants() {
				noticed, ok := set.noticed(mutant)
				if !ok {
					continue
				}
				tried++
				if !noticed {
					t.Errorf("nobody notices\n\t%s", mutant.name)
				}
			}
			if t.Logf("%d broken rules were tried", tried); tried < 4 {
				t.Errorf("only %d broken rules were tried", tried)
			}
		})
	}
}
