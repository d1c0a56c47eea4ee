package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRulesFmtOnTheCommandLine(t *testing.T) {
	t.Parallel()

	const (
		odd  = "achievements: []\nnamespace:   acme # here\n"
		even = "namespace: acme # here\nachievements: []\n"
		bad  = "namespace: [acme\n"
	)
	folder := write(t, map[string]string{"odd.yaml": odd, "even.yaml": even})
	reads := func(name, want string) {
		t.Helper()

		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || string(text) != want {
			t.Errorf("%s holds %q, %v; want %q", name, text, err, want)
		}
	}
	if err := (rulesFmtCommand{Paths: []string{folder}, Check: true}).Run(); err == nil {
		t.Error("--check takes a file that is not formatted")
	}
	reads("odd.yaml", odd)
	if err := os.Chmod(filepath.Join(folder, "odd.yaml"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("odd.yaml", filepath.Join(folder, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := (rulesFmtCommand{Paths: []string{filepath.Join(folder, "link.yaml")}}).Run(); err != nil {
		t.Error(err)
	}
	reads("odd.yaml", even)
	if info, err := os.Lstat(filepath.Join(folder, "link.yaml")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is a link no more: %v", err)
	}
	if info, err := os.Stat(filepath.Join(folder, "odd.yaml")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file may be read by others now: %v", err)
	}
	if err := (rulesFmtCommand{Paths: []string{folder}, Check: true}).Run(); err != nil {
		t.Errorf("--check after formatting: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "bad.yaml"), []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (rulesFmtCommand{Paths: []string{folder}}).Run(); err == nil {
		t.Error("a file that is no YAML is no error")
	}
	reads("bad.yaml", bad)
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 4 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	for name, c := range map[string]rulesFmtCommand{
		"nowhere": {Paths: []string{folder + "/nowhere"}},
		"nothing": {Paths: []string{t.TempDir()}},
	} {
		if err := c.Run(); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}
