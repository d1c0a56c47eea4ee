package store

// ParseCursor lets tests feed the parser of cursors directly.
func ParseCursor(cursor string, values int) ([]int64, error) { return parseCursor(cursor, values) }

// Cursor makes a cursor of the values.
func Cursor(values ...int64) string { return position(values).cursor() }
