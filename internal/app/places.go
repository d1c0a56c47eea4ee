package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CheckPlaces returns an error if the service, run by the same user, could not write where it keeps things: the files of SQLite,
// and the spool. Nothing that it makes stays. It must not be called in a process that has the book open, since closing one of
// SQLite's files takes away the locks on it.
func (c *Config) CheckPlaces() error {
	if files := c.Store.Files(); len(files) > 0 {
		if err := writable(filepath.Dir(files[0]), files); err != nil {
			return fmt.Errorf("database_url: %w", err)
		}
	}
	if c.SpoolDirectory != "" {
		if err := spoolWritable(c.SpoolDirectory); err != nil {
			return fmt.Errorf("spool_dir: %w", err)
		}
	}
	return nil
}

// spoolWritable is writable of the spool's directory and all that is in it, or of the directory in which it would be made.
func spoolWritable(directory string) error {
	entries, err := os.ReadDir(directory)
	for parent := filepath.Dir(directory); errors.Is(err, fs.ErrNotExist) && parent != directory; parent = filepath.Dir(directory) {
		directory = parent
		_, err = os.Stat(directory)
	}
	if err != nil {
		return err
	}
	files := make([]string, len(entries))
	for i, entry := range entries {
		files[i] = filepath.Join(directory, entry.Name())
	}
	return writable(directory, files)
}

// writable returns an error unless files can be made in the directory, and those of them that are there can be written to.
func writable(directory string, files []string) error {
	made, err := os.CreateTemp(directory, ".accolade-check-*")
	if err != nil {
		return fmt.Errorf("%w; the directory must be there, and writable", err)
	}
	made.Close()
	if err := os.Remove(made.Name()); err != nil {
		return err
	}
	for _, name := range files {
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		file.Close()
	}
	return nil
}
