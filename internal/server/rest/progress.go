package rest

import (
	"context"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) GetProgress(ctx context.Context, request api.GetProgressRequestObject) (api.GetProgressResponseObject, error) {
	progress, err := s.operations.Progress(ctx, callerOf(ctx), request.User)
	if err != nil {
		return nil, err
	}
	return api.GetProgress200JSONResponse{Items: each(progress, apiProgress)}, nil
}

func (s *server) ExplainAchievement(ctx context.Context, request api.ExplainAchievementRequestObject) (api.ExplainAchievementResponseObject, error) {
	explained, err := s.operations.Explain(ctx, callerOf(ctx), request.User, request.Id, value(request.Params.EventId))
	if err != nil {
		return nil, err
	}
	return api.ExplainAchievement200JSONResponse{
		Progress: each(explained.Progress, apiProgress), Events: apiExplanations(explained),
	}, nil
}

func apiProgress(p *automation.Progress) api.Progress {
	progress := api.Progress{
		AchievementId: p.AchievementID, Namespace: p.Namespace, Key: p.Key, Rule: p.Rule, Text: p.Text,
		Parts: make([]api.ProgressPart, len(p.Parts)), Reach: unlessZero(p.Reach), Reached: p.Reached, Held: p.Held,
		Occurrence: unlessZero(p.Occurrence), Missing: make([]string, len(p.Missing)),
	}
	if p.Reach == "" {
		progress.Target = &p.At
	}
	for i, part := range p.Parts {
		progress.Parts[i] = api.ProgressPart{Name: part.Name, Value: p.Numbers[i]}
	}
	for i, ref := range p.Missing {
		progress.Missing[i] = ref.Namespace + "/" + ref.Key
	}
	return progress
}

func apiExplanations(explained *operation.Explained) []api.ExplainedEvent {
	events := make([]api.ExplainedEvent, len(explained.Rules))
	for i, found := range explained.Rules {
		steps := make([]api.ExplainedStep, len(found.Steps))
		for j, step := range found.Steps {
			steps[j] = api.ExplainedStep{Idea: api.ExplainedStepIdea(step.Idea), Passed: step.Passed, Text: step.Text}
		}
		events[i] = api.ExplainedEvent{
			EventId: explained.Event.ID, Kind: explained.Event.Event.Kind, Rule: found.Rule, Revokes: found.Revokes, Steps: steps,
		}
	}
	return events
}
