package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"modernc.org/sqlite"
)

// keeping is how events are stored: on Postgres a month of them is a partition.
type keeping interface {
	// storeEvents stores those of the events whose digests the book does not hold, and returns what ids these got.
	storeEvents(ctx context.Context, db bun.IDB, rows []*newEvent) ([]keyRow, error)
	// makeMonths makes room for the events of the months, and reports whether there was room for all of them before.
	makeMonths(ctx context.Context, db bun.IDB, months []month) (ready bool, err error)
	// moveIDs has the ids of events go on from one, unless they are beyond it.
	moveIDs(ctx context.Context, db bun.IDB, first int64) error
	// dropEvents deletes some of the events with ids below one, and reports whether there were any.
	dropEvents(ctx context.Context, db bun.IDB, below int64, limit int) (some bool, err error)
}

// newEvent is an event that may be in the book.
type newEvent struct {
	bun.BaseModel `bun:"table:events"`

	ID         int64 `bun:",nullzero"`
	Digest     []byte
	Source     string
	Key        string
	Kind       string
	Object     string
	HappenedAt time.Time
	DeliveryID int64
	RevisionID int64 `bun:",nullzero"`
	Data       string
	Failures   string `bun:",nullzero"`
}

func (postgres) storeEvents(ctx context.Context, db bun.IDB, rows []*newEvent) ([]keyRow, error) {
	var taken []keyRow
	err := db.NewRaw(`WITH given (id, digest, source, key, kind, object, happened_at, delivery_id, revision_id, data, failures) AS (?),
		taken AS (INSERT INTO event_keys (digest) SELECT digest FROM given ON CONFLICT DO NOTHING RETURNING digest, id),
		stored AS (INSERT INTO events (id, source, key, kind, object, happened_at, delivery_id, revision_id, data, failures)
			SELECT t.id, g.source, g.key, g.kind, g.object, g.happened_at, g.delivery_id, g.revision_id, g.data::json, g.failures
			FROM given AS g JOIN taken AS t ON t.digest = g.digest)
		SELECT digest, id FROM taken`, db.NewValues(&rows)).Scan(ctx, &taken)
	return taken, ignoreNoRows(err)
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

func (sqliteFile) storeEvents(ctx context.Context, db bun.IDB, rows []*newEvent) ([]keyRow, error) {
	var taken []keyRow
	err := db.NewInsert().Model(&rows).ModelTableExpr("event_keys").Column("digest").On("CONFLICT DO NOTHING").Returning("digest, id").Scan(ctx, &taken)
	if ignoreNoRows(err) != nil || len(taken) == 0 {
		return nil, ignoreNoRows(err)
	}
	ids := make(map[string]int64, len(taken))
	for _, row := range taken {
		ids[string(row.Digest)] = row.ID
	}
	stored := make([]*newEvent, 0, len(taken))
	for _, row := range rows {
		if row.ID = ids[string(row.Digest)]; row.ID != 0 {
			stored = append(stored, row)
		}
	}
	_, err = db.NewInsert().Model(&stored).ExcludeColumn("digest").Returning("NULL").Exec(ctx)
	return taken, err
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
