package rest

import (
	"context"
	"fmt"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) CreateUser(ctx context.Context, request api.CreateUserRequestObject) (api.CreateUserResponseObject, error) {
	user, err := s.operations.CreateUser(ctx, callerOf(ctx), operation.NewUser{
		Username: request.Body.Username, Name: request.Body.Name, Email: value(request.Body.Email),
		Admin: value(request.Body.Admin), Bot: value(request.Body.Bot),
	})
	if err != nil {
		return nil, err
	}
	return api.CreateUser201JSONResponse{
		Body:    apiUser(user),
		Headers: api.CreateUser201ResponseHeaders{Location: fmt.Sprintf("%s/users/%d", s.base, user.ID)},
	}, nil
}

func (s *server) GetUser(ctx context.Context, request api.GetUserRequestObject) (api.GetUserResponseObject, error) {
	user, err := s.operations.GetUser(ctx, callerOf(ctx), request.User)
	if err != nil {
		return nil, err
	}
	return api.GetUser200JSONResponse{UserResultJSONResponse: userResult(user)}, nil
}

func (s *server) GetCurrentUser(ctx context.Context, _ api.GetCurrentUserRequestObject) (api.GetCurrentUserResponseObject, error) {
	user, err := s.operations.GetCurrentUser(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	return api.GetCurrentUser200JSONResponse{UserResultJSONResponse: userResult(user)}, nil
}

func (s *server) UpdateCurrentUser(ctx context.Context, request api.UpdateCurrentUserRequestObject) (api.UpdateCurrentUserResponseObject, error) {
	body := request.Body
	user, err := s.operations.UpdateCurrentUser(ctx, callerOf(ctx), operation.UserChange{
		Name: body.Name, Email: body.Email, PrivateProfile: body.PrivateProfile,
		AchievementsEnabled: body.AchievementsEnabled, AwardEmails: body.AwardEmails, ShareProgress: body.ShareProgress,
		Match: match(request.Params.IfMatch, apiUser),
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateCurrentUser200JSONResponse{UserResultJSONResponse: userResult(user)}, nil
}

func (s *server) UpdateUser(ctx context.Context, request api.UpdateUserRequestObject) (api.UpdateUserResponseObject, error) {
	body := request.Body
	user, err := s.operations.UpdateUser(ctx, callerOf(ctx), request.User, operation.UserChange{
		Name: body.Name, Email: body.Email, Admin: body.Admin, Bot: body.Bot, Blocked: body.Blocked,
		Match: match(request.Params.IfMatch, apiUser),
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateUser200JSONResponse{UserResultJSONResponse: userResult(user)}, nil
}

func (s *server) ListUsers(ctx context.Context, request api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListUsers(ctx, callerOf(ctx), operation.UserQuery{
		Search: value(params.Search), Page: pageOf(params.Limit, params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	link, cursor := s.nextLink("/users", searching(params.Limit, params.Search), found.Next)
	page := api.UserPage{Items: each(found.Items, apiUser), NextCursor: cursor}
	return api.ListUsers200JSONResponse{Body: page, Headers: api.ListUsers200ResponseHeaders{Link: link}}, nil
}

func (s *server) EraseUser(ctx context.Context, request api.EraseUserRequestObject) (api.EraseUserResponseObject, error) {
	if err := s.operations.EraseUser(ctx, callerOf(ctx), request.User, match(request.Params.IfMatch, apiUser)); err != nil {
		return nil, err
	}
	return api.EraseUser204Response{}, nil
}

func (s *server) ExportUser(ctx context.Context, request api.ExportUserRequestObject) (api.ExportUserResponseObject, error) {
	found, err := s.operations.ExportUser(ctx, callerOf(ctx), request.User)
	if err != nil {
		return nil, err
	}
	export := api.UserExport{
		ExportedAt: found.ExportedAt, User: apiUser(&found.User), Accounts: each(found.Accounts, apiAccount),
		Memberships: each(found.Memberships, apiMembership), Tokens: each(found.Tokens, apiToken),
		Sessions: each(found.Sessions, apiSession),
		Awards:   each(found.Awards, s.award), AuditEvents: each(found.Audit, apiAuditEvent),
	}
	return api.ExportUser200JSONResponse(export), nil
}

func apiMembership(membership *operation.Membership) api.Membership {
	return api.Membership{
		Namespace: *apiNamespaceRef(&membership.Namespace), AccessLevel: api.AccessLevel(membership.Role.String()),
	}
}

func apiSession(session *achievement.Session) api.Session {
	return api.Session{
		Id: session.ID, Provider: unlessZero(session.Provider), TokenId: unlessZero(session.TokenID),
		CreatedAt: session.CreatedAt, LastSeenAt: session.LastSeenAt, ExpiresAt: session.ExpiresAt,
	}
}

func userResult(user *operation.UserView) api.UserResultJSONResponse {
	shown := apiUser(user)
	return api.UserResultJSONResponse{Body: shown, Headers: api.UserResultResponseHeaders{ETag: etag(shown)}}
}

func apiUser(user *operation.UserView) api.User {
	out := api.User{Id: user.ID, Username: user.Username, Name: user.Name, Bot: user.Bot}
	if user.Known || !user.PrivateProfile {
		out.CreatedAt = &user.CreatedAt
	}
	if user.Known {
		out.Email = unlessZero(user.Email)
		out.Admin, out.Blocked, out.Claimed = &user.Admin, &user.Blocked, &user.Claimed
		out.PrivateProfile, out.AchievementsEnabled = &user.PrivateProfile, &user.AchievementsEnabled
		out.AwardEmails, out.ShareProgress = &user.AwardEmails, &user.ShareProgress
	}
	return out
}

func apiUserRef(user *achievement.User) *api.UserRef {
	if user == nil {
		return nil
	}
	return &api.UserRef{Id: user.ID, Username: user.Username, Name: user.Name}
}
