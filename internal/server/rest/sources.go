package rest

import (
	"context"
	"strings"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
)

func (s *server) ListSources(ctx context.Context, _ api.ListSourcesRequestObject) (api.ListSourcesResponseObject, error) {
	states, err := s.operations.Sources(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	hooks := strings.TrimSuffix(s.base, prefix) + "/hooks/"
	return api.ListSources200JSONResponse{Items: each(states, func(state *automation.SourceState) api.Source {
		return apiSource(state, hooks+state.Name)
	})}, nil
}

func apiSource(state *automation.SourceState, hook string) api.Source {
	shown := api.Source{
		Name: state.Name, Forge: state.Forge, BaseUrl: unlessZero(state.BaseURL), WebhookUrl: hook, DryRun: state.Trial,
		Projects: append([]string{}, state.Projects...), Recent: make(map[string]int64, len(state.Recent)),
	}
	for outcome, count := range state.Recent {
		shown.Recent[string(outcome)] = count
	}
	if state.Last != nil {
		shown.LastDeliveryAt = &state.Last.ReceivedAt
	}
	if bad := state.Trouble; bad != nil {
		shown.Trouble = &api.SourceTrouble{
			DeliveryId: bad.ID, ReceivedAt: bad.ReceivedAt, Outcome: api.DeliveryOutcome(bad.Outcome), Problem: unlessZero(bad.Problem),
		}
	}
	return shown
}
