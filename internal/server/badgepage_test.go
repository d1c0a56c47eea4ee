package server_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// parameterRow is a row of docs/badges.md that explains a parameter by an example.
var parameterRow = regexp.MustCompile("^\\| `([A-Za-z_]+)` \\| .* \\| `([^`]+)` \\|$")

func TestThePageOfBadgesExplainsWhatThereIs(t *testing.T) {
	t.Parallel()

	page, err := os.ReadFile("../../docs/badges.md")
	if err != nil {
		t.Fatal(err)
	}
	d := onSQLite(t)
	d.person("ada")
	d.namespace("acme", "public")
	hidden := d.award(d.achievement("acme", "First", "repeatable"), "ada")
	for _, name := range []string{"Second", "Third"} {
		d.award(d.achievement("acme", name, "repeatable"), "ada")
	}
	id := d.must(http.StatusOK, "", "GET", hidden, nil).at("achievement", "id")
	first := answer{object: map[string]any{"id": id}}.id()
	explained := map[string][]string{}
	path := ""
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "## How a badge looks":
			path = "/users/ada/badge.svg"
		case line == "## How a card looks":
			path = "/users/ada/card.svg"
		case strings.HasPrefix(line, "## "):
			path = ""
		}
		row := parameterRow.FindStringSubmatch(line)
		if path == "" || row == nil {
			continue
		}
		explained[path] = append(explained[path], row[1])
		example := strings.ReplaceAll(row[2], "first-review", first)
		// The last of the example's parameters is what makes the difference.
		without := ""
		if at := strings.LastIndexByte(example, '&'); at >= 0 {
			without = example[:at]
		}
		with, plain := d.must(http.StatusOK, "", "GET", path+"?"+example, nil).text, d.must(http.StatusOK, "", "GET", path+"?"+without, nil).text
		if !strings.Contains(example, row[1]+"=") || with == plain {
			t.Errorf("%s?%s shows the same as without %s", path, example, row[1])
		}
	}
	same(t, "the parameters", explained, map[string][]string{
		"/users/ada/badge.svg": {"style", "theme", "label", "color", "labelColor", "show", "hide"},
		"/users/ada/card.svg":  {"theme", "row", "column", "hide", "label", "color", "bg_color", "title_color", "text_color", "border_color"},
	})
}
