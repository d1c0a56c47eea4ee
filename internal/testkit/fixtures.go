package testkit

import (
	"bytes"
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

	pins, err := folderAbove(filepath.Join("build", "fixtures"))
	if err != nil {
		tb.Fatal(err)
	}
	var answer, complaints bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), "./fetch.sh", module) //nolint:gosec // the test says which module
	cmd.Dir, cmd.Stdout, cmd.Stderr = pins, &answer, &complaints
	err = cmd.Run()
	folder := strings.TrimSpace(answer.String())
	if err != nil || folder == "" {
		tb.Fatalf("the fixtures of %s cannot be fetched in the version that build/fixtures pins: %v\n%s", module, err, complaints.String())
	}
	return folder
}
