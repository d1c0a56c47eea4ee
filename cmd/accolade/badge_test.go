package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/api/client"
	"github.com/seed-504bad89/accolade/internal/config"
)

// people makes ada with an award, the bot renovate[bot], and somebody who shows nothing.
func people(t *testing.T) {
	t.Helper()

	cfg, err := config.Load(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	api, err := service{}.connect()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, name := range []string{"ada", "renovate[bot]"} {
		if made, err := api.CreateUserWithResponse(ctx, nil, client.CreateUser{Username: name, Name: name}); err != nil || made.JSON201 == nil {
			t.Fatalf("%v %s at %s", err, made.Body, cfg.BaseURL)
		}
	}
	if made, err := api.CreateNamespaceWithResponse(ctx, nil, client.CreateNamespace{FullPath: "acme", Name: "Acme", Visibility: "public"}); err != nil || made.JSON201 == nil {
		t.Fatalf("%v %s", err, made.Body)
	}
	award(t, "First")
}

// award gives ada an achievement of the name.
func award(t *testing.T, name string) {
	t.Helper()

	api, err := service{}.connect()
	if err != nil {
		t.Fatal(err)
	}
	made, err := api.CreateAchievementWithResponse(t.Context(), "acme", nil, client.CreateAchievement{Name: name})
	if err != nil || made.JSON201 == nil {
		t.Fatalf("%v %s", err, made.Body)
	}
	given, err := api.AwardAchievementWithResponse(t.Context(), made.JSON201.Id, nil, client.AwardAchievement{User: "ada"})
	if err != nil || given.JSON201 == nil {
		t.Fatalf("%v %s", err, given.Body)
	}
}

//nolint:paralleltest // it sets the environment and takes the standard output
func TestBadgesOnTheCommandLine(t *testing.T) {
	serve(t)
	people(t)
	t.Setenv("ACCOLADE_ADMIN_TOKEN", "") // it needs none
	home := t.TempDir()
	t.Chdir(home)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(home, "badges", name))
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	render := []string{"badge", "render", "--user", "ada", "--user", "renovate[bot]", "--style", "flat-square"}
	out, err := accolade(t, render...)
	if err != nil || strings.Count(out, "written ") != 8 {
		t.Fatalf("it prints %q, %v", out, err)
	}
	for name, want := range map[string]string{
		"ada/badge.svg": "<title>ada: 1 achievement</title>", "ada/card-light.svg": "<title>ada: 1 achievement: First</title>",
		"ada/card-dark.svg": ".acc-bg{fill:#1b1a18", "renovate[bot]/badge.svg": "<title>renovate[bot]: no achievements yet</title>",
		"ada/embed.md":           `srcset="badges/ada/card-dark.svg"`,
		"renovate[bot]/embed.md": `<img src="badges/renovate%5Bbot%5D/card-light.svg" alt="Achievements of renovate[bot]">`,
	} {
		if text := read(name); !strings.Contains(text, want) {
			t.Errorf("%s lacks %s:\n%.1000s", name, want, text)
		}
	}
	if info, err := os.Stat("badges/ada/badge.svg"); err != nil || info.Mode().Perm() != 0o644 {
		t.Fatalf("the badge is %v, %v", info, err)
	}

	// Nothing has changed, and nothing is written.
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes("badges/ada/badge.svg", long, long); err != nil {
		t.Fatal(err)
	}
	if out, err := accolade(t, render...); err != nil || strings.Count(out, "unchanged ") != 8 {
		t.Errorf("the second time it prints %q, %v", out, err)
	}
	if info, err := os.Stat("badges/ada/badge.svg"); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("it was written anew at %v, %v", info.ModTime(), err)
	}

	// Who is gone does not keep the others from being written, and keeps the files of before.
	t.Setenv("ACCOLADE_ADMIN_TOKEN", "an admin token of the tests")
	award(t, "Second")
	before := read("ada/badge.svg")
	out, err = accolade(t, "badge", "render", "--user", "nobody", "--user", "ada", "--style", "flat-square")
	if codeOf(err) != 1 || !strings.Contains(err.Error(), "nobody: there is nobody of this name") || !strings.Contains(out, "/badges/ada/badge.svg") {
		t.Errorf("it prints %q, %v", out, err)
	}
	if after := read("ada/badge.svg"); after == before {
		t.Error("the badge is the one of before")
	}
	if _, err := os.Stat("badges/nobody"); err == nil {
		t.Error("nobody has a directory")
	}
}

//nolint:paralleltest // it sets the environment and takes the standard output
func TestBadgesAreAskedForInWords(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"--color", "notacolor"}, `--color: "notacolor" is no colour`},
		{[]string{"--color", "#12345"}, `--color: "#12345" is no colour`},
		{[]string{"--row", "0"}, "--row and --column are at least 1"},
		{[]string{"--column=-1"}, "--row and --column are at least 1"},
	} {
		directory := t.TempDir()
		_, err := accolade(t, append([]string{"badge", "render", "--user", "ada", "--out", directory}, c.arguments...)...)
		if codeOf(err) != 1 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.arguments, err, c.want)
		}
	}
}

//nolint:paralleltest // it sets the environment and takes the standard output
func TestBadgesOfWhatIsNoService(t *testing.T) {
	answers := map[string]func(http.ResponseWriter){
		"a page": func(w http.ResponseWriter) { fmt.Fprint(w, "<!doctype html><title>Log in</title>") },
		"a broken badge": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, "<svg><text>")
		},
		"an outage": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
	}
	for what, answer := range answers {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
		t.Cleanup(other.Close)
		directory := t.TempDir()
		_, err := accolade(t, "badge", "render", "--user", "ada", "--server", other.URL, "--out", directory)
		if codeOf(err) != 1 {
			t.Errorf("%s is taken for a badge: %v", what, err)
		}
		if entries, _ := os.ReadDir(directory); len(entries) != 0 {
			t.Errorf("%s is written down: %v", what, entries)
		}
	}
	for _, name := range []string{"../ada", "ada/..", "12", ""} {
		if _, err := accolade(t, "badge", "render", "--user="+name, "--server", "http://127.0.0.1:1", "--out", t.TempDir()); codeOf(err) != 1 {
			t.Errorf("%q is a user: %v", name, err)
		}
	}
}
