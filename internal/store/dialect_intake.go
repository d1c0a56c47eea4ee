package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/lately"
)

// taking is what the transactions of an intake are made of.
type taking interface {
	sheeting

	// takingIn is how a transaction begins that takes in, and what completes the intake within it.
	takingIn(s *Store, in *Intake) (within beginning, complete func(ctx context.Context, tx *Tx) error)
	// takesWhole reports whether transactions can be sent as a whole.
	takesWhole() bool
	// among reads columns FROM a table within a transaction, and calls row for each of the ids that the table has.
	among(ctx context.Context, db bun.IDB, columns string, ids []int64, row func(scan func(...any) error) error) error
}

// takingIn takes one step after the other.
func (sqliteFile) takingIn(s *Store, in *Intake) (within beginning, complete func(ctx context.Context, tx *Tx) error) {
	return s.begun, in.inSteps
}

// takingIn sends what an intake begins with in one go and waits once: each answer that a transaction waits for keeps those
// waiting that come after it, and wakes two processes (docs/decisions/0024-one-exchange-for-an-intake.md).
func (d postgres) takingIn(s *Store, in *Intake) (within beginning, complete func(ctx context.Context, tx *Tx) error) {
	if !d.prepares {
		return s.begun, in.inSteps
	}
	e := &exchange{Intake: in, observe: s.observe, traces: s.traces, repeats: &s.repeats, wary: s.repeats.Expects()}
	return func(ctx context.Context, fn func(ctx context.Context, db bun.IDB) error) error {
		return e.within(ctx, s.writer, fn)
	}, e.complete
}

// exchange is an intake on its way into Postgres.
type exchange struct {
	*Intake

	observe  func(time.Duration)
	traces   *tracing
	arriving *arrivals
	told     []*told
	// wanted are the bases, and kept is how many of them the book holds.
	wanted  []int64
	kept    int
	repeats *lately.Memory
	// wary says that the book may hold some of it.
	wary bool
	// inserted and stored are the ids of what was new.
	inserted map[deliveryKey]int64
	stored   map[string]int64
}

// waryFor is for how many intakes after one of which the book held something. To leave out what is there, and what others may be
// storing, Postgres looks for each row before and notes it in the log twice; so at first all is taken for new, and it is asked for
// where that failed. What is told twice is told so again and again, as by two webhooks.
const waryFor = 64

// uniqueViolation is a SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html.
const uniqueViolation = "23505"

// onOneConnection runs fn, which makes a transaction, on a connection of its own, because database/sql has no way to send several
// statements at once. Unless fn returns nil, what it has begun is undone.
func onOneConnection(ctx context.Context, db *bun.DB, fn func(conn bun.Conn) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	committed := false
	defer func() {
		if !committed { // because of an error, or a panic on its way to the caller
			undo(ctx, conn)
		}
	}()
	err = fn(conn)
	committed = err == nil
	return err
}

// within is a transaction around fn.
func (e *exchange) within(ctx context.Context, db *bun.DB, fn func(ctx context.Context, db bun.IDB) error) error {
	if err := e.prepare(); err != nil {
		return err
	}
	return onOneConnection(ctx, db, func(conn bun.Conn) error {
		span := e.traces.begin(ctx, "BATCH", "deliveries", 0)
		began := time.Now()
		err := direct(conn.Conn, func(pg *pgx.Conn) error { return e.send(ctx, pg) })
		if broken, ok := errors.AsType[*pgconn.PgError](err); ok && broken.Code == uniqueViolation {
			undo(ctx, conn)
			e.repeats.Note(waryFor)
			e.wary = true
			err = direct(conn.Conn, func(pg *pgx.Conn) error { return e.send(ctx, pg) })
		}
		span.End(err)
		if err != nil {
			return err
		}
		if e.observe != nil {
			e.observe(time.Since(began))
		}
		within := &exchanging{Conn: conn}
		if err := fn(ctx, within); err != nil {
			return err
		}
		span = e.traces.begin(ctx, "COMMIT", "", len(within.last)+1)
		err = direct(conn.Conn, func(pg *pgx.Conn) error { return within.commit(ctx, pg) })
		span.End(err)
		return err
	})
}

// accept notes which events are new: those whose digests were stored, and of several alike the first of a new delivery.
func (e *exchange) accept() {
	for _, t := range e.told {
		if t.by.Existing {
			continue
		}
		t.row.DeliveryID = t.by.ID
		if id, isNew := e.stored[string(t.digest)]; isNew {
			t.row.ID, t.row.New = id, true
			delete(e.stored, string(t.digest))
		}
	}
}

// knew reports whether the book held some of the intake.
func (e *exchange) knew() bool {
	return slices.ContainsFunc(e.Deliveries, func(d *Delivery) bool { return d.Existing }) ||
		slices.ContainsFunc(e.told, func(t *told) bool { return !t.row.New })
}

func (e *exchange) prepare() (err error) {
	e.wanted = e.bases()
	e.arriving = arrive(e.Deliveries)
	e.told, err = e.tell()
	return err
}

// complete fills in what became of the deliveries and events.
func (e *exchange) complete(ctx context.Context, tx *Tx) error {
	if e.kept < len(e.wanted) {
		return ErrBaseGone
	}
	if err := e.arriving.identify(ctx, tx, e.inserted); err != nil {
		return err
	}
	e.accept()
	if e.knew() {
		e.repeats.Note(waryFor)
	}
	return nil
}

// undoPatience bounds a rollback; afterwards the connection is given up, and Postgres undoes its transaction.
const undoPatience = 2 * time.Second

func undo(ctx context.Context, conn bun.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	_ = direct(conn.Conn, func(pg *pgx.Conn) error {
		if !pg.IsClosed() && pg.PgConn().TxStatus() == 'I' {
			return nil
		}
		if _, err := pg.PgConn().Exec(ctx, "rollback").ReadAll(); err != nil {
			return driver.ErrBadConn // nobody else gets it
		}
		return nil
	})
}

// question is a statement that is sent with others, and what is done with each row of its answer.
type question struct {
	*pgconn.StatementDescription

	args []any
	row  func(scan func(...any) error) error
}

// send begins the transaction, and asks all that does not depend on an answer.
func (e *exchange) send(ctx context.Context, pg *pgx.Conn) error {
	questions, err := e.questions(ctx, pg)
	if err != nil {
		return err
	}
	return sendAll(ctx, pg, "begin", questions, "")
}

// sendAll sends the questions in one go, between statements that begin and end a transaction, "" for none, and reads all that is
// said. A statement that fails keeps those that come after it from being carried out.
func sendAll(ctx context.Context, pg *pgx.Conn, first string, questions []question, last string) error {
	pipeline := pg.PgConn().StartPipeline(ctx)
	if first != "" {
		pipeline.SendQueryParams(first, nil, nil, nil, nil)
	}
	err := put(pg, pipeline, questions)
	if err == nil {
		if last != "" {
			pipeline.SendQueryParams(last, nil, nil, nil, nil)
		}
		err = pipeline.Sync()
	}
	if err == nil && first != "" {
		err = answered(pipeline, strings.ToUpper(first))
	}
	if err == nil {
		err = answers(pg, pipeline, questions)
	}
	if err == nil && last != "" {
		err = answered(pipeline, strings.ToUpper(last))
	}
	return errors.Join(err, pipeline.Close())
}

// answers reads what Postgres says to each question.
func answers(pg *pgx.Conn, pipeline *pgconn.Pipeline, questions []question) error {
	for _, q := range questions {
		result, err := results(pipeline)
		if err != nil {
			return err
		}
		if err := q.read(pgx.RowsFromResultReader(pg.TypeMap(), result)); err != nil {
			return err
		}
	}
	return nil
}

func (q *question) read(rows pgx.Rows) error {
	defer rows.Close()
	if err := eachRow(rows, q.row); err != nil {
		return err
	}
	return rows.Err()
}

func results(pipeline *pgconn.Pipeline) (*pgconn.ResultReader, error) {
	got, err := pipeline.GetResults()
	if err != nil {
		return nil, err
	}
	reader, ok := got.(*pgconn.ResultReader)
	if !ok {
		return nil, fmt.Errorf("instead of rows came a %T", got)
	}
	return reader, nil
}

// The statements of an exchange that are the same for all.
var (
	// holdStatement is HoldRevision, and counts the bases that the book holds.
	holdStatement = "SELECT coalesce(revision_id, 0), people, (SELECT count(*) FROM (" +
		those("body_expired_at FROM deliveries") + ") AS bases WHERE body_expired_at IS NULL) FROM hold_rules()"
	recipientStatement = those(recipientColumns)
)

// questions are the statements, prepared once for each connection.
func (e *exchange) questions(ctx context.Context, pg *pgx.Conn) ([]question, error) {
	var asked []question
	ask := asker(ctx, pg, &asked)
	err := ask("accolade_hold", holdStatement, []any{e.wanted}, func(scan func(...any) error) error {
		return scan(&e.Held.RevisionID, &e.Held.Changes, &e.kept)
	})
	if err != nil {
		return nil, err
	}
	if err := e.take(ask); err != nil {
		return nil, err
	}
	if len(e.Sheets) > 0 {
		e.Locked, e.Recipients = make(map[SheetKey]*Sheet, len(e.Sheets)), map[int64]Recipient{}
		rows := emptySheets(e.Sheets)
		statement, args := lockingSheets(rows, e.Now)
		err = errors.Join(ask("accolade_recipients", recipientStatement, []any{usersOf(rows)}, readRecipients(e.Recipients)),
			ask("accolade_sheets", statement, args, readLocked(rows, e.Locked)))
	}
	return asked, err
}

// take asks to store the deliveries and their events.
func (e *exchange) take(ask asking) error {
	e.inserted, e.stored = map[deliveryKey]int64{}, map[string]int64{}
	if e.single() {
		return e.takeOne(ask)
	}
	return e.takeAll(ask)
}

// takeAll asks to store the deliveries, and of those that are new the events: of several alike the first one, in the order in
// which all servers insert.
func (e *exchange) takeAll(ask asking) error {
	rows := e.arriving.rows
	fresh := make([]*newEvent, len(e.told))
	for i, ev := range e.told {
		fresh[i] = ev.newEvent
	}
	deliveries := deliveryColumns(rows)
	events := append(eventColumnsOf(fresh), digestsOf(fresh),
		textsOf("by_source", e.told, func(t *told) string { return t.by.Source }),
		bytesOf("by_key", e.told, func(t *told) []byte { return t.by.Key[:] }),
	)
	eventNames := namesOf(eventColumnsOf(nil))
	var b strings.Builder
	b.WriteString("WITH given AS (INSERT INTO deliveries (" + namesOf(deliveries) + ") SELECT * FROM ")
	args := writeUnnest(&b, deliveries, nil)
	name, newDelivery, newKey := "accolade_take", "", ""
	if e.wary {
		name, newDelivery, newKey = "accolade_take_new", " ON CONFLICT (source, key) DO NOTHING", " ON CONFLICT DO NOTHING"
	}
	b.WriteString(newDelivery + " RETURNING id, source, key), told AS (SELECT DISTINCT ON (t.digest) t.*, g.id AS delivery_id FROM ")
	args = writeUnnest(&b, events, args)
	b.WriteString(" WITH ORDINALITY AS t (" + namesOf(events) + `, no) JOIN given AS g ON g.source = t.by_source AND g.key = t.by_key
		ORDER BY t.digest, t.no),
		taken AS (INSERT INTO event_keys (digest) SELECT digest FROM told` + newKey + ` RETURNING id, digest),
		stored AS (INSERT INTO events (id, delivery_id, ` + eventNames + `) SELECT k.id, t.delivery_id, ` + eventNames +
		` FROM told AS t JOIN taken AS k ON k.digest = t.digest)
		SELECT source, key, id FROM given UNION ALL SELECT NULL, digest, id FROM taken`)
	return ask(name, b.String(), args, e.noteTaken)
}

func (e *exchange) noteTaken(scan func(...any) error) error {
	var source *string
	var key []byte
	var id int64
	if err := scan(&source, &key, &id); err != nil {
		return err
	}
	if source == nil {
		e.stored[string(key)] = id
		return nil
	}
	e.inserted[deliveryKey{*source, [16]byte(key)}] = id
	return nil
}

// writeUnnest writes the columns' arrays as a table, and adds them to the statement's arguments.
func writeUnnest(statement *strings.Builder, columns []column, args []any) []any {
	statement.WriteString("unnest(")
	for i := range columns {
		if i > 0 {
			statement.WriteString(", ")
		}
		args = append(args, columns[i].all)
		list := "$" + strconv.Itoa(len(args)) + "::" + columns[i].kind + "[]"
		if i == 0 {
			list = hidden(list) // one is enough: of several lists the longest counts
		}
		statement.WriteString(list)
	}
	statement.WriteString(")")
	return args
}
