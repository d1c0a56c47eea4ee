package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed-504bad89/accolade/internal/store"
)

type copyCommand struct {
	From string `arg:"" help:"The database to copy: the path of an SQLite file, or a postgres:// URL." placeholder:"DATABASE"`
}

// Run fills the configured database, which has to be new, with another one.
func (c copyCommand) Run(ctx context.Context) error {
	if !strings.Contains(c.From, "://") {
		if _, err := os.Stat(c.From); err != nil { // opening it would make it
			return fmt.Errorf("reading the database to copy: %w", err)
		}
	}
	return withBook(ctx, func(to *store.Store) error {
		from, err := store.Open(ctx, store.Config{URL: c.From})
		if err != nil {
			return err
		}
		if err := to.Migrate(ctx); err != nil {
			return errors.Join(err, from.Close())
		}
		err = to.Copy(ctx, from, func(table string, rows int64) {
			if rows > 0 {
				fmt.Printf("%-18s %d\n", table, rows)
			}
		})
		if err == nil {
			fmt.Println("All of it is copied. Start the service with the new database, and keep the old one until you are content.")
		}
		return errors.Join(err, from.Close())
	})
}
