package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What comes alone, as most deliveries do on most days, is asked for by statements for one row: Postgres takes several times as long to begin and to
// end one for a list of rows, which a batch pays once.

// writeValues writes one row of values, and adds them to the statement's arguments.
func writeValues(statement *strings.Builder, columns []column, args []any) []any {
	for i := range columns {
		if i > 0 {
			statement.WriteString(", ")
		}
		args = append(args, columns[i].at(0))
		statement.WriteString("$" + strconv.Itoa(len(args)) + "::" + columns[i].kind)
	}
	return args
}

// single reports whether one delivery with at most one event comes, of which nothing is expected to be there.
func (e *exchange) single() bool { return !e.wary && len(e.arriving.rows) == 1 && len(e.told) <= 1 }

// asking adds a question to an exchange.
type asking func(name, statement string, args []any, row func(scan func(...any) error) error) error

// asker returns what adds to the questions, whose statements are prepared once for each connection.
func asker(ctx context.Context, pg *pgx.Conn, questions *[]question) asking {
	return func(name, statement string, args []any, row func(scan func(...any) error) error) error {
		prepared, err := pg.Prepare(ctx, name, statement)
		*questions = append(*questions, question{prepared, args, row})
		return err
	}
}

// takeOne asks to store the one delivery, and its event.
func (e *exchange) takeOne(ask asking) error {
	row := e.arriving.rows[0]
	key := deliveryKey{row.Source, [16]byte(row.Key)}
	columns := deliveryColumns(e.arriving.rows)
	var b strings.Builder
	b.WriteString("INSERT INTO deliveries (" + namesOf(columns) + ") VALUES (")
	args := writeValues(&b, columns, nil)
	b.WriteString(") RETURNING id")
	if len(e.told) == 0 {
		return ask("accolade_take_delivery", b.String(), args, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			e.inserted[key] = id
			return err
		})
	}
	told := e.told[0]
	inserted := b.String()
	columns = eventColumnsOf([]*newEvent{told.newEvent})
	args = append(args, told.digest)
	b.Reset()
	b.WriteString("WITH given AS (" + inserted + "), taken AS (INSERT INTO event_keys (digest) VALUES ($" + strconv.Itoa(len(args)) +
		") RETURNING id), stored AS (INSERT INTO events (id, delivery_id, " + namesOf(columns) + ") SELECT taken.id, given.id, ")
	args = writeValues(&b, columns, args)
	b.WriteString(" FROM given, taken) SELECT given.id, taken.id FROM given, taken")
	return ask("accolade_take_event", b.String(), args, func(scan func(...any) error) error {
		var id, event int64
		err := scan(&id, &event)
		e.inserted[key], e.stored[string(told.digest)] = id, event
		return err
	})
}
