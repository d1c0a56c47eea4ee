package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/api/client"
)

type deliveriesCommand struct {
	List   deliveriesListCommand   `cmd:"" help:"List what forges have sent, the newest first."`
	Show   deliveriesShowCommand   `cmd:"" help:"Show a delivery: headers, events, what came of it, and its body."`
	Replay deliveriesReplayCommand `cmd:"" help:"Judge deliveries once more, by the rules of today; what is known changes nothing."`
}

// chosenDeliveries are the filters that listing and replaying share.
type chosenDeliveries struct {
	Source  *string    `help:"Those of this source." placeholder:"NAME"`
	Outcome *string    `help:"Those that were judged, ignored, unreadable, failed or dry_run." placeholder:"OUTCOME"`
	Since   *time.Time `help:"Those received at this time (RFC 3339) or later." placeholder:"TIME"`
	Until   *time.Time `help:"Those received before this time." placeholder:"TIME"`
}

func (c chosenDeliveries) outcome() *client.DeliveryOutcome {
	if c.Outcome == nil {
		return nil
	}
	outcome := client.DeliveryOutcome(*c.Outcome)
	return &outcome
}

type deliveriesListCommand struct {
	service
	printed
	chosenDeliveries

	Event *string `help:"Those of this name of the forge, such as pull_request." placeholder:"NAME"`
	Kind  *string `help:"Those that were the first to tell of an event of this kind." placeholder:"KIND"`
	User  *string `help:"Those that earned this person an award." placeholder:"USER"`
	Most  int     `help:"List so many at most." default:"20" placeholder:"N"`
}

// Run prints a line for each delivery.
func (c deliveriesListCommand) Run(ctx context.Context) error {
	found, err := c.find(ctx)
	if err != nil {
		return err
	}
	if done, err := c.json(found); done {
		return err
	}
	for i := range found {
		printDelivery(os.Stdout, &found[i])
	}
	return nil
}

func (c deliveriesListCommand) find(ctx context.Context) ([]client.DeliverySummary, error) {
	api, err := c.connect()
	if err != nil {
		return nil, err
	}
	found := []client.DeliverySummary{}
	params := &client.ListDeliveriesParams{
		Source: c.Source, Outcome: c.outcome(), Since: c.Since, Until: c.Until, EventName: c.Event, Kind: c.Kind, User: c.User,
	}
	for left := c.Most; left > 0; {
		limit := int32(min(left, 100))
		params.Limit = &limit
		answer, err := api.ListDeliveriesWithResponse(ctx, params)
		if err != nil {
			return nil, fmt.Errorf("asking the service: %w", err)
		}
		if answer.JSON200 == nil {
			return nil, refused(answer.Status(), answer.Body)
		}
		found = append(found, answer.JSON200.Items...)
		if answer.JSON200.NextCursor == nil {
			break
		}
		left -= len(answer.JSON200.Items)
		params.Cursor = answer.JSON200.NextCursor
	}
	return found, nil
}

func printDelivery(out io.Writer, d *client.DeliverySummary) {
	fmt.Fprintf(out, "%-10d %s  %-10s %-16s %-24s %s\n", d.Id, d.ReceivedAt.Format(time.DateTime), d.Outcome, d.Source, d.EventName, orNothing(d.Problem))
}

func orNothing(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

type deliveriesShowCommand struct {
	service
	printed

	ID   int64 `arg:"" help:"The id of a delivery." placeholder:"ID"`
	Body bool  `help:"Print the body, and nothing else."`
}

// Run prints the delivery.
func (c deliveriesShowCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	answer, err := api.GetDeliveryWithResponse(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("asking the service: %w", err)
	}
	if answer.JSON200 == nil {
		return refused(answer.Status(), answer.Body)
	}
	d := answer.JSON200
	if c.Body {
		if d.Body == nil {
			return fmt.Errorf("the body of delivery %d is no longer kept", c.ID)
		}
		body := []byte(*d.Body)
		if d.BodyEncoding != nil && *d.BodyEncoding == client.DeliveryBodyEncodingBase64 {
			if body, err = base64.StdEncoding.DecodeString(*d.Body); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
		}
		_, err = os.Stdout.Write(body)
		return err
	}
	if done, err := c.json(d); done {
		return err
	}
	printDelivery(os.Stdout, &client.DeliverySummary{
		Id: d.Id, ReceivedAt: d.ReceivedAt, Outcome: d.Outcome, Source: d.Source, EventName: d.EventName, Problem: d.Problem,
	})
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		fmt.Printf("  %s: %s\n", name, d.Headers[name])
	}
	for _, ev := range d.Events {
		fmt.Printf("  %-8s %s %s, of %s\n", ev.State, ev.Kind, ev.Key, ev.HappenedAt.Format(time.DateTime))
	}
	printCaused(os.Stdout, d.Awards, d.Revocations)
	switch {
	case d.BodyExpiredAt != nil:
		fmt.Printf("the body was deleted at %s\n", d.BodyExpiredAt.Format(time.DateTime))
	case d.BodyEncoding != nil:
		fmt.Printf("%d bytes, as %s:\n%s\n", d.BodySize, *d.BodyEncoding, orNothing(d.Body))
	}
	return nil
}

func printCaused(out io.Writer, awards, revocations []client.ReceiptAward) {
	for _, award := range awards {
		fmt.Fprintf(out, "  %s gets %s\n", award.User.Username, award.Achievement.Name)
	}
	for _, award := range revocations {
		fmt.Fprintf(out, "  %s loses %s\n", award.User.Username, award.Achievement.Name)
	}
}

type deliveriesReplayCommand struct {
	service
	chosenDeliveries

	IDs    []int64 `arg:"" optional:"" name:"id" help:"Ids of deliveries; without any, those that the filters choose."`
	All    bool    `help:"Replay all that are kept, when neither ids nor filters are given."`
	DryRun bool    `help:"Change nothing; say what would come of it."`
}

// Run replays the deliveries and prints what changed.
func (c deliveriesReplayCommand) Run(ctx context.Context) error {
	chosen := c.chosenDeliveries != chosenDeliveries{}
	switch {
	case len(c.IDs) > 0 && chosen:
		return errors.New("name deliveries or choose them, not both")
	case len(c.IDs) == 0 && !chosen && !c.All:
		return errors.New("which ones? name them, choose them by --source, --outcome, --since or --until, or say --all")
	}
	api, err := c.connect()
	if err != nil {
		return err
	}
	for _, id := range c.IDs {
		answer, err := api.ReplayDeliveryWithResponse(ctx, id, client.ReplayDelivery{DryRun: &c.DryRun})
		if err != nil {
			return fmt.Errorf("asking the service: %w", err)
		}
		if answer.JSON200 == nil {
			return refused(answer.Status(), answer.Body)
		}
		printReplayed(os.Stdout, answer.JSON200)
	}
	if len(c.IDs) > 0 {
		return nil
	}
	return c.replayChosen(ctx, api)
}

func (c deliveriesReplayCommand) replayChosen(ctx context.Context, api *client.ClientWithResponses) error {
	wish := client.ReplayDeliveries{Source: c.Source, Outcome: c.outcome(), Since: c.Since, Until: c.Until, DryRun: &c.DryRun}
	var replayed, fresh int32
	for {
		answer, err := api.ReplayDeliveriesWithResponse(ctx, wish)
		if err != nil {
			return fmt.Errorf("asking the service: %w", err)
		}
		if answer.JSON200 == nil {
			return refused(answer.Status(), answer.Body)
		}
		run := answer.JSON200
		for i := range run.Deliveries {
			printReplayed(os.Stdout, &run.Deliveries[i])
		}
		replayed, fresh = replayed+run.Replayed, fresh+run.NewEvents
		if wish.Cursor = run.NextCursor; wish.Cursor == nil {
			break
		}
		fmt.Fprintf(os.Stderr, "%d replayed, %d to go\n", replayed, run.Remaining)
	}
	fmt.Printf("%d deliveries replayed, %d new events\n", replayed, fresh)
	return nil
}

func printReplayed(out io.Writer, replayed *client.ReplayedDelivery) {
	fmt.Fprintf(out, "%d of %s: %s -> %s %s\n", replayed.DeliveryId, replayed.Source, replayed.Before, replayed.Outcome, orNothing(replayed.Problem))
	for _, ev := range replayed.Events {
		if ev.New {
			fmt.Fprintf(out, "  new: %s\n", ev.Kind)
		}
	}
	printCaused(out, replayed.Awards, replayed.Revocations)
}
