package lately_test

import (
	"testing"

	"github.com/seed-504bad89/accolade/internal/lately"
)

func TestMemoryFades(t *testing.T) {
	t.Parallel()

	var memory lately.Memory
	expected := func() (n int) {
		for memory.Expects() {
			n++
		}
		return n
	}
	if n := expected(); n != 0 {
		t.Errorf("what never happened is expected %d times", n)
	}
	memory.Note(3)
	memory.Note(3) // the last time counts
	if !memory.Recent() {
		t.Error("what has happened is not recent")
	}
	if n := expected(); n != 3 {
		t.Errorf("it is expected %d times, want 3", n)
	}
	if memory.Recent() {
		t.Error("what is not expected any more is recent")
	}
}
