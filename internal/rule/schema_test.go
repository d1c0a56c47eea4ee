package rule_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// schema returns the compiled schema, as an editor has it.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()

	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(rule.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("rules.schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// valid reports whether an editor takes the file.
func valid(t *testing.T, compiled *jsonschema.Schema, text string) error {
	t.Helper()

	converted, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(converted))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(document)
}

// What the reference shows and what ships, an editor takes.
func TestTheSchemaTakesWhatTheLoaderTakes(t *testing.T) {
	t.Parallel()

	compiled := schema(t)
	reference, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, example := range examples.FindAllStringSubmatch(string(reference), -1) {
		switch {
		case strings.HasPrefix(example[1], "tests:"):
		case strings.HasPrefix(example[1], "- key:"):
			texts = append(texts, "namespace: acme\nachievements:\n"+example[1])
		default:
			texts = append(texts, example[1])
		}
	}
	for _, name := range []string{"contributions.yaml", "rhythm.yaml", "teams.yaml"} {
		text, err := os.ReadFile("../../rules/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# yaml-language-server: $schema=./rules.schema.json\n") {
			t.Errorf("%s does not name its schema", name)
		}
		texts = append(texts, string(text))
	}
	if len(texts) < 15 {
		t.Errorf("only %d files were tried", len(texts))
	}
	for _, text := range texts {
		if err := valid(t, compiled, text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// What is misspelt or of another form, an editor marks; the loader refuses all of it, too.
func TestTheSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	t.Parallel()

	compiled := schema(t)
	for name, text := range map[string]string{
		"a key of the file":   "namespaces: acme\nachievements: []\n",
		"no namespace":        "achievements: []\n",
		"a key":               strings.Replace(one("irrevocable", "{on: merge_request.merged, to: event.author}"), "name:", "title:", 1),
		"a kind":              one("revokable", "{on: merge_request.merged, to: event.author}"),
		"an event":            one("irrevocable", "{on: merge_request.merge, to: event.author}"),
		"nobody":              one("irrevocable", "{on: merge_request.merged}"),
		"a part":              one("irrevocable", "{on: merge_request.merged, to: event.author, cuont: 5}"),
		"a count of nothing":  one("irrevocable", "{on: merge_request.merged, to: event.author, count: 0}"),
		"a measure's key":     one("irrevocable", "{on: merge_request.merged, to: event.author, streak: {unit: day, atleast: 5}}"),
		"a unit":              one("irrevocable", "{on: merge_request.merged, to: event.author, count: 5, every: fortnight}"),
		"a length":            one("irrevocable", "{on: merge_request.merged, to: event.author, count: 5, within: soon}"),
		"a sum of what":       one("irrevocable", "{on: merge_request.merged, to: event.author, sum: {at_least: 5}}"),
		"a key in upper case": strings.Replace(one("irrevocable", "{on: merge_request.merged, to: event.author}"), "badge", "Badge", 1),
	} {
		if valid(t, compiled, text) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
		if _, err := rule.Load([]rule.File{{Name: "r.yaml", Text: text}}); err == nil {
			t.Errorf("%s: the loader takes it", name)
		}
	}
}

func TestTheShippedSchemaIsTheEngines(t *testing.T) {
	t.Parallel()

	shipped, err := os.ReadFile("../../rules/rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(shipped, rule.Schema()) {
		t.Error("rules/rules.schema.json is out of date: run make generate")
	}
	if strings.Contains(string(shipped), `"description": ""`) {
		t.Error("a key has no description")
	}
}
