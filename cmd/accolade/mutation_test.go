package main_test

import (
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

// set is one file of the pack's rules with all pictures, and the tests whose names begin with its own.
type set struct {
	rules           rule.File
	pictures, tests []rule.File
}

func sets(t *testing.T) []set {
	t.Helper()

	files, tests, err := rule.ReadFiles(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	picture := func(file rule.File) bool { return file.Data != nil }
	pictures := slices.DeleteFunc(slices.Clone(files), func(file rule.File) bool { return !picture(file) })
	var all []set
	for _, file := range slices.DeleteFunc(files, picture) {
		one := set{rules: file, pictures: pictures}
		for _, test := range tests {
			if strings.HasPrefix(test.Name, strings.TrimSuffix(file.Name, ".yaml")+"_") {
				one.tests = append(one.tests, test)
			}
		}
		all = append(all, one)
	}
	return all
}

// mutant is one line of a set's rules, broken, and the achievement that it is about; "" is all of them.
type mutant struct {
	line   int
	change string
	key    string
}

func (s set) mutants() []mutant {
	var mutants []mutant
	key := ""
	for n, line := range strings.Split(s.rules.Text, "\n") {
		if name, found := strings.CutPrefix(line, "  - key: "); found {
			key = name
		}
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, mutate := range mutations {
			for _, change := range mutate(line) {
				mutants = append(mutants, mutant{n, change, key})
			}
		}
	}
	return mutants
}

// report returns what the set's tests say of some mutants at once.
func (s set) report(t *testing.T, mutants ...mutant) (string, error) {
	t.Helper()

	lines := strings.Split(s.rules.Text, "\n")
	for _, m := range mutants {
		lines[m.line] = m.change
	}
	files := append(slices.Clone(s.pictures), rule.File{Name: s.rules.Name, Text: strings.Join(lines, "\n")})
	report, err := rule.Test(files, s.tests, rule.TestOptions{})
	var text strings.Builder
	report.Write(&text)
	return text.String(), err
}

// noticed says whether the report holds an award or a revocation of the achievement that should not be there or is missing.
func (m mutant) noticed(report string) bool {
	wrong := regexp.MustCompile(`(?:award|revocation): ` + m.key + `(?:-\d+)? to |/` + m.key + `(?:-\d+)? fire`)
	return m.key != "" && wrong.MatchString(report)
}

// try returns how many of the mutants the loader took, and which of them nobody notices. All are tried at once, which is quicker,
// in halves when one of them is refused, and alone when it does not show.
func (s set) try(t *testing.T, mutants []mutant) (tried int, unnoticed []mutant) {
	t.Helper()

	report, err := s.report(t, mutants...)
	switch half := len(mutants) / 2; {
	case err != nil && half == 0:
		return 0, nil
	case err != nil:
		tried, unnoticed = s.try(t, mutants[:half])
		more, others := s.try(t, mutants[half:])
		return tried + more, append(unnoticed, others...)
	case half == 0 && !strings.Contains(report, "FAILED"):
		return 1, mutants
	case half == 0:
		return 1, nil
	}
	for i, m := range mutants {
		if m.noticed(report) {
			tried++
			continue
		}
		more, others := s.try(t, mutants[i:i+1])
		tried, unnoticed = tried+more, append(unnoticed, others...)
	}
	return tried, unnoticed
}

// Breaking any shipped rule makes a test of its set fail. Mutants that the loader refuses are no mutants.
func TestThePacksTestsNoticeEveryBrokenRule(t *testing.T) {
	t.Parallel()

	for _, set := range sets(t) {
		t.Run(set.rules.Name, func(t *testing.T) {
			t.Parallel()

			all := 0
			for _, round := range rounds(set.mutants()) {
				tried, unnoticed := set.try(t, round)
				all += tried
				for _, m := range unnoticed {
					t.Errorf("%s:%d: nobody notices %q", set.rules.Name, m.line+1, m.change)
				}
			}
			t.Logf("%d broken rules were tried", all)
			if all < 4 {
				t.Errorf("only %d broken rules were tried", all)
			}
		})
	}
}

// rounds puts together one mutant of each achievement, until none is left.
func rounds(mutants []mutant) [][]mutant {
	var all [][]mutant
	seen := map[string]int{}
	for _, m := range mutants {
		if seen[m.key] == len(all) {
			all = append(all, nil)
		}
		all[seen[m.key]] = append(all[seen[m.key]], m)
		seen[m.key]++
	}
	return all
}
