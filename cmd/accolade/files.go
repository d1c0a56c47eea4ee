package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// privateFile is for its owner alone, publicFile for everyone to read.
	privateFile fs.FileMode = 0o600
	publicFile  fs.FileMode = 0o644
)

// replaceFile gives a file another text at once: nobody ever finds half of it. It keeps its permissions and its owner. One
// that is not there is made for its owner alone.
func replaceFile(name, text string) error { return replaceFileFor(name, text, privateFile) }

// replaceFileFor does the same, and makes a file that is not there with the mode.
func replaceFileFor(name, text string, mode fs.FileMode) error {
	linked, err := filepath.EvalSymlinks(name)
	switch {
	case err == nil:
		info, err := os.Stat(linked)
		if err != nil {
			return err
		}
		name, mode = linked, info.Mode().Perm()
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	// A name that begins with a dot is read by nobody as rules.
	file, err := os.CreateTemp(filepath.Dir(name), ".accolade-*")
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = ownAs(file.Name(), name)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", name, err), os.Remove(file.Name()))
	}
	return nil
}

// ownAs gives a file the owner of another, if there is one and it is not the caller's: what root writes for a service is
// the service's.
func ownAs(name, like string) error {
	info, err := os.Stat(like)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Getuid() && int(owner.Gid) == os.Getgid() {
		return nil
	}
	if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil && !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}
