package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// row is everything that is said of one code under one status, or of one code of fields.
type row struct {
	code                  string
	texts, fields, places []string
}

const beginning = `# Errors

What the service refuses is answered as ` + "`application/problem+json`" + ` (RFC 9457). The ` + "`code`" + ` is stable: programs may compare it. The
words are for people and may change; here, "..." is what depends on the request. This page is made from the
sources by ` + "`make generate`" + `; the last column says where a code comes from, below ` + "`internal`" + `.
`

const aboutFields = `
## Codes of fields

An answer with the code ` + "`invalid`" + ` lists the fields that are to blame in ` + "`errors`" + `, each with a code of its own.

| code | what it means | fields | where |
|---|---|---|---|
`

// write writes the page: answers by status and code, then the codes of fields.
func write(w io.Writer, all []found) {
	answers, fields := map[int]map[string]*row{}, map[string]*row{}
	for _, one := range all {
		into := fields
		if !one.ofField {
			if answers[one.status] == nil {
				answers[one.status] = map[string]*row{}
			}
			into = answers[one.status]
		}
		if into[one.code] == nil {
			into[one.code] = &row{code: one.code}
		}
		into[one.code].add(one)
	}
	fmt.Fprint(w, beginning)
	for _, status := range slices.Sorted(maps.Keys(answers)) {
		fmt.Fprintf(w, "\n## %d %s\n\n| code | what it means | where |\n|---|---|---|\n", status, problem.Title(status))
		for _, r := range sorted(answers[status]) {
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", r.code, r.words(), r.where())
		}
	}
	fmt.Fprint(w, aboutFields)
	for _, r := range sorted(fields) {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", r.code, r.words(), listed(r.fields), r.where())
	}
}

func sorted(rows map[string]*row) []*row {
	return slices.SortedFunc(maps.Values(rows), func(x, y *row) int { return cmp.Compare(x.code, y.code) })
}

// add keeps what says something: not a text that is all gap.
func (r *row) add(one found) {
	if text := one.text; strings.Trim(text, ". :;") != "" {
		r.texts = append(r.texts, text)
	}
	if one.field != "" {
		r.fields = append(r.fields, one.field)
	}
	r.places = append(r.places, one.place)
}

func (r *row) words() string {
	texts := widest(distinct(r.texts))
	for i, text := range texts {
		texts[i] = strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_", "\n", " ").Replace(text)
	}
	return strings.Join(texts, "; ")
}

func (r *row) where() string { return listed(r.places) }

func listed(names []string) string {
	names = distinct(names)
	for i, name := range names {
		names[i] = "`" + name + "`"
	}
	return strings.Join(names, ", ")
}

// widest leaves out what another text says, too, with a gap for the difference.
func widest(texts []string) []string {
	kept := texts
	for _, wide := range texts {
		if !strings.Contains(wide, gap) {
			continue
		}
		pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(wide), regexp.QuoteMeta(gap), ".*") + "$")
		kept = slices.DeleteFunc(slices.Clone(kept), func(text string) bool { return text != wide && pattern.MatchString(text) })
	}
	return kept
}

func distinct(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}
