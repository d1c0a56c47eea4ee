package store

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/trace"
)

// tracing makes a span of each statement; a nil one makes none. Of the statement itself it says nothing: bun writes the values
// into it.
type tracing struct {
	traces *trace.Tracer
	system string
}

// trace has spans made of statements.
func (s *Store) trace(traces *trace.Tracer) {
	s.traces = &tracing{traces, trace.SQLite}
	if _, server := s.dialect.(postgres); server {
		s.traces.system = trace.Postgres
	}
	s.hook(s.traces)
}

// begin begins the span of a statement, or of several that are sent at once. The table may have its alias.
func (h *tracing) begin(ctx context.Context, operation, table string, batch int) *trace.Span {
	if h == nil {
		return nil
	}
	return h.traces.Query(ctx, trace.Query{System: h.system, Operation: operation, Table: tableOf(table), Batch: batch})
}

// spanOf finds a statement's span in what is kept with it.
type spanOf struct{}

// BeforeQuery implements bun.QueryHook. The span is not left in the context: that of a transaction's beginning would hold its end.
func (h *tracing) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	table := ""
	if e.IQuery != nil {
		table = e.IQuery.GetTableName()
	}
	if span := h.begin(ctx, operationOf(e.Operation()), table, 0); span != nil {
		if e.Stash == nil {
			e.Stash = map[any]any{}
		}
		e.Stash[spanOf{}] = span
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (*tracing) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if span, ok := e.Stash[spanOf{}].(*trace.Span); ok {
		span.End(unlessNone(e.Err))
	}
}

// operations are those that statements begin with.
var operations = []string{
	"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "PRAGMA", "CREATE", "ALTER", "DROP", "LOCK",
}

// operationOf is what a statement begins with.
func operationOf(statement string) string {
	if words := strings.Fields(statement); len(words) > 0 && slices.Contains(operations, words[0]) {
		return words[0]
	}
	return "OTHER"
}

// tableName is what tables are called.
var tableName = regexp.MustCompile(`^"?([a-z_]+)"?(?: |$)`)

// tableOf is the name of a table that is given with its alias, "" for what is no table, such as a subquery.
func tableOf(expression string) string {
	if found := tableName.FindStringSubmatch(expression); found != nil {
		return found[1]
	}
	return ""
}

// unlessNone passes over the error of a statement that found nothing.
func unlessNone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
