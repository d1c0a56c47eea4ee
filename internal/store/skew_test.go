package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Servers whose clocks differ by an hour do not both have a job: one that is behind leaves it alone, and when one that is ahead
// takes it, the first has it no more, whatever it says of it later.
func TestRow26ClocksThatDiffer(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.EnqueueJobs(ctx, []store.Job{{Kind: "mail", Args: []byte(`{}`), RunAt: noon}})
		})
		claim := func(now time.Time) []store.Job {
			var mine []store.Job
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				var err error
				mine, err = tx.ClaimJobs(ctx, []string{"mail"}, 7, now, now.Add(30*time.Second))
				return err
			})
			return mine
		}
		first := claim(noon)
		same(t, "the jobs of the first", len(first), 1)
		same(t, "the jobs of one that is an hour behind", len(claim(noon.Add(-time.Hour))), 0)
		ahead := claim(noon.Add(time.Hour))
		same(t, "the jobs of one that is an hour ahead", len(ahead), 1)
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			return tx.RetryJob(ctx, first[0], noon, "the first failed")
		})
		same(t, "the jobs of a third", len(claim(noon.Add(time.Hour))), 0)
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.FinishJobs(ctx, ahead, noon.Add(time.Hour)) })
		same(t, "the jobs in the end", len(claim(noon.Add(2*time.Hour))), 0)
	})
}
