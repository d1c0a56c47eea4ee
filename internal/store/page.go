package store

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// The limits of a page.
const (
	DefaultPage = 20
	MaxPage     = 100
)

// Page asks for a part of a list.
type Page struct {
	// Limit is how many items the page holds at most, 1 to MaxPage; 0 means DefaultPage.
	Limit int
	// After is the cursor that the page before ended with; empty for the first page.
	After string
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return DefaultPage
	}
	return min(p.Limit, MaxPage)
}

// from lets a list that is ordered by an id alone go on after the page before; condition compares the id
// with where that one ended.
func (p Page) from(q *bun.SelectQuery, condition string) (*bun.SelectQuery, error) {
	if p.After == "" {
		return q, nil
	}
	after, err := parseCursor(p.After, 1)
	if err != nil {
		return nil, err
	}
	return q.Where(condition, after[0]), nil
}

// A position is where a page ends: the values that the list is ordered by. Its opaque form is
// the cursor that callers see.
type position []int64

func (p position) cursor() string {
	var raw []byte
	for _, value := range p {
		raw = binary.AppendVarint(raw, value)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// parseCursor reads a cursor of so many values. A cursor that no list of the kind gave is an
// Invalid fault.
func parseCursor(cursor string, values int) (position, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	pos := make(position, 0, values)
	for err == nil && len(raw) > 0 {
		value, n := binary.Varint(raw)
		if n <= 0 {
			break
		}
		pos, raw = append(pos, value), raw[n:]
	}
	if err != nil || len(raw) > 0 || len(pos) != values {
		bad := fault.InvalidField("cursor", "bad_cursor", "is no cursor of this list")
		bad.Code = "bad_cursor"
		return nil, bad
	}
	return pos, nil
}

// cut takes the one item too many off the rows that a query for limit+1 of them gave, and returns
// the cursor of the next page when there is one.
func cut[T any](rows []T, limit int, at func(*T) position) (page []T, next string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, at(&rows[limit-1]).cursor()
}

// noPriority is where an award without a priority stands: after all that have one.
const noPriority = math.MaxInt64

// micros and fromMicros carry times in cursors, as precisely as the book keeps them.
func micros(t time.Time) int64     { return t.UnixMicro() }
func fromMicros(m int64) time.Time { return time.UnixMicro(m).UTC() }
