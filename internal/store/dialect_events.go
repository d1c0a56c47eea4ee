package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"modernc.org/sqlite"
)

// keeping is how events are stored: on Postgres a month of them is a partition.
type keeping interface {
	// storeEvents stores those of the events whose digests the book does not hold, and calls stored for each of these.
	storeEvents(ctx context.Context, db bun.IDB, rows []*newEvent, stored func(digest []byte, id int64)) error
	// makeMonths makes room for the events of the months, and reports whether there was room for all of them before.
	makeMonths(ctx context.Context, db bun.IDB, months []month) (ready bool, err error)
	// moveIDs has the ids of events go on from one, unless they are beyond it.
	moveIDs(ctx context.Context, db bun.IDB, first int64) error
	// dropEvents deletes some of the events with ids below one, and reports whether there were any.
	dropEvents(ctx context.Context, db bun.IDB, below int64, limit int) (some bool, err error)
}

func (d postgres) storeEvents(ctx context.Context, db bun.IDB, rows []*newEvent, stored func(digest []byte, id int64)) error {
	columns := eventColumns(rows)
	names := namesOf(columns)
	var statement strings.Builder
	statement.WriteString("WITH given AS (SELECT * FROM ")
	args := writeUnnest(&statement, append(columns, digestsOf(rows)), nil)
	statement.WriteString(` AS g (` + names + `, digest)),
		taken AS (INSERT INTO event_keys (digest) SELECT digest FROM given ON CONFLICT DO NOTHING RETURNING id, digest),
		stored AS (INSERT INTO events (id, ` + names + `) SELECT t.id, ` + names + ` FROM given AS g JOIN taken AS t ON t.digest = g.digest)
		SELECT digest, id FROM taken`)
	return query(ctx, db, statement.String(), d.prepared(args), keyScanner(stored))
}

func digestsOf(rows []*newEvent) column {
	return bytesOf("digest", rows, func(r *newEvent) []byte { return r.digest })
}

// keyScanner reads rows of a digest and an id.
func keyScanner(stored func(digest []byte, id int64)) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var digest []byte
		var id int64
		if err := scan(&digest, &id); err != nil {
			return err
		}
		stored(digest, id)
		return nil
	}
}

const (
	// monthTable is what the partition of a month is called.
	monthTable = "events_2006_01"
	// tableBefore holds the events from before there were months.
	tableBefore = "events_before"
	// giveWay is how long what may wait waits for what events come by.
	giveWay = "200ms"
)

func (m month) table() string { return m.begin().Format(monthTable) }

// partitions returns the months that have partitions, those that hold what was before them as 0.
func partitions(ctx context.Context, db bun.IDB) (map[month]bool, error) {
	var names []string
	err := db.NewRaw("SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass").
		Scan(ctx, &names)
	found := map[month]bool{}
	for _, name := range names {
		if name == tableBefore {
			found[0] = true
		} else if t, err := time.Parse(monthTable, name); err == nil {
			found[monthOf(t)] = true
		}
	}
	return found, ignoreNoRows(err)
}

func (postgres) makeMonths(ctx context.Context, db bun.IDB, months []month) (ready bool, err error) {
	made, err := partitions(ctx, db)
	if err != nil {
		return false, err
	}
	ready = true
	for _, m := range months {
		if made[m] {
			continue
		}
		// Unlike making the table as a partition, attaching it lets events come in meanwhile.
		_, err := db.ExecContext(ctx, `SET LOCAL lock_timeout = ?; CREATE TABLE ? (LIKE events INCLUDING ALL);
			ALTER TABLE events ATTACH PARTITION ? FOR VALUES FROM (?) TO (?); SET LOCAL lock_timeout = DEFAULT`,
			giveWay, bun.Ident(m.table()), bun.Ident(m.table()), m.first(), (m + 1).first())
		if err != nil {
			return false, err
		}
		ready = false
	}
	return ready, nil
}

func (postgres) moveIDs(ctx context.Context, db bun.IDB, first int64) error {
	_, err := db.ExecContext(ctx, "SELECT setval('event_keys_id_seq', ?, false) FROM event_keys_id_seq WHERE last_value < ?", first, first)
	return err
}

// dropEvents drops the oldest partition.
func (postgres) dropEvents(ctx context.Context, db bun.IDB, below int64, _ int) (some bool, err error) {
	made, err := partitions(ctx, db)
	if err != nil {
		return false, err
	}
	oldest := monthOfID(below)
	for m := range made {
		oldest = min(oldest, m)
	}
	if oldest == monthOfID(below) {
		return false, nil
	}
	table := tableBefore
	if oldest > 0 {
		table = oldest.table()
	}
	_, err = db.ExecContext(ctx, "SET LOCAL lock_timeout = ?; DROP TABLE ?; SET LOCAL lock_timeout = DEFAULT", giveWay, bun.Ident(table))
	return true, err
}

func init() { //nolint:gochecknoinits // functions of SQLite's driver are the whole process's
	sqlite.MustRegisterDeterministicScalarFunction("key_digest", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		source, isText := args[0].(string)
		key, areTexts := args[1].(string)
		if !isText || !areTexts {
			return nil, fmt.Errorf("key_digest of a %T and a %T", args[0], args[1])
		}
		return keyDigest(source, key), nil
	})
}

func (d sqliteFile) storeEvents(ctx context.Context, db bun.IDB, rows []*newEvent, stored func(digest []byte, id int64)) error {
	ids := make(map[string]int64, len(rows))
	err := d.insert(ctx, db, insertion{
		table: "event_keys", rows: len(rows), columns: []column{digestsOf(rows)}, then: "ON CONFLICT DO NOTHING RETURNING digest, id",
	}, keyScanner(func(digest []byte, id int64) {
		ids[string(digest)] = id
		stored(digest, id)
	}))
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(rows), func(r *newEvent) bool { return ids[string(r.digest)] == 0 })
	id := numbersOf("id", fresh, func(r *newEvent) int64 { return ids[string(r.digest)] })
	return d.insert(ctx, db, insertion{table: "events", rows: len(fresh), columns: append(eventColumns(fresh), id)}, nil)
}

// makeMonths has nothing to do: all events are in one table.
func (sqliteFile) makeMonths(context.Context, bun.IDB, []month) (bool, error) { return true, nil }

func (sqliteFile) moveIDs(ctx context.Context, db bun.IDB, first int64) error {
	_, err := db.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) SELECT 'event_keys', 0
		WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'event_keys')`)
	if err == nil {
		_, err = db.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'event_keys' AND seq < ?", first-1, first-1)
	}
	return err
}

func (sqliteFile) dropEvents(ctx context.Context, db bun.IDB, below int64, limit int) (some bool, err error) {
	result, err := db.ExecContext(ctx, "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < ? ORDER BY id LIMIT ?)", below, limit)
	if err != nil {
		return false, err
	}
	deleted, err := result.RowsAffected()
	return deleted > 0, err
}
