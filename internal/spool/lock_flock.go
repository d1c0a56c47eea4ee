//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package spool

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// lock keeps other processes out of the directory for as long as the file is open: the kernel lets go of it, however
// this process ends.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, privateFile)
	if err != nil {
		return nil, fmt.Errorf("locking the directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		file.Close()
		return nil, fault.New(fault.Conflict, "spool_in_use", "the spool's directory is in use by another process; each needs one of its own")
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("locking the directory: %w", err)
	}
	return file, nil
}
