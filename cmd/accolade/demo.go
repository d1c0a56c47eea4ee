package main

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/rules"
)

// recordings are deliveries as the forges send them: headers, an empty line, the body. Their
// people and repositories are invented; they are signed anew for each demo.
//
//go:embed recordings/*.http
var recordings embed.FS

type demoCommand struct {
	Listen  string `help:"Address to serve on; port 0 takes a free one." default:"127.0.0.1:0"`
	Exit    bool   `help:"Stop after the deliveries: 0 if everything expected was awarded, else 1."`
	Verbose bool   `help:"Show the service's log too."`
}

// Run starts the real service with embedded storage in a temporary place, sends it the recorded
// deliveries over HTTP and tells what they caused.
func (c demoCommand) Run(ctx context.Context) error {
	place, err := os.MkdirTemp("", "accolade-demo-")
	if err != nil {
		return fmt.Errorf("making a temporary place: %w", err)
	}
	defer os.RemoveAll(place)

	cfg := c.configuration(place)
	service, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- service.Run(running) }()

	story := newStory(os.Stdout, service.URL(), service.IssuedToken(), cfg.Sources)
	err = story.play(ctx)
	if err == nil && !c.Exit {
		story.invite()
		<-ctx.Done()
	}
	stop()
	return errors.Join(err, <-stopped)
}

func (c demoCommand) configuration(place string) app.Config {
	cfg := config.Default()
	cfg.Listen = c.Listen
	cfg.Store.URL = filepath.Join(place, "accolade.db")
	cfg.Rules = rules.Starter
	cfg.StopTimeout = 5 * time.Second
	cfg.Log = slog.New(slog.DiscardHandler)
	if c.Verbose {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	for _, name := range []string{"github", "gitlab", "gitea"} {
		cfg.Sources = append(cfg.Sources, forge.Source{
			Name: name, Forge: name, Secrets: []string{rand.Text()}, BaseURL: "https://" + name + ".example.com",
		})
	}
	return cfg
}
