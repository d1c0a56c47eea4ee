package store

import "context"

// ParseCursor lets tests feed the parser of cursors directly.
func ParseCursor(cursor string, values int) ([]int64, error) { return parseCursor(cursor, values) }

// Cursor makes a cursor of the values.
func Cursor(values ...int64) string { return position(values).cursor() }

// EventData returns the source and the JSON of every event, oldest first.
func (tx *Tx) EventData(ctx context.Context) ([]string, error) {
	var data []string
	err := tx.db.NewSelect().Model((*eventRow)(nil)).ColumnExpr("source || ': ' || CAST(data AS text)").Order("id").Scan(ctx, &data)
	return data, err
}

// Exec runs a statement that no method would.
func (tx *Tx) Exec(ctx context.Context, statement string) error {
	_, err := tx.db.ExecContext(ctx, statement)
	return err
}

// ReadSheet lets tests feed the reader of sheets directly.
func ReadSheet(text string) (*Sheet, error) { return readSheet(text) }

// Text is a sheet as it is stored.
func (s *Sheet) Text() string { return s.text() }
