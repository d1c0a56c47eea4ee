package main

import (
	"fmt"
	"slices"
	"strings"
)

const head = `# What it withstands

Each row is a fault, or something hostile or odd that somebody may send; what holds nevertheless; and the tests that try it. "make reliability" runs
them all, with a Postgres, a Redis and a browser of its own, and writes this page; the figures that the tests hold the service to are in the tests. What
is bounded by how much is in [limits.md](limits.md), what the operator sees and does in [operations.md](operations.md).

`

// page is docs/reliability.md.
func page(rows []row, last results) string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(summary(rows, last))
	for _, one := range rows {
		if one.Part != "" {
			fmt.Fprintf(&b, "\n## %s\n\n| row | what happens | what holds | result | tests |\n|---|---|---|---|---|\n", one.Part)
		}
		holds := one.Holds
		if one.Except != "" {
			holds += "<br><br>Not tried: " + one.Except
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", one.Row, cell(one.Fault), cell(holds), verdict(one, last), listed(one, last))
	}
	return b.String()
}

// cell is a text as it may stand in a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// verdict sums up how the tests of a row ended.
func verdict(one row, last results) string {
	count := map[string]int{}
	for _, t := range one.tried {
		count[last[t.String()].Outcome]++
	}
	switch {
	case len(one.tried) == 0:
		return "not tried"
	case count["fail"] > 0:
		return "**fails**"
	case count[""] > 0:
		return "not run yet"
	case count["pass"] == 0:
		return "skipped"
	}
	return "holds"
}

// listed names the tests of a row, a room at a time, and what is to be said of those that did not pass.
func listed(one row, last results) string {
	var parts []string
	room := ""
	for _, t := range one.tried {
		name := "`" + t.name + "`"
		if outcome := last[t.String()].Outcome; outcome == "fail" || outcome == "skip" {
			name += " (" + outcome + ")"
		}
		if t.room != room {
			room = t.room
			name = strings.TrimPrefix(room, "internal/") + ": " + name
			parts = append(parts, name)
			continue
		}
		parts[len(parts)-1] += ", " + name
	}
	return strings.Join(parts, "; ")
}

// summary says how many rows hold, and when and where the tests ran.
func summary(rows []row, last results) string {
	count := map[string]int{}
	runs := map[string]bool{}
	for _, one := range rows {
		count[strings.Trim(verdict(one, last), "*")]++
		for _, t := range one.tried {
			if got, ok := last[t.String()]; ok {
				when := got.Date + " on " + got.Machine
				if got.Short {
					when += ", for a tenth of the time"
				}
				runs[when] = true
			}
		}
	}
	var verdicts, when []string
	for _, name := range []string{"holds", "fails", "skipped", "not run yet", "not tried"} {
		if count[name] > 0 {
			verdicts = append(verdicts, fmt.Sprintf("%s: %d", name, count[name]))
		}
	}
	for run := range runs {
		when = append(when, run)
	}
	slices.Sort(when)
	if len(when) == 0 {
		when = []string{"never"}
	}
	return fmt.Sprintf("Of %d rows, %s. Last run: %s.\n", len(rows), strings.Join(verdicts, ", "), strings.Join(when, "; "))
}
