package rest

import (
	"context"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) ListDeliveries(ctx context.Context, request api.ListDeliveriesRequestObject) (api.ListDeliveriesResponseObject, error) {
	params := request.Params
	filter := operation.DeliveryFilter{
		Source: value(params.Source), Outcome: string(value(params.Outcome)), EventName: value(params.EventName),
		Kind: value(params.Kind), User: value(params.User), Since: value(params.Since), Until: value(params.Until),
	}
	found, err := s.operations.ListDeliveries(ctx, callerOf(ctx), filter, pageOf(params.Limit, params.Cursor))
	if err != nil {
		return nil, err
	}
	link, cursor := s.nextLink("/deliveries", queryOf(filter, params.Limit), found.Next)
	return api.ListDeliveries200JSONResponse{
		Body: api.DeliveryPage{Items: each(found.Items, apiDelivery), NextCursor: cursor}, Headers: api.ListDeliveries200ResponseHeaders{Link: link},
	}, nil
}

// queryOf returns the query that asks for the same deliveries.
func queryOf(filter operation.DeliveryFilter, limit *api.Limit) url.Values {
	query := url.Values{"limit": {strconv.Itoa(int(value(limit)))}}
	for name, wanted := range map[string]string{
		"source": filter.Source, "outcome": filter.Outcome, "event_name": filter.EventName, "kind": filter.Kind, "user": filter.User,
	} {
		if wanted != "" {
			query.Set(name, wanted)
		}
	}
	for name, at := range map[string]time.Time{"since": filter.Since, "until": filter.Until} {
		if !at.IsZero() {
			query.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	return query
}

func apiDelivery(d *operation.Delivery) api.DeliverySummary {
	return api.DeliverySummary{
		Id: d.ID, Source: d.Source, TransportId: d.TransportID, EventName: d.EventName, ContentType: d.ContentType,
		BodySize: int32(d.BodySize), ReceivedAt: d.ReceivedAt, Outcome: api.DeliveryOutcome(d.Outcome), //nolint:gosec // 25 MiB at most
		Problem: unlessZero(d.Problem), BodyExpiredAt: unlessNever(d.BodyExpiredAt),
	}
}

func (s *server) GetDelivery(ctx context.Context, request api.GetDeliveryRequestObject) (api.GetDeliveryResponseObject, error) {
	view, err := s.operations.GetDelivery(ctx, callerOf(ctx), request.Id)
	if err != nil {
		return nil, err
	}
	d := apiDelivery(view.Delivery)
	shown := api.Delivery{
		Id: d.Id, Source: d.Source, TransportId: d.TransportId, EventName: d.EventName, ContentType: d.ContentType, BodySize: d.BodySize,
		ReceivedAt: d.ReceivedAt, Outcome: d.Outcome, Problem: d.Problem, BodyExpiredAt: d.BodyExpiredAt,
		Headers: view.Delivery.Headers, Events: each(view.Events, apiTold),
		Awards: each(view.Awards, apiGiven), Revocations: each(view.Revocations, apiGiven),
	}
	if shown.Headers == nil {
		shown.Headers = map[string]string{}
	}
	if view.Body != nil {
		text, encoding := string(view.Body), api.DeliveryBodyEncodingText
		if !utf8.Valid(view.Body) {
			text, encoding = base64.StdEncoding.EncodeToString(view.Body), api.DeliveryBodyEncodingBase64
		}
		shown.Body, shown.BodyEncoding = &text, &encoding
	}
	return api.GetDelivery200JSONResponse(shown), nil
}

func apiTold(told *automation.Told) api.DeliveryEvent {
	return api.DeliveryEvent{
		Id: unlessZero(told.ID), Kind: told.Event.Kind, Key: told.Event.Key, HappenedAt: told.Event.Time,
		State: api.DeliveryEventState(told.State),
	}
}

func apiGiven(given *automation.Given) api.ReceiptAward {
	return api.ReceiptAward{
		Id:          unlessZero(given.AwardID),
		Achievement: api.ReceiptAchievement{Id: given.AchievementID, Key: unlessZero(given.Key), Name: given.Name},
		User:        api.ReceiptUser{Id: given.UserID, Username: given.Username},
	}
}

func (s *server) ReplayDelivery(ctx context.Context, request api.ReplayDeliveryRequestObject) (api.ReplayDeliveryResponseObject, error) {
	replayed, err := s.operations.ReplayDelivery(ctx, callerOf(ctx), request.Id, value(request.Body.DryRun))
	if err != nil {
		return nil, err
	}
	return api.ReplayDelivery200JSONResponse(apiReplayed(replayed)), nil
}

func (s *server) ReplayDeliveries(ctx context.Context, request api.ReplayDeliveriesRequestObject) (api.ReplayDeliveriesResponseObject, error) {
	wish := request.Body
	run, err := s.operations.ReplayDeliveries(ctx, callerOf(ctx), operation.DeliveryFilter{
		Source: value(wish.Source), Outcome: string(value(wish.Outcome)), Since: value(wish.Since), Until: value(wish.Until),
	}, value(wish.Cursor), value(wish.DryRun))
	if err != nil {
		return nil, err
	}
	outcomes := make(map[string]int32, len(run.Outcomes))
	for outcome, count := range run.Outcomes {
		outcomes[string(outcome)] = int32(count) //nolint:gosec // 1,000 at most
	}
	return api.ReplayDeliveries200JSONResponse{
		Replayed: int32(run.Count), Remaining: run.Remaining, Outcomes: outcomes, NewEvents: int32(run.NewEvents), //nolint:gosec // bounded by 1,000 bodies
		Deliveries: each(run.Changed, apiReplayed), NextCursor: unlessZero(run.Next),
	}, nil
}

func apiReplayed(replayed *automation.Replayed) api.ReplayedDelivery {
	return api.ReplayedDelivery{
		DeliveryId: replayed.DeliveryID, Source: replayed.Source, Before: api.DeliveryOutcome(replayed.Before),
		Outcome: api.DeliveryOutcome(replayed.Outcome), Problem: unlessZero(replayed.Problem),
		Events: each(replayed.Events, func(seen *automation.SeenEvent) api.ReceivedEvent {
			return api.ReceivedEvent{Kind: seen.Kind, New: seen.New}
		}),
		Awards: each(replayed.Awards, apiGiven), Revocations: each(replayed.Revocations, apiGiven),
	}
}
