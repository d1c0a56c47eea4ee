package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/fault"
)

func TestEditingSources(t *testing.T) {
	t.Parallel()

	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	entry := config.Entry{Name: "hub", Forge: "github", SecretFile: secret, Projects: []string{"acme/rocket"}}
	item := func(indent string) string {
		return indent + "- name: hub\n" + indent + "  forge: github\n" + indent + "  secret_file: " + secret + "\n" +
			indent + "  projects:\n" + indent + "    - acme/rocket\n"
	}
	other := "- {name: lab, forge: gitlab, secret: x}\n"
	for name, tc := range map[string]struct{ before, after, kept string }{
		"an empty file":         {"", "sources:\n" + item("  "), "sources:\n"},
		"no sources":            {"# mine\nlisten: :8080", "# mine\nlisten: :8080\nsources:\n" + item("  "), "# mine\nlisten: :8080\nsources:\n"},
		"none in the list":      {"sources:\nlisten: :1\n", "sources:\n" + item("  ") + "listen: :1\n", ""},
		"a remark behind":       {"sources: # mine\n", "sources: # mine\n" + item("  "), ""},
		"another one":           {"sources:\n  " + other, "sources:\n" + item("  ") + "  " + other, ""},
		"not indented":          {"sources:\n" + other + "listen: :1\n", "sources:\n" + item("") + other + "listen: :1\n", ""},
		"far to the right":      {"sources:\n      " + other, "sources:\n" + item("      ") + "      " + other, ""},
		"remarks before":        {"sources:\n  # the lab\n  " + other, "sources:\n" + item("  ") + "  # the lab\n  " + other, ""},
		"without a last line":   {"sources:", "sources:\n" + item("  "), "sources:\n"},
		"a document's markings": {"---\nlisten: :1\nsources:\n  " + other + "...\n", "---\nlisten: :1\nsources:\n" + item("  ") + "  " + other + "...\n", ""},
	} {
		added, err := config.AddSource([]byte(tc.before), entry)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.after, string(added)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if _, err := config.Check(added); err != nil {
			t.Errorf("%s: what was written does not load: %v", name, err)
		}
		removed, err := config.RemoveSource(added, "hub")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := tc.kept
		if want == "" {
			want = tc.before
		}
		if diff := cmp.Diff(want, string(removed)); diff != "" {
			t.Errorf("%s, removed (-want +got):\n%s", name, diff)
		}
	}
}

// What a source does not say yet is added to its entry, and nothing else is touched.
func TestCompletingSources(t *testing.T) {
	t.Parallel()

	wish := config.Entry{Name: "hub", TokenFile: "/t", Projects: []string{"acme"}, BaseURL: "https://hub.example.com"}
	const added = "token_file: /t\n    projects:\n      - acme\n"
	for name, tc := range map[string]struct{ before, after string }{
		"the last one": {
			"sources:\n  - name: hub # ours\n    base_url: https://x # kept\n", "sources:\n  - name: hub # ours\n    base_url: https://x # kept\n    " + added,
		},
		"between others": {
			"sources:\n  - name: a\n  - bots:\n      - b\n    name: hub\n    base_url: x\n\n  # c\n  - name: c\nlisten: :1\n",
			"sources:\n  - name: a\n  - bots:\n      - b\n    name: hub\n    base_url: x\n    " + added + "\n  # c\n  - name: c\nlisten: :1\n",
		},
		"what it has": {
			"sources:\n  - {name: hub, token: t, projects: [b], base_url: x}\n", "sources:\n  - {name: hub, token: t, projects: [b], base_url: x}\n",
		},
	} {
		completed, changed, err := config.CompleteSource([]byte(tc.before), wish)
		if err != nil || changed != (tc.before != tc.after) {
			t.Errorf("%s: %v, %v", name, changed, err)
		}
		if diff := cmp.Diff(tc.after, string(completed)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, _, err := config.CompleteSource([]byte("sources:\n  - {name: hub}\n"), wish); fault.As(err).Code != "cannot_edit" {
		t.Errorf("a source in one line is answered %v", err)
	}
	if _, _, err := config.CompleteSource([]byte("sources:\n  - {name: lab}\n"), wish); !fault.Is(err, fault.NotFound) {
		t.Errorf("a source that is not there is answered %v", err)
	}
}

func TestEditingIsRefused(t *testing.T) {
	t.Parallel()

	entry := config.Entry{Name: "hub", Forge: "github", SecretFile: "x"}
	windows, err := config.AddSource([]byte("listen: :1\r\n"), entry)
	if err != nil || strings.Count(string(windows), "\r\n") != strings.Count(string(windows), "\n") {
		t.Errorf("the ends of lines are mixed: %q, %v", windows, err)
	}
	for _, text := range []string{"sources: []\n", "{sources: [{name: lab}]}\n", "sources: ~\n"} {
		if _, err := config.AddSource([]byte(text), entry); fault.As(err).Code != "sources_in_one_line" {
			t.Errorf("%q is answered %v", text, err)
		}
	}
	if _, err := config.RemoveSource([]byte("sources:\n  - {name: lab, forge: gitlab, secret: x}\n"), "hub"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a source that is not there is removed: %v", err)
	}
}

// Whatever a good file holds, adding a source keeps it good and all of its bytes, and removing it again leaves the file as it was.
func FuzzEditingSources(f *testing.F) {
	for _, text := range []string{
		"", "listen: :8080\n", "sources:\n  - name: lab\n    forge: gitlab\n    secret: x\n", "# a\nsources: # b\n- {name: lab, forge: gitlab, secret: x}\n# c\n",
		"mail_from: |\n  a\n\nsources:\n", "sources:\r\n  - {name: a, forge: gitea, secret: |\r\n      x\r\n    }\r\n",
	} {
		f.Add(text)
	}
	secret := filepath.Join(f.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "_file") {
			t.Skip("it reads other files")
		}
		before, err := config.Check([]byte(text))
		if err != nil {
			t.Skip("it is no good file")
		}
		for _, source := range before.Sources {
			if source.Name == "hub" {
				t.Skip("it has the source already")
			}
		}
		added, err := config.AddSource([]byte(text), config.Entry{Name: "hub", Forge: "github", SecretFile: secret})
		if err != nil {
			if code := fault.As(err).Code; code != "sources_in_one_line" && code != "cannot_edit" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		after, err := config.Check(added)
		if err != nil || len(after.Sources) != len(before.Sources)+1 {
			t.Fatalf("%q becomes %q: %d sources, %v", text, added, len(after.Sources), err)
		}
		completed, changed, err := config.CompleteSource(added, config.Entry{Name: "hub", Projects: []string{"acme"}})
		if err == nil {
			after, err = config.Check(completed)
		}
		if err != nil || !changed || len(after.Sources) != len(before.Sources)+1 {
			t.Fatalf("%q is completed to %q: %v", added, completed, err)
		}
		removed, err := config.RemoveSource(added, "hub")
		if err != nil || !strings.HasPrefix(string(removed), text) && strings.TrimSuffix(text, "\n") != strings.TrimSuffix(string(removed), "\n") {
			t.Fatalf("%q becomes %q and then %q: %v", text, added, removed, err)
		}
	})
}
