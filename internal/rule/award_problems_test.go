package rule_test

import (
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// awardProblems are what is wrong with an award of an achievement of the kind.
type awardProblems struct {
	kind, award string
	want        []string
}

func aboutAwards(t *testing.T, cases map[string]awardProblems) {
	t.Helper()

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := header + "    kind: " + tc.kind + "\n    award: " + tc.award + "\n"
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: text}), tc.want)
		})
	}
}

func TestProblemsOfWhatIsMeasured(t *testing.T) {
	t.Parallel()

	aboutAwards(t, map[string]awardProblems{
		"a clock with others":          {"irrevocable", `{on: [clock.daily, push], to: everyone}`, []string{`r.yaml:6:13: on: a clock tells of nobody; it stands alone`}},
		"everyone without a clock":     {"irrevocable", `{on: push, to: everyone}`, []string{`r.yaml:6:23: to: everyone goes with a clock, such as on: clock.daily`}},
		"a clock for somebody":         {"irrevocable", `{on: clock.daily, to: event.actor}`, []string{`r.yaml:6:30: to: a clock tells of nobody; it goes with everyone`}},
		"a recipient of the recipient": {"irrevocable", `{on: push, to: 'recipient.bot ? event.actor : event.actor'}`, []string{`r.yaml:6:37: to: undefined field 'bot'`}},
		"again of once":                {"irrevocable", `{on: merge_request.merged, to: event.author, count: {at_least: 3, again: true}}`, []string{`r.yaml:6:57: count: only a repeatable achievement is given again`}},
		"again after nothing":          {"repeatable", `{on: merge_request.merged, to: event.author, per: event.object, count: {again: true}}`, []string{`r.yaml:6:5: count: needs a number to reach, or tiers beside the award`, `r.yaml:6:84: again: needs an at_least: after how many?`}},
		"several measures":             {"irrevocable", `{on: merge_request.merged, to: event.author, count: 3, distinct: {of: event.object, at_least: 2}}`, []string{`r.yaml:6:67: distinct: stands beside a count; a rule has one measure, or several under measures`}},
		"a window of nothing":          {"irrevocable", `{on: merge_request.merged, to: event.author, within: 1h}`, []string{`r.yaml:6:57: within: needs a count`}},
		"a window of too much":         {"irrevocable", `{on: merge_request.merged, to: event.author, count: 100000, within: 1h}`, []string{`r.yaml:6:57: count: can reach at most 1000`}},
		"a sum of nothing":             {"irrevocable", `{on: merge_request.merged, to: event.author, sum: {at_least: 3}}`, []string{`r.yaml:6:57: of: is required in sum: what is measured?`}},
		"values of nothing":            {"irrevocable", `{on: merge_request.merged, to: event.author, distinct: {at_least: 3}}`, []string{`r.yaml:6:57: of: is required in distinct: what must differ?`}},
		"a streak of nothing":          {"irrevocable", `{on: merge_request.merged, to: event.author, streak: {at_least: 3}}`, []string{`r.yaml:6:57: unit: is required in streak: what follows each other?`}},
		"a streak of decades":          {"irrevocable", `{on: merge_request.merged, to: event.author, streak: {unit: decade, at_least: 3}}`, []string{`r.yaml:6:72: unit: must be one of day, week, month, quarter, year`}},
		"a gap without a length":       {"irrevocable", `{on: merge_request.merged, to: event.author, gap: 5}`, []string{`r.yaml:6:5: gap: needs a number to reach, or tiers beside the award`, `r.yaml:6:62: gap: must be a length of time such as 30m, 24h, 30d or 2w`}},
		"each without a measure":       {"irrevocable", `{on: merge_request.merged, to: event.author, distinct: {of: event.object, at_least: 3, each: {}}}`, []string{`r.yaml:6:99: each: needs one of count, sum, distinct, gauge`}},
		"each without a number":        {"irrevocable", `{on: merge_request.merged, to: event.author, distinct: {of: event.object, at_least: 3, each: {count: {}}}}`, []string{`r.yaml:6:99: each: needs a number that each must reach`}},
		"each within each":             {"irrevocable", `{on: merge_request.merged, to: event.author, distinct: {of: event.object, at_least: 3, each: {distinct: {of: event.iid, at_least: 2, limit: 3}}}}`, []string{`r.yaml:6:145: limit: distinct has no such key`}},
		"a limit of nothing":           {"irrevocable", `{on: merge_request.merged, to: event.author, count: {at_least: 9, limit: {every: day}}}`, []string{`r.yaml:6:78: at_most: is required in limit`}},
		"one of several measures":      {"irrevocable", `{measures: {a: {on: merge_request.merged, to: event.author, count: {}}}, reach: a > 1}`, []string{`r.yaml:6:13: measures: hold at least two; one stands in the award itself`}},
		"measures of what is outside":  {"irrevocable", `{on: push, measures: {a: {on: merge_request.merged, to: event.author, count: {}}, b: {on: comment.created, to: event.author, count: {}}}, reach: a > b}`, []string{`r.yaml:6:13: on: belongs inside of measures`}},
		"measures with bad names":      {"irrevocable", `{measures: {A: {on: merge_request.merged, to: event.author, count: {}}, b: {on: comment.created, to: event.author, count: {}}}, reach: b > 1}`, []string{`r.yaml:6:24: A: must be lower-case letters, digits and _, a letter first`}},
		"measures of nothing":          {"irrevocable", `{measures: {a: {on: merge_request.merged, to: event.author}, b: {on: comment.created, to: event.author, count: {}}}, reach: a > b}`, []string{`r.yaml:6:24: a: needs one of count, sum, distinct, gauge, streak, gap`}},
		"measures with numbers":        {"irrevocable", `{measures: {a: {on: merge_request.merged, to: event.author, count: 3}, b: {on: comment.created, to: event.author, count: {}}}, reach: a > b}`, []string{`r.yaml:6:24: a: the numbers to reach stand in reach`}},
		"measures by a clock":          {"irrevocable", `{measures: {a: {on: clock.daily, to: everyone, count: {}}, b: {on: comment.created, to: event.author, count: {}}}, reach: a > b}`, []string{`r.yaml:6:24: a: is measured when something happens, and not by a clock`}},
		"measures without a condition": {"irrevocable", `{measures: {a: {on: merge_request.merged, to: event.author, count: {}}, b: {on: comment.created, to: event.author, count: {}}}}`, []string{`r.yaml:6:13: reach: is required beside measures: what must they reach?`}},
		"a condition on no measure":    {"irrevocable", `{measures: {a: {on: merge_request.merged, to: event.author, count: {}}, b: {on: comment.created, to: event.author, count: {}}}, reach: a > c}`, []string{`r.yaml:6:151: reach: undeclared reference to 'c'`}},
		"a condition that is a number": {"irrevocable", `{measures: {a: {on: merge_request.merged, to: event.author, count: {}}, b: {on: comment.created, to: event.author, count: {}}}, reach: a + b}`, []string{`r.yaml:6:147: reach: must give true or false, and gives int`}},
	})
}

func TestProblemsOfWhatElseAnAwardDependsOn(t *testing.T) {
	t.Parallel()

	aboutAwards(t, map[string]awardProblems{
		"an end without a period":     {"repeatable", `{on: merge_request.merged, to: event.author, count: 3, at_end: true, per: event.object}`, []string{`r.yaml:6:67: at_end: goes with measures and reach: any other number can be passed before the end`}},
		"an end without a measure":    {"repeatable", `{on: merge_request.merged, to: event.author, every: month, at_end: true}`, []string{`r.yaml:6:71: at_end: goes with measures and reach: any other number can be passed before the end`}},
		"the best of each object":     {"repeatable", `{on: merge_request.merged, to: event.author, every: month, count: {}, top: 3, per: event.object}`, []string{`r.yaml:6:90: per: does not go with what is judged at the end of a period`}},
		"an end of never":             {"repeatable", `{measures: {a: {on: merge_request.merged, to: event.author, count: {}}, b: {on: comment.created, to: event.author, count: {}}}, reach: a > b, at_end: true, per: event.object}`, []string{`r.yaml:6:154: at_end: needs an every: when is the period over?`}},
		"the best without a number":   {"repeatable", `{on: merge_request.merged, to: event.author, every: month, count: {}, top: {ties: share}}`, []string{`r.yaml:6:5: count: needs a number to reach, or tiers beside the award`, `r.yaml:6:82: n: is required in top: how many?`}},
		"the best of too many":        {"repeatable", `{on: merge_request.merged, to: event.author, every: month, count: {}, top: 100000}`, []string{`r.yaml:6:82: top: is at most 1000`}},
		"the best at nothing":         {"repeatable", `{on: merge_request.merged, to: event.author, every: month, top: 3}`, []string{`r.yaml:6:71: top: needs a count or a sum: the best at what?`}},
		"the best by a misspelt tie":  {"repeatable", `{on: merge_request.merged, to: event.author, every: month, count: {}, top: {n: 3, ties: shared}}`, []string{`r.yaml:6:100: ties: must be share or earlier, did you mean "share"?`}},
		"the best without a period":   {"repeatable", `{on: merge_request.merged, to: event.author, count: {}, top: 3, per: event.object}`, []string{`r.yaml:6:68: top: needs an every: when is the period over?`}},
		"the first of the best":       {"repeatable", `{on: merge_request.merged, to: event.author, every: month, count: {}, top: 3, first: 1}`, []string{`r.yaml:6:57: every: what is judged at the end of a period has no limit and no first`}},
		"the first of too many":       {"irrevocable", `{on: merge_request.merged, to: event.author, first: 100000}`, []string{`r.yaml:6:57: first: is at most 1000`}},
		"a limit on once":             {"irrevocable", `{on: merge_request.merged, to: event.author, limit: 3}`, []string{`r.yaml:6:57: limit: only a repeatable achievement is given more than once`}},
		"too high a limit":            {"repeatable", `{on: merge_request.merged, to: event.author, per: event.object, limit: 100000}`, []string{`r.yaml:6:76: limit: is at most 1000`}},
		"no requirement":              {"irrevocable", `{on: merge_request.merged, to: event.author, requires: []}`, []string{`r.yaml:6:67: requires: names no achievement`}},
		"a requirement of nobody's":   {"irrevocable", `{on: merge_request.merged, to: event.author, requires: [badg]}`, []string{`r.yaml:6:68: requires: no file declares "badg", did you mean "badge"?`}},
		"a requirement of itself":     {"irrevocable", `{on: merge_request.merged, to: event.author, requires: badge}`, []string{`r.yaml:6:5: requires: goes in a circle: "badge" would need itself`}},
		"a misspelt series":           {"irrevocable", `{on: merge_request.merged, to: event.author, requires: {serie: badge}}`, []string{`r.yaml:6:68: serie: requires has no such key, did you mean "series"?`}},
		"holding what does not lapse": {"irrevocable", `{on: merge_request.merged, to: event.author, hold: {for: 90d}}`, []string{`r.yaml:6:57: hold: only a revocable achievement can lapse`}},
		"holding for and while":       {"revocable", `{on: merge_request.merged, to: event.author, hold: {for: 90d, while: event.draft}}`, []string{`r.yaml:6:57: hold: needs for or while, one of them`}},
		"holding several measures":    {"revocable", `{measures: {a: {on: merge_request.merged, to: event.author, count: {}}, b: {on: comment.created, to: event.author, count: {}}}, reach: a > b, hold: {for: 90d}}`, []string{`r.yaml:6:154: hold: does not go with several measures, nor with the end of a period`}},
		"holding a measure while":     {"revocable", `{on: merge_request.merged, to: event.author, count: 3, hold: {while: event.draft}}`, []string{`r.yaml:6:74: while: is about single events; with a measure, write hold: reached`}},
		"holding a misspelt word":     {"revocable", `{on: merge_request.merged, to: event.author, count: 3, within: 30d, hold: reach}`, []string{`r.yaml:6:86: hold: must be reached, {for: 90d} or {while: EXPRESSION}`}},
		"holding what never falls":    {"revocable", `{on: merge_request.merged, to: event.author, count: 3, hold: reached}`, []string{`r.yaml:6:67: hold: reached needs a measure that can fall: within, every, a streak or a gauge`}},
	})
}

func TestProblemsOfEventsOfYourOwn(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		events string
		want   []string
	}{
		"a kind of the vocabulary": {`push: {a: text}`, []string{`r.yaml:4:3: push: is in the vocabulary already`}},
		"a kind of two words":      {`acme.meeting: {a: text}`, []string{`r.yaml:4:3: acme.meeting: must be three words or more of letters, digits, - and _ with dots between them, such as com.acme.meeting.finished`}},
		"a bad field":              {`com.acme.meeting: {A: text}`, []string{`r.yaml:4:22: A: must be lower-case letters, digits and _`}},
		"a bad type":               {`com.acme.meeting: {a: txt}`, []string{`r.yaml:4:25: a: must be one of account, accounts, number, text, texts, time, truth, did you mean "text"?`}},
		"no fields":                {`com.acme.meeting: text`, []string{`r.yaml:4:21: com.acme.meeting: must be a mapping of keys to values`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "namespace: acme\nachievements: []\nevents:\n  " + tc.events + "\n"
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: text}), tc.want)
		})
	}
}
