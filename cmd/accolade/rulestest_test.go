package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a directory of files and returns its path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()

	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const (
	someRules = "namespace: acme\nachievements:\n  - key: badge\n    name: Badge\n    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author}\n"
	someTests = "tests:\n  - {name: good, awards: [badge to ada], events: [{on: merge_request.merged, author: ada}]}\n" +
		"  - {name: bad, awards: [], events: [{on: merge_request.merged, author: ada}]}\n"
)

func TestRulesTestOnTheCommandLine(t *testing.T) {
	t.Parallel()

	folder := write(t, map[string]string{"r.yaml": someRules, "r_test.yaml": someTests})
	junit := filepath.Join(folder, "report.xml")
	if err := (rulesTestCommand{Paths: []string{folder}, JUnit: junit}).Run(); err == nil {
		t.Error("a bad test passes")
	}
	report, err := os.ReadFile(junit)
	if err != nil || !strings.Contains(string(report), `tests="2" failures="1"`) {
		t.Errorf("the report for CI is %s, %v", report, err)
	}
	if err := (rulesTestCommand{Paths: []string{folder}, Only: "^good$"}).Run(); err != nil {
		t.Errorf("the good test alone: %v", err)
	}
	for name, c := range map[string]rulesTestCommand{
		"no such test":    {Paths: []string{folder}, Only: "nobody"},
		"no expression":   {Paths: []string{folder}, Only: "("},
		"no such path":    {Paths: []string{folder + "/nowhere"}},
		"no tests at all": {Paths: []string{write(t, map[string]string{"r.yaml": someRules})}},
		"faulty rules":    {Paths: []string{write(t, map[string]string{"r.yaml": "namespace: acme\n", "r_test.yaml": someTests})}},
	} {
		if err := c.Run(); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}
