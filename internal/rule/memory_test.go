package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// by is a merge of ada's that the person merged, so many minutes after noon.
func by(minute int, login string) *event.Event {
	ev := merged(minute, "ada")
	ev.MergedBy = person(login)
	return ev
}

func TestDifferentValuesAreCounted(t *testing.T) {
	t.Parallel()

	judge := newJudge(t, load(t, inFile("", "irrevocable", "distinct: {of: event.merged_by, at_least: 3}")))
	for i, tc := range []struct {
		login string
		want  []string
	}{
		{"grace", nil}, {"hedy", nil}, {"grace", nil}, {"", nil}, {"joan", []string{"grant badge to ada"}}, {"mary", nil},
	} {
		same(t, fmt.Sprintf("event %d", i+1), judge.on(by(i, tc.login)), tc.want)
	}
	for of, want := range map[string]int{"event.target_branch": 1, "event.iid": 1, "event.object": 3} {
		judge := newJudge(t, load(t, strings.Replace(inFile("", "irrevocable", "distinct: {of: "+of+"}"), "\n    award",
			"\n    tiers: [{at: 1, name: A}, {at: 2, name: B}, {at: 3, name: C}]\n    award", 1)))
		first, second, third := merged(1, "ada"), merged(2, "ada"), merged(3, "ada")
		first.IID, second.IID, third.IID = 7, 7, 7
		same(t, "how many tiers "+of+" reaches", len(judge.on(first, second, third)), want)
	}
}

func day(n int) *event.Event {
	ev := merged(0, "ada")
	ev.Time = time.Date(2026, time.November, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, n)
	ev.Key, ev.Object = fmt.Sprintf("day %d", n), fmt.Sprintf("day %d", n)
	return ev
}

func TestStreaks(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		head, streak string
		events       []*event.Event
		reached      bool
	}{
		"three days":                   {"", "{unit: day, at_least: 3}", []*event.Event{day(0), day(1), day(2)}, true},
		"two days":                     {"", "{unit: day, at_least: 3}", []*event.Event{day(0), day(1), day(1)}, false},
		"a gap":                        {"", "{unit: day, at_least: 3}", []*event.Event{day(0), day(1), day(3)}, false},
		"a gap that a late one closes": {"", "{unit: day, at_least: 4}", []*event.Event{day(0), day(1), day(3), day(2)}, true},
		"backwards":                    {"", "{unit: day, at_least: 3}", []*event.Event{day(2), day(1), day(0)}, true},
		"separate days":                {"", "{unit: day, at_least: 3, separate: true}", []*event.Event{day(0), day(5), day(5), day(9)}, true},
		"too few separate days":        {"", "{unit: day, at_least: 3, separate: true}", []*event.Event{day(0), day(5), day(5)}, false},
		"over a year's end":            {"", "{unit: day, at_least: 3}", []*event.Event{day(60), day(61), day(62)}, true},
		"over a leap day":              {"", "{unit: day, at_least: 3}", []*event.Event{at("2028-02-28T12:00:00Z", 0), at("2028-02-29T12:00:00Z", 0), at("2028-03-01T12:00:00Z", 0)}, true},
		"weeks":                        {"", "{unit: week, at_least: 2}", []*event.Event{at("2026-11-01T23:59:59.999Z", 0), at("2026-11-02T00:00:00Z", 0)}, true},
		"the same week":                {"", "{unit: week, at_least: 2}", []*event.Event{at("2026-11-02T00:00:00Z", 0), at("2026-11-08T23:59:59.999Z", 0)}, false},
		"weeks before 1970":            {"", "{unit: week, at_least: 2}", []*event.Event{at("1969-12-28T23:00:00Z", 0), at("1969-12-29T01:00:00Z", 0)}, true},
		"months over a year's end":     {"", "{unit: month, at_least: 2}", []*event.Event{at("2026-12-31T23:59:59Z", 0), at("2027-01-01T00:00:00Z", 0)}, true},
		"quarters":                     {"", "{unit: quarter, at_least: 2}", []*event.Event{at("2026-12-31T23:59:59Z", 0), at("2027-01-01T00:00:00Z", 0)}, true},
		"years":                        {"", "{unit: year, at_least: 2}", []*event.Event{at("2026-12-31T23:59:59Z", 0), at("2028-01-01T00:00:00Z", 0)}, false},
		"days elsewhere":               {"timezone: Asia/Tokyo\n", "{unit: day, at_least: 2}", []*event.Event{at("2026-11-02T14:59:59Z", 0), at("2026-11-02T15:00:00Z", 0)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := newJudge(t, load(t, inFile(tc.head, "irrevocable", "streak: "+tc.streak))).on(tc.events...)
			same(t, "whether it is reached", len(got) == 1, tc.reached)
		})
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()

	set := load(t, inFile("", "irrevocable", "count: 3, within: 1h"))
	for name, tc := range map[string]struct {
		minutes []int
		reached bool
	}{
		"just within":        {[]int{0, 30, 60}, true},
		"just without":       {[]int{0, 30, 61}, false},
		"the last three":     {[]int{0, 50, 100, 105, 109}, true},
		"a late one":         {[]int{0, 59, 30}, true},
		"two and a late two": {[]int{500, 0, 501, 1}, false},
	} {
		judge := newJudge(t, set)
		reached := 0
		for _, minute := range tc.minutes {
			reached += len(judge.on(merged(minute, "ada")))
		}
		same(t, name, reached == 1, tc.reached)
	}
}

// Whatever the order, what is remembered ends the same, and so do the awards.
func TestMemoriesDoNotMindTheOrder(t *testing.T) {
	t.Parallel()

	for _, measure := range []string{
		"streak: {unit: day}", "streak: {unit: day, separate: true}", "streak: {unit: week}", "distinct: {of: event.title}", "count: {}, within: 72h",
	} {
		text := strings.Replace(inFile("", "irrevocable", measure), "\n    award",
			"\n    tiers: [{at: 2, name: A}, {at: 3, name: B}, {at: 5, name: C}, {at: 8, name: D}]\n    award", 1)
		set := load(t, text)
		t.Run(measure, rapid.MakeCheck(func(t *rapid.T) {
			var events []*event.Event
			for i := range rapid.IntRange(0, 20).Draw(t, "events") {
				ev := day(rapid.IntRange(0, 40).Draw(t, "day"))
				ev.Time = ev.Time.Add(time.Duration(i) * time.Second)
				ev.Title = string(rune('a' + rapid.IntRange(0, 9).Draw(t, "title")))
				events = append(events, ev)
			}
			var first []string
			var state rule.State
			for try := range 4 {
				judge := &judge{t: t, set: set, states: map[string]rule.State{}}
				got := judge.on(rapid.Permutation(events).Draw(t, "order")...)
				slices.Sort(got)
				var after rule.State
				for _, after = range judge.states {
				}
				if try == 0 {
					first, state = got, after
				}
				if !slices.Equal(got, first) || !after.Equal(state) {
					t.Fatalf("another order ends in %q %v, want %q %v", got, after, first, state)
				}
			}
		}))
	}
}

// What is remembered stays small, and thresholds within the limits are reached.
func TestMemoriesAreBounded(t *testing.T) {
	t.Parallel()

	for measure, reaches := range map[string]bool{
		"distinct: {of: event.object, at_least: 1000}":       true,
		"count: 1000, within: 52w":                           true,
		"streak: {unit: day, at_least: 500, separate: true}": true,
		"streak: {unit: day, at_least: 1500}":                false, // every second day alone
		"distinct: {of: event.target_branch, at_least: 2}":   false,
	} {
		judge := newJudge(t, load(t, inFile("", "irrevocable", measure)))
		granted := 0
		for i := range 3_000 {
			ev := day(2 * i)
			if strings.Contains(measure, "within") {
				ev.Time = noon.Add(time.Duration(i) * time.Minute)
			}
			granted += len(judge.on(ev))
		}
		same(t, measure, granted == 1, reaches)
		for _, state := range judge.states {
			if len(state.Data) > rule.MaxMemory {
				t.Errorf("%s remembers %d bytes", measure, len(state.Data))
			}
		}
	}
}

func TestProblemsOfMemories(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		award string
		want  []string
	}{
		"no unit":              {"streak: {at_least: 3}", []string{`r.yaml:6:57: unit: is required in streak: what follows each other?`}},
		"no value":             {"distinct: {at_least: 3}", []string{`r.yaml:6:57: of: is required in distinct: what must differ?`}},
		"no such value":        {"distinct: {of: event.draft, at_least: 3}", []string{`r.yaml:6:72: of: must give a text, a whole number or an account, or a list of them, and gives bool`}},
		"a window of no count": {"sum: {of: event.additions, at_least: 5}, within: 1d", []string{`r.yaml:6:98: within: needs a count`}},
		"a window of nothing":  {"within: 1d", []string{`r.yaml:6:57: within: needs a count`}},
		"no length":            {"count: 5, within: soon", []string{`r.yaml:6:75: within: must be a length of time such as 30m, 24h, 30d or 2w`}},
		"no length at all":     {"count: 5, within: 0d", []string{`r.yaml:6:75: within: must be a length of time such as 30m, 24h, 30d or 2w`}},
		"too many":             {"distinct: {of: event.object, at_least: 1001}", []string{`r.yaml:6:57: distinct: can reach at most 1000`}},
		"no truth":             {"streak: {unit: day, at_least: 3, separate: maybe}", []string{`r.yaml:6:100: separate: must be true or false`}},
		"a key twice misspelt": {"streak: {unit: day, atleast: 3}", []string{`r.yaml:6:5: streak: needs a number to reach, or tiers beside the award`, `r.yaml:6:77: atleast: streak has no such key, did you mean "at_least"?`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: inFile("", "irrevocable", tc.award)}), tc.want)
		})
	}
}
