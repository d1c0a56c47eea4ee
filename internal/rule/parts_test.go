package rule_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// parts are the words of the language, and the achievement among testdata/parts that tries each.
var parts = map[string]string{
	"on": "on", "when": "when", "to": "to", "except": "except", "active": "active", "settle": "settle", "history": "settle", "recipient": "recipient",
	"count": "count", "again": "again", "sum": "sum", "limit of a measure": "limited", "distinct": "distinct", "each": "each", "gauge": "gauge",
	"streak": "streak", "separate": "separate", "gap": "gap", "within": "within", "every": "every", "measures": "measures", "reach": "measures",
	"tiers": "tiers", "top": "top", "at_end": "at-end", "first": "first", "per": "per", "limit": "limit", "requires": "requires",
	"hold for": "hold-for", "hold while": "hold-while", "hold reached": "hold-reached", "revoke": "revoke", "clocks": "clock",
	"awards as events": "heard", "events of your own": "own", "a day of the calendar": "weekday",
}

// Each part of the language has a test where it awards, one where it must not, one at its edge, and one with a late event.
func TestParts(t *testing.T) {
	t.Parallel()

	files, tests, err := rule.ReadFiles(os.DirFS("testdata/parts"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := rule.Test(files, tests, rule.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() {
		var out strings.Builder
		report.Write(&out)
		t.Error(out.String())
	}
	named := map[string]bool{}
	for _, file := range tests {
		for _, match := range regexp.MustCompile(`- name: "([a-z-]+: (?:awards|not|edge|late))`).FindAllStringSubmatch(file.Text, -1) {
			named[match[1]] = true
		}
	}
	for part, key := range parts {
		for _, what := range []string{"awards", "not", "edge", "late"} {
			if !named[key+": "+what] {
				t.Errorf("%s has no test %q", part, key+": "+what)
			}
		}
	}
	for _, word := range rule.AwardKeys() {
		if _, ok := parts[word]; !ok && word != "message" && word != "quiet" && word != "hold" {
			t.Errorf("%q is a part without tests", word)
		}
	}
}
