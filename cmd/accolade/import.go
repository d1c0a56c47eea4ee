package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/seed-504bad89/accolade/api/client"
)

type importCommand struct {
	service

	Source string `arg:"" help:"The configured name of a source." placeholder:"SOURCE"`
	Since  string `help:"Leave out what happened before this date (2026-01-31) or time (RFC 3339)." placeholder:"TIME"`
	DryRun bool   `help:"Change nothing; say what would come of it."`
	Detach bool   `help:"Do not wait for the end."`
}

// Run begins the import, or finds the one that is running, and shows how far it is.
func (c importCommand) Run(ctx context.Context) error {
	wish := client.StartImport{Source: c.Source, DryRun: &c.DryRun}
	if c.Since != "" {
		since, err := parseSince(c.Since)
		if err != nil {
			return err
		}
		wish.Since = &since
	}
	return c.follow(ctx, wish, c.Detach)
}

// parseSince reads a date, in UTC, or a time.
func parseSince(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %q is neither a date such as 2026-01-31 nor a time such as 2026-01-31T12:00:00Z", text)
}

type reconcileCommand struct {
	service

	Source string `arg:"" help:"The configured name of a source." placeholder:"SOURCE"`
	DryRun bool   `help:"Change nothing; say what would come of it."`
	Detach bool   `help:"Do not wait for the end."`
}

// Run begins the reconciliation and shows how far it is.
func (c reconcileCommand) Run(ctx context.Context) error {
	purpose := client.ImportPurposeReconcile
	return c.follow(ctx, client.StartImport{Source: c.Source, DryRun: &c.DryRun, Purpose: &purpose}, c.Detach)
}

// follow begins an import and waits for its end. Ending it early stops the waiting alone.
func (s service) follow(ctx context.Context, wish client.StartImport, detach bool) error {
	api, err := s.connect()
	if err != nil {
		return err
	}
	id, err := begin(ctx, api, wish)
	if err != nil {
		return err
	}
	if detach {
		fmt.Printf("import %d has begun; the server goes on with it\n", id)
		return nil
	}
	done, err := waitForImport(ctx, api, os.Stderr, id)
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("the server goes on with import %d; cancel it by POST /api/v1/imports/%d/cancel", id, id)
	}
	if err != nil {
		return err
	}
	printImport(os.Stdout, done)
	if done.State != client.ImportStateFinished || done.Problem != nil {
		return fmt.Errorf("import %d is %s: %s", done.Id, done.State, orNothing(done.Problem))
	}
	return nil
}

// begin begins an import, or finds the one that is running already, and returns its id.
func begin(ctx context.Context, api *client.ClientWithResponses, wish client.StartImport) (int64, error) {
	answer, err := api.StartImportWithResponse(ctx, wish)
	switch {
	case err != nil:
		return 0, fmt.Errorf("asking the service: %w", err)
	case answer.JSON201 != nil:
		return answer.JSON201.Id, nil
	case answer.ApplicationproblemJSON409 == nil || answer.ApplicationproblemJSON409.Code != "import_running":
		return 0, refused(answer.Status(), answer.Body)
	}
	running, err := api.ListImportsWithResponse(ctx, &client.ListImportsParams{Source: &wish.Source})
	if err != nil {
		return 0, fmt.Errorf("asking the service: %w", err)
	}
	if running.JSON200 == nil || len(running.JSON200.Items) == 0 {
		return 0, refused(answer.Status(), answer.Body)
	}
	im := running.JSON200.Items[0]
	fmt.Fprintf(os.Stderr, "%s is being read already, by %s %d; this is how far it is\n", wish.Source, im.Purpose, im.Id)
	return im.Id, nil
}

// waitForImport shows how far an import is until it has ended.
func waitForImport(ctx context.Context, api *client.ClientWithResponses, out io.Writer, id int64) (*client.Import, error) {
	bar := progressbar.NewOptions64(1, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	waits := ""
	for {
		answer, err := api.GetImportWithResponse(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("asking the service: %w", err)
		}
		if answer.StatusCode() != http.StatusOK || answer.JSON200 == nil {
			return nil, refused(answer.Status(), answer.Body)
		}
		im := answer.JSON200
		if im.FinishedAt != nil {
			return im, bar.Finish()
		}
		if im.WaitsUntil != nil && orNothing(im.Problem) != waits {
			waits = orNothing(im.Problem)
			fmt.Fprintf(out, "\nwaits until %s: %s\n", im.WaitsUntil.Format(time.RFC3339), waits)
		}
		done, at := progressOf(im)
		bar.Describe(fmt.Sprintf("%s, %d events, %d new", at, im.Events, im.NewEvents))
		bar.ChangeMax64(max(int64(len(im.Parts)), 1))
		if err := bar.Set64(done); err != nil {
			return nil, fmt.Errorf("showing progress: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// progressOf returns how many lists have been read, and which one is being read.
func progressOf(im *client.Import) (done int64, at string) {
	at = "finding what there is"
	for _, part := range im.Parts {
		if part.FinishedAt == nil {
			return done, strings.ReplaceAll(part.Listing, "_", " ") + " of " + part.Place
		}
		done++
	}
	return done, at
}

func printImport(out io.Writer, im *client.Import) {
	unseen := 0
	for _, part := range im.Parts {
		switch {
		case part.Problem != nil:
			fmt.Fprintf(out, "%s of %s could not be read: %s\n", part.Listing, part.Place, *part.Problem)
		case part.Steps == 0 && part.FinishedAt != nil:
			unseen++
		}
	}
	if unseen > 0 {
		fmt.Fprintf(out, "%d of %d lists are switched off there, or not shown with the token\n", unseen, len(im.Parts))
	}
	if im.Unreadable > 0 {
		fmt.Fprintf(out, "%d things could not be understood; the server's log has more\n", im.Unreadable)
	}
	if im.Found == nil {
		fmt.Fprintf(out, "%d events read, %d new; %d awards, %d revocations\n", im.Events, im.NewEvents, im.Awards, im.Revocations)
		return
	}
	for _, kind := range slices.Sorted(maps.Keys(im.Found.New)) {
		fmt.Fprintf(out, "%8d new: %s\n", im.Found.New[kind], kind)
	}
	printEffects(out, "would get", im.Found.Gains)
	printEffects(out, "would lose", im.Found.Losses)
	fmt.Fprintf(out, "%d events read, %d new; %d awards, %d revocations would come of them\n", im.Events, im.NewEvents, im.Found.GainsTotal, im.Found.LossesTotal)
	if im.Found.Approximate {
		fmt.Fprintln(out, "more than 1,000,000 events were read: some of those after the first may be counted twice")
	}
	if im.Found.Truncated {
		fmt.Fprintln(out, "there are more than 20,000 new events: the awards are those of the first")
	}
}
