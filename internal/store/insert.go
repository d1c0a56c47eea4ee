package store

import (
	"context"
	"time"
)

// This file writes many rows by one statement, for what every delivery writes: values stay values, and a statement that is
// known already is not read and planned again.

// insertion is many rows for a table.
type insertion struct {
	// table is the table, with its alias.
	table   string
	rows    int
	columns []column
	// unless is a query that has a row for each of the rows, which are called given, that is left out; "" for none.
	unless string
	// last says that nothing in the transaction depends on the rows, nor on whether they can be stored: they may be written with
	// the commit.
	last bool
	// then follows the rows: what to do with those that are there, and what to return.
	then string
}

// column holds what all the rows have in one column.
type column struct {
	name string
	// kind is Postgres' type of one value.
	kind string
	// all is a slice of the values, and at returns one of them as database/sql takes it.
	all any
	at  func(i int) any
}

func columnOf[Row, T any](name, kind string, rows []Row, value func(Row) T) column {
	all := make([]T, len(rows))
	for i := range rows {
		all[i] = value(rows[i])
	}
	return column{name, kind, all, func(i int) any { return all[i] }}
}

// nullColumnOf is a column where the zero value is null.
func nullColumnOf[Row any, T comparable](name, kind string, rows []Row, value func(Row) T) column {
	return columnOf(name, kind, rows, func(row Row) *T {
		var zero T
		v := value(row)
		if v == zero {
			return nil
		}
		return &v
	})
}

func textsOf[Row any](name string, rows []Row, value func(Row) string) column {
	return columnOf(name, "text", rows, value)
}

func bytesOf[Row any](name string, rows []Row, value func(Row) []byte) column {
	return columnOf(name, "bytea", rows, value)
}

func numbersOf[Row any](name string, rows []Row, value func(Row) int64) column {
	return columnOf(name, "bigint", rows, value)
}

func timesOf[Row any](name string, rows []Row, value func(Row) time.Time) column {
	return columnOf(name, "timestamptz", rows, func(row Row) time.Time { return value(row).UTC() })
}

// insert stores the rows in their order, and calls row for each that the statement returns.
func (tx *Tx) insert(ctx context.Context, in insertion, row func(scan func(...any) error) error) error {
	if in.rows == 0 {
		return nil
	}
	if _, exchanged := tx.db.(*exchanging); exchanged && in.last { // it is not sent yet
		return tx.dialect.insert(ctx, tx.db, in, row)
	}
	return tx.timed(ctx, "INSERT", in.table, func() error { return tx.dialect.insert(ctx, tx.db, in, row) })
}

// timed runs a statement, and tells how long it took.
func (tx *Tx) timed(ctx context.Context, operation, table string, run func() error) error {
	span := tx.traces.begin(ctx, operation, table, 0)
	began := time.Now()
	err := run()
	span.End(unlessNone(err))
	if tx.observe != nil {
		tx.observe(time.Since(began))
	}
	return err
}
