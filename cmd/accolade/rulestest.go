package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/seed-504bad89/accolade/internal/rule"
)

type rulesTestCommand struct {
	Paths []string `arg:"" help:"Directories of rules and tests, or the files themselves." type:"path"`
	Only  string   `name:"run" help:"Run only the tests whose names match this regular expression. Rules that did not fire are no fault then." placeholder:"REGEXP"`
	JUnit string   `name:"junit" help:"Also write the results to this file in JUnit's form, which CI services read." type:"path" placeholder:"FILE"`
	Cover bool     `help:"Say which parts of the rules' conditions the tests have not seen both true and false."`
	Least int      `name:"cover-min" help:"Fail when fewer of a hundred branches are covered." placeholder:"PERCENT"`
}

// Run prints each test's result and fails when one failed.
func (c rulesTestCommand) Run() error {
	rules, tests, err := readRules(c.Paths)
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return errors.New("there is no *_test.yaml: nothing was tested")
	}
	report, coverage, err := c.test(rules, tests)
	if problems, faulty := errors.AsType[rule.Problems](err); faulty {
		fmt.Fprint(os.Stderr, problems.Pretty())
		return fmt.Errorf("%d problems", len(problems))
	}
	if err != nil {
		return err
	}
	report.Write(os.Stdout)
	if err := c.writeJUnit(report); err != nil {
		return err
	}
	if c.Cover || c.Least > 0 {
		coverage.Write(os.Stdout)
	}
	switch {
	case report.Failed():
		return errors.New("rules tests failed")
	case coverage.Percent() < c.Least:
		return fmt.Errorf("the tests cover %d%% of the branches, less than %d%%", coverage.Percent(), c.Least)
	default:
		return nil
	}
}

// test runs the tests that are wanted; what they cover is empty unless it is asked for.
func (c rulesTestCommand) test(rules, tests []rule.File) (report rule.Report, coverage rule.Coverage, err error) {
	var wanted func(string) bool
	if c.Only != "" {
		only, err := regexp.Compile(c.Only)
		if err != nil {
			return report, coverage, fmt.Errorf("reading --run: %w", err)
		}
		wanted = only.MatchString
	}
	switch {
	case c.Cover || c.Least > 0:
		return rule.Cover(rules, tests, wanted)
	case wanted != nil:
		report, err = rule.TestSome(rules, tests, wanted)
	default:
		report, err = rule.Test(rules, tests)
	}
	return report, coverage, err
}

func (c rulesTestCommand) writeJUnit(report rule.Report) error {
	if c.JUnit == "" {
		return nil
	}
	file, err := os.Create(c.JUnit)
	if err != nil {
		return fmt.Errorf("making the JUnit file: %w", err)
	}
	if err := report.WriteJUnit(file); err != nil {
		return errors.Join(fmt.Errorf("writing the JUnit file: %w", err), file.Close())
	}
	return file.Close()
}
