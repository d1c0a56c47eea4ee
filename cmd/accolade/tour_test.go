package main

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/config"
)

// The README's tour, line by line, against a service that starts from nothing.
func TestTheTourOfTheReadme(t *testing.T) {
	t.Parallel()

	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## A tour of the API\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(blocks) != 2 {
		t.Fatalf("the tour has %d blocks of commands", len(blocks))
	}
	token := regexp.MustCompile(`ACCOLADE_ADMIN_TOKEN=(\S+)`).FindStringSubmatch(blocks[0][1])

	cfg := config.Default()
	cfg.Listen, cfg.AdminToken, cfg.Store.URL, cfg.Log = "127.0.0.1:0", token[1], t.TempDir()+"/accolade.db", slog.New(slog.DiscardHandler)
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

	tour := exec.CommandContext(t.Context(), "sh", "-eu", "-c", blocks[1][1])
	tour.Dir = t.TempDir()
	tour.Env = append(os.Environ(), "ACCOLADE_URL="+service.URL())
	out, err := tour.CombinedOutput()
	if err != nil {
		t.Fatalf("the tour ends with %v:\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 14 {
		t.Fatalf("the tour prints %d lines:\n%s", len(lines), out)
	}
	if lines[6] != lines[7] || !strings.Contains(lines[6], `"message":"Thank you!"`) {
		t.Errorf("the award is\n%s\nand asked for again\n%s", lines[6], lines[7])
	}
	for i, want := range map[int]string{8: `"priority":null`, 12: `"priority":0`, 13: `"action":"award.updated"`} {
		if !strings.Contains(lines[i], want) || i < 13 && !strings.Contains(lines[i], `"description":"Brought a release out."`) {
			t.Errorf("line %d lacks %s: %s", i+1, want, lines[i])
		}
	}
}
