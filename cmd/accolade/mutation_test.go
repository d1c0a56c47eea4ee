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
	swap("event.author", "event.actor"), swap("event.member", "event.actor"), swap("event.merged_by", "event.author"),
	swap("merge_request.merged", "merge_request.opened"), swap("merge_request.opened", "merge_request.merged"),
	swap("member.added", "member.removed"), swap("member.removed", "member.added"),
	swap("==", "!="), swap("unit: week", "unit: day"), swap("every: month", "every: year"), swap("within: 24h", "within: 48h"),
	swap("within: 24h", "within: 1m"), swap("[bots, self]", "[bots]"), swap("per: event.object", "per: event.kind"),
	without(regexp.MustCompile(`^\s+when: .*`)), without(regexp.MustCompile(`^\s+within: .*`)), without(regexp.MustCompile(`^\s+except: .*`)),
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

func swap(from, to string) func(string) []string {
	return func(line string) []string {
		if !strings.Contains(line, from) {
			return nil
		}
		return []string{strings.Replace(line, from, to, 1)}
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

// Breaking any shipped rule makes a test of the pack fail. Mutants that the loader refuses are no
// mutants.
func TestThePacksTestsNoticeEveryBrokenRule(t *testing.T) {
	t.Parallel()

	files, tests, err := rule.ReadFiles(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	tried, noticed := 0, 0
	for i, file := range files {
		lines := strings.Split(file.Text, "\n")
		for n, line := range lines {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, mutate := range mutations {
				for _, mutant := range mutate(line) {
					broken := slices.Clone(lines)
					broken[n] = mutant
					changed := slices.Clone(files)
					changed[i].Text = strings.Join(broken, "\n")
					report, err := rule.Test(changed, tests)
					if err != nil {
						continue
					}
					tried++
					if report.Failed() {
						noticed++
						continue
					}
					t.Errorf("%s:%d: nobody notices\n\t%s", file.Name, n+1, fmt.Sprintf("%q instead of %q", mutant, line))
				}
			}
		}
	}
	t.Logf("%d of %d broken rules are noticed", noticed, tried)
	if tried < 40 {
		t.Errorf("only %d broken rules were tried", tried)
	}
}
