package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/config"
)

type serveCommand struct{}

// Run serves until an interrupt or SIGTERM; SIGHUP reads the rules again.
func (serveCommand) Run(ctx context.Context) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	for _, name := range config.Unknown(os.Environ()) {
		log.WarnContext(ctx, "a variable is no setting of Accolade, and is ignored", "variable", name)
	}
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	cfg.Log = log
	cache.LogTo(cfg.Log)
	tuneMemory(ctx)
	cfg.Issued = func(token string) { fmt.Printf("The first admin's token, shown this once:\n\n  %s\n\n", token) }
	service, err := app.New(ctx, cfg)
	if err != nil {
		return err
	}
	if token := service.IssuedToken(); token != "" {
		cfg.Issued(token)
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go func() {
		for range hangups {
			if err := service.Reload(ctx); err != nil {
				cfg.Log.ErrorContext(ctx, "the rules were not reloaded; the earlier ones go on judging", "error", err)
			}
		}
	}()
	return service.Run(ctx)
}
