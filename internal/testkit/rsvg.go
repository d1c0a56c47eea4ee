package testkit

import (
	"bytes"
	"os/exec"
	"strconv"
	"testing"
)

// RSVG draws an SVG by librsvg, so many times as large as it says, and returns the PNG. The program's path comes from
// ACCOLADE_TEST_RSVG.
func RSVG(t *testing.T, svg []byte, scale int) []byte {
	t.Helper()

	path := need(t, "ACCOLADE_TEST_RSVG")
	convert := exec.CommandContext(t.Context(), path, "--format", "png", "--zoom", strconv.Itoa(scale)) //nolint:gosec // the program that the test was given
	convert.Stdin = bytes.NewReader(svg)
	var out, complaints bytes.Buffer
	convert.Stdout, convert.Stderr = &out, &complaints
	if err := convert.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("librsvg: %v %s", err, &complaints)
	}
	return out.Bytes()
}
