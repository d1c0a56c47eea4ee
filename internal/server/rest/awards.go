package rest

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

func (s *server) AwardAchievement(ctx context.Context, request api.AwardAchievementRequestObject) (api.AwardAchievementResponseObject, error) {
	award, err := s.operations.AwardAchievement(ctx, callerOf(ctx), operation.NewAward{
		AchievementID: request.Id, User: request.Body.User, Message: value(request.Body.Message),
	})
	if err != nil {
		return nil, err
	}
	return api.AwardAchievement201JSONResponse{
		Body:    s.award(award),
		Headers: api.AwardAchievement201ResponseHeaders{Location: fmt.Sprintf("%s/awards/%d", s.base, award.ID)},
	}, nil
}

func (s *server) GetAward(ctx context.Context, request api.GetAwardRequestObject) (api.GetAwardResponseObject, error) {
	award, err := s.operations.GetAward(ctx, callerOf(ctx), request.Id)
	if err != nil {
		return nil, err
	}
	shown := s.award(award)
	return api.GetAward200JSONResponse{Body: shown, Headers: api.GetAward200ResponseHeaders{ETag: etag(shown)}}, nil
}

func (s *server) RevokeAward(ctx context.Context, request api.RevokeAwardRequestObject) (api.RevokeAwardResponseObject, error) {
	reason := ""
	if request.Body != nil {
		reason = value(request.Body.Reason)
	}
	award, err := s.operations.RevokeAward(ctx, callerOf(ctx), request.Id, reason)
	if err != nil {
		return nil, err
	}
	return api.RevokeAward200JSONResponse(s.award(award)), nil
}

func (s *server) DeleteAward(ctx context.Context, request api.DeleteAwardRequestObject) (api.DeleteAwardResponseObject, error) {
	err := s.operations.DeleteAward(ctx, callerOf(ctx), request.Id, match(request.Params.IfMatch, s.award))
	if err != nil {
		return nil, err
	}
	return api.DeleteAward204Response{}, nil
}

func (s *server) UpdateAward(ctx context.Context, request api.UpdateAwardRequestObject) (api.UpdateAwardResponseObject, error) {
	changed, err := s.operations.UpdateAward(ctx, callerOf(ctx), request.Id, operation.AwardChange{
		ShowOnProfile: request.Body.ShowOnProfile, Message: request.Body.Message, Match: match(request.Params.IfMatch, s.award),
	})
	if err != nil {
		return nil, err
	}
	shown := s.award(changed)
	return api.UpdateAward200JSONResponse{Body: shown, Headers: api.UpdateAward200ResponseHeaders{ETag: etag(shown)}}, nil
}

func (s *server) ReorderAwards(ctx context.Context, request api.ReorderAwardsRequestObject) (api.ReorderAwardsResponseObject, error) {
	ordered, err := s.operations.ReorderAwards(ctx, callerOf(ctx), request.Body.AwardIds)
	if err != nil {
		return nil, err
	}
	return api.ReorderAwards200JSONResponse{Items: each(ordered, s.award)}, nil
}

func (s *server) ListAwards(ctx context.Context, request api.ListAwardsRequestObject) (api.ListAwardsResponseObject, error) {
	params := request.Params
	state := string(value(params.State))
	found, err := s.operations.ListAwards(ctx, callerOf(ctx), operation.AwardQuery{
		AchievementID: request.Id, State: operation.AwardState(state), Page: pageOf(params.Limit, params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	query := url.Values{"limit": {strconv.Itoa(int(value(params.Limit)))}, "state": {state}}
	return api.ListAwards200JSONResponse{AwardsResultJSONResponse: s.awardPage(
		fmt.Sprintf("/achievements/%d/awards", request.Id), query, found)}, nil
}

func (s *server) ListUserAwards(ctx context.Context, request api.ListUserAwardsRequestObject) (api.ListUserAwardsResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListUserAwards(ctx, callerOf(ctx), operation.UserAwardQuery{
		User: request.User, IncludeHidden: value(params.IncludeHidden), Page: pageOf(params.Limit, params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	front.Keep(ctx, front.User(found.UserID))
	query := url.Values{"limit": {strconv.Itoa(int(value(params.Limit)))}}
	if value(params.IncludeHidden) {
		query.Set("include_hidden", "true")
	}
	page := s.awardPage("/users/"+url.PathEscape(request.User)+"/awards", query, &found.Listing)
	// The front adds the tag to what it keeps.
	return userAwards{page.Body, page.Headers.Link}, nil
}

func (s *server) awardPage(path string, query url.Values, found *operation.Listing[operation.AwardView]) api.AwardsResultJSONResponse {
	link, cursor := s.nextLink(path, query, found.Next)
	page := api.AwardPage{Items: each(found.Items, s.award), NextCursor: cursor}
	return api.AwardsResultJSONResponse{Body: page, Headers: api.AwardsResultResponseHeaders{Link: link}}
}

func (s *server) award(award *operation.AwardView) api.Award {
	return api.Award{
		Id: award.ID, Achievement: s.achievement(&award.Achievement), User: *apiUserRef(&award.User),
		AwardedAt: award.AwardedAt, AwardedBy: apiUserRef(award.Giver),
		RevokedAt: unlessNever(award.RevokedAt), RevokedBy: apiUserRef(award.Revoker), RevokeReason: unlessZero(award.RevokeReason),
		Priority: award.Priority, ShowOnProfile: award.ShowOnProfile, Message: unlessZero(award.Message),
		Rule: unlessZero(award.Rule), Occurrence: unlessZero(award.Occurrence), EventUrl: unlessZero(award.EventURL),
	}
}
