package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every row is there, has a test or says why not, and every test that a row names is in the sources.
func TestRowsNameTestsThatThereAre(t *testing.T) {
	t.Parallel()

	rows, err := gather("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != lastRow || rows[0].Part == "" {
		t.Errorf("there are %d rows, and the first belongs to %q", len(rows), rows[0].Part)
	}
}

// The page is the one that the rows and the last results make.
func TestPageIsUpToDate(t *testing.T) {
	t.Parallel()

	rows, err := gather("../..")
	if err != nil {
		t.Fatal(err)
	}
	last, err := readResults(filepath.Join("..", "..", resultsPath))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", pagePath))
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != page(rows, last) {
		t.Errorf("%s is not what go run ./build/reliability makes", pagePath)
	}
}

func TestFaultyRowsAreRefused(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"- {row: 2, fault: a, holds: b}":        "row 2 stands where row 1 should",
		"- {row: 1, fault: a}":                  "does not say",
		"- {row: 1, fault: a, holds: b}":        "there are 1 rows",
		"- {row: 1, fault: a, holds: b, no: c}": "no",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	known := test{room: "internal/app", name: "TestRows1And2Hold"}
	for name, tc := range map[string]struct {
		rows  []row
		found map[string]test
		want  string
	}{
		"a test that is not there": {[]row{{Row: 1, Tests: []string{"internal/app.TestNothing"}}}, nil, "there is no test internal/app.TestNothing"},
		"neither test nor reason":  {[]row{{Row: 1}}, nil, "row 1 has no test"},
		"a row that is not there":  {[]row{{Row: 1}}, map[string]test{known.String(): known}, "is the test of row 2, which there is not"},
		"a reason":                 {[]row{{Row: 1, Except: "it is so"}}, nil, ""},
		"tests by their names":     {[]row{{Row: 1}, {Row: 2}}, map[string]test{known.String(): known}, ""},
	} {
		if err := join(tc.rows, tc.found); tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestRowsAreChosen(t *testing.T) {
	t.Parallel()

	rows := make([]row, lastRow)
	for list, want := range map[string]int{"all": 60, "7": 1, "15,23-33": 12} {
		if chosen, err := choose(rows, list); err != nil || len(chosen) != want {
			t.Errorf("%s: %d rows, %v; want %d", list, len(chosen), err, want)
		}
	}
	for _, list := range []string{"0", "61", "3-2", "x", "1,", "1-"} {
		if _, err := choose(rows, list); err == nil {
			t.Errorf("%q names rows", list)
		}
	}
}

// Tests are run, and what becomes of each is kept: of a module with one of each kind.
func TestResults(t *testing.T) {
	t.Parallel()

	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/one\n\ngo 1.26\n",
		"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestRow1Passes(t *testing.T) { t.Run(\"part\", func(t *testing.T) {}) }\n" +
			"func TestRow2Fails(t *testing.T) { t.Fatal(\"as it should\") }\nfunc TestRow3Skips(t *testing.T) { t.Skip() }\n",
		"b/b_test.go": "//go:build linux && slow\n\npackage b\n\nimport \"testing\"\n\nfunc TestRow1Too(t *testing.T) {}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := findTests(root)
	if err != nil {
		t.Fatal(err)
	}
	rows := []row{{Row: 1, Part: "One", Fault: "a|b", Holds: "c"}, {Row: 2, Fault: "d", Holds: "e"}, {Row: 3, Fault: "f", Holds: "g"}, {Row: 4, Fault: "h", Holds: "i", Except: "why"}}
	if err := join(rows, found); err != nil {
		t.Fatal(err)
	}
	if before := page(rows, results{}); !strings.Contains(before, "Last run: never") || !strings.Contains(before, "| not run yet |") {
		t.Errorf("before the first run the page is %s", before)
	}
	last := results{}
	failed, err := last.run(t.Context(), root, rows, false)
	if err != nil || failed != 1 {
		t.Fatalf("%d tests failed, %v; want 1", failed, err)
	}
	if tag := found["b.TestRow1Too"].tag; tag != "slow" {
		t.Errorf("the tag is %q", tag)
	}
	path := filepath.Join(root, "results.json")
	if err := last.write(path); err != nil {
		t.Fatal(err)
	}
	if last, err = readResults(path); err != nil {
		t.Fatal(err)
	}
	text := page(rows, last)
	for _, want := range []string{
		"| 1 | a\\|b | c | holds | a: `TestRow1Passes`; b: `TestRow1Too` |", "| 2 | d | e | **fails** | a: `TestRow2Fails` (fail) |",
		"| 3 | f | g | skipped | a: `TestRow3Skips` (skip) |", "| 4 | h | i<br><br>Not tried: why | not tried |  |",
		"Of 4 rows, holds: 1, fails: 1, skipped: 1, not tried: 1.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
}
