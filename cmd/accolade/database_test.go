package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Whoever may not write where the SQLite file is to be is told so: SQLite says of all of it that it cannot open a file.
func TestDatabaseThatCannotBeOpened(t *testing.T) {
	t.Parallel()

	place := t.TempDir()
	for _, folder := range []string{place, filepath.Dir(place)} { // for somebody who is not root
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(place, "accolade")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	folder := func(name string, mode os.FileMode, files ...string) string {
		path := filepath.Join(place, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if err := os.WriteFile(filepath.Join(path, file), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(path, file), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tc := range map[string]struct{ folder, want string }{
		"an empty directory of somebody else's":      {folder("closed", 0o555), "permission denied"},
		"a directory of somebody else's, with files": {folder("half", 0o555, "accolade.db", "accolade.db.lock"), "permission denied"},
		"a directory that is not there":              {filepath.Join(place, "nowhere"), "no such file or directory"},
	} {
		command := exec.CommandContext(t.Context(), binary, "migrate")
		command.Dir = place
		command.Env = append(os.Environ(), "ACCOLADE_DATABASE_URL="+filepath.Join(tc.folder, "accolade.db"))
		if os.Getuid() == 0 {
			const nobody = 65534
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		out, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(out), tc.want) || !strings.Contains(string(out), "must be there, and writable") {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}
