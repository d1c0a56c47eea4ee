package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/rule"
)

type rulesCheckCommand struct {
	Paths  []string `arg:"" help:"Rules files, or directories of them." type:"path"`
	Strict bool     `help:"Exit with 1 when there are warnings, too."`
	Source []string `help:"A forge that sends events: github, gitlab, gitea, forgejo or bitbucket; may be repeated. Warns of events that none of them can send." placeholder:"FORGE" sep:","`
}

// Run prints the faults of all files and fails when there are any; or else it prints what is likely a
// mistake.
func (c rulesCheckCommand) Run() error {
	senders, err := c.senders()
	if err != nil {
		return err
	}
	rules, tests, err := readRules(c.Paths)
	if err != nil {
		return err
	}
	beside, err := testsBeside(c.Paths)
	if err != nil {
		return err
	}
	set, err := rule.Load(rules)
	if problems, faulty := errors.AsType[rule.Problems](err); faulty {
		fmt.Fprint(os.Stderr, problems.Pretty())
		return fmt.Errorf("%d problems in %d files", len(problems), len(rules))
	}
	if err != nil {
		return err
	}
	warnings, err := rule.Lint(rules, append(tests, beside...), senders)
	if err != nil {
		return err
	}
	fmt.Fprint(os.Stderr, warnings.Pretty())
	if c.Strict && len(warnings) > 0 {
		return fmt.Errorf("%d warnings in %d files", len(warnings), len(rules))
	}
	found := "no problem found"
	if len(warnings) > 0 {
		found = fmt.Sprintf("%d warnings", len(warnings))
	}
	fmt.Printf("%d achievements in %d files: %s\n", len(set.Declared()), len(rules), found)
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
