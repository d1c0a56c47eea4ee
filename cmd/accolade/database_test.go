package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Whoever may not write where the SQLite file is to be is told so: SQLite says of all of it that it cannot open a file.
func TestDatabaseThatCannotBeOpened(t *testing.T) {
	t.Parallel()

	binary := built(t)
	place := filepath.Dir(binary)
	for name, tc := range map[string]struct{ folder, want string }{
		"an empty directory of somebody else's":      {folder(t, place, "closed", 0o555), "permission denied"},
		"a directory of somebody else's, with files": {folder(t, place, "half", 0o555, "accolade.db", "accolade.db.lock"), "permission denied"},
		"a directory that is not there":              {filepath.Join(place, "nowhere"), "no such file or directory"},
	} {
		out, err := byNobody(t, []string{"ACCOLADE_DATABASE_URL=" + filepath.Join(tc.folder, "accolade.db")}, binary, "migrate")
		if err == nil || !strings.Contains(out, tc.want) || !strings.Contains(out, "must be there, and writable") {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}

// What serve could not write to is found by the check, which leaves everything as it was.
func TestConfigCheckLooksWhetherPlacesCanBeWrittenTo(t *testing.T) {
	t.Parallel()

	binary := built(t)
	place := filepath.Dir(binary)
	open := folder(t, place, "open", 0o777)
	used := folder(t, place, "used", 0o777, "accolade.db", "accolade.db.lock", "00000001.spool")
	ours := folder(t, place, "ours", 0o777, "accolade.db", "accolade.db-wal", "cursor")
	for _, name := range []string{"accolade.db-wal", "cursor"} {
		if err := os.Chmod(filepath.Join(ours, name), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	closed := folder(t, place, "closed", 0o555)
	half := folder(t, place, "half", 0o555, "accolade.db", "accolade.db.lock")
	before := listing(t, place)
	for name, tc := range map[string]struct{ database, spool, want string }{
		"all is well":                    {filepath.Join(open, "accolade.db"), filepath.Join(open, "spool", "one"), ""},
		"all is there":                   {filepath.Join(used, "accolade.db"), used, ""},
		"no directory for the file":      {filepath.Join(place, "nowhere", "accolade.db"), "", "database_url: "},
		"a closed directory":             {filepath.Join(closed, "accolade.db"), "", "database_url: "},
		"a file in a closed directory":   {filepath.Join(half, "accolade.db"), "", "database_url: "},
		"a directory for the file":       {open, "", "database_url: "},
		"a file of its own not writable": {filepath.Join(ours, "accolade.db"), "", "accolade.db-wal"},
		"a closed spool":                 {filepath.Join(open, "accolade.db"), closed, "spool_dir: "},
		"a spool in a closed directory":  {filepath.Join(open, "accolade.db"), filepath.Join(closed, "a", "b"), "spool_dir: "},
		"a file for the spool":           {filepath.Join(open, "accolade.db"), filepath.Join(used, "accolade.db"), "spool_dir: "},
		"a spool below a file":           {filepath.Join(open, "accolade.db"), filepath.Join(used, "accolade.db", "spool"), "spool_dir: "},
		"a spool of somebody else":       {filepath.Join(open, "accolade.db"), ours, "spool_dir: "},
		"Postgres needs no file":         {"postgres://ada@localhost/accolade", "", ""},
	} {
		out, err := byNobody(t, []string{"ACCOLADE_DATABASE_URL=" + tc.database, "ACCOLADE_SPOOL_DIR=" + tc.spool}, binary, "config", "check")
		switch {
		case tc.want == "" && (err != nil || !strings.HasPrefix(out, "The configuration is good")):
			t.Errorf("%s: it prints %q, %v", name, out, err)
		case tc.want != "" && (err == nil || !strings.Contains(out, tc.want)):
			t.Errorf("%s: it prints %q, %v, want %s", name, out, err, tc.want)
		}
	}
	if after := listing(t, place); !slices.Equal(before, after) {
		t.Errorf("there is now %q, and was %q", after, before)
	}
}

// built returns the program, in a directory that everyone may look into.
func built(t *testing.T) string {
	t.Helper()

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
	return binary
}

// byNobody runs a command where the program is, as somebody who is not root, and returns all that it prints.
func byNobody(t *testing.T, environment []string, binary string, line ...string) (string, error) {
	t.Helper()

	command := exec.CommandContext(t.Context(), binary, line...)
	command.Dir = filepath.Dir(binary)
	command.Env = append(os.Environ(), environment...)
	if os.Getuid() == 0 {
		const nobody = 65534
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := command.CombinedOutput()
	return string(out), err
}

// folder makes a directory with files that everyone may write to.
func folder(t *testing.T, place, name string, mode os.FileMode, files ...string) string {
	t.Helper()

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

// listing returns the names of everything below a directory.
func listing(t *testing.T, place string) (names []string) {
	t.Helper()

	err := filepath.WalkDir(place, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
