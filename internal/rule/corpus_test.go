package rule_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// corpus returns the files of real rules by their shapes, each with its tests.
func corpus(tb testing.TB) map[string][2]rule.File {
	tb.Helper()

	names, err := filepath.Glob("testdata/corpus/s[0-9][0-9]-*.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	files := map[string][2]rule.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.yaml") {
			continue
		}
		read := func(name string) rule.File {
			text, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			return rule.File{Name: filepath.Base(name), Text: string(text)}
		}
		files[filepath.Base(name)] = [2]rule.File{read(name), read(strings.TrimSuffix(name, ".yaml") + "_test.yaml")}
	}
	return files
}

// Each rule of the corpus is there by its number, and its tests pass.
func TestCorpus(t *testing.T) {
	t.Parallel()

	numbers := regexp.MustCompile(`(?m)^ {2}# (\d+)`)
	var found []int
	for name, files := range corpus(t) {
		for _, match := range numbers.FindAllStringSubmatch(files[0].Text, -1) {
			number, err := strconv.Atoi(match[1])
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, number)
		}
		report, err := rule.Test([]rule.File{files[0]}, []rule.File{files[1]}, rule.TestOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if report.Failed() {
			var out strings.Builder
			report.Write(&out)
			t.Errorf("%s:\n%s", name, &out)
		}
	}
	slices.Sort(found)
	var want []int
	for number := 1; number <= 119; number += 2 {
		want = append(want, number)
	}
	same(t, "the numbers of the corpus", found, want)
	table, err := os.ReadFile("../../docs/rules-by-shape.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []int
	for _, row := range regexp.MustCompile(`(?m)^\| S\d+ \|.*\| ([0-9, ]+) \|`).FindAllStringSubmatch(string(table), -1) {
		for number := range strings.SplitSeq(row[1], ", ") {
			n, err := strconv.Atoi(strings.TrimSpace(number))
			if err != nil {
				t.Fatal(err)
			}
			listed = append(listed, n)
		}
	}
	same(t, "the numbers of the table", listed, want)
}
