package store

import (
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// encodings are where arguments of statements are encoded. pgx would begin with a small buffer for each statement and double it until
// the bodies of a batch fit, which was a quarter of all memory that an intake took.
var encodings = sync.Pool{New: func() any { return new([]byte) }}

const (
	// keptEncoding is how large a buffer may have grown that is kept for the next transaction.
	keptEncoding = 1 << 20
	// besidesArguments is about what a statement sends besides its arguments, and for each of them.
	besidesArguments, besidesArgument = 256, 8
)

// encoded is a question as it is sent.
type encoded struct {
	values           [][]byte
	formats, results []int16
}

// put puts the questions into the pipeline.
func put(pg *pgx.Conn, pipeline *pgconn.Pipeline, questions []question) error {
	buffer, _ := encodings.Get().(*[]byte)
	defer func() {
		if cap(*buffer) <= keptEncoding {
			*buffer = (*buffer)[:0]
			encodings.Put(buffer)
		}
	}()
	all := make([]encoded, len(questions))
	size := 0
	for i, q := range questions {
		var err error
		if all[i], err = q.encode(pg, buffer); err != nil {
			return err
		}
		size += besidesArguments + besidesArgument*len(q.args)
	}
	pg.PgConn().Frontend().Send(room(size + len(*buffer)))
	for i, q := range questions {
		pipeline.SendQueryStatement(q.StatementDescription, all[i].values, all[i].formats, all[i].results)
	}
	return nil
}

// encode appends the arguments to the buffer.
func (q *question) encode(pg *pgx.Conn, buffer *[]byte) (encoded, error) {
	types := pg.TypeMap()
	e := encoded{values: make([][]byte, len(q.args)), formats: make([]int16, len(q.args)), results: make([]int16, len(q.Fields))}
	for i, oid := range q.ParamOIDs {
		from := len(*buffer)
		e.formats[i] = types.FormatCodeForOID(oid)
		with, err := types.Encode(oid, e.formats[i], q.args[i], *buffer)
		if err != nil {
			return encoded{}, err
		}
		if with == nil { // NULL
			continue
		}
		*buffer, e.values[i] = with, with[from:]
	}
	for i, field := range q.Fields {
		e.results[i] = types.FormatCodeForOID(field.DataTypeOID)
	}
	return e, nil
}

// room is a message of no bytes that has pgx make room for those that follow.
type room int

// Frontend says that it is one of those that are sent to Postgres.
func (room) Frontend() {}

// Decode is never called.
func (room) Decode([]byte) error { return nil }

// Encode returns the buffer with room in it.
func (r room) Encode(buffer []byte) ([]byte, error) { return slices.Grow(buffer, int(r)), nil }
