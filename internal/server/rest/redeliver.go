package rest

import (
	"context"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
)

// shownLost is how many lost deliveries an answer has.
const shownLost = 100

func (s *server) Redeliver(ctx context.Context, request api.RedeliverRequestObject) (api.RedeliverResponseObject, error) {
	wish := request.Body
	done, err := s.operations.Redeliver(ctx, callerOf(ctx), automation.RedeliveryWish{
		Source: wish.Source, Since: value(wish.Since), Cursor: value(wish.Cursor), DryRun: value(wish.DryRun),
	})
	if err != nil {
		return nil, err
	}
	return api.Redeliver200JSONResponse(apiRedelivery(done)), nil
}

func apiRedelivery(done *automation.Redelivery) api.Redelivery {
	shown := api.Redelivery{
		Found: int32(len(done.Lost)), Requested: int32(done.Requested()), Problem: unlessZero(done.Problem), //nolint:gosec // a forge keeps days
		Deliveries: []api.LostDelivery{}, NextCursor: unlessZero(done.Next),
	}
	for _, lost := range done.Lost[:min(len(done.Lost), shownLost)] {
		shown.Deliveries = append(shown.Deliveries, api.LostDelivery{
			Place: lost.Place, Event: lost.Event, At: unlessNever(lost.At), Status: lost.Status, Requested: lost.Requested,
		})
	}
	return shown
}
