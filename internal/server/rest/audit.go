package rest

import (
	"context"
	"net/url"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) ListAuditEvents(ctx context.Context, request api.ListAuditEventsRequestObject) (api.ListAuditEventsResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListAuditEvents(ctx, callerOf(ctx), pageOf(params.Limit, params.Cursor))
	if err != nil {
		return nil, err
	}
	link, cursor := s.nextLink("/audit-events", searching(params.Limit, nil), found.Next)
	return api.ListAuditEvents200JSONResponse{
		Body:    api.AuditEventPage{Items: each(found.Items, apiAuditEvent), NextCursor: cursor},
		Headers: api.ListAuditEvents200ResponseHeaders{Link: link},
	}, nil
}

func (s *server) ListNamespaceAuditEvents(
	ctx context.Context, request api.ListNamespaceAuditEventsRequestObject,
) (api.ListNamespaceAuditEventsResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListNamespaceAuditEvents(ctx, callerOf(ctx), request.Namespace, pageOf(params.Limit, params.Cursor))
	if err != nil {
		return nil, err
	}
	path := "/namespaces/" + url.PathEscape(request.Namespace) + "/audit-events"
	link, cursor := s.nextLink(path, searching(params.Limit, nil), found.Next)
	return api.ListNamespaceAuditEvents200JSONResponse{
		Body:    api.AuditEventPage{Items: each(found.Items, apiAuditEvent), NextCursor: cursor},
		Headers: api.ListNamespaceAuditEvents200ResponseHeaders{Link: link},
	}, nil
}

func apiAuditEvent(e *operation.AuditView) api.AuditEvent {
	return api.AuditEvent{
		Id: e.ID, At: e.At, Action: e.Action, Actor: apiUserRef(e.Actor), Subject: apiUserRef(e.Subject),
		NamespaceId: unlessZero(e.NamespaceID), Object: e.Object, ObjectId: e.ObjectID,
		Address: e.Address, RequestId: e.RequestID, Rule: unlessZero(e.Rule), EventId: unlessZero(e.EventID),
		Details: e.Details,
	}
}
