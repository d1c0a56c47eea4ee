package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/seed-504bad89/accolade/api/client"
)

type applyCommand struct {
	service

	Paths  []string `arg:"" help:"Directories of rules, or the files themselves." type:"path"`
	DryRun bool     `help:"Change nothing; say what would change, and who would gain and lose what."`
	Notify bool     `help:"Send people mails for what they did before the rules."`
	Wait   bool     `help:"Wait for the replay of stored events, and show how far it is." default:"true" negatable:""`
}

// Run makes the files the rules that judge, and shows what that changed.
func (c applyCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	diff, err := sendRules(ctx, api, c.Paths, c.DryRun, c.Notify)
	if err != nil {
		return err
	}
	printDiff(os.Stdout, diff)
	if c.DryRun || !c.Wait || diff.ReplayedEvents == 0 {
		return nil
	}
	return waitForReplay(ctx, api, os.Stderr)
}

type diffCommand struct {
	service
	printed

	Paths []string `arg:"" help:"Directories of rules, or the files themselves." type:"path"`
}

// exit ends the process with a code. Kong knows it by its method.
type exit struct {
	error

	code int
}

// ExitCode implements kong.ExitCoder.
func (e exit) ExitCode() int { return e.code }

// Run shows what applying the files would change. It fails with 1 when there is something, and with 2 when
// that cannot be found out.
func (c diffCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return exit{err, 2}
	}
	diff, err := sendRules(ctx, api, c.Paths, true, false)
	if err != nil {
		return exit{err, 2}
	}
	if done, err := c.json(diff); err != nil {
		return exit{err, 2}
	} else if !done {
		printDiff(os.Stdout, diff)
	}
	if len(diff.Achievements) > 0 || len(diff.Rules) > 0 {
		return exit{errors.New("the rules differ"), 1}
	}
	return nil
}

// sendRules asks the service to apply files, which are checked here first.
func sendRules(ctx context.Context, api *client.ClientWithResponses, paths []string, dryRun, notify bool) (*client.RulesDiff, error) {
	files, _, err := foundRules(paths)
	if err != nil {
		return nil, err
	}
	if _, err := checkRules(files); err != nil {
		return nil, fmt.Errorf("%w; nothing was changed", err)
	}
	wish := client.ApplyRules{DryRun: &dryRun, Notify: &notify, Files: []client.RulesFile{}}
	for _, file := range files {
		sent := client.RulesFile{Name: file.Name, Text: &file.Text}
		if file.Data != nil {
			sent = client.RulesFile{Name: file.Name, Data: &file.Data}
		}
		wish.Files = append(wish.Files, sent)
	}
	answer, err := api.ApplyRulesWithResponse(ctx, nil, wish)
	if err != nil {
		return nil, fmt.Errorf("asking the service: %w", err)
	}
	if answer.JSON200 == nil {
		return nil, refused(answer.Status(), answer.Body)
	}
	return answer.JSON200, nil
}

// maxShown is how many people one list shows.
const maxShown = 50

func printDiff(out io.Writer, diff *client.RulesDiff) {
	signs := map[client.AchievementDiffWhat]string{"created": "+", "adopted": "~", "changed": "~", "retired": "-", "restored": "+"}
	for _, change := range diff.Achievements {
		fmt.Fprintf(out, "%s %s %s\n", signs[change.What], change.What, change.Name)
		for _, f := range change.Fields {
			fmt.Fprintf(out, "      %s: %q -> %q\n", f.Field, f.From, f.To)
		}
	}
	for _, name := range diff.Rules {
		fmt.Fprintf(out, "  the rule of %s asks something new\n", name)
	}
	fmt.Fprintf(out, "%d achievements unchanged, %d stored events to replay\n", diff.Unchanged, diff.ReplayedEvents)
	if diff.ForeseenUntil != nil {
		fmt.Fprintf(out, "there are more events than can be played in one call: gains and losses are of those until %s\n", diff.ForeseenUntil.Format(time.DateTime))
	}
	if diff.EventsSince != nil {
		fmt.Fprintf(out, "events that were stored before %s are no longer kept, and not replayed\n", diff.EventsSince.Format(time.DateOnly))
	}
	printEffects(out, "would gain", diff.Gains)
	printEffects(out, "would lose", diff.Losses)
}

func printEffects(out io.Writer, what string, effects []client.Effect) {
	for i, effect := range effects {
		if i == maxShown {
			fmt.Fprintf(out, "  and %d more\n", len(effects)-maxShown)
			return
		}
		name := effect.Achievement
		if effect.Occurrence != nil {
			name += " (" + *effect.Occurrence + ")"
		}
		fmt.Fprintf(out, "  %s %s %s, of %s\n", effect.Username, what, name, effect.At.Format(time.DateOnly))
	}
}

// pollEvery is how often it is asked how far a replay is.
const pollEvery = 300 * time.Millisecond

// waitForReplay shows how far the replay is until it is done. Ending it early stops the waiting alone.
func waitForReplay(ctx context.Context, api *client.ClientWithResponses, out io.Writer) error {
	bar := progressbar.NewOptions64(1, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("replaying"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	for {
		answer, err := api.GetRulesWithResponse(ctx)
		if err != nil {
			return fmt.Errorf("asking the service: %w", err)
		}
		if answer.StatusCode() != http.StatusOK || answer.JSON200 == nil {
			return refused(answer.Status(), answer.Body)
		}
		replay := answer.JSON200.Replay
		if replay.Running == 0 {
			return bar.Finish()
		}
		bar.ChangeMax64(max(replay.Total, 1))
		if err := bar.Set64(replay.Done); err != nil {
			return fmt.Errorf("showing progress: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}
