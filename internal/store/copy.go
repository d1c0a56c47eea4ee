package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// copied are the tables of the book, each behind those that it refers to. What migrations note of themselves is not copied.
var copied = []string{
	"revisions", "revision_matchers", "book", "avatars", "users", "accounts", "namespaces", "members", "achievements", "awards", "award_markers",
	"tokens", "sessions", "sign_ins", "secrets", "measures", "states", "sheets", "deliveries", "event_keys", "events", "waiting", "replays",
	"imports", "import_parts", "jobs", "clocks", "idempotency_keys", "audit_events",
}

// initial are the tables that have a row in a new book: what it is, and the house user.
var initial = []string{"book", "users"}

// firstMonth is the first one that can have a partition of its own, as the migration to months has it.
const firstMonth month = 300

const (
	// copiedAtOnce is how many rows a statement copies at most, and copiedBytes about how many bytes; a row may have more.
	copiedAtOnce = 500
	copiedBytes  = 1 << 20
)

// copying is what differs when a whole book is written.
type copying interface {
	// lastIDs returns the last id that was given in each of the tables that give ids.
	lastIDs(ctx context.Context, db bun.IDB) (map[string]int64, error)
	// giveIDsAfter has a table go on from an id.
	giveIDsAfter(ctx context.Context, db bun.IDB, table string, last int64) error
}

// Copy fills the book with all that another one holds, as it was at one moment, and calls tell for each table that is copied. Both
// have the form of this program, and this one is new. It is one transaction: after an error the book is as it was. Servers of either must
// not be running: what they write meanwhile is not copied, or in the way.
//
// Faults: Unavailable for a book that is not migrated, Conflict for one to fill that holds something.
func (s *Store) Copy(ctx context.Context, from *Store, tell func(table string, rows int64)) error {
	for _, book := range []*Store{from, s} {
		if err := book.Ready(ctx); err != nil {
			return err
		}
	}
	err := from.reader.RunInTx(ctx, from.dialect.viewOptions(), func(ctx context.Context, source bun.Tx) error {
		return s.writer.RunInTx(ctx, nil, func(ctx context.Context, target bun.Tx) error {
			c := &bookCopy{from: from, to: s, source: source, target: target}
			return c.run(ctx, tell)
		})
	})
	return s.explain(err)
}

// bookCopy is a book on its way into another one.
type bookCopy struct {
	from, to       *Store
	source, target bun.Tx
}

func (c *bookCopy) run(ctx context.Context, tell func(table string, rows int64)) error {
	if err := c.empty(ctx); err != nil {
		return err
	}
	given, err := c.from.dialect.lastIDs(ctx, c.source)
	if err != nil {
		return fmt.Errorf("reading which ids were given: %w", err)
	}
	if err := c.makeMonths(ctx, given["event_keys"]); err != nil {
		return err
	}
	for _, table := range copied {
		rows, err := c.table(ctx, table)
		if err != nil {
			return fmt.Errorf("copying %s: %w", table, err)
		}
		tell(table, rows)
	}
	for table, last := range given {
		if err := c.to.dialect.giveIDsAfter(ctx, c.target, table, last); err != nil {
			return fmt.Errorf("setting the ids of %s: %w", table, err)
		}
	}
	return nil
}

// empty sees to it that nothing is in the book, and refuses one in which there is more than in a new one.
func (c *bookCopy) empty(ctx context.Context) error {
	for _, table := range copied {
		rows, err := c.target.NewSelect().TableExpr("?", bun.Ident(table)).Count(ctx)
		if err != nil {
			return err
		}
		if rows > 1 || rows == 1 && !slices.Contains(initial, table) {
			return fault.New(fault.Conflict, "book_not_empty", "the database to fill is not empty: %s has %d rows", table, rows)
		}
	}
	for _, table := range initial {
		if _, err := c.target.NewDelete().TableExpr("?", bun.Ident(table)).Where("true").Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// makeMonths makes room for the months of all events, and of those that come next.
func (c *bookCopy) makeMonths(ctx context.Context, last int64) error {
	var months []month
	err := c.source.NewSelect().Table("events").ColumnExpr("DISTINCT id / ?", monthIDs).Scan(ctx, &months)
	if err := ignoreNoRows(err); err != nil {
		return fmt.Errorf("reading which months there are: %w", err)
	}
	months = unique(append(months, monthOfID(last+1)))
	months = slices.DeleteFunc(months, func(m month) bool { return m < firstMonth })
	if _, err := c.to.dialect.makeMonths(ctx, c.target, months); err != nil {
		return fmt.Errorf("making room for the events of months: %w", err)
	}
	return nil
}

// table copies a table and returns how many rows it has.
func (c *bookCopy) table(ctx context.Context, table string) (total int64, err error) {
	columns, err := c.columns(ctx, table)
	if err != nil {
		return 0, err
	}
	query := c.source.NewSelect().TableExpr("?", bun.Ident(table)).Column(columns...)
	if table == "users" { // those who were merged into others, behind these
		query = query.OrderExpr("merged_into IS NOT NULL")
	}
	rows, err := query.Rows(ctx)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return 0, err
	}
	part := &rowsOf{table: table, columns: columns, types: types}
	for rows.Next() {
		if err := part.scan(rows.Scan); err != nil {
			return 0, err
		}
		if part.rows == copiedAtOnce || part.bytes > copiedBytes {
			total += part.rows
			if err := part.insert(ctx, c.target); err != nil {
				return 0, err
			}
		}
	}
	total += part.rows
	return total, errors.Join(rows.Err(), part.insert(ctx, c.target))
}

// columns returns those that a table of the target has, which are those of this program.
func (c *bookCopy) columns(ctx context.Context, table string) ([]string, error) {
	rows, err := c.target.NewSelect().TableExpr("?", bun.Ident(table)).Where("false").Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	return columns, errors.Join(err, rows.Err())
}

// rowsOf are some rows of a table, of whatever types.
type rowsOf struct {
	table   string
	columns []string
	types   []*sql.ColumnType
	values  []any
	rows    int64
	// bytes is about how large they are.
	bytes int
}

func (r *rowsOf) scan(scan func(...any) error) error {
	values, places := make([]any, len(r.columns)), make([]any, len(r.columns))
	for i := range values {
		places[i] = &values[i]
	}
	if err := scan(places...); err != nil {
		return err
	}
	for i, value := range values {
		switch kind := strings.ToLower(r.types[i].DatabaseTypeName()); value := value.(type) {
		case []byte:
			r.bytes += len(value)
			if kind == "json" { // which is text on SQLite
				values[i] = string(value)
			}
		case string:
			r.bytes += len(value)
		case int64:
			if kind == "boolean" { // which is a number on SQLite
				values[i] = value != 0
			}
		}
	}
	r.values, r.rows = append(r.values, values...), r.rows+1
	return nil
}

// insert stores the rows, after which there are none.
func (r *rowsOf) insert(ctx context.Context, db bun.IDB) error {
	if r.rows == 0 {
		return nil
	}
	row := "(" + strings.Repeat(", ?", len(r.columns))[2:] + ")"
	statement := "INSERT INTO ? (" + strings.Join(r.columns, ", ") + ") VALUES " + strings.Repeat(", "+row, int(r.rows))[2:]
	_, err := db.ExecContext(ctx, statement, append([]any{bun.Ident(r.table)}, r.values...)...)
	*r = rowsOf{table: r.table, columns: r.columns, types: r.types}
	return err
}
