package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

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
		known, err := s.known()
		if err != nil {
			return err
		}
		migrator := s.migrator(known, noteApplied)
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

// migrator returns one that calls note within the transaction of each migration.
func (s *Store) migrator(known *migrate.Migrations, note migrate.MigrationHook) *migrate.Migrator {
	return migrate.NewMigrator(s.writer, known,
		migrate.WithTableName(migrationsTable),
		// The migrator's own note comes after the transaction, and finds it made.
		migrate.WithMarkAppliedOnSuccess(true), migrate.WithUpsert(true), migrate.AfterMigration(note))
}

func noteApplied(ctx context.Context, db bun.IConn, migration *migrate.Migration) error {
	_, err := db.ExecContext(ctx, "INSERT INTO ? (name, group_id) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
		bun.Name(migrationsTable), migration.Name, migration.GroupID)
	return err
}

func noteUndone(ctx context.Context, db bun.IConn, migration *migrate.Migration) error {
	_, err := db.ExecContext(ctx, "DELETE FROM ? WHERE name = ?", bun.Name(migrationsTable), migration.Name)
	return err
}

// Migration is a step of the form of the book.
type Migration struct {
	// Name is its number and what it is about, as "0015_bases"; the number alone, if Unknown.
	Name string
	// AppliedAt is when the book took it; zero if it has not.
	AppliedAt time.Time
	// Unknown says that it is of a newer program than this one.
	Unknown bool

	step migrate.Migration
}

// Migrations returns those that this program knows and those that the book has, oldest first. It changes nothing, and needs no more
// rights than to read.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	all, err := s.migrations(ctx)
	return all, s.explain(err)
}

func (s *Store) migrations(ctx context.Context) ([]Migration, error) {
	known, err := s.known()
	if err != nil {
		return nil, err
	}
	begun, err := s.dialect.hasTable(ctx, s.reader, migrationsTable)
	if err != nil {
		return nil, fmt.Errorf("looking for the table of migrations: %w", err)
	}
	applied := map[string]time.Time{}
	if begun {
		noted, err := s.migrator(known, nil).AppliedMigrations(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading what was migrated: %w", err)
		}
		for _, step := range noted {
			applied[step.Name] = step.MigratedAt
		}
	}
	var all []Migration
	for _, step := range known.Sorted() {
		all = append(all, Migration{Name: step.String(), AppliedAt: applied[step.Name], step: step})
		delete(applied, step.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(applied)) {
		all = append(all, Migration{Name: name, AppliedAt: applied[name], Unknown: true})
	}
	return all, nil
}

// pending returns how many migrations are not applied.
func (s *Store) pending(ctx context.Context) (int, error) {
	all, err := s.migrations(ctx)
	missing := 0
	for i := range all {
		if all[i].AppliedAt.IsZero() {
			missing++
		}
	}
	return missing, err
}

// MigrateDown undoes the migration that was applied last, in one transaction, and returns its name: for an older program. What only the
// newer form can hold is lost, and no server may be running.
//
// Faults: Conflict when a newer program has applied it, which alone knows how to undo it, and for the first migration, without
// which there is no book.
func (s *Store) MigrateDown(ctx context.Context) (name string, err error) {
	s.migrating.Lock()
	defer s.migrating.Unlock()
	err = s.dialect.exclusive(ctx, s, func() error {
		known, err := s.known()
		if err != nil {
			return err
		}
		all, err := s.migrations(ctx)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(m Migration) bool { return m.AppliedAt.IsZero() })
		if len(all) < 2 {
			return fault.New(fault.Conflict, "first_migration", "nothing is left to undo: without the first migration there is no book")
		}
		last := all[len(all)-1]
		if last.Unknown {
			return fault.New(fault.Conflict, "unknown_migration", "migration %s is of a newer version of accolade, which alone can undo it", last.Name)
		}
		name = last.Name
		s.migrated.Store(false)
		return last.step.Down(ctx, s.migrator(known, noteUndone), &last.step)
	})
	return name, s.explain(err)
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
