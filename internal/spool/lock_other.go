//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package spool

import (
	"os"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// lock refuses: two processes in one directory would lose records.
func lock(string) (*os.File, error) {
	return nil, fault.New(fault.Invalid, "spool_not_offered", "this system has no locks that end with their process, which a spool needs")
}
