package rest

import (
	"context"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

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
	return api.CreateToken201JSONResponse{
		Id: token.ID, Name: token.Name, Scopes: apiScopes(token.Scopes),
		ExpiresAt: unlessNever(token.ExpiresAt), CreatedAt: token.CreatedAt, Token: token.Secret,
	}, nil
}

func (s *server) ListTokens(ctx context.Context, request api.ListTokensRequestObject) (api.ListTokensResponseObject, error) {
	tokens, err := s.operations.ListTokens(ctx, callerOf(ctx), request.User)
	if err != nil {
		return nil, err
	}
	return api.ListTokens200JSONResponse{Items: each(tokens, apiToken)}, nil
}

func (s *server) RevokeToken(ctx context.Context, request api.RevokeTokenRequestObject) (api.RevokeTokenResponseObject, error) {
	if err := s.operations.RevokeToken(ctx, callerOf(ctx), request.User, request.Id); err != nil {
		return nil, err
	}
	return api.RevokeToken204Response{}, nil
}

func apiToken(token *achievement.Token) api.Token {
	return api.Token{
		Id: token.ID, Name: token.Name, Scopes: apiScopes(token.Scopes),
		ExpiresAt: unlessNever(token.ExpiresAt), CreatedAt: token.CreatedAt, LastUsedAt: unlessNever(token.LastUsedAt),
	}
}

func apiScopes(scopes []achievement.Scope) []api.Scope {
	return each(scopes, func(scope *achievement.Scope) api.Scope { return api.Scope(*scope) })
}
