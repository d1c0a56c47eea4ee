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
	return api.GetUser200JSONResponse{UserResultJSONResponse: api.UserResultJSONResponse(apiUser(user))}, nil
}

func (s *server) GetCurrentUser(ctx context.Context, _ api.GetCurrentUserRequestObject) (api.GetCurrentUserResponseObject, error) {
	user, err := s.operations.GetCurrentUser(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	return api.GetCurrentUser200JSONResponse{UserResultJSONResponse: api.UserResultJSONResponse(apiUser(user))}, nil
}

func (s *server) CreateToken(ctx context.Context, request api.CreateTokenRequestObject) (api.CreateTokenResponseObject, error) {
	scopes := make([]achievement.Scope, len(request.Body.Scopes))
	for i, scope := range request.Body.Scopes {
		scopes[i] = achievement.Scope(scope)
	}
	token, err := s.operations.CreateToken(ctx, callerOf(ctx), operation.NewToken{
		User: request.User, Name: request.Body.Name, Scopes: scopes, ExpiresAt: value(request.Body.ExpiresAt),
	})
	if err != nil {
		return nil, err
	}
	out := api.CreateToken201JSONResponse{
		Id: token.ID, Name: token.Name, Scopes: make([]api.Scope, len(token.Scopes)),
		ExpiresAt: unlessNever(token.ExpiresAt), CreatedAt: token.CreatedAt, Token: token.Secret,
	}
	for i, scope := range token.Scopes {
		out.Scopes[i] = api.Scope(scope)
	}
	return out, nil
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
	}
	return out
}

func apiUserRef(user *achievement.User) *api.UserRef {
	if user == nil {
		return nil
	}
	return &api.UserRef{Id: user.ID, Username: user.Username, Name: user.Name}
}
