package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// lastRow is the number of the last row; none between the first and it is missing.
const lastRow = 60

//go:embed rows.yaml
var written []byte

// row is one fault, or one kind of bad input.
type row struct {
	Row int
	// Part is the heading that it stands below; rows without one belong to the part of the row before.
	Part string
	// Fault is what happens, and Holds what is true nevertheless.
	Fault, Holds string
	// Tests try it, as internal/app.TestName.
	Tests []string
	// Except says what of it is not tried, and why.
	Except string

	// tried are Tests and those that are named after the row.
	tried []test
}

// parse reads the rows and says what is wrong with them.
func parse(text []byte) ([]row, error) {
	var rows []row
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&rows); err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Row != i+1 {
			return nil, fmt.Errorf("row %d stands where row %d should", rows[i].Row, i+1)
		}
		if rows[i].Fault == "" || rows[i].Holds == "" {
			return nil, fmt.Errorf("row %d does not say what happens, or what holds", i+1)
		}
	}
	if len(rows) != lastRow {
		return nil, fmt.Errorf("there are %d rows, not %d", len(rows), lastRow)
	}
	return rows, nil
}

// gather returns the rows with their tests, which it looks up in the sources.
func gather(root string) ([]row, error) {
	rows, err := parse(written)
	if err != nil {
		return nil, err
	}
	found, err := findTests(root)
	if err != nil {
		return nil, err
	}
	return rows, join(rows, found)
}

// join gives every row its tests. It fails when one is not there, or a row has neither a test nor a reason.
func join(rows []row, found map[string]test) error {
	for i := range rows {
		for _, name := range rows[i].Tests {
			known, ok := found[name]
			if !ok {
				return fmt.Errorf("row %d: there is no test %s", rows[i].Row, name)
			}
			rows[i].tried = append(rows[i].tried, known)
		}
	}
	for name, known := range found {
		for _, number := range known.rows() {
			if number < 1 || number > len(rows) {
				return fmt.Errorf("%s is the test of row %d, which there is not", name, number)
			}
			if !slices.Contains(rows[number-1].tried, known) {
				rows[number-1].tried = append(rows[number-1].tried, known)
			}
		}
	}
	for i := range rows {
		slices.SortFunc(rows[i].tried, func(a, b test) int { return strings.Compare(a.String(), b.String()) })
		if len(rows[i].tried) == 0 && rows[i].Except == "" {
			return fmt.Errorf("row %d has no test, and does not say why", rows[i].Row)
		}
	}
	return nil
}

// choose returns the rows that a list as 15,23-33 names.
func choose(rows []row, list string) ([]row, error) {
	if list == "all" {
		return rows, nil
	}
	var chosen []row
	for part := range strings.SplitSeq(list, ",") {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil || first < 1 || last > len(rows) || first > last {
			return nil, fmt.Errorf("%q names no rows; they are 1 to %d", part, len(rows))
		}
		chosen = append(chosen, rows[first-1:last]...)
	}
	return chosen, nil
}
