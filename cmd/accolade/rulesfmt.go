package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-504bad89/accolade/internal/rule"
)

type rulesFmtCommand struct {
	Paths []string `arg:"" help:"Rules files and tests, or directories of them." type:"path"`
	Check bool     `help:"Change nothing; print the files that would change, and exit with 1 if there are any."`
}

// Run lays out the files and prints the names of those that it changed. A file that cannot be read as
// YAML stays as it is, and its problem is printed.
func (c rulesFmtCommand) Run() error {
	files, err := filesAt(c.Paths)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("there is no rules file")
	}
	changed, faulty := 0, 0
	for _, file := range files {
		text, err := rule.Format(file)
		if problems, ok := errors.AsType[rule.Problems](err); ok {
			fmt.Fprint(os.Stderr, problems.Pretty())
			faulty++
			continue
		}
		if err != nil {
			return err
		}
		if text == file.Text {
			continue
		}
		changed++
		fmt.Println(file.Name)
		if c.Check {
			continue
		}
		if err := replaceFile(file.Name, text); err != nil {
			return err
		}
	}
	switch {
	case faulty > 0:
		return fmt.Errorf("%d of %d files could not be formatted", faulty, len(files))
	case c.Check && changed > 0:
		return fmt.Errorf("%d of %d files are not formatted", changed, len(files))
	default:
		return nil
	}
}

// filesAt reads the rules files and tests at the paths, under the names by which they can be written.
func filesAt(paths []string) ([]rule.File, error) {
	var files []rule.File
	for _, path := range paths {
		rules, tests, err := readRules([]string{path})
		if err != nil {
			return nil, err
		}
		folder := path
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			folder = filepath.Dir(path)
		}
		for _, file := range append(rules, tests...) {
			name := filepath.Join(folder, filepath.FromSlash(file.Name))
			if extension := filepath.Ext(name); extension == ".yaml" || extension == ".yml" {
				files = append(files, rule.File{Name: name, Text: file.Text})
			}
		}
	}
	return files, nil
}
