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

// at is a merge of ada's at the time, with so many additions.
func at(moment string, additions int64) *event.Event {
	happened, err := time.Parse(time.RFC3339Nano, moment)
	if err != nil {
		panic(err)
	}
	ev := merged(0, "ada")
	ev.Time, ev.Additions, ev.Key, ev.Object = happened, additions, "merge_request:"+moment+":merged", "merge_request:"+moment
	return ev
}

func inFile(head, kind, award string) string {
	return "namespace: acme\n" + head + "achievements:\n  - key: badge\n    name: Badge\n    kind: " + kind + "\n    award: {on: merge_request.merged, to: event.author, " + award + "}\n"
}

func TestPeriods(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		head, every string
		moments     []string
		want        []string
	}{
		"the last moment of a day": {"", "day", []string{"2026-11-02T23:59:59.999999Z", "2026-11-03T00:00:00Z"}, []string{"2026-11-02", "2026-11-03"}},
		"the same day":             {"", "day", []string{"2026-11-02T00:00:00Z", "2026-11-02T23:59:59.999Z"}, []string{"2026-11-02"}},
		"a leap day":               {"", "day", []string{"2028-02-28T12:00:00Z", "2028-02-29T12:00:00Z", "2028-03-01T12:00:00Z"}, []string{"2028-02-28", "2028-02-29", "2028-03-01"}},
		"a day elsewhere":          {"timezone: Asia/Tokyo\n", "day", []string{"2026-11-02T14:59:59Z", "2026-11-02T15:00:00Z"}, []string{"2026-11-02", "2026-11-03"}},
		"the day of 25 hours":      {"timezone: Europe/Berlin\n", "day", []string{"2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"}, []string{"2026-10-25", "2026-10-26"}},
		"weeks begin on Monday":    {"", "week", []string{"2026-11-01T23:59:59Z", "2026-11-02T00:00:00Z"}, []string{"2026-W44", "2026-W45"}},
		"a week of two years":      {"", "week", []string{"2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z", "2027-01-04T00:00:00Z"}, []string{"2026-W53", "2027-W01"}},
		"months":                   {"", "month", []string{"2026-10-31T23:59:59.999Z", "2026-11-01T00:00:00Z"}, []string{"2026-10", "2026-11"}},
		"quarters":                 {"", "quarter", []string{"2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z", "2026-12-31T00:00:00Z"}, []string{"2026-Q1", "2026-Q2", "2026-Q4"}},
		"years":                    {"", "year", []string{"2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"}, []string{"2026", "2027"}},
		"a late one":               {"", "month", []string{"2026-11-05T00:00:00Z", "2026-10-05T00:00:00Z", "2026-11-06T00:00:00Z"}, []string{"2026-11", "2026-10"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			set := load(t, inFile(tc.head, "repeatable", "every: "+tc.every))
			judge := newJudge(t, set)
			given := map[string]bool{}
			var occurrences []string
			for _, moment := range tc.moments {
				for _, line := range judge.on(at(moment, 0)) {
					occurrence := strings.TrimPrefix(line, "grant badge to ada for ")
					if !given[occurrence] {
						occurrences = append(occurrences, occurrence)
					}
					given[occurrence] = true
				}
			}
			same(t, "the periods", occurrences, tc.want)
		})
	}
}

func TestACountOfAPeriod(t *testing.T) {
	t.Parallel()

	judge := newJudge(t, load(t, inFile("", "repeatable", "count: 2, every: month")))
	for i, tc := range []struct {
		moment string
		want   []string
	}{
		{"2026-10-30T00:00:00Z", nil},
		{"2026-11-01T00:00:00Z", nil},
		{"2026-10-31T23:59:59.999Z", []string{"grant badge to ada for 2026-10"}},
		{"2026-11-30T00:00:00Z", []string{"grant badge to ada for 2026-11"}},
		{"2026-11-30T01:00:00Z", nil},
	} {
		same(t, fmt.Sprintf("event %d", i+1), judge.on(at(tc.moment, 0)), tc.want)
	}
	// Once in a life, for whoever did it in some month.
	judge = newJudge(t, load(t, inFile("", "irrevocable", "count: {at_least: 2}, every: month")))
	same(t, "one in each of two months", judge.on(at("2026-10-31T00:00:00Z", 0), at("2026-11-01T00:00:00Z", 0)), []string(nil))
	same(t, "two in one", judge.on(at("2026-11-02T00:00:00Z", 0)), []string{"grant badge to ada"})
	// Each label in each month.
	judge = newJudge(t, load(t, inFile("", "repeatable", "per: event.title, every: month")))
	first := at("2026-11-01T00:00:00Z", 0)
	first.Title = "docs"
	same(t, "what and when", judge.on(first), []string{"grant badge to ada for docs 2026-11"})
}

func TestSums(t *testing.T) {
	t.Parallel()

	judge := newJudge(t, load(t, inFile("", "irrevocable", "sum: {of: event.additions, at_least: 100}")))
	for i, tc := range []struct {
		additions int64
		want      []string
	}{
		{60, nil}, {0, nil}, {39, nil}, {1, []string{"grant badge to ada"}}, {1000, nil},
	} {
		same(t, fmt.Sprintf("event %d", i+1), judge.on(at(fmt.Sprintf("2026-11-02T00:0%d:00Z", i), tc.additions)), tc.want)
	}
	same(t, "less than nothing", judge.on(at("2026-11-02T01:00:00Z", -1)), []string{"failure of acme/badge"})
	same(t, "more than any sum", judge.on(at("2026-11-02T01:00:00Z", 1<<41)), []string{"failure of acme/badge"})

	ladder := strings.Replace(inFile("", "irrevocable", "sum: {of: event.additions}"), "\n    award", "\n    tiers: [{at: 10, name: A}, {at: 100, name: B}, {at: 1000, name: C}]\n    award", 1)
	set := load(t, ladder)
	same(t, "how many measures three tiers have", len(set.Measures()), 1)
	same(t, "a jump over two steps", newJudge(t, set).on(at("2026-11-02T00:00:00Z", 500)), []string{"grant badge to ada", "grant badge-2 to ada"})
}

// In whatever order the events come, the sum of a month is reached or not.
func TestSumsDoNotMindTheOrder(t *testing.T) {
	t.Parallel()

	set := load(t, inFile("", "repeatable", "sum: {of: event.additions, at_least: 50}, every: month"))
	rapid.Check(t, func(t *rapid.T) {
		var events []*event.Event
		totals := map[string]int64{}
		for i := range rapid.IntRange(0, 30).Draw(t, "events") {
			month := rapid.IntRange(1, 3).Draw(t, "month")
			amount := rapid.Int64Range(0, 30).Draw(t, "amount")
			events = append(events, at(fmt.Sprintf("2026-%02d-15T00:00:%02dZ", month, i), amount))
			totals[fmt.Sprintf("grant badge to ada for 2026-%02d", month)] += amount
		}
		var want []string
		for line, total := range totals {
			if total >= 50 {
				want = append(want, line)
			}
		}
		slices.Sort(want)
		for range 5 {
			judge := &judge{t: t, set: set, states: map[string]rule.State{}}
			got := judge.on(rapid.Permutation(events).Draw(t, "order")...)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("the awards are %q, want %q", got, want)
			}
		}
	})
}

func TestWhatAFileLimits(t *testing.T) {
	t.Parallel()

	limited := "where: event.repository.path == 'acme/rocket'\nsources: [test, other]\n"
	set := load(t, inFile(limited, "repeatable", "when: event.title != 'no', per: event.object"))
	elsewhere := merged(1, "ada")
	elsewhere.Repository.Path = "acme/other"
	unknown := merged(1, "ada")
	unknown.Source = "stranger"
	unwanted := merged(1, "ada")
	unwanted.Title = "no"
	judge := newJudge(t, set)
	same(t, "what is left out", judge.on(elsewhere, unknown, unwanted), []string(nil))
	same(t, "what is not", judge.on(merged(1, "ada")), []string{"grant badge to ada for merge_request:1"})
}

func TestSeasons(t *testing.T) {
	t.Parallel()

	judge := newJudge(t, load(t, inFile("timezone: Europe/Berlin\n", "repeatable", "per: event.object, active: {from: 2026-10-01, until: 2026-11-01}")))
	for moment, inside := range map[string]bool{
		"2026-09-30T21:59:59.999Z": false, "2026-09-30T22:00:00Z": true, "2026-10-31T22:59:59.999Z": true, "2026-10-31T23:00:00Z": false,
	} {
		same(t, moment, len(judge.on(at(moment, 0))) == 1, inside)
	}
	open := newJudge(t, load(t, inFile("", "repeatable", "per: event.object, active: {from: '2026-10-01T12:00:00Z'}")))
	same(t, "just before a beginning", len(open.on(at("2026-10-01T11:59:59Z", 0))), 0)
	same(t, "a beginning without an end", len(open.on(at("2036-10-01T12:00:00Z", 0))), 1)
}

func TestWhoDidItMayBeLeftOut(t *testing.T) {
	t.Parallel()

	judge := newJudge(t, load(t, inFile("", "repeatable", "per: event.object, except: [self]")))
	own := merged(1, "grace") // grace merges everything
	same(t, "one's own merge", judge.on(own), []string(nil))
	same(t, "another's", judge.on(merged(2, "ada")), []string{"grant badge to ada for merge_request:2"})
	nobody := merged(3, "ada")
	nobody.Actor = nil
	same(t, "nobody's", judge.on(nobody), []string{"grant badge to ada for merge_request:3"})
}

func TestProblemsOfMeasures(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		head, kind, award string
		want              []string
	}{
		"an unknown unit":         {"", "repeatable", "every: fortnight", []string{`r.yaml:6:64: every: must be one of day, week, month, quarter, year`}},
		"a misspelt unit":         {"", "repeatable", "every: mont", []string{`r.yaml:6:64: every: must be one of day, week, month, quarter, year, did you mean "month"?`}},
		"every what":              {"", "irrevocable", "every: day", []string{`r.yaml:6:57: every: needs a count or a sum, or a repeatable achievement`}},
		"two measures":            {"", "irrevocable", "count: 2, sum: {of: event.additions, at_least: 2}", []string{`r.yaml:6:67: sum: stands beside a count; a rule has one measure, or several under measures`}},
		"a sum of nothing":        {"", "irrevocable", "sum: 5", []string{`r.yaml:6:57: of: is required in sum: what is measured?`}},
		"a sum that never ends":   {"", "irrevocable", "sum: {of: event.additions}", []string{`r.yaml:6:5: sum: needs a number to reach, or tiers beside the award`}},
		"a sum of texts":          {"", "irrevocable", "sum: {of: event.title, at_least: 5}", []string{`r.yaml:6:67: of: must give a whole number, and gives string`}},
		"a misspelt key":          {"", "irrevocable", "count: {atleast: 5}", []string{`r.yaml:6:5: count: needs a number to reach, or tiers beside the award`, `r.yaml:6:65: atleast: count has no such key, did you mean "at_least"?`}},
		"no time zone":            {"timezone: Mars/Olympus\n", "repeatable", "every: day", []string{`r.yaml:2:11: timezone: must be a name of the time zone database, such as UTC or Europe/Berlin`}},
		"the machine's time zone": {"timezone: Local\n", "repeatable", "every: day", []string{`r.yaml:2:11: timezone: must be a name of the time zone database, such as UTC or Europe/Berlin`}},
		"no day":                  {"", "repeatable", "every: day, active: {from: tomorrow}", []string{`r.yaml:6:84: from: must be a day such as 2026-10-01, or a time such as 2026-10-01T09:00:00Z`}},
		"a season backwards":      {"", "repeatable", "every: day, active: {from: 2026-10-02, until: 2026-10-02}", []string{`r.yaml:6:77: active: ends before it begins`}},
		"a season without end":    {"", "repeatable", "every: day, active: {}", []string{`r.yaml:6:77: active: needs from or until`}},
		"no sources":              {"sources: []\n", "repeatable", "every: day", []string{`r.yaml:2:10: sources: names no source`}},
		"a condition of no kind":  {"where: event.member != null\n", "repeatable", "every: day", []string{`r.yaml:2:13: where: merge_request.merged has no field "member"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: inFile(tc.head, tc.kind, tc.award)}), tc.want)
		})
	}
}
