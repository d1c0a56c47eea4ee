package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one fault in a file.
type Problem struct { //nolint:errname // people know it as a problem
	File string
	// Line and Column count from 1, columns in characters.
	Line, Column int
	// Key is the key that the fault is about; may be empty.
	Key     string
	Message string

	source string
}

// Error returns "file:line:col: key: message".
func (p Problem) Error() string { return p.Place() + ": " + p.Text() }

// Place returns "file:line:col".
func (p Problem) Place() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Text returns "key: message".
func (p Problem) Text() string {
	if p.Key == "" {
		return p.Message
	}
	return p.Key + ": " + p.Message
}

// Problems are all faults of some files, in the order of the files.
type Problems []Problem //nolint:errname // as Problem

// Error returns a line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Pretty returns each problem with the line that it is in and a caret under the place.
func (p Problems) Pretty() string {
	var out strings.Builder
	for i := range p {
		fmt.Fprintln(&out, p[i].Error())
		if p[i].source == "" {
			continue
		}
		before := []rune(p[i].source)
		before = before[:min(len(before), p[i].Column-1)]
		for j, r := range before {
			if r != '\t' {
				before[j] = ' '
			}
		}
		fmt.Fprintf(&out, "    %s\n    %s^\n", p[i].source, string(before))
	}
	return out.String()
}

// place is where something stands in a file.
type place struct {
	line, column int
}

// report collects the problems of one file.
type report struct {
	file     string
	lines    []string
	problems Problems
}

func newReport(f File) *report {
	return &report{file: f.Name, lines: strings.Split(strings.TrimPrefix(f.Text, byteOrderMark), "\n")}
}

func (r *report) addf(at place, key, format string, args ...any) {
	r.problems = append(r.problems, r.problem(at, key, fmt.Sprintf(format, args...)))
}

func (r *report) problem(at place, key, message string) Problem {
	at.line, at.column = max(at.line, 1), max(at.column, 1)
	problem := Problem{
		File: r.file, Line: at.line, Column: at.column, Key: key, Message: message,
	}
	if at.line <= len(r.lines) {
		if line := strings.TrimSuffix(r.lines[at.line-1], "\r"); utf8.ValidString(line) {
			problem.source = line
		}
	}
	return problem
}

// gather returns the problems of several files, each in the order of its lines.
func gather(reports []*report) Problems {
	var all Problems
	for _, r := range reports {
		slices.SortStableFunc(r.problems, func(x, y Problem) int {
			return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
		})
		all = append(all, r.problems...)
	}
	return all
}

// nearest returns ", did you mean x?" for the word that is written most like this one, and
// nothing when none is.
func nearest(word string, words []string) string {
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, candidate := range words {
		if d := distance(word, candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// distance is Levenshtein's: how many characters differ.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
