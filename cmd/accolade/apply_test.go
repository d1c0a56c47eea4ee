package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const webhookSecret = "a webhook secret of the tests"

// serve runs a service until the test ends and makes it the one that commands speak to.
func serve(t *testing.T, options ...func(*app.Config)) {
	t.Helper()

	cfg := config.Default()
	cfg.Listen, cfg.AdminToken, cfg.Store.URL, cfg.Log = "127.0.0.1:0", "an admin token of the tests", t.TempDir()+"/accolade.db", slog.New(slog.DiscardHandler)
	cfg.Sources = []forge.Source{{Name: "forge", Forge: forge.GitHub, Secrets: []string{webhookSecret}}}
	for _, option := range options {
		option(&cfg)
	}
	service, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- service.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	t.Setenv("ACCOLADE_BASE_URL", service.URL())
	t.Setenv("ACCOLADE_ADMIN_TOKEN", cfg.AdminToken)
}

// deliver sends the service a webhook of GitHub.
func deliver(t *testing.T, event string, body []byte) {
	t.Helper()

	request, err := testkit.GitHubDelivery(t.Context(), os.Getenv("ACCOLADE_BASE_URL"), "forge", webhookSecret, event, body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		t.Errorf("a delivery was answered %s", response.Status)
	}
}

// accolade runs a command line and returns what it prints, and the error that it ends with.
func accolade(t *testing.T, line ...string) (string, error) {
	t.Helper()

	out := filepath.Join(t.TempDir(), "out")
	file, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	standard := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = standard }()
	parser, err := kong.New(&commands{}, kong.BindTo(t.Context(), (*context.Context)(nil)), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	command, err := parser.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	runErr := command.Run()
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), runErr
}

func codeOf(err error) int {
	var coded kong.ExitCoder
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	if err != nil {
		return 1
	}
	return 0
}

//nolint:paralleltest // it sets the environment and takes the standard output
func TestApplyOnTheCommandLine(t *testing.T) {
	serve(t)
	folder := write(t, map[string]string{"r.yaml": someRules})
	for _, step := range []struct {
		line []string
		code int
		want string
	}{
		{[]string{"diff", folder}, 1, "+ created acme/badge\n  the rule of acme/badge asks something new\n0 achievements unchanged, 0 stored events to replay\n"},
		{[]string{"apply", folder, "--dry-run"}, 0, "+ created acme/badge\n"},
		{[]string{"diff", folder}, 1, "+ created acme/badge\n"},
		{[]string{"apply", folder}, 0, "+ created acme/badge\n"},
		{[]string{"diff", folder}, 0, "1 achievements unchanged, 0 stored events to replay\n"},
		{[]string{"rules", "explain", "accolade", "acme/badge"}, 0, "accolade does not hold acme/badge\n  asked for: a count of 1, on merge_request.merged\n  count: 0 of 1\n"},
		{[]string{"rules", "explain", "accolade", "acme/other"}, 1, ""},
		{[]string{"diff", folder + "/nowhere"}, 2, ""},
		{[]string{"apply", write(t, map[string]string{"r.yaml": "namespace: acme\n"})}, 1, ""},
		{[]string{"apply", t.TempDir()}, 1, ""},
		{[]string{"diff", t.TempDir()}, 2, ""},
		{[]string{"apply", write(t, map[string]string{"r.yaml": "namespace: acme\nachievements: []\n"})}, 0, "- retired acme/badge\n"},
	} {
		out, err := accolade(t, step.line...)
		if codeOf(err) != step.code || !strings.HasPrefix(out, step.want) {
			t.Errorf("accolade %s ends with %d (%v) and prints\n%s", strings.Join(step.line, " "), codeOf(err), err, out)
		}
	}
	t.Setenv("ACCOLADE_ADMIN_TOKEN", "a token that nobody has")
	if _, err := accolade(t, "diff", folder); codeOf(err) != 2 {
		t.Errorf("with a bad token, diff ends with %v", err)
	}
}
