package main_test

import (
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/rules"
)

func TestPack(t *testing.T) {
	t.Parallel()

	files, tests, err := rule.ReadFiles(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	report, err := rule.Test(files, tests, rule.TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	report.Write(&text)
	if report.Failed() || len(files) == 0 {
		t.Errorf("the pack fails its own tests:\n%s", &text)
	}
	t.Log(&text)
}
