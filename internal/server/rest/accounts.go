package rest

import (
	"context"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) ListAccounts(ctx context.Context, request api.ListAccountsRequestObject) (api.ListAccountsResponseObject, error) {
	accounts, err := s.operations.ListAccounts(ctx, callerOf(ctx), request.User)
	if err != nil {
		return nil, err
	}
	return api.ListAccounts200JSONResponse{Items: each(accounts, apiAccount)}, nil
}

func (s *server) LinkAccount(ctx context.Context, request api.LinkAccountRequestObject) (api.LinkAccountResponseObject, error) {
	account, created, err := s.operations.LinkAccount(ctx, callerOf(ctx), operation.NewAccount{
		User: request.User, Source: request.Source, ForgeUserID: request.Body.ForgeUserId, Login: request.Body.Login,
	})
	if err != nil {
		return nil, err
	}
	if created {
		return api.LinkAccount201JSONResponse(apiAccount(account)), nil
	}
	return api.LinkAccount200JSONResponse(apiAccount(account)), nil
}

func (s *server) UnlinkAccount(ctx context.Context, request api.UnlinkAccountRequestObject) (api.UnlinkAccountResponseObject, error) {
	if err := s.operations.UnlinkAccount(ctx, callerOf(ctx), request.User, request.Source); err != nil {
		return nil, err
	}
	return api.UnlinkAccount204Response{}, nil
}

func (s *server) MergeUser(ctx context.Context, request api.MergeUserRequestObject) (api.MergeUserResponseObject, error) {
	merged, err := s.operations.MergeUser(ctx, callerOf(ctx), operation.NewMerge{
		Into: request.User, From: request.Body.From, Token: value(request.Body.Token),
	})
	if err != nil {
		return nil, err
	}
	return api.MergeUser200JSONResponse{
		User: *apiUserRef(&merged.User), AwardsMoved: merged.AwardsMoved, AwardsCollapsed: merged.AwardsCollapsed,
	}, nil
}

func apiAccount(account *achievement.Account) api.Account {
	return api.Account{
		Id: account.ID, Source: account.Source, ForgeUserId: account.ForgeUserID, Login: account.Login, Bot: account.Bot,
	}
}
