package testkit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fetching lets one test at a time fetch, so that those of one package do it once.
var fetching sync.Mutex

// Fixtures returns the folder of a Go module or, if the name begins with "@", of an npm package, whose test data
// tests read as its makers publish it. build/fixtures pins its version and checksum. It is fetched when it is not
// there yet, by the go and npm commands; when that fails, the test fails.
func Fixtures(tb testing.TB, module string) string {
	tb.Helper()
	fetching.Lock()
	defer fetching.Unlock()

	var answer, complaints bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), "./fetch.sh", module) //nolint:gosec // the test says which module
	cmd.Dir, cmd.Stdout, cmd.Stderr = pinsFolder(tb), &answer, &complaints
	err := cmd.Run()
	folder := strings.TrimSpace(answer.String())
	if err != nil || folder == "" {
		tb.Fatalf("the fixtures of %s cannot be fetched in the version that build/fixtures pins: %v\n%s", module, err, complaints.String())
	}
	return folder
}

// pinsFolder returns build/fixtures of the repository that the test is in.
func pinsFolder(tb testing.TB) string {
	tb.Helper()

	here, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		pins := filepath.Join(folder, "build", "fixtures")
		if _, err := os.Stat(filepath.Join(pins, "fetch.sh")); err == nil {
			return pins
		}
		if folder == filepath.Dir(folder) {
			tb.Fatalf("no folder above %s has build/fixtures, which pins the fixtures", here)
		}
	}
}
