package main

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/store"
)

type migrateCommand struct{}

// Run applies every migration that the database has not seen.
func (migrateCommand) Run(ctx context.Context) error {
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	book, err := store.Open(ctx, cfg.Store)
	if err != nil {
		return err
	}
	defer book.Close()
	if err := book.Migrate(ctx); err != nil {
		return err
	}
	fmt.Println("The database's schema is up to date.")
	return nil
}
