package rule_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
)

var words = regexp.MustCompile("`([a-z_]+)`")

// named returns the words of a text that stand in backticks.
func named(text string) []string {
	var found []string
	for _, match := range words.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// reference returns the part of the language's reference about events, by its headings.
func reference(t *testing.T) map[string]string {
	t.Helper()

	text, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, events, _ := strings.Cut(string(text), "\n## Events\n")
	events, _, _ = strings.Cut(events, "\n## ")
	parts := map[string]string{}
	for part := range strings.SplitSeq("\n"+events, "\n### ") {
		heading, body, _ := strings.Cut(part, "\n")
		parts[heading] = body
	}
	return parts
}

// The reference has a row for every kind of event, with its meaning and exactly its fields.
func TestTheReferenceHasEveryKind(t *testing.T) {
	t.Parallel()

	row := regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| (.*) \\| (.*)\\|$")
	parts := reference(t)
	common := named(parts[""])
	for _, field := range event.Fields(event.StarAdded) {
		if !slices.Contains(common, field) {
			t.Errorf("the reference does not say that every event has %s", field)
		}
	}
	documented := map[string]bool{}
	for _, part := range parts {
		var shared []string
		if _, all, ok := strings.Cut(part, "All have "); ok {
			sentence, _, _ := strings.Cut(all, "`.")
			sentence, _, _ = strings.Cut(sentence+"`", ":")
			shared = named(sentence)
		}
		for _, cells := range row.FindAllStringSubmatch(part, -1) {
			kind := cells[1]
			meaning, ok := event.Describe(kind)
			if !ok || documented[kind] {
				continue
			}
			documented[kind] = true
			same(t, "the meaning of "+kind, cells[2], meaning)
			also, without, _ := strings.Cut(cells[3], "without")
			fields := slices.Concat(event.Fields(event.StarAdded), shared, named(also))
			fields = slices.DeleteFunc(fields, func(field string) bool { return slices.Contains(named(without), field) })
			slices.Sort(fields)
			want := event.Fields(kind)
			slices.Sort(want)
			same(t, "the fields of "+kind, fields, want)
		}
	}
	for _, kind := range event.Kinds() {
		if !documented[kind] {
			t.Errorf("the reference has no row for %s", kind)
		}
	}
}

// The reference explains every field, and nothing that is none.
func TestTheReferenceExplainsEveryField(t *testing.T) {
	t.Parallel()

	parts := reference(t)
	explained := map[string]bool{}
	for line := range strings.Lines(parts["What the fields say"]) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			for _, field := range named(cells[1]) {
				explained[field] = true
			}
		}
	}
	carried := map[string]bool{}
	for _, kind := range event.Kinds() {
		for _, field := range event.Fields(kind) {
			carried[field] = true
			if !explained[field] && !slices.Contains(named(parts[""]), field) {
				t.Errorf("the reference does not explain %s", field)
			}
		}
	}
	for field := range explained {
		if !carried[field] {
			t.Errorf("the reference explains %s, which no kind has", field)
		}
	}
}

// The reference lists exactly what the things of an event are made of.
func TestTheReferenceListsEveryPart(t *testing.T) {
	t.Parallel()

	part := reference(t)["What they are made of"]
	for name, of := range map[string]reflect.Type{
		"account": reflect.TypeFor[event.Account](), "`repository`, `fork`": reflect.TypeFor[event.Repository](),
		"`group`": reflect.TypeFor[event.Group](), "`target`": reflect.TypeFor[event.Target](),
		"commit": reflect.TypeFor[event.Commit](), "`award`": reflect.TypeFor[event.Award](),
	} {
		_, row, _ := strings.Cut(part, "\n| "+name+" | ")
		row, _, _ = strings.Cut(row, "\n")
		var want []string
		for field := range of.Fields() {
			want = append(want, field.Tag.Get("cel"))
		}
		same(t, "what is said of "+name, named(row), want)
	}
}
