package main

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// test is a test function.
type test struct {
	// room is the directory of its package, and tag the build tag that its file asks for, if it does.
	room, name, tag string
}

func (t test) String() string { return t.room + "." + t.name }

// ofRows are the names of tests that belong to rows: TestRow10..., TestRows8And34...
var (
	ofRows  = regexp.MustCompile(`^TestRows?\d+(And\d+)*`)
	numbers = regexp.MustCompile(`\d+`)
)

// rows returns the numbers in the test's name.
func (t test) rows() []int {
	var found []int
	for _, digits := range numbers.FindAllString(ofRows.FindString(t.name), -1) {
		if number, err := strconv.Atoi(digits); err == nil {
			found = append(found, number)
		}
	}
	return found
}

// findTests returns every test and fuzz target below root by what String says of it. Fuzz targets run on their seeds.
func findTests(root string) (map[string]test, error) {
	found := map[string]test{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || len(entry.Name()) > 1 && entry.Name()[0] == '.' && entry.Name() != "..") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, declaration := range syntax.Decls {
			fn, ok := declaration.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") && !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			one := test{room: filepath.ToSlash(relative), name: fn.Name.Name, tag: tagOf(syntax)}
			found[one.String()] = one
		}
		return nil
	})
	return found, err
}

// tagOf returns the one build tag that a file asks for besides systems, or nothing.
func tagOf(file *ast.File) string {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if comment.Pos() > file.Package || !constraint.IsGoBuild(comment.Text) {
				continue
			}
			expression, err := constraint.Parse(comment.Text)
			if err != nil {
				continue
			}
			if tag := firstTag(expression); tag != "" {
				return tag
			}
		}
	}
	return ""
}

func firstTag(expression constraint.Expr) string {
	switch e := expression.(type) {
	case *constraint.TagExpr:
		if e.Tag != "linux" && e.Tag != "unix" && e.Tag != "race" {
			return e.Tag
		}
	case *constraint.AndExpr:
		return firstTag(e.X) + firstTag(e.Y)
	}
	return ""
}
