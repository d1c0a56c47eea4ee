package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// A dialect is all that differs between the databases, besides how to open them and the migrations.
type dialect interface {
	schema
	transacting
	locking
	keeping
	taking
}

// schema is how the tables are made, and filled as a whole.
type schema interface {
	copying

	// migrations are the SQL files that make the tables.
	migrations() (fs.FS, error)
	// hasTable reports whether there is a table of the name.
	hasTable(ctx context.Context, db *bun.DB, name string) (bool, error)
	// exclusive runs fn while no other process migrates the same database.
	exclusive(ctx context.Context, s *Store, fn func() error) error
	// life is what Life says.
	life(ctx context.Context, db *bun.DB) string
}

// transacting is what transactions are like.
type transacting interface {
	// read runs one statement, whose arguments are $1 and so on, outside of any transaction, and calls row for each of its rows.
	read(ctx context.Context, db *bun.DB, statement string, args []any, row func(scan func(...any) error) error) error
	// insert stores many rows within a transaction, and calls row for each that the statement returns.
	insert(ctx context.Context, db bun.IDB, in insertion, row func(scan func(...any) error) error) error
	// viewOptions begin a transaction that reads one state of the book.
	viewOptions() *sql.TxOptions
	// trouble tells errors that are not the caller's doing from all others.
	trouble(err error) trouble
	// deferKeys checks foreign keys when the transaction ends instead of after each statement.
	deferKeys(ctx context.Context, db bun.IDB) error
}

// locking is how transactions keep out of each other's way.
type locking interface {
	// lock keeps others from changing the query's rows until the transaction ends; it waits for
	// rows that others have locked, or skips them.
	lock(q *bun.SelectQuery, skipLocked bool) *bun.SelectQuery
	// holdRevision is what HoldRevision says.
	holdRevision(ctx context.Context, db bun.IDB, exclusive bool) (Held, error)
	// claim reports whether this transaction is the only one that has claimed the number. On
	// SQLite, whose writers run one after the other, it always is.
	claim(ctx context.Context, db bun.IDB, number int64) (bool, error)
}

// trouble is what is wrong with the database rather than with the statement.
type trouble int

const (
	// noTrouble is the statement's own fault.
	noTrouble trouble = iota
	// inTheWay means that other transactions were; another try may not meet them.
	inTheWay
	// away means that the database is not there, or cannot work now.
	away
)

//go:embed migrations
var migrationFiles embed.FS

func open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if address, ok := postgresURL(cfg.URL); ok {
		return openPostgres(cfg, address)
	}
	return openSQLite(ctx, cfg)
}

type postgres struct {
	// prepares says that statements that are run by read are prepared, which a pooler before the database may forbid.
	prepares bool
}

const (
	defaultMaxConns = 16
	connectPatience = 5 * time.Second
	connLifetime    = 30 * time.Minute
	// migrationLock is the advisory lock that migrators of one database take; the number means
	// nothing, but may never change.
	migrationLock = 7_221_504
)

func openPostgres(cfg Config, address string) (*Store, error) {
	config, err := parsePostgres(address)
	if err != nil {
		return nil, err
	}
	prepares := config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement
	// bun writes values into the statement, so that preparing statements would never pay.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectPatience
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "accolade"
	}
	if config.ValidateConnect == nil && isMany(config) {
		// Of several servers, only one writes.
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	config.DialFunc = dial
	pool := stdlib.OpenDB(*config, new(suspicion).options()...)
	conns := cfg.MaxConns
	if conns == 0 {
		conns = defaultMaxConns
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxLifetime(connLifetime)
	db := bun.NewDB(pool, pgdialect.New())
	return &Store{dialect: postgres{prepares}, writer: db, reader: db, turns: newTurns(conns, cfg.MaxWait)}, nil
}

// isMany reports whether the servers of a configuration are not all one, asked in several ways.
func isMany(config *pgx.ConnConfig) bool {
	return slices.ContainsFunc(config.Fallbacks, func(other *pgconn.FallbackConfig) bool {
		return other.Host != config.Host || other.Port != config.Port
	})
}

func (postgres) migrations() (fs.FS, error) { return fs.Sub(migrationFiles, "migrations/postgres") }

func (postgres) exclusive(ctx context.Context, s *Store, fn func() error) error {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(?)", migrationLock); err != nil {
		return fmt.Errorf("waiting for other migrators: %w", err)
	}
	err = fn()
	// When unlocking fails, the connection is lost, and the lock with it.
	_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(?)", migrationLock)
	return errors.Join(err, unlockErr)
}

// read leaves out database/sql, which would cost as much again.
func (d postgres) read(ctx context.Context, db *bun.DB, statement string, args []any, row func(scan func(...any) error) error) error {
	conn, err := db.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return direct(conn, func(pg *pgx.Conn) error {
		rows, err := pg.Query(ctx, statement, d.prepared(args)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		if err := eachRow(rows, row); err != nil {
			return err
		}
		return rows.Err()
	})
}

// direct runs fn with what is behind a connection of database/sql.
func direct(conn *sql.Conn, fn func(pg *pgx.Conn) error) error {
	return conn.Raw(func(raw any) error {
		behind, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection is a %T", raw)
		}
		return fn(behind.Conn())
	})
}

// prepared has a statement with the arguments prepared, unless that is forbidden.
func (d postgres) prepared(args []any) []any {
	if !d.prepares {
		return args
	}
	return append([]any{pgx.QueryExecModeCacheStatement}, args...)
}

func (postgres) viewOptions() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// trouble goes by SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html:
// serialization failure, deadlock and a lock that was not to be had are in the way; connection exceptions, insufficient
// resources, operator intervention, system errors, a server that has become a read-only standby and one that ended a
// transaction because nothing was heard for too long, as of a frozen process, mean away.
func (postgres) trouble(err error) trouble {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case slices.Contains([]string{"40001", "40P01", "55P03"}, pgErr.Code):
			return inTheWay
		case slices.Contains([]string{"08", "53", "57", "58"}, pgErr.Code[:2]),
			slices.Contains([]string{"25006", "25P03", "25P04"}, pgErr.Code):
			return away
		default:
			return noTrouble
		}
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	lost := []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed}
	if connecting || network || pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed") ||
		slices.ContainsFunc(lost, func(cause error) bool { return errors.Is(err, cause) }) {
		return away
	}
	return noTrouble
}

func (postgres) lock(q *bun.SelectQuery, skipLocked bool) *bun.SelectQuery {
	if skipLocked {
		return q.For("UPDATE SKIP LOCKED")
	}
	return q.For("UPDATE")
}

func (postgres) deferKeys(ctx context.Context, db bun.IDB) error {
	_, err := db.ExecContext(ctx, "SET CONSTRAINTS ALL DEFERRED")
	return err
}

func (postgres) claim(ctx context.Context, db bun.IDB, number int64) (bool, error) {
	var claimed bool
	err := db.NewSelect().ColumnExpr("pg_try_advisory_xact_lock(?)", number).Scan(ctx, &claimed)
	return claimed, err
}

// revisionLock is the advisory lock on the revision that judges; as migrationLock.
const revisionLock = 7_221_505

const heldStatement = "SELECT coalesce(revision_id, 0), people FROM hold_rules()"

func (d postgres) holdRevision(ctx context.Context, db bun.IDB, exclusive bool) (held Held, err error) {
	if exclusive {
		if _, err := db.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", revisionLock); err != nil {
			return Held{}, err
		}
		return readHeld(ctx, db)
	}
	err = query(ctx, db, heldStatement, d.prepared(nil), func(scan func(...any) error) error {
		return scan(&held.RevisionID, &held.Changes)
	})
	return held, err
}

type sqliteFile struct{}

// sqliteReaders is how many connections read while the one writer writes.
const sqliteReaders = 4

// sqliteMemory has the writer keep 16 MiB of pages, and as many in the log: most pages of a batch are those of the one before.
const sqliteMemory = "_pragma=cache_size(-16384)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(4096)"

// openSQLite makes a pool of one writer, so that writers queue in the program and not in SQLite, and
// one of readers, which WAL lets read meanwhile.
func openSQLite(ctx context.Context, cfg Config) (*Store, error) {
	path, err := filepath.Abs(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", cfg.URL, err)
	}
	release, err := lockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	pool := func(conns int, options ...string) (*bun.DB, error) {
		db, err := sql.Open("sqlite", sqliteAddress(path, options...))
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", path, err)
		}
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return bun.NewDB(db, sqlitedialect.New()), nil
	}
	// FULL syncs at every commit: what is acknowledged survives a power cut.
	writer, err := pool(1, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", sqliteMemory)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	reader, err := pool(sqliteReaders, "_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close(), release())
	}
	// The writer makes the file and its WAL before a reader looks for them.
	if _, err := writer.ExecContext(ctx, "SELECT 1"); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, unopened(path, err)), writer.Close(), reader.Close(), release())
	}
	return &Store{dialect: sqliteFile{}, writer: writer, reader: reader, release: release}, nil
}

func sqliteAddress(path string, options ...string) string {
	options = append(options, "_pragma=busy_timeout(5000)", "_pragma=foreign_keys(1)", "_time_format=sqlite")
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: strings.Join(options, "&")}).String()
}

// lockFile holds a lock beside the database for as long as this process lives: what a process
// keeps in memory of the book would be wrong if another one wrote it.
func lockFile(ctx context.Context, path string) (release func() error, err error) {
	lock, err := sql.Open("sqlite", sqliteAddress(path+".lock", "_pragma=locking_mode(EXCLUSIVE)", "_pragma=journal_mode(MEMORY)"))
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	lock.SetMaxOpenConns(1)
	lock.SetMaxIdleConns(1)
	lock.SetConnMaxLifetime(0)
	// In exclusive mode the lock of this write outlives it, until the connection ends.
	_, err = lock.ExecContext(ctx, "PRAGMA busy_timeout = 0; PRAGMA user_version = 1")
	if sqliteCode(err) == sqlitelib.SQLITE_BUSY {
		return nil, errors.Join(fault.New(fault.Conflict, "database_in_use", "%s is in use by another process", path), lock.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, unopened(path, err)), lock.Close())
	}
	return lock.Close, nil
}

func (sqliteFile) migrations() (fs.FS, error) { return fs.Sub(migrationFiles, "migrations/sqlite") }

// exclusive needs nothing: the file is this process's alone.
func (sqliteFile) exclusive(_ context.Context, _ *Store, fn func() error) error { return fn() }

func (sqliteFile) read(ctx context.Context, db *bun.DB, statement string, args []any, row func(scan func(...any) error) error) error {
	rows, err := db.DB.QueryContext(ctx, strings.ReplaceAll(statement, "$", "?"), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := eachRow(rows, row); err != nil {
		return err
	}
	return rows.Err()
}

func (sqliteFile) viewOptions() *sql.TxOptions { return &sql.TxOptions{ReadOnly: true} }

// trouble means that the disk is full, read-only or broken; https://sqlite.org/rescode.html.
// Nobody is in the way: there is one writer.
func (sqliteFile) trouble(err error) trouble {
	switch sqliteCode(err) {
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_READONLY:
		return away
	default:
		return noTrouble
	}
}

// sqliteCode returns the primary result code of a SQLite error, and 0 for other errors.
func sqliteCode(err error) int {
	if sqliteErr, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteErr.Code() & 0xff
	}
	return 0
}

// lock is nothing: a transaction that writes is alone.
func (sqliteFile) lock(q *bun.SelectQuery, _ bool) *bun.SelectQuery { return q }

func (sqliteFile) deferKeys(ctx context.Context, db bun.IDB) error {
	_, err := db.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON")
	return err
}

// holdRevision has nothing to hold: whoever could change it waits for the one writer.
func (sqliteFile) holdRevision(ctx context.Context, db bun.IDB, _ bool) (Held, error) {
	return readHeld(ctx, db)
}

func (sqliteFile) claim(context.Context, bun.IDB, int64) (bool, error) { return true, nil }
