package rule_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

var examples = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every example of the reference is good, and the tests in it pass for the rules before them.
func TestExamplesOfTheReference(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var last rule.File
	loaded, tested := 0, 0
	for _, example := range examples.FindAllStringSubmatch(string(text), -1) {
		file := rule.File{Name: "example.yaml", Text: example[1]}
		switch {
		case strings.HasPrefix(file.Text, "tests:"):
			report, err := rule.Test([]rule.File{last}, []rule.File{file}, rule.TestOptions{})
			if err != nil {
				t.Errorf("%v\n%s", err, file.Text)
			}
			if report.Failed() {
				var out strings.Builder
				report.Write(&out)
				t.Error(out.String())
			}
			tested++
			continue
		case strings.HasPrefix(file.Text, "- key:"):
			file.Text = "namespace: acme\nachievements:\n" + file.Text
		}
		last = file
		if _, err := rule.Load([]rule.File{file}); err != nil {
			t.Errorf("%v\n%s", err, file.Text)
		}
		loaded++
	}
	if loaded < 35 || tested < 15 {
		t.Errorf("%d examples were loaded and %d tests run", loaded, tested)
	}
}
