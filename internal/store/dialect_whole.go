package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
)

// SheetChange is what becomes of a sheet.
type SheetChange struct {
	SheetKey

	Before, After *Sheet
}

// ErrOtherwise says that the book is not as expected.
var ErrOtherwise = errors.New("the book is not as expected")

// TakesWhole reports whether TakeInWhole may be tried now. It may not where nothing is gained by it, nor while deliveries and events
// come again that the book holds.
func (s *Store) TakesWhole() bool { return s.dialect.takesWhole() && !s.repeats.Recent() }

// TakeInWhole takes in what changes nothing but the sheets, in one exchange with the book, which the commit is part of, and fills in the
// intake as TakeIn does. It reports whether that was done; it is not where some of the intake is there twice. It returns ErrOtherwise,
// and nothing is done, if the book is not as expected, or holds some of the intake.
func (s *Store) TakeInWhole(ctx context.Context, in *Intake, expected Held, changes []SheetChange) (done bool, err error) {
	e := &exchange{Intake: in, observe: s.observe, traces: s.traces, repeats: &s.repeats}
	if err := e.prepare(); err != nil || e.repeatsItself() {
		return false, err
	}
	err = s.retry(ctx, func(ctx context.Context) error {
		err := e.wholly(ctx, s.writer, expected, changes)
		s.noteAnswer(err)
		return err
	})
	return err == nil, err
}

func (d postgres) takesWhole() bool { return d.prepares }

// takesWhole says no: SQLite has no answers to wait for.
func (sqliteFile) takesWhole() bool { return false }

// notAsExpected is the SQLSTATE by which functions of ours say so.
const notAsExpected = "ZA001"

// wholly is the transaction.
func (e *exchange) wholly(ctx context.Context, db *bun.DB, expected Held, changes []SheetChange) error {
	err := onOneConnection(ctx, db, func(conn bun.Conn) error {
		span := e.traces.begin(ctx, "BATCH", "deliveries", 0)
		began := time.Now()
		err := direct(conn.Conn, func(pg *pgx.Conn) error { return e.sendWhole(ctx, pg, expected, changes) })
		span.End(err)
		if e.observe != nil {
			e.observe(time.Since(began))
		}
		return err
	})
	if broken, ok := errors.AsType[*pgconn.PgError](err); ok && (broken.Code == notAsExpected || broken.Code == uniqueViolation) {
		if broken.Code == uniqueViolation {
			e.repeats.Note(waryFor)
		}
		return ErrOtherwise
	}
	if err != nil {
		return err
	}
	err = e.arriving.identify(ctx, nil, e.inserted)
	e.accept()
	return err
}

// repeatsItself reports whether some of the intake is there twice.
func (e *exchange) repeatsItself() bool {
	told := make(map[string]bool, len(e.told))
	for _, t := range e.told {
		told[string(t.digest)] = true
	}
	return len(e.arriving.rows) < len(e.Deliveries) || len(told) < len(e.told)
}

// sendWhole makes the whole transaction.
func (e *exchange) sendWhole(ctx context.Context, pg *pgx.Conn, expected Held, changes []SheetChange) error {
	var questions []question
	ask := asker(ctx, pg, &questions)
	nothing := func(func(...any) error) error { return nil }
	err := ask("accolade_hold_as", "SELECT hold_rules_as($1, $2, $3)", []any{expected.RevisionID, expected.Changes, e.wanted}, nothing)
	if err != nil {
		return err
	}
	if err := e.take(ask); err != nil {
		return err
	}
	slices.SortFunc(changes, func(x, y SheetChange) int { return x.compare(y.SheetKey) })
	for i := range changes {
		c := &changes[i]
		err := ask("accolade_change_sheet", "SELECT change_sheet($1, $2, $3, $4, $5, $6)",
			[]any{c.UserID, c.No, c.Bucket, c.Before.text(), c.After.text(), e.Now.UTC()}, nothing)
		if err != nil {
			return err
		}
	}
	e.Held = expected
	return sendAll(ctx, pg, "begin", questions, "commit")
}
