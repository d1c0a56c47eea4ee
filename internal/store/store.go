// Package store is the book: everything Accolade must not forget, in Postgres or SQLite.
//
// The queries are the same for both databases and live one noun a file; every difference is in
// dialect.go and the migrations. Whoever wants something of the book opens a transaction with
// InTx or View and calls the methods of Tx; they return nouns of the pure rooms and faults.
// The package may import event, achievement and fault.
package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/lately"
	"github.com/seed-504bad89/accolade/internal/trace"
)

const (
	// txPatience bounds a transaction, so that a database that hangs is a database that is away.
	txPatience = 10 * time.Second
	// readyPatience bounds the question whether the database answers.
	readyPatience = 2 * time.Second
	// maxTries is how often a transaction runs that others keep from committing.
	maxTries = 4
	// retryAfterAway is what callers are told while the database is away.
	retryAfterAway = 2 * time.Second
)

// Config says where the book is.
type Config struct {
	// URL is postgres://user@host/database, or the path of a SQLite file, which is made when missing. Of several hosts,
	// separated by commas, the one is used that can be written to.
	URL string
	// MaxConns bounds the connections to Postgres; 0 means 16. Migrate needs two of them. SQLite has one writer and four
	// readers.
	MaxConns int
	// MaxWait is how long a transaction waits for one of the connections to Postgres; 0 means 2 s.
	MaxWait time.Duration
	// Observe is told of each statement how long it took; nil for nobody.
	Observe func(took time.Duration)
	// Traces makes spans of statements; nil for none.
	Traces *trace.Tracer
	// Changed is told of each transaction, after its commit and before InTx returns, what it changed of what everyone
	// may see; nil for nobody. It must not call the store.
	Changed func(Change)
}

// Store is the open book. It is safe for concurrent use.
type Store struct {
	dialect   dialect
	writer    *bun.DB
	reader    *bun.DB
	migrating sync.Mutex
	migrated  atomic.Bool
	release   func() error
	changed   func(Change)
	observe   func(time.Duration)
	traces    *tracing
	answered  atomic.Pointer[time.Time]
	turns     turns
	// repeats knows whether intakes are to be expected of which the book holds something.
	repeats lately.Memory
}

// Tx is the book within one transaction. It must not be used after the function that it was
// handed to has returned, nor concurrently.
type Tx struct {
	db      bun.IDB
	dialect dialect
	// touched is nil where nothing can be changed.
	touched *touched
	observe func(time.Duration)
	traces  *tracing
}

// Open opens the book without touching its tables; Migrate makes them. A SQLite file that another
// process has open is refused. A Postgres that is away is no error here: it may come back.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.URL == "" {
		return nil, fault.InvalidField("database_url", "required", "must be a postgres:// URL or the path of a file")
	}
	s, err := open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.changed, s.observe = cfg.Changed, cfg.Observe
	if cfg.Observe != nil {
		s.hook(observer{cfg.Observe})
	}
	if cfg.Traces != nil {
		s.trace(cfg.Traces)
	}
	return s, nil
}

// hook has each statement told of.
func (s *Store) hook(hook bun.QueryHook) {
	shared := s.reader == s.writer
	s.writer = s.writer.WithQueryHook(hook)
	if shared {
		s.reader = s.writer
	} else {
		s.reader = s.reader.WithQueryHook(hook)
	}
}

// observer tells of each statement.
type observer struct{ tell func(time.Duration) }

// BeforeQuery implements bun.QueryHook.
func (observer) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery implements bun.QueryHook.
func (o observer) AfterQuery(_ context.Context, e *bun.QueryEvent) { o.tell(time.Since(e.StartTime)) }

// Exclusive reports whether no other process can change the book.
func (s *Store) Exclusive() bool { return s.release != nil }

// Close ends all connections.
func (s *Store) Close() error {
	err := s.writer.Close()
	if s.reader != s.writer {
		err = errors.Join(err, s.reader.Close())
	}
	if s.release != nil {
		err = errors.Join(err, s.release())
	}
	return err
}

// Ready reports, as an Unavailable fault, a database that does not answer within 2 s or whose
// tables are not those of this program.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	if s.migrated.Load() {
		_, err := s.reader.ExecContext(ctx, "SELECT 1")
		return s.explain(err)
	}
	pending, err := s.pending(ctx)
	if err != nil {
		return fault.UnavailableFor("the database", retryAfterAway).Because(err)
	}
	if pending > 0 {
		return missing(pending)
	}
	s.migrated.Store(true)
	return nil
}

// InTx runs fn in a transaction that commits when fn returns nil and leaves no trace otherwise.
// When other transactions keep it from committing it runs again, at most three times, so that fn
// must set what it returns anew. A database that is away is an Unavailable fault.
//
// Inside another InTx of the same context it joins that one's transaction: what fn does is
// committed, or not, with all the rest.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if tx := s.joined(ctx); tx != nil {
		return fn(ctx, tx)
	}
	err := s.transact(ctx, fn)
	if unmoved, ok := errors.AsType[*unmovedError](err); ok {
		if err := s.moveAll(ctx, unmoved.measures); err != nil {
			return err
		}
		err = s.transact(ctx, fn)
	}
	return err
}

// transact runs fn in a transaction of its own.
func (s *Store) transact(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return s.retry(ctx, func(ctx context.Context) error { return s.try(ctx, s.begun, fn) })
}

// retry runs a transaction, and again when others kept it from committing.
func (s *Store) retry(ctx context.Context, transaction func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, txPatience)
	defer cancel()
	end, err := s.turns.take(ctx)
	if err != nil {
		return err
	}
	defer end()
	for try := 1; ; try++ {
		err := transaction(ctx)
		if err == nil || try == maxTries || s.dialect.trouble(err) != inTheWay {
			return s.explain(err)
		}
	}
}

// beginning begins a transaction, runs fn in it and ends it.
type beginning func(ctx context.Context, fn func(ctx context.Context, db bun.IDB) error) error

// begun is the beginning of most transactions.
func (s *Store) begun(ctx context.Context, fn func(ctx context.Context, db bun.IDB) error) error {
	return s.writer.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error { return fn(ctx, tx) })
}

// try runs fn in a transaction and tells what it changed.
func (s *Store) try(ctx context.Context, within beginning, fn func(ctx context.Context, tx *Tx) error) error {
	t := newTouched()
	err := within(ctx, func(ctx context.Context, db bun.IDB) error {
		joint := &Tx{db: db, dialect: s.dialect, touched: t, observe: s.observe, traces: s.traces}
		err := fn(context.WithValue(ctx, joinedKey{s}, joint), joint)
		t.finished = err == nil
		return err
	})
	s.noteAnswer(err)
	s.tell(t, err)
	return err
}

// joinedKey finds the transaction of a store that a context is within.
type joinedKey struct{ store *Store }

func (s *Store) joined(ctx context.Context) *Tx {
	tx, _ := ctx.Value(joinedKey{s}).(*Tx)
	return tx
}

// View runs fn in a transaction that only reads, on one consistent state of the book. Inside an
// InTx of the same context it reads what that one has written so far.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if tx := s.joined(ctx); tx != nil {
		return fn(ctx, tx)
	}
	ctx, cancel := context.WithTimeout(ctx, txPatience)
	defer cancel()
	end, err := s.turns.take(ctx)
	if err != nil {
		return err
	}
	defer end()
	err = s.reader.RunInTx(ctx, s.dialect.viewOptions(), func(ctx context.Context, tx bun.Tx) error {
		return fn(ctx, &Tx{db: tx, dialect: s.dialect})
	})
	s.noteAnswer(err)
	return s.explain(err)
}

// explain turns the database's errors into faults, where they have a meaning for callers.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	if _, known := errors.AsType[*fault.Error](err); known {
		return err
	}
	if s.dialect.trouble(err) != noTrouble || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fault.UnavailableFor("the database", retryAfterAway).Because(err)
	}
	return err
}

// found turns "no rows" into the NotFound fault for a noun.
func found(err error, noun string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fault.NotFoundFor(noun)
	}
	return err
}
