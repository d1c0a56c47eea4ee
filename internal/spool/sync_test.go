package spool_test

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/spool"
)

// failsOnce is a disk on which one sync fails, and no other: Linux tells of pages that it could not write once.
type failsOnce struct {
	calls atomic.Int32
	// begun is closed when that sync begins, which ends after fail is closed.
	begun, fail chan struct{}
}

func newFailsOnce() *failsOnce {
	return &failsOnce{begun: make(chan struct{}), fail: make(chan struct{})}
}

func (d *failsOnce) sync(*os.File) error {
	if d.calls.Add(1) > 1 {
		return nil
	}
	close(d.begun)
	<-d.fail
	return syscall.EIO
}

func record(payload string) spool.Record {
	return spool.Record{Owner: "forge", At: noon, Payload: []byte(payload)}
}

func mustPut(t *testing.T, s *spool.Spool, payload string) *spool.Ticket {
	t.Helper()

	ticket, err := s.Put(record(payload))
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// What is written while a sync runs that fails may be lost as well, and the next sync does not say so: nobody is told that
// it is kept. The spool goes on in another file.
func TestFailedSyncIsRemembered(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		segment   int64
		meanwhile []string
	}{
		"in the same segment": {1 << 20, []string{"record 1"}},
		"the segment is full": {100, []string{"record 1", "record 2", "record 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			disk := newFailsOnce()
			s := open(t, spool.Config{Directory: t.TempDir(), Segment: tc.segment}.Syncing(disk.sync))
			first := mustPut(t, s, "record 0")
			told := make(chan error, 1)
			go func() { told <- first.Wait(t.Context()) }()
			<-disk.begun
			var putting sync.WaitGroup
			tickets := make(chan *spool.Ticket, len(tc.meanwhile))
			putting.Go(func() {
				for _, payload := range tc.meanwhile {
					ticket, err := s.Put(record(payload))
					if err != nil {
						t.Error(err)
						return
					}
					tickets <- ticket
				}
			})
			// One that begins a segment has the one before synced, and may wait for the sync that runs. All others wait for nobody.
			for len(tickets) < min(len(tc.meanwhile), 2) {
				time.Sleep(time.Millisecond)
			}
			close(disk.fail)
			putting.Wait()
			if err := <-told; !fault.Is(err, fault.Unavailable) {
				t.Errorf("whose sync failed is told %v", err)
			}
			close(tickets)
			for ticket := range tickets {
				if err := ticket.Wait(t.Context()); !fault.Is(err, fault.Unavailable) {
					t.Errorf("who wrote meanwhile is told %v", err)
				}
			}
			put(t, s, "after")
			mustBe(t, "what comes out", drain(t, s), append(append([]string{"record 0"}, tc.meanwhile...), "after"))
			mustBe(t, "what is left", s.Stats().Bytes, 0)
		})
	}
}
