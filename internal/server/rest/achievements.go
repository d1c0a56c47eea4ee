package rest

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) CreateAchievement(ctx context.Context, request api.CreateAchievementRequestObject) (api.CreateAchievementResponseObject, error) {
	created, err := s.operations.CreateAchievement(ctx, callerOf(ctx), operation.NewAchievement{
		Namespace: request.Namespace, Name: request.Body.Name, Description: value(request.Body.Description),
		Kind: achievement.Kind(value(request.Body.Kind)),
	})
	if err != nil {
		return nil, err
	}
	return api.CreateAchievement201JSONResponse{
		Body:    apiAchievement(created),
		Headers: api.CreateAchievement201ResponseHeaders{Location: fmt.Sprintf("%s/achievements/%d", s.base, created.ID)},
	}, nil
}

func (s *server) GetAchievement(ctx context.Context, request api.GetAchievementRequestObject) (api.GetAchievementResponseObject, error) {
	found, err := s.operations.GetAchievement(ctx, callerOf(ctx), request.Id)
	if err != nil {
		return nil, err
	}
	return api.GetAchievement200JSONResponse(apiAchievement(found)), nil
}

func (s *server) ListAchievements(ctx context.Context, request api.ListAchievementsRequestObject) (api.ListAchievementsResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListAchievements(ctx, callerOf(ctx), operation.AchievementQuery{
		Namespace: request.Namespace, IDs: value(params.Ids), Kind: achievement.Kind(value(params.Kind)),
		Search: value(params.Search), Page: pageOf(params.Limit, params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	query := url.Values{"limit": {strconv.Itoa(int(value(params.Limit)))}}
	if ids := value(params.Ids); len(ids) > 0 {
		query.Set("ids", strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]"))
	}
	if params.Kind != nil {
		query.Set("kind", string(*params.Kind))
	}
	if params.Search != nil {
		query.Set("search", *params.Search)
	}
	link, cursor := s.nextLink("/namespaces/"+url.PathEscape(request.Namespace)+"/achievements", query, found.Next)
	page := api.AchievementPage{Items: make([]api.Achievement, len(found.Items)), NextCursor: cursor}
	for i := range found.Items {
		page.Items[i] = apiAchievement(&found.Items[i])
	}
	return api.ListAchievements200JSONResponse{Body: page, Headers: api.ListAchievements200ResponseHeaders{Link: link}}, nil
}

func apiAchievement(found *operation.AchievementView) api.Achievement {
	return api.Achievement{
		Id: found.ID, Key: unlessZero(found.Key), Namespace: apiNamespaceRef(found.Namespace),
		Name: found.Name, Description: found.Description, Kind: api.Kind(found.Kind),
		Series: unlessZero(found.Series), Tier: unlessZero(int32(found.Tier)), //nolint:gosec // a ladder has few steps
		CreatedAt: found.CreatedAt, UpdatedAt: found.UpdatedAt,
	}
}
