package automation

import (
	"bytes"
	"testing"

	"github.com/seed-504bad89/accolade/internal/store"
)

// A body may be packed anew while its delivery waits; the queue is given back what was taken.
func TestRoomIsGivenBackAsItWasTaken(t *testing.T) {
	t.Parallel()

	a := &Automation{}
	in := &intake{delivery: store.Delivery{Body: bytes.Repeat([]byte{1}, 100)}}
	if !a.load(in) {
		t.Fatal("there is no room for 100 bytes")
	}
	in.delivery.Body = bytes.Repeat([]byte{1}, 10_000)
	a.unload([]*intake{in})
	if left := a.loaded.Load(); left != 0 {
		t.Errorf("after all is answered %d bytes are taken", left)
	}
}
