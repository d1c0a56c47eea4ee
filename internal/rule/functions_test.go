package rule_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// judged returns what a condition says about an event: "true", "false" or "failure".
func judged(t *testing.T, when string, ev *event.Event) string {
	t.Helper()

	set := load(t, one("irrevocable", "{on: "+ev.Kind+", to: event.actor, when: "+quoted(when)+"}"))
	matched := set.Match(ev)
	switch {
	case len(matched.Failures) > 0:
		return "failure"
	case len(matched.Hits) > 0:
		return "true"
	default:
		return "false"
	}
}

// quoted is a text as a single-quoted scalar.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// pushed is a push of grace's, of one commit.
func pushed(message string, paths ...string) *event.Event {
	return &event.Event{
		Kind: event.Push, Time: noon, Source: "test", Key: "push:1", Object: "push:1", Actor: person("grace"),
		URL: "https://forge.example.com/acme/rocket", Pushed: []event.Commit{{ID: "c0ffee", Message: message, Paths: paths}},
	}
}

func TestGlob(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		text, pattern string
		want          bool
	}{
		{"docs/a.md", "docs/*", true},
		{"docs/a/b.md", "docs/*", false},
		{"docs/a/b.md", "docs/**", true},
		{"docs/", "docs/**", true},
		{"docs", "docs/**", false},
		{"mydocs/a.md", "docs/**", false},
		{"docs/a/b/c.md", "docs/**/*.md", true},
		{"docs/c.md", "docs/**/*.md", true},
		{"docs/c.txt", "docs/**/*.md", false},
		{"locale/de.po", "**/locale/**", true},
		{"a/b/locale/de.po", "**/locale/**", true},
		{"a/notlocale/de.po", "**/locale/**", false},
		{"a/b/c", "**", true},
		{"", "**", true},
		{"", "*", true},
		{"", "?", false},
		{"v1.2", "v?.?", true},
		{"v1/2", "v1?2", false},
		{"ä", "?", true},
		{"é.md", "é.md", true},
		{"a.md", "a?md", true},
		{"abc", "a*c", true},
		{"abcbc", "a*bc", true},
		{"abd", "a*c", false},
		{"a[b]", "a[b]", true},
		{"ab", "a[b]", false},
		{"a+b", "a+b", true},
		{"Docs/a", "docs/*", false},
		{"release-1-stable", "*-stable", true},
		{strings.Repeat("a", 4096), strings.Repeat("*a", 128), true},
		{strings.Repeat("a", 4096), strings.Repeat("*a", 127) + "*b", false},
	} {
		want := map[bool]string{true: "true", false: "false"}[tc.want]
		same(t, tc.text+" as "+tc.pattern, judged(t, "event.pushed.all(c, c.paths.all(p, glob(p, \""+tc.pattern+"\")))", pushed("", tc.text)), want)
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("docs/a/b.md", "docs/**/*.md")
	f.Add("", "?*\xff")
	f.Add("a/b", "**/**/b")
	set := load(f, one("irrevocable", `{on: push, to: event.actor, when: 'glob(event.ref, event.url)'}`))
	f.Fuzz(func(t *testing.T, text, pattern string) {
		matched := set.Match(&event.Event{Kind: event.Push, Time: noon, Actor: person("grace"), Ref: text, URL: pattern})
		if len(matched.Failures) > 0 {
			if len(text) <= 4096 && len(pattern) <= 256 {
				t.Fatalf("%q as %q: %v", text, pattern, matched.Failures[0].Err)
			}
			return
		}
		if !strings.ContainsAny(pattern, "*?") && utf8.ValidString(text) && (len(matched.Hits) == 1) != (text == pattern) {
			t.Fatalf("%q as %q: %d hits", text, pattern, len(matched.Hits))
		}
	})
}

func TestLengthsOfTime(t *testing.T) {
	t.Parallel()

	ev := merged(0, "ada")
	ev.OpenedAt, ev.MergedAt = noon.Add(-36*time.Hour), noon
	for when, want := range map[string]string{
		`event.merged_at - event.opened_at > days(1)`:    "true",
		`event.merged_at - event.opened_at > days(2)`:    "false",
		`event.merged_at - event.opened_at == hours(36)`: "true",
		`weeks(1) == days(7) && days(1) == hours(24)`:    "true",
		`hours(-1) < hours(0)`:                           "true",
		`event.time - days(1) < event.time`:              "true",
		`days(event.iid + 106752) > days(1)`:             "failure",
		`weeks(event.iid - 15251) > days(1)`:             "failure",
	} {
		same(t, when, judged(t, when, ev), want)
	}
}

func TestCalendar(t *testing.T) {
	t.Parallel()

	ev := merged(0, "ada")
	ev.Time = time.Date(2026, time.November, 22, 23, 30, 0, 0, time.UTC) // a Sunday
	for when, want := range map[string]string{
		`weekday(event.time, "UTC") == "sunday"`:                    "true",
		`weekday(event.time, "Europe/Berlin") == "monday"`:          "true",
		`date(event.time, "UTC") == "2026-11-22"`:                   "true",
		`date(event.time, "Europe/Berlin") == "2026-11-23"`:         "true",
		`date(event.time, "America/New_York") == "2026-11-22"`:      "true",
		`date(event.time, event.target_branch) == "2026-11-22"`:     "failure",
		`weekday(event.merged_at, "UTC") == "sunday"`:               "failure",
		`date(event.time, "Europe/" + "Berlin") == "2026-11-23"`:    "true",
		`date(event.time, "Europe//" + "Berlin") == "2026-11-23"`:   "failure",
		`date(event.time, event.target_branch + "") == ""`:          "failure",
		`date(event.time, "Lo" + "cal") == date(event.time, "UTC")`: "failure",
	} {
		same(t, when, judged(t, when, ev), want)
	}
}

// What is wrong with a literal is found when the file is read, where it stands.
func TestLiteralsAreChecked(t *testing.T) {
	t.Parallel()

	for when, want := range map[string]string{
		`weekday(event.time, "Europe/Berln") == "monday"`: `r.yaml:8:34: when: there is no time zone "Europe/Berln"`,
		`date(event.time, "Local") == ""`:                 `r.yaml:8:31: when: a time zone must be named, such as UTC or Europe/Berlin`,
		`event.time - event.time > duration("1 day")`:     `r.yaml:8:49: when: invalid duration argument`,
		`event.title.matches("(")`:                        `r.yaml:8:34: when: invalid matches argument`,
		`co_authors(event.iid).size() > 0`:                `r.yaml:8:24: when: found no matching overload for 'co_authors' applied to '(int, string)'`,
		`days("1") > hours(1)`:                            `r.yaml:8:18: when: found no matching overload for 'days' applied to '(string)'`,
	} {
		text := header + "    kind: irrevocable\n    award:\n      on: merge_request.merged\n      when: " + quoted(when) + "\n      to: event.author\n"
		same(t, "the problems of "+when, problems(t, rule.File{Name: "r.yaml", Text: text}), []string{want})
	}
}

func TestCoAuthorsOfAText(t *testing.T) {
	t.Parallel()

	set := load(t, one("irrevocable", "{on: push, to: 'event.pushed.map(c, co_authors(c.message)).flatten()'}"))
	ev := pushed("Fix\n\nCo-authored-by: Ada <7-ada@users.noreply.forge.example.com>\nCo-authored-by: Octocat <583231+octocat@users.noreply.github.com>\n")
	same(t, "the decisions", newJudge(t, set).on(ev), []string{"grant badge to ada"})
	ev.URL = ""
	same(t, "the decisions without an address", newJudge(t, set).on(ev), []string(nil))
}

// The functions' work counts: an expression cannot do more than its limit.
func TestFunctionsCostWhatTheyWork(t *testing.T) {
	t.Parallel()

	long := make([]string, 1_000)
	for i := range long {
		long[i] = strings.Repeat("a", 4_000)
	}
	ev := pushed(strings.Repeat("x\n", 100_000), long...)
	for _, when := range []string{
		`event.pushed.all(c, c.paths.all(p, !glob(p, "` + strings.Repeat("*a", 100) + `b")))`,
		`event.pushed.all(c, c.paths.all(p, co_authors(c.message).size() == 0))`,
		`event.pushed.all(c, c.paths.all(p, c.paths.all(q, date(event.time, "UTC") != "")))`,
		`glob(event.pushed[0].message, "*")`,
	} {
		same(t, when, judged(t, when, ev), "failure")
	}
}
