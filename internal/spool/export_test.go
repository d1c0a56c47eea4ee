package spool

import "os"

// Syncing returns the configuration with another way to have a file on the disk: no disk fails when a test wants it to.
func (c Config) Syncing(sync func(*os.File) error) Config {
	c.sync = sync
	return c
}
