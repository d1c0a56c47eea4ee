package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) ListImports(ctx context.Context, request api.ListImportsRequestObject) (api.ListImportsResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListImports(ctx, callerOf(ctx), value(params.Source), pageOf(params.Limit, params.Cursor))
	if err != nil {
		return nil, err
	}
	query := url.Values{"limit": {strconv.Itoa(int(value(params.Limit)))}}
	if params.Source != nil {
		query.Set("source", *params.Source)
	}
	link, cursor := s.nextLink("/imports", query, found.Next)
	return api.ListImports200JSONResponse{
		Body:    api.ImportPage{Items: each(found.Items, apiImportSummary), NextCursor: cursor},
		Headers: api.ListImports200ResponseHeaders{Link: link},
	}, nil
}

func (s *server) StartImport(ctx context.Context, request api.StartImportRequestObject) (api.StartImportResponseObject, error) {
	wish := request.Body
	im, err := s.operations.StartImport(ctx, callerOf(ctx), operation.ImportWish{
		Source: wish.Source, Purpose: string(value(wish.Purpose)), Since: value(wish.Since), DryRun: value(wish.DryRun),
	})
	if err != nil {
		return nil, err
	}
	shown, err := apiImport(im)
	if err != nil {
		return nil, err
	}
	return api.StartImport201JSONResponse{
		Body: shown, Headers: api.StartImport201ResponseHeaders{Location: fmt.Sprintf("%s/imports/%d", s.base, im.ID)},
	}, nil
}

func (s *server) GetImport(ctx context.Context, request api.GetImportRequestObject) (api.GetImportResponseObject, error) {
	im, err := s.operations.GetImport(ctx, callerOf(ctx), request.Id)
	if err != nil {
		return nil, err
	}
	shown, err := apiImport(im)
	if err != nil {
		return nil, err
	}
	return api.GetImport200JSONResponse(shown), nil
}

func (s *server) CancelImport(ctx context.Context, request api.CancelImportRequestObject) (api.CancelImportResponseObject, error) {
	im, err := s.operations.CancelImport(ctx, callerOf(ctx), request.Id)
	if err != nil {
		return nil, err
	}
	shown, err := apiImport(im)
	if err != nil {
		return nil, err
	}
	return api.CancelImport200JSONResponse(shown), nil
}

func apiImportSummary(im *operation.Import) api.ImportSummary {
	return api.ImportSummary{
		Id: im.ID, Source: im.Source, Purpose: api.ImportPurpose(im.Purpose), State: importState(im), Since: unlessNever(im.Since),
		DryRun: im.DryRun, StartedBy: unlessZero(im.StartedBy), StartedAt: im.StartedAt, FinishedAt: unlessNever(im.FinishedAt),
		WaitsUntil: unlessNever(im.WaitUntil), Problem: unlessZero(im.Problem), Awards: im.Awards, Revocations: im.Revocations,
	}
}

func importState(im *operation.Import) api.ImportState {
	switch {
	case im.Cancelled:
		return api.ImportStateCancelled
	case im.FinishedAt.IsZero() && !im.WaitUntil.IsZero():
		return api.ImportStateWaiting
	case im.FinishedAt.IsZero():
		return api.ImportStateRunning
	case im.Failed:
		return api.ImportStateFailed
	}
	return api.ImportStateFinished
}

func apiImport(im *operation.Import) (api.Import, error) {
	summary := apiImportSummary(im)
	shown := api.Import{
		Id: summary.Id, Source: summary.Source, Purpose: summary.Purpose, State: summary.State, Since: summary.Since,
		DryRun: summary.DryRun, StartedBy: summary.StartedBy, StartedAt: summary.StartedAt, FinishedAt: summary.FinishedAt,
		WaitsUntil: summary.WaitsUntil, Problem: summary.Problem, Awards: summary.Awards, Revocations: summary.Revocations,
		Parts: each(im.Parts, apiImportPart),
	}
	for i := range im.Parts {
		shown.Events += im.Parts[i].Events
		shown.NewEvents += im.Parts[i].NewEvents
		shown.Unreadable += im.Parts[i].Unreadable
	}
	if im.Found == nil {
		return shown, nil
	}
	var found automation.Found
	if err := json.Unmarshal(im.Found, &found); err != nil {
		return shown, err
	}
	shown.Found = &api.ImportFound{
		New: found.New, Known: found.Known, Gains: each(found.Gains, apiEffect), Losses: each(found.Losses, apiEffect),
		GainsTotal: int32(found.GainsTotal), LossesTotal: int32(found.LossesTotal), Truncated: found.Truncated, //nolint:gosec // of 20,000 events
		Approximate: found.Approximate,
	}
	return shown, nil
}

func apiImportPart(part *operation.ImportPart) api.ImportPart {
	return api.ImportPart{
		Place: part.Place, Listing: part.Listing, Since: unlessNever(part.Since), Steps: part.Steps, Events: part.Events,
		NewEvents: part.NewEvents, Unreadable: part.Unreadable, Problem: unlessZero(part.Problem), FinishedAt: unlessNever(part.FinishedAt),
	}
}
