// Package internal_test guards the house: its arrows, and the size of its files and functions.
package internal_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root      = ".."
	module    = "github.com/seed-504bad89/accolade"
	maxFile   = 400
	maxFunc   = 60
	testsLine = "tests"
)

// room is what one line of ARCHITECTURE.md allows.
type room struct {
	rooms, modules []string
}

func (r room) allows(path string) bool {
	if name, ours := strings.CutPrefix(path, module+"/"); ours {
		return slices.Contains(r.rooms, strings.TrimPrefix(name, "internal/"))
	}
	for _, allowed := range r.modules {
		if path == allowed || strings.HasPrefix(path, allowed+"/") {
			return true
		}
	}
	return false
}

// readArrows returns the rooms of the arrows block in ARCHITECTURE.md.
func readArrows(t *testing.T) map[string]room {
	t.Helper()

	file, err := os.Open(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	arrows := map[string]room{}
	inside := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```arrows"
		case inside:
			name, targets, ok := strings.Cut(line, "->")
			if !ok {
				t.Fatalf("ARCHITECTURE.md: not an arrow: %q", line)
			}
			rooms, modules, _ := strings.Cut(targets, "|")
			arrows[strings.TrimSpace(name)] = room{strings.Fields(rooms), strings.Fields(modules)}
		}
	}
	if len(arrows) == 0 {
		t.Fatal("ARCHITECTURE.md holds no arrows")
	}
	return arrows
}

// source is one parsed Go file and the room it stands in.
type source struct {
	path, room string
	text       string
	syntax     *ast.File
	positions  *token.FileSet
}

func (s source) test() bool      { return strings.HasSuffix(s.path, "_test.go") }
func (s source) generated() bool { return ast.IsGenerated(s.syntax) }

// readSources parses every Go file of the repository that stands in a room.
func readSources(t *testing.T) []source {
	t.Helper()

	var sources []source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() != ".." && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		positions := token.NewFileSet()
		syntax, err := parser.ParseFile(positions, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(relative)), "internal/")
		sources = append(sources, source{filepath.ToSlash(relative), name, string(text), syntax, positions})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func TestArrows(t *testing.T) {
	t.Parallel()

	arrows := readArrows(t)
	for _, src := range readSources(t) {
		if src.room == "internal" {
			continue
		}
		allowed, ok := arrows[src.room]
		if !ok {
			t.Errorf("%s: the room %q has no arrow in ARCHITECTURE.md", src.path, src.room)
			continue
		}
		for _, spec := range src.syntax.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") || path == "C" {
				continue
			}
			own := strings.TrimPrefix(strings.TrimPrefix(path, module+"/"), "internal/") == src.room
			inTest := src.test() && (own || arrows[testsLine].allows(path))
			if !allowed.allows(path) && !inTest {
				t.Errorf("%s imports %s, but ARCHITECTURE.md has no arrow from %s to it", src.path, path, src.room)
			}
		}
	}
}

// An arrow that nobody uses invites somebody to.
func TestArrowsAreUsed(t *testing.T) {
	t.Parallel()

	arrows := readArrows(t)
	imports := map[string][]string{}
	for _, src := range readSources(t) {
		for _, spec := range src.syntax.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			imports[src.room] = append(imports[src.room], path)
			if src.test() {
				imports[testsLine] = append(imports[testsLine], path)
			}
		}
	}
	for name, allowed := range arrows {
		for _, target := range allowed.rooms {
			if !slices.ContainsFunc(imports[name], room{rooms: []string{target}}.allows) {
				t.Errorf("nothing in %s uses its arrow to %s", name, target)
			}
		}
		for _, target := range allowed.modules {
			if !slices.ContainsFunc(imports[name], room{modules: []string{target}}.allows) {
				t.Errorf("nothing in %s uses its arrow to %s", name, target)
			}
		}
	}
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()

	arrows := readArrows(t)
	state := map[string]int{} // 1: on the path, 2: done
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		if state[name] == 1 {
			t.Errorf("the arrows go in a circle: %s", strings.Join(append(path, name), " -> "))
		}
		if state[name] != 0 {
			return
		}
		state[name] = 1
		for _, target := range arrows[name].rooms {
			if _, ok := arrows[target]; !ok {
				t.Errorf("%s points to %s, which is no room", name, target)
			}
			visit(target, append(path, name))
		}
		state[name] = 2
	}
	for name := range arrows {
		visit(name, nil)
	}
}

// Only the two workrooms open transactions, and only doors know HTTP statuses; the benchmark, which
// is servers of its own, is no room of this one.
func TestWalls(t *testing.T) {
	t.Parallel()

	opensTransactions := []string{"automation", "operation", "store", "job", "testkit"}
	// The doors, those that read the statuses of others, and what plays others for tests.
	knowsStatuses := []string{"forgeapi", "signin", "testkit", "faults"}
	for _, src := range readSources(t) {
		if src.test() || src.generated() || src.room == "bench" {
			continue
		}
		if strings.Contains(src.text, ".InTx(") && !slices.Contains(opensTransactions, src.room) {
			t.Errorf("%s opens a transaction", src.path)
		}
		below := !slices.Contains(knowsStatuses, src.room) && !strings.HasPrefix(src.room, "server") && !strings.HasPrefix(src.room, "cmd/")
		if below && strings.Contains(src.text, "http.Status") {
			t.Errorf("%s knows an HTTP status; only doors may", src.path)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()

	for _, src := range readSources(t) {
		if src.generated() {
			continue
		}
		if lines := strings.Count(src.text, "\n"); lines > maxFile {
			t.Errorf("%s has %d lines; a file holds at most %d", src.path, lines, maxFile)
		}
		for _, declaration := range src.syntax.Decls {
			fn, ok := declaration.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			lines := src.positions.Position(fn.Body.End()).Line - src.positions.Position(fn.Pos()).Line + 1
			if lines > maxFunc {
				t.Errorf("%s: %s has %d lines; a function has at most %d", src.path, fn.Name.Name, lines, maxFunc)
			}
		}
	}
}

func TestEveryRoomSaysWhatItIsFor(t *testing.T) {
	t.Parallel()

	documented := map[string]bool{}
	for _, src := range readSources(t) {
		if !src.test() && src.room != "internal" {
			documented[src.room] = documented[src.room] || src.syntax.Doc != nil
		}
	}
	for name, ok := range documented {
		if !ok {
			t.Errorf("no file of %s has a package comment", name)
		}
	}
}
