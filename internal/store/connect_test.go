package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// A connection serves many transactions. One that was lost in silence is noticed, and those that are made after it serve as many.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()

	databaseURL, relay := testkit.Behind(t, testkit.PostgresURL(t))
	book := testkit.Open(t, databaseURL)
	nothing := func(context.Context, *store.Tx) error { return nil }
	serve := func() (made int) {
		before := relay.Accepted()
		for range 50 {
			if err := book.InTx(t.Context(), nothing); err != nil {
				t.Fatal(err)
			}
		}
		return relay.Accepted() - before
	}
	if made := serve(); made > 1 {
		t.Errorf("50 transactions needed %d new connections", made)
	}
	relay.Set(testkit.Silent)
	time.Sleep(1100 * time.Millisecond) // a connection is asked again when it was idle for a second
	lost := make(chan error)
	go func() { lost <- book.InTx(t.Context(), nothing) }()
	time.Sleep(1500 * time.Millisecond)
	relay.Set(testkit.Fair)
	<-lost // it came too late, or not
	if made := serve(); made > 3 {
		t.Errorf("50 transactions after the silence needed %d new connections", made)
	}
	if made := serve(); made > 1 {
		t.Errorf("50 more needed %d new connections", made)
	}
}
