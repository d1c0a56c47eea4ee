package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/store"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" default:"1" help:"Apply every migration that the database has not seen."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations, and since when the database has them; exit with 1 if it has not all."`
	Down   migrateDownCommand   `cmd:"" help:"Undo the migration that was applied last, so that an older version can be run. What only the newer form can hold is lost; no server may be running."`
}

type migrateUpCommand struct{}

// Run applies every migration that the database has not seen.
func (migrateUpCommand) Run(ctx context.Context) error {
	return withBook(ctx, func(book *store.Store) error {
		if err := book.Migrate(ctx); err != nil {
			return err
		}
		fmt.Println("The database's schema is up to date.")
		return nil
	})
}

type migrateStatusCommand struct {
	printed
}

// listedMigration is a migration as programs are told of it.
type listedMigration struct {
	Name string `json:"name"`
	// AppliedAt is null when the database does not have it.
	AppliedAt *time.Time `json:"applied_at"`
	// Newer says that a newer version has applied it.
	Newer bool `json:"newer"`
}

// Run lists the migrations, and fails when some are not applied.
func (c migrateStatusCommand) Run(ctx context.Context) error {
	return withBook(ctx, func(book *store.Store) error {
		all, err := book.Migrations(ctx)
		if err != nil {
			return err
		}
		listed := make([]listedMigration, len(all))
		for i, m := range all {
			listed[i] = listedMigration{Name: m.Name, Newer: m.Unknown}
			if at := m.AppliedAt.UTC(); !at.IsZero() {
				listed[i].AppliedAt = &at
			}
		}
		if done, err := c.json(listed); err != nil {
			return err
		} else if !done {
			printMigrations(os.Stdout, listed)
		}
		return book.Ready(ctx)
	})
}

func printMigrations(out io.Writer, migrations []listedMigration) {
	for _, m := range migrations {
		state := "not applied"
		if m.AppliedAt != nil {
			state = "applied " + m.AppliedAt.Format(time.DateTime)
		}
		if m.Newer {
			state += " by a newer version"
		}
		fmt.Fprintf(out, "%-20s  %s\n", m.Name, state)
	}
}

type migrateDownCommand struct {
	Yes bool `help:"Do it. Have a backup."`
}

// Run undoes the migration that was applied last.
func (c migrateDownCommand) Run(ctx context.Context) error {
	if !c.Yes {
		return errors.New("nothing was changed: undoing a migration loses what only the newer form can hold; say --yes, and have a backup")
	}
	return withBook(ctx, func(book *store.Store) error {
		undone, err := book.MigrateDown(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%s is undone. A server of this version would apply it again.\n", undone)
		return nil
	})
}

// withBook opens the configured book for as long as fn works with it.
func withBook(ctx context.Context, fn func(book *store.Store) error) error {
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	book, err := store.Open(ctx, cfg.Store)
	if err != nil {
		return err
	}
	return errors.Join(fn(book), book.Close())
}
