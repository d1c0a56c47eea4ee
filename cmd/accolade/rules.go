package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-504bad89/accolade/internal/rule"
)

type rulesCommand struct {
	Check  rulesCheckCommand  `cmd:"" help:"Find every fault in rules files, and what is likely one: file:line:col, the line, and a caret."`
	Test   rulesTestCommand   `cmd:"" help:"Run the tests (*_test.yaml) that stand beside the rules."`
	Fmt    rulesFmtCommand    `cmd:"" help:"Lay out rules files and tests in the one way that all have."`
	Schema rulesSchemaCommand `cmd:"" help:"Print the JSON Schema of rules files, for editors."`
}

type rulesSchemaCommand struct{}

// Run prints the schema.
func (rulesSchemaCommand) Run() error {
	_, err := os.Stdout.Write(rule.Schema())
	return err
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

// oneFile is a tree that shows one file of its directory alone.
type oneFile struct {
	tree fs.FS
	name string
}

// Open implements fs.FS.
func (o oneFile) Open(name string) (fs.File, error) {
	if name != "." && name != o.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
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
