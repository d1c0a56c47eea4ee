package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/seed-504bad89/accolade/api/client"
)

type redeliverCommand struct {
	service

	Source string        `arg:"" help:"The configured name of a source, of GitHub or GitLab." placeholder:"SOURCE"`
	Since  time.Duration `help:"Look so far back; GitHub keeps three days, GitLab two." default:"72h" placeholder:"DURATION"`
	DryRun bool          `help:"Ask for nothing; say what was lost."`
}

// Run prints what was lost, and whether it was asked for. It goes on where the service has stopped looking.
func (c redeliverCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	since := time.Now().Add(-c.Since)
	wish := client.RedeliverWish{Source: c.Source, Since: &since, DryRun: &c.DryRun}
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	found, requested := int32(0), int32(0)
	var problem *string
	for more := true; more && problem == nil; more = wish.Cursor != nil {
		answer, err := api.RedeliverWithResponse(ctx, wish)
		if err != nil {
			return fmt.Errorf("asking the service: %w", err)
		}
		if answer.JSON200 == nil {
			return refused(answer.Status(), answer.Body)
		}
		done := answer.JSON200
		printLost(table, done.Deliveries)
		found, requested = found+done.Found, requested+done.Requested
		problem, wish.Cursor = done.Problem, done.NextCursor
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d deliveries never arrived, %d of them asked for\n", found, requested)
	if problem != nil {
		return fmt.Errorf("not all were asked for: %s", *problem)
	}
	return nil
}

func printLost(out io.Writer, deliveries []client.LostDelivery) {
	for _, lost := range deliveries {
		at, what := "", "not asked for"
		if lost.At != nil {
			at = lost.At.Format(time.DateTime)
		}
		if lost.Requested {
			what = "asked for"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", at, lost.Place, lost.Event, lost.Status, what)
	}
}
