package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
)

// insert hands over each column as an array, so that the statement is the same for any number of rows.
func (d postgres) insert(ctx context.Context, db bun.IDB, in insertion, row func(scan func(...any) error) error) error {
	var statement strings.Builder
	var args []any
	in.begin(&statement)
	if in.rows == 1 && in.unless == "" {
		statement.WriteString(" VALUES (")
		args = writeValues(&statement, in.columns, nil)
		statement.WriteString(")")
	} else {
		statement.WriteString(" SELECT * FROM ")
		args = writeUnnest(&statement, in.columns, nil)
	}
	if in.unless != "" {
		// OFFSET 0 keeps Postgres from comparing all rows with a whole table, as in those.
		statement.WriteString(" AS given (" + namesOf(in.columns) + ") WHERE NOT EXISTS (" + in.unless + " OFFSET 0)")
	}
	statement.WriteString(" " + in.then)
	if within, ok := db.(*exchanging); ok && in.last {
		within.last = append(within.last, closing{statement.String(), args})
		return nil
	}
	return query(ctx, db, statement.String(), d.prepared(args), row)
}

func (d postgres) among(ctx context.Context, db bun.IDB, columns string, ids []int64, row func(scan func(...any) error) error) error {
	return query(ctx, db, those(columns), d.prepared([]any{ids}), row)
}

// those reads columns FROM a table of the rows whose ids are $1. Each is looked for by itself and by its id alone (OFFSET 0 keeps
// that so): a list would be compared with the whole of a table that was empty when the statement was planned, and with
// anything else to go by, an index of that might be read as a whole.
func those(columns string) string {
	return "SELECT found.* FROM unnest(" + hidden("$1::bigint[]") + ") AS u (wanted) CROSS JOIN LATERAL (SELECT " + columns +
		" WHERE id = u.wanted OFFSET 0) AS found"
}

// hidden keeps Postgres from seeing how long a list is: for short ones it would plan the statement anew each time.
func hidden(list string) string { return "(SELECT " + list + ")" }

func (sqliteFile) among(ctx context.Context, db bun.IDB, columns string, ids []int64, row func(scan func(...any) error) error) error {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return query(ctx, db, "SELECT "+columns+" WHERE id IN ("+strings.Repeat("?, ", len(ids)-1)+"?)", args, row)
}

// maxVariables is how many values SQLite takes in one statement (SQLITE_MAX_VARIABLE_NUMBER).
const maxVariables = 32766

func (sqliteFile) insert(ctx context.Context, db bun.IDB, in insertion, row func(scan func(...any) error) error) error {
	tuple := "(" + strings.Repeat("?, ", len(in.columns)-1) + "?)"
	for first, most := 0, maxVariables/len(in.columns); first < in.rows; first += most {
		until := min(first+most, in.rows)
		var statement strings.Builder
		args := make([]any, 0, (until-first)*len(in.columns))
		if in.unless == "" {
			in.begin(&statement)
		} else {
			statement.WriteString("WITH given (" + namesOf(in.columns) + ") AS (")
		}
		statement.WriteString(" VALUES ")
		for i := first; i < until; i++ {
			if i > first {
				statement.WriteString(", ")
			}
			statement.WriteString(tuple)
			for c := range in.columns {
				args = append(args, in.columns[c].at(i))
			}
		}
		if in.unless != "" {
			statement.WriteString(") ")
			in.begin(&statement)
			statement.WriteString(" SELECT * FROM given WHERE NOT EXISTS (" + in.unless + ")")
		}
		statement.WriteString(" " + in.then)
		if err := query(ctx, db, statement.String(), args, row); err != nil {
			return err
		}
	}
	return nil
}

// begin writes the statement as far as both databases agree.
func (in *insertion) begin(statement *strings.Builder) {
	statement.WriteString("INSERT INTO " + in.table + " (" + namesOf(in.columns) + ")")
}

func namesOf(columns []column) string {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	return strings.Join(names, ", ")
}

// query runs a statement of the transaction as it is written: bun would write the values into it.
func query(ctx context.Context, db bun.IDB, statement string, args []any, row func(scan func(...any) error) error) error {
	var asked interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	switch db := db.(type) {
	case bun.Tx:
		asked = db.Tx
	case *exchanging:
		asked = db.Conn.Conn
	default:
		return fmt.Errorf("a transaction is a %T", db)
	}
	rows, err := asked.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := eachRow(rows, row); err != nil {
		return err
	}
	return rows.Err()
}

// eachRow calls row for each of the rows; whether they came to their end, rows.Err says.
func eachRow(rows interface {
	Next() bool
	Scan(into ...any) error
}, row func(scan func(...any) error) error,
) error {
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return nil
}
