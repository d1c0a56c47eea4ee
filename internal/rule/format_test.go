package rule_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// format formats a file that can be, and once more, which must change nothing.
func format(t *testing.T, file rule.File) string {
	t.Helper()

	once, err := rule.Format(file)
	if err != nil {
		t.Fatalf("%s: %v", file.Name, err)
	}
	twice, err := rule.Format(rule.File{Name: file.Name, Text: once})
	if err != nil {
		t.Fatalf("%s: what was formatted is faulty: %v\n%s", file.Name, err, once)
	}
	same(t, file.Name+" formatted again", twice, once)
	return once
}

// What ships has the layout already, so that people see it in use.
func TestShippedFilesAreFormatted(t *testing.T) {
	t.Parallel()

	names, err := filepath.Glob("../../rules/*.yaml")
	trials, errTrials := filepath.Glob("testdata/*/*.yaml")
	if err := errors.Join(err, errTrials); err != nil || len(names) == 0 || len(trials) == 0 {
		t.Fatalf("no files: %v", err)
	}
	names = append(names, trials...)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, string(text), format(t, rule.File{Name: filepath.Base(name), Text: string(text)}))
	}
}

// The hash of what the reference and the tests of this package have for rules is the same afterwards.
func TestFormattingChangesNoMeaning(t *testing.T) {
	t.Parallel()

	reference, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{ladder, teamRules}
	for _, example := range examples.FindAllStringSubmatch(string(reference), -1) {
		switch {
		case strings.HasPrefix(example[1], "tests:"):
		case strings.HasPrefix(example[1], "- key:"):
			texts = append(texts, "namespace: acme\nachievements:\n"+example[1])
		default:
			texts = append(texts, example[1])
		}
	}
	for _, text := range texts {
		formatted := format(t, rule.File{Name: "r.yaml", Text: text})
		if load(t, formatted).Hash() != load(t, text).Hash() {
			t.Errorf("formatting changes what this means:\n%s\nbecomes\n%s", text, formatted)
		}
	}
	if len(texts) < 15 {
		t.Errorf("only %d texts were tried", len(texts))
	}
}

// layouts are files and what they become.
var layouts = map[string]struct{ file, text, want string }{
	"keys, quotes and blank lines": {"r.yaml", `
---
# yaml-language-server: $schema=./rules.schema.json

# Everything.
achievements:
# the first
- name: 'A'   # short
  key: "a"

  award:
      to: event.author   # who
      # only these
      on:   [ "merge_request.opened",merge_request.merged ]
      when: 'event.title == "x"'
      # count: 5
  description: "It's: 5"
- {kind: 'irrevocable', key: b, name: B}
- {key: c, name: C}
# the end
namespace:    "acme"
`, `# yaml-language-server: $schema=./rules.schema.json

# Everything.
# the end
namespace: acme

achievements:
  # the first
  - key: a
    name: A # short
    description: "It's: 5"
    award:
      # only these
      on: [merge_request.opened, merge_request.merged]
      when: event.title == "x"
      to: event.author # who
      # count: 5

  - {key: b, name: B, kind: irrevocable}
  - {key: c, name: C}
`},
	"blocks": {"r.yaml", "namespace: acme\nachievements:\n- key: a\n  name: A\n  award: # why\n     when: | # all\n          a &&\n\n            b # no comment\n     on: x\n", `namespace: acme

achievements:
  - key: a
    name: A
    award: # why
      on: x
      when: | # all
        a &&

          b # no comment
`},
	"braces": {"r.yaml", "namespace: acme\nachievements:\n  - {key: a, name: A, award: {\n    on: x, # event\n    # recipient\n    to: y}} # end\n" +
		"  - {name: B, key: b, description: " + strings.Repeat("long ", 20) + "enough, award: {to: y, on: x}}\n", `namespace: acme

achievements:
  - key: a
    name: A
    award:
      on: x # event
      # recipient
      to: y # end

  - key: b
    name: B
    description: ` + strings.Repeat("long ", 20) + `enough
    award: {on: x, to: y}
`},
	"tests": {"r_test.yaml", "tests:\n- awards: []\n  name: n\n  events:\n  - {repeat: 2, author: ada, on: x, at: 1d}\n\n  - {author: 'merge_request:1', on: x}\n  # later\n\n  # and\n  - {on: y}\nabout: [a]\n", `about: [a]

tests:
  - name: n
    events:
      - {on: x, at: 1d, author: ada, repeat: 2}

      - {on: x, author: "merge_request:1"}
      # later

      # and
      - {on: y}
    awards: []
`},
	"a file of other systems": {"r.yaml", "\ufeffnamespace: acme\r\nachievements: []\r\n# end\r\n", "namespace: acme\nachievements: []\n# end\n"},
}

func TestFormat(t *testing.T) {
	t.Parallel()

	for name, tc := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			same(t, "the text", format(t, rule.File{Name: tc.file, Text: tc.text}), tc.want)
		})
	}
}

func TestWhatCannotBeFormatted(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct{ text, want string }{
		"no YAML":     {"a: [b", "r.yaml:1:4: sequence end token ']' not found"},
		"nothing":     {"", "r.yaml:1:1: the file is empty"},
		"an anchor":   {"a: &b c\n", "r.yaml:1:4: anchors, aliases and tags cannot be formatted"},
		"an odd key":  {"5: b\n", "r.yaml:1:1: a key that is no plain word cannot be formatted"},
		"twice a key": {"a: 1\na: 2\n", `r.yaml:2:1: mapping key "a" already defined at [1:1]`},
	} {
		_, err := rule.Format(rule.File{Name: "r.yaml", Text: tc.text})
		found, ok := errors.AsType[rule.Problems](err)
		if !ok {
			t.Errorf("%s: Format = %v, want problems", name, err)
		}
		same(t, name, found.Error(), tc.want)
	}
}

func FuzzFormat(f *testing.F) {
	for _, text := range []string{
		ladder, teamRules, one("repeatable", "{on: '*', to: event.author, per: |\n  1}"), "a: &b [*b]", "? a\n: b", "- - - -", "<<: 1",
		"\"\\u0000\": !!x y", "a: |2\n    b\n", "a: >+\n  b\n\n\n", "a: # c\n  b # d\n # e\n", "- # a\n  - b\n# c\n", "{a: [b, # c\n]}", "a: 'b''c'\nd: ~\ne:\n",
	} {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, test bool) {
		file := rule.File{Name: "r.yaml", Text: text}
		if test {
			file.Name = "r_test.yaml"
		}
		once, err := rule.Format(file)
		if err != nil {
			if found, ok := errors.AsType[rule.Problems](err); !ok || len(found) == 0 {
				t.Fatalf("Format = %v, want problems", err)
			}
			return
		}
		twice, err := rule.Format(rule.File{Name: file.Name, Text: once})
		if err != nil || twice != once {
			t.Fatalf("formatting again: %v\n%q\n%q\n%q", err, text, once, twice)
		}
		before, err := rule.Load([]rule.File{file})
		if err != nil {
			return
		}
		after, err := rule.Load([]rule.File{{Name: file.Name, Text: once}})
		if err != nil || after.Hash() != before.Hash() {
			t.Fatalf("the meaning changes: %v\n%s\n%s", err, text, once)
		}
	})
}
