package store

import (
	"fmt"
	"os"
	"slices"

	sqlitelib "modernc.org/sqlite/lib"
)

// Files returns the files that SQLite keeps the book in and beside, of which the first is the book's, and none for Postgres.
func (c Config) Files() []string {
	if _, ok := postgresURL(c.URL); ok {
		return nil
	}
	return []string{c.URL, c.URL + ".lock", c.URL + "-wal", c.URL + "-shm"}
}

// unopened says why SQLite cannot open its files, which it does not say itself, by opening them as it does. Nobody in this
// process may have them: whoever closes a file loses the locks of all who do.
func unopened(path string, err error) error {
	if !slices.Contains([]int{sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_READONLY}, sqliteCode(err)) {
		return err
	}
	for _, name := range (Config{URL: path}).Files() {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644) //nolint:gosec // as SQLite makes it
		if err != nil {
			return fmt.Errorf("%w; the directory of the file must be there, and writable", err)
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return err
}
