package testkit

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ProcessorTime returns how much processor time a process has used; it skips the test where the system does not tell.
func ProcessorTime(t *testing.T, pid int) time.Duration {
	t.Helper()

	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Skipf("the process's time cannot be read: %v", err)
	}
	// The name in parentheses may hold blanks; user and system time are the 12th and 13th field after it, in hundredths of a second.
	_, rest, _ := strings.Cut(string(text), ") ")
	total := 0
	for _, field := range strings.Fields(rest)[11:13] {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		total += ticks
	}
	return time.Duration(total) * 10 * time.Millisecond
}

// ResidentMemory returns how many bytes of memory a process has resident; it skips the test where the system does not tell.
func ResidentMemory(t *testing.T, pid int) int {
	t.Helper()

	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Skipf("the process's memory cannot be read: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
