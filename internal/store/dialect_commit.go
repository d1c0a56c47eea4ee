package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
)

// exchanging is the connection of a transaction that began with an exchange.
type exchanging struct {
	bun.Conn

	// last are the statements that are sent with the commit.
	last []closing
}

// closing is a statement of whose answer only matters that it is no error.
type closing struct {
	statement string
	args      []any
}

// commit sends the last statements and the commit in one go.
func (e *exchanging) commit(ctx context.Context, pg *pgx.Conn) error {
	questions := make([]question, 0, len(e.last))
	ask := asker(ctx, pg, &questions)
	for _, c := range e.last {
		if err := ask(c.statement, c.statement, c.args, nil); err != nil { // named by its digest
			return err
		}
	}
	return sendAll(ctx, pg, "", questions, "commit")
}

// answered reads what Postgres says to the statement that begins or ends a transaction. A commit of what has failed it answers by
// ROLLBACK.
func answered(pipeline *pgconn.Pipeline, want string) error {
	said, err := results(pipeline)
	if err != nil {
		return err
	}
	tag, err := said.Close()
	if err == nil && tag.String() != want {
		err = pgx.ErrTxCommitRollback
	}
	return err
}
