package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/rule"
)

func TestPercentile(t *testing.T) {
	t.Parallel()

	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, tc := range []struct {
		sorted []time.Duration
		p      int
		want   time.Duration
	}{
		{nil, 50, 0}, {hundred[:1], 99, 1}, {hundred, 50, 50}, {hundred, 99, 99}, {hundred[:10], 99, 10}, {hundred[:3], 50, 2},
	} {
		if got := percentile(tc.sorted, tc.p); got != tc.want {
			t.Errorf("percentile %d of %d values = %d, want %d", tc.p, len(tc.sorted), got, tc.want)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		results := make([]result, len(tc.values))
		for i, value := range tc.values {
			results[i].perSecond = value
		}
		if got := median(results, perSecond); got != tc.want {
			t.Errorf("median of %v = %v, want %v", tc.values, got, tc.want)
		}
	}
}

// The figures mean something only if the deliveries are what they say: signed, of the size, about
// different merges of different people, and raising as many counts as are looked for in the books afterwards.
func TestDeliveriesAreWhatTheFiguresAssume(t *testing.T) {
	t.Parallel()

	speaks, _ := forge.ByName("github")
	for _, rules := range []ruleset{plain, wide, tall} {
		set, err := rule.Load([]rule.File{{Name: "rules.yaml", Text: rules.file()}})
		if err != nil {
			t.Fatal(err)
		}
		if want := rules.matching + 92; len(set.Measures()) != want {
			t.Errorf("%s: there are %d measures, want one for each of %d rules", rules.name, len(set.Measures()), want)
		}
		composer := newComposer(newSupply(10, 10<<10+200, byTurns))
		seen, authors := map[string]bool{}, map[string]bool{}
		raised, size := 0, 0
		for i := range 2 * bodyKinds {
			request, body := parsed(t, composer.compose(i))
			size += len(body)
			asForge := forge.Request{Header: request.Header, Body: body, ReceivedAt: time.Now()}
			if err := speaks.Verify([]string{hookSecret}, asForge); err != nil {
				t.Fatalf("delivery %d: %v", i, err)
			}
			events, err := speaks.Events(forge.Source{Name: sourceName, Forge: "github"}, asForge)
			if err != nil || len(events) != 1 || events[0].Kind != event.MergeRequestMerged {
				t.Fatalf("delivery %d gives %+v, %v", i, events, err)
			}
			seen[events[0].Key+request.Header.Get("X-Github-Delivery")], authors[events[0].Author.ID+events[0].Author.Login] = true, true
			raised += len(set.Match(&events[0]).Hits)
			if raised != rules.increments(i+1) {
				t.Fatalf("%s: %d deliveries raise %d counts, want %d", rules.name, i+1, raised, rules.increments(i+1))
			}
		}
		if len(seen) != 2*bodyKinds || len(authors) != 2*bodyKinds {
			t.Errorf("%d deliveries tell of %d events of %d people", 2*bodyKinds, len(seen), len(authors))
		}
		if mean := size / (2 * bodyKinds); mean < 10_000 || mean > 10_600 {
			t.Errorf("the mean size is %d", mean)
		}
	}
}

// Rules that match nothing are found faulty before the benchmark begins, and raise nothing.
func TestRulesThatMatchNothing(t *testing.T) {
	t.Parallel()

	place := t.TempDir()
	rules := ruleset{name: "padded", matching: plain.matching, tiers: 1, unmatched: 1_100}
	if err := rules.write(place); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(place, rules.name, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var files []rule.File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, rule.File{Name: filepath.Base(name), Text: string(text)})
	}
	set, err := rule.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(set.Measures()); got != 1_200 {
		t.Errorf("there are %d measures, want one for each of 1,200 rules", got)
	}
}

func parsed(t *testing.T, text []byte) (*http.Request, []byte) {
	t.Helper()

	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil || !json.Valid(body) {
		t.Fatalf("the body is no JSON, or %v: %.300s", err, body)
	}
	return request, body
}

func TestSupplyIsUsedOnce(t *testing.T) {
	t.Parallel()

	s := newSupply(2, 1<<10, onePerson)
	first, _ := s.take()
	second, _ := s.take()
	if _, third := s.take(); first == second || third {
		t.Errorf("the deliveries are %d and %d, and a third: %t", first, second, third)
	}
	s.endless = true
	if _, more := s.take(); !more {
		t.Error("an endless supply ended")
	}
	if s.person(0) != s.person(1) {
		t.Error("the deliveries of one author are about two people")
	}
}

func TestUsageForEachDelivery(t *testing.T) {
	t.Parallel()

	var r result
	before := usage{app: 1, postgres: 2, redis: 3, generator: 4, wal: 1000, batches: 10, batched: 100}
	after := usage{app: 2, postgres: 4, redis: 3.5, generator: 4, wal: 11_000, batches: 20, batched: 400}
	after.minus(before).each(10_000, &r)
	if r.cpu != 100 || r.postgresCPU != 200 || r.redisCPU != 50 || r.generatorCPU != 0 || r.wal != 1 || r.batch != 30 {
		t.Errorf("each used %+v", r)
	}
}

func TestStatOfAProcessWithAnOddName(t *testing.T) {
	t.Parallel()

	got := parseStat("12 (a) (b c) S 7 1 1 0 -1 4194560 1 2 0 0 150 50 300 100 20 0 1 0 5 6 7")
	if want := (stat{parent: 7, own: 2, children: 4}); got != want {
		t.Errorf("parseStat = %+v, want %+v", got, want)
	}
	if got := parseMachine("cpu  100 200 300 9000 500 60 70 80 10 0"); got != 8.1 {
		t.Errorf("the machine worked for %v s, want 8.1", got)
	}
	if got := parseStat("nothing"); got != (stat{}) {
		t.Errorf("parseStat of nothing = %+v", got)
	}
	if infoOf("# CPU\r\nused_cpu_sys:1.5\r\nused_cpu_user:2\r\n", "used_cpu_sys") != 1.5 {
		t.Error("a line of INFO is not read")
	}
}

func TestGoals(t *testing.T) {
	t.Parallel()

	results := map[string][]result{
		bareName:  {{perSecond: 100}, {perSecond: 1000}, {perSecond: 10}},
		ours:      {{perSecond: 25, p99: 1}, {perSecond: 350, p99: 1}, {perSecond: 1, p99: 1}},
		naiveName: {{perSecond: 5, p99: 4}, {perSecond: 50, p99: 20}, {perSecond: 0.5, p99: 1}},
		stormName: {{perSecond: 10, again: 30}},
		baseRules: {{postgresCPU: 60}}, "ours-wide": {{postgresCPU: 60 + 26*6}},
	}
	want := map[string]struct {
		measured float64
		met      string
	}{
		"1": {0.25, "floor"}, "2a": {5, "floor"}, "4a": {0.25, "NOT MET"}, "7": {3, "stretch"}, "5c": {6, "floor"}, "6": {},
	}
	got := outcomes(results)
	for _, o := range got {
		if w, ok := want[o.Number]; !ok || w.met != "" && (o.Measured != w.measured || o.Met != w.met) {
			t.Errorf("goal %s came to %v, %s; want %+v", o.Number, o.Measured, o.Met, w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d goals were measured, want %d", len(got), len(want))
	}
}

// Each goal is about what is measured, and each contestant has a name of its own.
func TestGoalsAreAboutContestants(t *testing.T) {
	t.Parallel()

	names := map[string]bool{}
	for _, b := range blocks() {
		for _, c := range b.contestants {
			if names[c.name] {
				t.Errorf("two contestants are called %s", c.name)
			}
			names[c.name] = true
		}
	}
	for _, r := range readings() {
		names[r.name] = true
	}
	for _, g := range goals() {
		if !names[g.needs[0]] || !names[g.needs[1]] {
			t.Errorf("goal %s is about %v", g.number, g.needs)
		}
	}
}

func TestTextBetweenMarks(t *testing.T) {
	t.Parallel()

	whole := []byte("before\n<!-- measured -->\nold\n<!-- end of measured -->\nafter\n")
	for range 2 {
		var err error
		if whole, err = replaceBetween(whole, "measured", []byte("new\n")); err != nil {
			t.Fatal(err)
		}
	}
	if want := "before\n<!-- measured -->\n\nnew\n\n<!-- end of measured -->\nafter\n"; string(whole) != want {
		t.Errorf("the document is %q, want %q", whole, want)
	}
	if _, err := replaceBetween([]byte("no marks"), "measured", nil); err == nil {
		t.Error("a document without marks was written")
	}
}

func TestTables(t *testing.T) {
	t.Parallel()

	b := blocks()[0]
	results := map[string][]result{ours: {{perSecond: 2000, p99: 0.004, loneP50: 0.001}, {perSecond: 3000, p99: 0.005}}}
	var terminal, document bytes.Buffer
	b.table(results).show(&terminal)
	b.table(results).markdown(&document)
	for text, want := range map[string]string{terminal.String(): "2000-3000", document.String(): "| ours | 2500 | 2000-3000 | 0.00 | 4.50 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(terminal.String(), "naive") {
		t.Error("what was not measured is shown")
	}
	encoded, err := json.Marshal(medians(results[ours]))
	if err != nil || !strings.Contains(string(encoded), `"per_second":2500`) || strings.Contains(string(encoded), "wal") {
		t.Errorf("the median is written as %s, %v", encoded, err)
	}
}

// A run writes everything into one file, and the tables between the marks of the other.
func TestRunIsWritten(t *testing.T) {
	t.Parallel()

	place := t.TempDir()
	a := &arena{settings: settings{rounds: 1, json: filepath.Join(place, "all.json"), document: filepath.Join(place, "page.md")}, results: map[string][]result{
		ours: {{perSecond: 30}}, bareName: {{perSecond: 100}}, "json": {{perSecond: 9}}, "constant": {{perSecond: 10}},
	}}
	if err := a.write(machine{Commit: "abc"}); err == nil {
		t.Error("a document that is not there was written")
	}
	if err := os.WriteFile(a.document, []byte("# Page\n<!-- measured -->\n<!-- end of measured -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.write(machine{Commit: "abc"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(a.document)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"commit abc", "| 1 | deliveries a second / bare | >= 0.20 | >= 0.30 | 0.30 | stretch |", "| 8a packed | ", "| ours | 30 | 30-30 |", "| json | 9 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	var all struct {
		Goals   []outcome
		Medians map[string]map[string]float64
		Results map[string][]map[string]float64
	}
	encoded, err := os.ReadFile(a.json)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &all); err != nil || len(all.Goals) != 2 || all.Medians[ours]["per_second"] != 30 || len(all.Results) != 4 {
		t.Errorf("the file holds %+v, %v", all, err)
	}
}

func TestPartsToMeasure(t *testing.T) {
	t.Parallel()

	for only, want := range map[string]int{"": len(parts()), "storm": 1, "storm,reads": 2, "everything": 0} {
		if got, err := (settings{only: only}).chosen(); len(got) != want || (err != nil) != (want == 0) {
			t.Errorf("-only %q measures %v, %v", only, got, err)
		}
	}
	if _, err := (settings{only: "storm", document: "x"}).chosen(); err == nil {
		t.Error("a document would be written of a part")
	}
}
