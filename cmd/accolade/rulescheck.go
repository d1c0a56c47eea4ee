package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// lint prints warnings, and fails if there are any and must not be.
func (c rulesCheckCommand) lint(rules, tests []rule.File) error {
	senders, err := c.senders()
	if err != nil {
		return err
	}
	beside, err := testsBeside(c.Paths)
	if err != nil {
		return err
	}
	warnings, err := rule.Lint(rules, append(tests, beside...), senders)
	if err != nil {
		return err
	}
	if len(warnings) == 0 {
		return nil
	}
	fmt.Fprint(os.Stderr, warnings.Pretty())
	if c.Strict {
		return fmt.Errorf("%d warnings", len(warnings))
	}
	fmt.Printf("%d warnings\n", len(warnings))
	return nil
}

func (c rulesCheckCommand) senders() ([]rule.Sender, error) {
	var senders []rule.Sender
	for _, name := range c.Source {
		if !slices.Contains(forge.Tellers(), name) {
			return nil, fmt.Errorf("--source %s: must be one of %s", name, strings.Join(forge.Tellers(), ", "))
		}
		senders = append(senders, rule.Sender{Name: name, Sends: func(kind string) bool { return forge.Tells(name, kind) }})
	}
	return senders, nil
}

// testsBeside reads the tests in the directories of those paths that are files.
func testsBeside(paths []string) ([]rule.File, error) {
	var beside []rule.File
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue // of a directory, the tests are read with the rules
		}
		names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*_test.y*ml"))
		if err != nil {
			return nil, err
		}
		_, tests, err := readRules(names)
		if err != nil {
			return nil, err
		}
		beside = append(beside, tests...)
	}
	return beside, nil
}
