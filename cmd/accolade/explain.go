package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/api/client"
)

type rulesExplainCommand struct {
	service
	printed

	User        string `arg:"" help:"Username or id of a person."`
	Achievement string `arg:"" help:"The achievement, as namespace/key." placeholder:"NAMESPACE/KEY"`
	Event       *int64 `help:"Also say, step by step, what this event means to the rule." placeholder:"ID"`
}

// Run says why a person has an achievement, or not.
func (c rulesExplainCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	progress, err := api.GetProgressWithResponse(ctx, c.User)
	if err != nil {
		return fmt.Errorf("asking the service: %w", err)
	}
	if progress.JSON200 == nil {
		return refused(progress.Status(), progress.Body)
	}
	for _, p := range progress.JSON200.Items {
		if p.Namespace+"/"+p.Key != c.Achievement {
			continue
		}
		answer, err := api.ExplainAchievementWithResponse(ctx, c.User, p.AchievementId, &client.ExplainAchievementParams{EventId: c.Event})
		if err != nil {
			return fmt.Errorf("asking the service: %w", err)
		}
		if answer.JSON200 == nil {
			return refused(answer.Status(), answer.Body)
		}
		if done, err := c.json(answer.JSON200); done {
			return err
		}
		printExplanation(os.Stdout, c.User, answer.JSON200)
		return nil
	}
	return fmt.Errorf("no rule that measures something gives %q", c.Achievement)
}

func printExplanation(out io.Writer, user string, explanation *client.Explanation) {
	for _, p := range explanation.Progress {
		printProgress(out, user, p)
	}
	for _, ev := range explanation.Events {
		verb := "gives it"
		if ev.Revokes {
			verb = "takes it away"
		}
		fmt.Fprintf(out, "\nevent %d (%s), to the rule of %s that %s:\n", ev.EventId, ev.Kind, ev.Rule, verb)
		for _, step := range ev.Steps {
			mark := "ok"
			if !step.Passed {
				mark = "NO"
			}
			fmt.Fprintf(out, "  %s  %-10s %s\n", mark, step.Idea, step.Text)
		}
	}
}

func printProgress(out io.Writer, user string, p client.Progress) {
	state := "does not hold"
	if p.Held {
		state = "holds"
	}
	fmt.Fprintf(out, "%s %s %s/%s\n", user, state, p.Namespace, p.Key)
	fmt.Fprintf(out, "  asked for: %s\n", p.Text)
	for _, part := range p.Parts {
		switch {
		case p.Target != nil:
			fmt.Fprintf(out, "  %s: %d of %d\n", part.Name, part.Value, *p.Target)
		default:
			fmt.Fprintf(out, "  %s: %d\n", part.Name, part.Value)
		}
	}
	if p.Occurrence != nil {
		fmt.Fprintf(out, "  in: %s\n", *p.Occurrence)
	}
	if len(p.Missing) > 0 {
		fmt.Fprintf(out, "  still needed: %s\n", strings.Join(p.Missing, ", "))
	}
}

type rulesStatusCommand struct {
	service
	printed
}

// Run prints how each rule of the service fares.
func (c rulesStatusCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	answer, err := api.ListRuleStatesWithResponse(ctx)
	if err != nil {
		return fmt.Errorf("asking the service: %w", err)
	}
	if answer.JSON200 == nil {
		return refused(answer.Status(), answer.Body)
	}
	if done, err := c.json(answer.JSON200.Items); done {
		return err
	}
	for _, state := range answer.JSON200.Items {
		since := "never gave anything"
		if state.LastAwardedAt != nil {
			since = "silent since " + state.LastAwardedAt.Format(time.DateTime)
		}
		fmt.Printf("%-40s %s\n", state.Rule, since)
		if state.Failure != nil {
			fmt.Printf("%-40s failed on event %d: %s\n", "", state.Failure.EventId, state.Failure.Text)
		}
	}
	return nil
}
