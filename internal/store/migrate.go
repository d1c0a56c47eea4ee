package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// migrationsTable is where bun's migrator notes what was applied.
const migrationsTable = "bun_migrations"

// Migrate brings the tables to the state of this program. Whoever migrates the same
// database at once waits for the other; each migration and the note of it are one transaction,
// so that a migrator that is killed leaves a whole number of them.
func (s *Store) Migrate(ctx context.Context) error {
	s.migrating.Lock()
	defer s.migrating.Unlock()
	err := s.dialect.exclusive(ctx, s, func() error {
		migrator, err := s.migrator()
		if err != nil {
			return err
		}
		if err := migrator.Init(ctx); err != nil {
			return fmt.Errorf("making the table of migrations: %w", err)
		}
		_, err = migrator.Migrate(ctx)
		return err
	})
	if err != nil {
		return s.explain(err)
	}
	s.migrated.Store(true)
	return nil
}

// Identity returns what tells this book from every other one: what is remembered about one book
// elsewhere must not be taken for knowledge about another.
func (s *Store) Identity(ctx context.Context) (string, error) {
	var id string
	err := s.View(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.db.NewRaw("SELECT id FROM book").Scan(ctx, &id)
	})
	return id, err
}

// Life returns what tells one life of the book from another: after a backup was restored it is another one, and what is
// remembered of deliveries that the backup does not hold is wrong. Servers that start at different times may give different
// answers for the same life, which costs no more than what they remember for each other.
func (s *Store) Life(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	return s.dialect.life(ctx, s.writer)
}

// known returns the migrations that this program knows.
func (s *Store) known() (*migrate.Migrations, error) {
	files, err := s.dialect.migrations()
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	migrations := migrate.NewMigrations()
	if err := migrations.Discover(files); err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return migrations, nil
}

func (s *Store) migrator() (*migrate.Migrator, error) {
	migrations, err := s.known()
	if err != nil {
		return nil, err
	}
	return migrate.NewMigrator(s.writer, migrations,
		migrate.WithTableName(migrationsTable),
		// The hook notes a migration within its transaction; the migrator's own note comes after
		// it and finds it there.
		migrate.WithMarkAppliedOnSuccess(true), migrate.WithUpsert(true),
		migrate.AfterMigration(func(ctx context.Context, db bun.IConn, migration *migrate.Migration) error {
			_, err := db.ExecContext(ctx, "INSERT INTO ? (name, group_id) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
				bun.Name(migrationsTable), migration.Name, migration.GroupID)
			return err
		}),
	), nil
}

// pending returns how many migrations are not applied. It changes nothing, and needs no more rights than to read.
func (s *Store) pending(ctx context.Context) (int, error) {
	known, err := s.known()
	if err != nil {
		return 0, err
	}
	begun, err := s.dialect.hasTable(ctx, s.reader, migrationsTable)
	if err != nil {
		return 0, fmt.Errorf("looking for the table of migrations: %w", err)
	}
	if !begun {
		return len(known.Sorted()), nil
	}
	migrator, err := s.migrator()
	if err != nil {
		return 0, err
	}
	all, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading what was migrated: %w", err)
	}
	return len(all.Unapplied()), nil
}

// notMigrated is the code of a book that lacks migrations.
const notMigrated = "not_migrated"

// IsNotMigrated reports whether an error says that migrations are missing, which Migrate applies.
func IsNotMigrated(err error) bool { return err != nil && fault.As(err).Code == notMigrated }

func missing(migrations int) *fault.Error {
	f := fault.New(fault.Unavailable, notMigrated, "%d migrations are not applied; run accolade migrate", migrations)
	f.RetryAfter = retryAfterAway
	return f
}
