package main

import (
	"context"
	"fmt"
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

// Run prints what was lost, and whether it was asked for.
func (c redeliverCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	since := time.Now().Add(-c.Since)
	answer, err := api.RedeliverWithResponse(ctx, client.RedeliverWish{Source: c.Source, Since: &since, DryRun: &c.DryRun})
	if err != nil {
		return fmt.Errorf("asking the service: %w", err)
	}
	if answer.JSON200 == nil {
		return refused(answer.Status(), answer.Body)
	}
	done := answer.JSON200
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	for _, lost := range done.Deliveries {
		at, what := "", "not asked for"
		if lost.At != nil {
			at = lost.At.Format(time.DateTime)
		}
		if lost.Requested {
			what = "asked for"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", at, lost.Place, lost.Event, lost.Status, what)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d deliveries never arrived, %d of them asked for\n", done.Found, done.Requested)
	if done.Problem != nil {
		return fmt.Errorf("not all were asked for: %s", *done.Problem)
	}
	return nil
}
