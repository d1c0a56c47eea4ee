package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Entry is a source as it is written into a file. What is empty is left out.
type Entry struct {
	Name       string   `yaml:"name"`
	Forge      string   `yaml:"forge"`
	SecretFile string   `yaml:"secret_file"`
	BaseURL    string   `yaml:"base_url,omitempty"`
	APIURL     string   `yaml:"api_url,omitempty"`
	TokenFile  string   `yaml:"token_file,omitempty"`
	Projects   []string `yaml:"projects,omitempty"`
}

// AddSource returns the text of a configuration file with one more source, and every other byte as it was. Faults: Invalid
// for a text that cannot be read or edited, or whose sources are written in one line.
func AddSource(text []byte, entry Entry) ([]byte, error) {
	added, err := addSource(text, entry)
	if err != nil {
		return nil, err
	}
	return added, onlySources(text, added, 1)
}

// onlySources makes sure that an edit has changed nothing but how many sources there are: there are more ways to write
// YAML than are understood here.
func onlySources(before, after []byte, more int) (err error) {
	defer orBadYAML(&err)
	was, is := map[string]any{}, map[string]any{}
	for text, to := range map[string]*map[string]any{string(before): &was, string(after): &is} {
		if err := yaml.Unmarshal([]byte(text), to); err != nil && !errors.Is(err, io.EOF) { // An empty file is a good one.
			return cannotEdit(badYAML(err))
		}
	}
	had, _ := was[sourcesKey].([]any)
	has, _ := is[sourcesKey].([]any)
	delete(was, sourcesKey)
	delete(is, sourcesKey)
	if len(has) != len(had)+more || !kept(had, has) || !maps.EqualFunc(was, is, reflect.DeepEqual) {
		return cannotEdit(nil)
	}
	return nil
}

// kept reports whether every source that was there and still is says all that it said.
func kept(had, has []any) bool {
	now := map[any]map[string]any{}
	for _, item := range has {
		if source, ok := item.(map[string]any); ok {
			now[source["name"]] = source
		}
	}
	for _, item := range had {
		source, ok := item.(map[string]any)
		if !ok {
			return false
		}
		after, still := now[source["name"]]
		for key, value := range source {
			if still && !reflect.DeepEqual(after[key], value) {
				return false
			}
		}
	}
	return true
}

func cannotEdit(cause error) error {
	return fault.New(fault.Invalid, "cannot_edit", "the file is written in a way that cannot be edited safely: change its sources yourself").Because(cause)
}

func addSource(text []byte, entry Entry) ([]byte, error) {
	at, err := findSources(text)
	if err != nil {
		return nil, err
	}
	item, err := yaml.MarshalWithOptions([]Entry{entry}, yaml.IndentSequence(true), yaml.Indent(2))
	if err != nil {
		return nil, fmt.Errorf("writing a source: %w", err)
	}
	newline := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		newline = "\r\n"
	}
	shifted := func(indent int) []byte {
		var shifted strings.Builder
		for line := range strings.SplitSeq(strings.TrimRight(string(item), "\n"), "\n") {
			shifted.WriteString(strings.Repeat(" ", indent) + strings.TrimPrefix(line, "  ") + newline)
		}
		return []byte(shifted.String())
	}
	if !bytes.HasPrefix(item, []byte("  - ")) {
		item = bytes.ReplaceAll(append([]byte("  "), item...), []byte("\n"), []byte("\n  "))
	}
	switch {
	case at.line == 0:
		if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
			text = append(slices.Clone(text), newline...)
		}
		return slices.Concat(text, []byte("sources:"+newline), shifted(2)), nil
	case at.flow:
		return nil, fault.New(fault.Invalid, "sources_in_one_line",
			"the sources are written in one line (line %d): write them as a list, one below the other, or add this one yourself:\n%s", at.line, item)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	head := bytes.Join(lines[:at.line], nil)
	if !bytes.HasSuffix(head, []byte("\n")) {
		head = append(head, newline...)
	}
	return slices.Concat(head, shifted(at.indent), bytes.Join(lines[at.line:], nil)), nil
}

// RemoveSource returns the text of a configuration file without a source, and every other byte as it was. Faults: NotFound;
// Invalid as of AddSource.
func RemoveSource(text []byte, name string) ([]byte, error) {
	at, err := findSources(text)
	if err != nil {
		return nil, err
	}
	first, ok := at.items[name]
	switch {
	case !ok:
		return nil, fault.NotFoundFor("source")
	case at.flow:
		return nil, fault.New(fault.Invalid, "sources_in_one_line", "the sources are written in one line (line %d): remove this one yourself", at.line)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	end := at.end(lines, first)
	removed := slices.Concat(bytes.Join(lines[:first-1], nil), bytes.Join(lines[end:], nil))
	return removed, onlySources(text, removed, -1)
}

// CompleteSource returns the text of a configuration file with what a source has no entry for yet: its token's file, its
// projects and addresses. What it has stays as it is, and every other byte too. It reports whether anything was added.
// Faults: NotFound; Invalid as of AddSource.
func CompleteSource(text []byte, entry Entry) ([]byte, bool, error) {
	at, err := findSources(text)
	if err != nil {
		return nil, false, err
	}
	first, ok := at.items[entry.Name]
	if !ok {
		return nil, false, fault.NotFoundFor("source")
	}
	missing := yaml.MapSlice{}
	for _, field := range []struct {
		key   string
		other string
		value any
		empty bool
	}{
		{"token_file", "token", entry.TokenFile, entry.TokenFile == ""},
		{"projects", "", entry.Projects, len(entry.Projects) == 0},
		{"base_url", "", entry.BaseURL, entry.BaseURL == ""},
		{"api_url", "", entry.APIURL, entry.APIURL == ""},
	} {
		if has := at.keys[entry.Name]; !field.empty && !has[field.key] && !has[field.other] {
			missing = append(missing, yaml.MapItem{Key: field.key, Value: field.value})
		}
	}
	if len(missing) == 0 {
		return text, false, nil
	}
	if at.flow || at.inner[entry.Name] == 0 {
		return nil, false, cannotEdit(nil)
	}
	added, err := yaml.MarshalWithOptions(missing, yaml.IndentSequence(true))
	if err != nil {
		return nil, false, fmt.Errorf("writing a source: %w", err)
	}
	newline := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		newline = "\r\n"
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	end := at.end(lines, first)
	head := bytes.Join(lines[:end], nil)
	if !bytes.HasSuffix(head, []byte("\n")) {
		head = append(head, newline...)
	}
	for line := range strings.SplitSeq(strings.TrimRight(string(added), "\n"), "\n") {
		head = append(head, strings.Repeat(" ", at.inner[entry.Name])+line+newline...)
	}
	completed := slices.Concat(head, bytes.Join(lines[end:], nil))
	return completed, true, onlySources(text, completed, 0)
}

// sourcesAt is where the sources of a file are written.
type sourcesAt struct {
	// line is that of the key, from 1 on; 0 for none. indent is that of the items.
	line, indent int
	// flow says that they are written in one line.
	flow bool
	// items are the lines where the sources begin, inner how far their keys are indented, unless they are written in one
	// line, and keys which keys they have, by name.
	items, inner map[string]int
	keys         map[string]map[string]bool
}

// end returns the index of the line behind the source that begins at a line.
func (s *sourcesAt) end(lines [][]byte, first int) int {
	end := first
	for i := first; i < len(lines); i++ {
		line := bytes.TrimRight(lines[i], "\r\n")
		bare := bytes.TrimLeft(line, " ")
		if len(bare) == 0 {
			continue
		}
		if len(line)-len(bare) <= s.indent {
			break
		}
		end = i + 1
	}
	return end
}

// noSources is a line with the key and nothing that it stands for.
var noSources = regexp.MustCompile(`^(sources|"sources"|'sources') *:[ \t]*(#.*)?$`)

func findSources(text []byte) (at sourcesAt, err error) {
	defer orBadYAML(&err)
	at = sourcesAt{indent: 2, items: map[string]int{}, inner: map[string]int{}, keys: map[string]map[string]bool{}}
	if bytes.Contains(bytes.ReplaceAll(text, []byte("\r\n"), nil), []byte("\r")) { // YAML counts it as the end of a line.
		return at, cannotEdit(nil)
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return at, badYAML(err)
	}
	for _, document := range parsed.Docs {
		mapping, ok := document.Body.(*ast.MappingNode)
		if !ok {
			continue
		}
		for _, pair := range mapping.Values {
			if pair.Key.GetToken().Value != sourcesKey {
				continue
			}
			at.line = pair.Key.GetToken().Position.Line
			at.flow = mapping.IsFlowStyle
			switch value := pair.Value.(type) {
			case *ast.SequenceNode:
				at.note(value)
			case *ast.NullNode:
				written := bytes.SplitAfter(text, []byte("\n"))[at.line-1]
				at.flow = at.flow || !noSources.Match(bytes.TrimRight(written, "\r\n"))
			default:
				at.flow = true
			}
		}
	}
	return at, nil
}

func (s *sourcesAt) note(sequence *ast.SequenceNode) {
	if sequence.IsFlowStyle {
		s.flow = true
		return
	}
	s.indent = sequence.Start.Position.Column - 1
	for i, item := range sequence.Values {
		var named struct {
			Name string `yaml:"name"`
		}
		if yaml.NodeToValue(asTexts(item), &named) == nil && i < len(sequence.Entries) {
			s.items[named.Name] = sequence.Entries[i].Start.Position.Line
			s.keys[named.Name] = map[string]bool{}
			mapping, ok := item.(*ast.MappingNode)
			if !ok {
				continue
			}
			for _, pair := range mapping.Values {
				s.keys[named.Name][pair.Key.GetToken().Value] = true
				if !mapping.IsFlowStyle {
					s.inner[named.Name] = mapping.Values[0].Key.GetToken().Position.Column - 1
				}
			}
		}
	}
}

// Check reads the text of a configuration file as Load does, without the environment.
func Check(text []byte) (app.Config, error) {
	cfg := Default()
	err := applyFile(&cfg, text)
	if err == nil {
		err = checkProviders(&cfg)
	}
	return cfg, err
}
