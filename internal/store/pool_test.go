package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Row 14: while others keep all connections, a transaction waits for a bounded time and is refused; whoever comes later finds
// connections again.
func TestConnectionsAreWaitedForABoundedTime(t *testing.T) {
	t.Parallel()

	const conns, wait = 2, 200 * time.Millisecond
	book := testkit.OpenWith(t, store.Config{URL: testkit.PostgresURL(t), MaxConns: conns, MaxWait: wait})
	var holding, held sync.WaitGroup
	release := make(chan struct{})
	holding.Add(conns)
	for range conns {
		held.Go(func() {
			do(t, book, func(context.Context, *store.Tx) error {
				holding.Done()
				<-release
				return nil
			})
		})
	}
	holding.Wait()
	nothing := func(context.Context, *store.Tx) error { return nil }
	var asking sync.WaitGroup
	for i := range 200 {
		asking.Go(func() {
			began := time.Now()
			run := book.InTx
			if i%2 == 0 {
				run = book.View
			}
			if err := run(t.Context(), nothing); !fault.Is(err, fault.Unavailable) || fault.As(err).RetryAfter == 0 {
				t.Errorf("without a connection, a transaction gets %v", err)
			}
			if took := time.Since(began); took < wait || took > wait+10*time.Second {
				t.Errorf("it waited %s", took)
			}
		})
	}
	asking.Wait()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := book.View(ended, nothing); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a transaction that nobody waits for any more gets %v", err)
	}
	close(release)
	held.Wait()
	do(t, book, nothing)
}

// A process that was frozen finds that Postgres has ended its transaction. Nothing is wrong with what it was about to store: it is to
// come again.
func TestTransactionEndedByPostgresIsUnavailable(t *testing.T) {
	t.Parallel()

	book := testkit.Open(t, testkit.PostgresURL(t))
	err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 1"); err != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
		return tx.Exec(ctx, "SELECT 1")
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("it gets %v", err)
	}
	do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.Exec(ctx, "SELECT 1") })
}
