package main_test

import (
	"io/fs"
	"slices"
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

// Each achievement of the pack has a picture of its own, under its key, and no picture is for nothing.
func TestPackPictures(t *testing.T) {
	t.Parallel()

	files, _, err := rule.ReadFiles(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := rule.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	pictures := map[string]string{}
	for _, achievement := range loaded.Declared() {
		pictures["avatars/"+achievement.Key+".png"] = achievement.Key
	}
	for _, file := range files {
		if file.Data == nil {
			continue
		}
		if pictures[file.Name] == "" {
			t.Errorf("%s is not under the key of an achievement", file.Name)
		}
		delete(pictures, file.Name)
	}
	for _, key := range pictures {
		t.Errorf("%s has no picture of its own", key)
	}
	shipped, err := fs.Glob(rules.Files, "avatars/*")
	named := func(name string) bool {
		return slices.ContainsFunc(files, func(f rule.File) bool { return f.Name == name })
	}
	if unused := slices.DeleteFunc(shipped, named); err != nil || len(unused) > 0 {
		t.Errorf("nothing shows %v (%v)", unused, err)
	}
}
