package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/rule"
)

type rulesCommand struct {
	Check   rulesCheckCommand   `cmd:"" help:"Find every fault in rules files, and what is likely one: file:line:col, the line, and a caret."`
	Test    rulesTestCommand    `cmd:"" help:"Run the tests (*_test.yaml) that stand beside the rules."`
	Fmt     rulesFmtCommand     `cmd:"" help:"Lay out rules files and tests in the one way that all have."`
	Status  rulesStatusCommand  `cmd:"" help:"Say of each rule since when it is silent, and what it failed on."`
	Explain rulesExplainCommand `cmd:"" help:"Say how far somebody is from an achievement, and what an event means to its rule."`
	Schema  rulesSchemaCommand  `cmd:"" help:"Print the JSON Schema of rules files, for editors."`
}

type rulesSchemaCommand struct{}

// Run prints the schema.
func (rulesSchemaCommand) Run() error {
	_, err := os.Stdout.Write(rule.Schema())
	return err
}

type rulesCheckCommand struct {
	Paths  []string `arg:"" help:"Rules files, or directories of them." type:"path"`
	Strict bool     `help:"Exit with 1 when there are warnings, too."`
	Source []string `help:"A forge that sends events: github, gitlab, gitea, forgejo, bitbucket or bitbucket-server; may be repeated. Warns of events that none of them can send." placeholder:"FORGE"`
}

// Run prints the faults of all files and fails when there are any; or else it prints what is likely a
// mistake.
func (c rulesCheckCommand) Run() error {
	rules, tests, err := foundRules(c.Paths)
	if err != nil {
		return err
	}
	texts := slices.DeleteFunc(slices.Clone(rules), func(file rule.File) bool { return file.Data != nil })
	set, err := checkRules(rules)
	if err != nil {
		return err
	}
	fmt.Printf("%d achievements in %d files: no problem found\n", len(set.Declared()), len(texts))
	return c.lint(rules, tests)
}

// checkRules loads rules and looks at their pictures. It prints the faults of all files, each with its line.
func checkRules(files []rule.File) (*rule.Set, error) {
	set, err := rule.Load(files)
	if err == nil {
		_, err = automation.Pictures(set)
	}
	if problems, faulty := errors.AsType[rule.Problems](err); faulty {
		fmt.Fprint(os.Stderr, problems.Pretty())
		return nil, fmt.Errorf("%d problems in %d files", len(problems), len(files))
	}
	return set, err
}

type rulesTestCommand struct {
	Paths    []string `arg:"" help:"Directories of rules and tests, or the files themselves." type:"path"`
	Only     string   `name:"run" help:"Run only the tests whose names match this regular expression. Rules that did not fire are no fault then." placeholder:"REGEXP"`
	Cover    bool     `help:"Say which sides of the rules' conditions no test has seen."`
	CoverMin int      `help:"Fail when the tests have seen less than so many percent of them." placeholder:"PERCENT"`
	JUnit    string   `name:"junit" help:"Also write the results to this file in JUnit's form, which CI services read." type:"path" placeholder:"FILE"`
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
	report, err := c.test(rules, tests)
	if problems, faulty := errors.AsType[rule.Problems](err); faulty {
		fmt.Fprint(os.Stderr, problems.Pretty())
		return fmt.Errorf("%d problems", len(problems))
	}
	if err != nil {
		return err
	}
	report.Write(os.Stdout)
	if c.Cover || c.CoverMin > 0 {
		report.WriteCoverage(os.Stdout)
	}
	if err := c.writeJUnit(report); err != nil {
		return err
	}
	if report.Failed() {
		return errors.New("rules tests failed")
	}
	if report.Covered() < c.CoverMin {
		return fmt.Errorf("the tests have seen %d%% of the conditions' branches, and %d%% are wanted", report.Covered(), c.CoverMin)
	}
	return nil
}

func (c rulesTestCommand) test(rules, tests []rule.File) (rule.Report, error) {
	options := rule.TestOptions{Cover: c.Cover || c.CoverMin > 0}
	if c.Only != "" {
		only, err := regexp.Compile(c.Only)
		if err != nil {
			return rule.Report{}, fmt.Errorf("reading --run: %w", err)
		}
		options.Only = only.MatchString
	}
	return rule.Test(rules, tests, options)
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

// readRules reads the rules and the tests from files and directories.
func readRules(paths []string) (rules, tests []rule.File, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, err
		}
		tree := os.DirFS(path)
		if !info.IsDir() {
			tree = oneFile{tree: os.DirFS(filepath.Dir(path)), name: filepath.Base(path)}
		}
		someRules, someTests, err := rule.ReadFiles(tree)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		rules, tests = append(rules, someRules...), append(tests, someTests...)
	}
	return rules, tests, nil
}

// foundRules does the same, and fails where there is nothing to read: rules of a directory that is empty or the wrong one
// are no rules, and whoever had them would apply that every achievement is retired.
func foundRules(paths []string) (rules, tests []rule.File, err error) {
	for _, path := range paths {
		someRules, someTests, err := readRules([]string{path})
		if err != nil {
			return nil, nil, err
		}
		if len(someRules)+len(someTests) == 0 {
			return nil, nil, fmt.Errorf("no rules files in %s", path)
		}
		rules, tests = append(rules, someRules...), append(tests, someTests...)
	}
	if len(rules) == 0 {
		return nil, nil, fmt.Errorf("no rules files in %s, only tests", strings.Join(paths, ", "))
	}
	return rules, tests, nil
}

// oneFile is a tree that lists one file of its directory alone; what that file names can be opened.
type oneFile struct {
	tree fs.FS
	name string
}

// Open implements fs.FS.
func (o oneFile) Open(name string) (fs.File, error) {
	return o.tree.Open(name)
}

// ReadDir implements fs.ReadDirFS.
func (o oneFile) ReadDir(string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(o.tree, o.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}
