package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tutorial's commands, in order, in an empty directory, against a service that starts from nothing; what it
// says that they print, they print.
//
//nolint:paralleltest // it sets the environment
func TestTutorial(t *testing.T) {
	serve(t)
	tutorial, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "bin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "accolade"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	folder := t.TempDir()
	var printed strings.Builder
	_, text, _ := strings.Cut(string(tutorial), "## A directory")
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```(sh)?\n(.*?)```").FindAllStringSubmatch(text, -1) {
		if block[1] == "" {
			lines := slices.Collect(strings.Lines(printed.String()))
			for line := range strings.Lines(block[2]) { // with its spaces: a caret points at something
				if !slices.Contains(lines, line) {
					t.Errorf("nothing prints %q; printed was\n%s", line, printed.String())
				}
			}
			printed.Reset()
			continue
		}
		commands++
		shell := exec.CommandContext(t.Context(), "sh", "-eu", "-c", block[2])
		shell.Dir = folder
		shell.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := shell.CombinedOutput()
		if err != nil {
			t.Fatalf("%s ends with %v:\n%s", block[2], err, out)
		}
		printed.Write(out)
	}
	if commands != 7 {
		t.Errorf("the tutorial has %d blocks of commands", commands)
	}
}
