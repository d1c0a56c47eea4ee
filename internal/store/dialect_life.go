package store

import (
	"context"
	"crypto/rand"

	"github.com/uptrace/bun"
)

// life is which table it is, which a restored dump makes anew, and the timeline, which a restored copy of the files begins.
// Who may not ask, or whose Postgres has no such thing, goes without.
func (postgres) life(ctx context.Context, db *bun.DB) string {
	var table, timeline string
	_ = db.NewRaw("SELECT 'deliveries'::regclass::oid::text").Scan(ctx, &table)                 // "" when it fails
	_ = db.NewRaw("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)").Scan(ctx, &timeline) // as well
	return table + "." + timeline
}

// life is the process's: nobody can tell whether the file is still the one that the last process had.
func (sqliteFile) life(context.Context, *bun.DB) string { return rand.Text() }

// hasTable looks where the name would be found by a statement.
func (postgres) hasTable(ctx context.Context, db *bun.DB, name string) (has bool, err error) {
	err = db.NewRaw("SELECT to_regclass(?) IS NOT NULL", name).Scan(ctx, &has)
	return has, err
}

func (sqliteFile) hasTable(ctx context.Context, db *bun.DB, name string) (has bool, err error) {
	err = db.NewRaw("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)", name).Scan(ctx, &has)
	return has, err
}
