package rest

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) CreateAchievement(ctx context.Context, request api.CreateAchievementRequestObject) (api.CreateAchievementResponseObject, error) {
	wanted := operation.NewAchievement{Namespace: request.Namespace}
	if request.MultipartBody != nil {
		sent, err := readForm(request.MultipartBody)
		if err != nil {
			return nil, err
		}
		wanted.Name, wanted.Description, wanted.Avatar = value(sent.name), value(sent.description), sent.avatar
		wanted.Kind = achievement.Kind(value(sent.kind))
	} else {
		wanted.Name, wanted.Description = request.JSONBody.Name, value(request.JSONBody.Description)
		wanted.Kind = achievement.Kind(value(request.JSONBody.Kind))
	}
	created, err := s.operations.CreateAchievement(ctx, callerOf(ctx), wanted)
	if err != nil {
		return nil, err
	}
	return api.CreateAchievement201JSONResponse{
		Body:    s.achievement(created),
		Headers: api.CreateAchievement201ResponseHeaders{Location: fmt.Sprintf("%s/achievements/%d", s.base, created.ID)},
	}, nil
}

func (s *server) GetAchievement(ctx context.Context, request api.GetAchievementRequestObject) (api.GetAchievementResponseObject, error) {
	found, err := s.operations.GetAchievement(ctx, callerOf(ctx), request.Id)
	if err != nil {
		return nil, err
	}
	shown := s.achievement(found)
	return api.GetAchievement200JSONResponse{Body: shown, Headers: api.GetAchievement200ResponseHeaders{ETag: etag(shown)}}, nil
}

func (s *server) UpdateAchievement(ctx context.Context, request api.UpdateAchievementRequestObject) (api.UpdateAchievementResponseObject, error) {
	change := operation.AchievementChange{Match: match(request.Params.IfMatch, s.achievement)}
	if request.MultipartBody != nil {
		sent, err := readForm(request.MultipartBody)
		if err != nil {
			return nil, err
		}
		change.Name, change.Description, change.Avatar = sent.name, sent.description, sent.avatar
		change.Kind = (*achievement.Kind)(sent.kind)
	} else {
		change.Name, change.Description = request.JSONBody.Name, request.JSONBody.Description
		change.Kind = (*achievement.Kind)(request.JSONBody.Kind)
	}
	changed, err := s.operations.UpdateAchievement(ctx, callerOf(ctx), request.Id, change)
	if err != nil {
		return nil, err
	}
	shown := s.achievement(changed)
	return api.UpdateAchievement200JSONResponse{Body: shown, Headers: api.UpdateAchievement200ResponseHeaders{ETag: etag(shown)}}, nil
}

func (s *server) DeleteAchievement(ctx context.Context, request api.DeleteAchievementRequestObject) (api.DeleteAchievementResponseObject, error) {
	err := s.operations.DeleteAchievement(ctx, callerOf(ctx), request.Id, match(request.Params.IfMatch, s.achievement))
	if err != nil {
		return nil, err
	}
	return api.DeleteAchievement204Response{}, nil
}

// The answers to who asks for a picture: under the URL that holds its hash it never changes.
const (
	cachedForEver = "public, max-age=31536000, immutable"
	cachedForOne  = "private, max-age=31536000, immutable"
	cachedNever   = "no-cache"
)

func (s *server) GetAchievementAvatar(ctx context.Context, request api.GetAchievementAvatarRequestObject) (api.GetAchievementAvatarResponseObject, error) {
	picture, err := s.operations.GetAchievementAvatar(ctx, callerOf(ctx), request.Id)
	if err != nil {
		return nil, err
	}
	caching := cachedNever
	if value(request.Params.V) == achievement.AvatarVersion(picture.Hash) {
		caching = cachedForOne
		if picture.Public {
			caching = cachedForEver
		}
	}
	tag := `"` + hex.EncodeToString(picture.Hash) + `"`
	return api.GetAchievementAvatar200ImagepngResponse{
		Body: bytes.NewReader(picture.PNG), ContentLength: int64(len(picture.PNG)),
		Headers: api.GetAchievementAvatar200ResponseHeaders{ETag: &tag, CacheControl: &caching},
	}, nil
}

func (s *server) DeleteAchievementAvatar(ctx context.Context, request api.DeleteAchievementAvatarRequestObject) (api.DeleteAchievementAvatarResponseObject, error) {
	err := s.operations.DeleteAchievementAvatar(ctx, callerOf(ctx), request.Id, match(request.Params.IfMatch, s.achievement))
	if err != nil {
		return nil, err
	}
	return api.DeleteAchievementAvatar204Response{}, nil
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
	page := api.AchievementPage{Items: each(found.Items, s.achievement), NextCursor: cursor}
	return api.ListAchievements200JSONResponse{Body: page, Headers: api.ListAchievements200ResponseHeaders{Link: link}}, nil
}

func (s *server) achievement(found *operation.AchievementView) api.Achievement {
	return api.Achievement{
		Id: found.ID, Key: unlessZero(found.Key), Namespace: apiNamespaceRef(found.Namespace),
		Name: found.Name, Description: found.Description, Kind: api.Kind(found.Kind),
		Series: unlessZero(found.Series), Tier: unlessZero(int32(found.Tier)), //nolint:gosec // a ladder has few steps
		AvatarUrl: s.avatarURL(&found.Achievement), CreatedAt: found.CreatedAt, UpdatedAt: found.UpdatedAt,
	}
}

// avatarURL returns where the picture is: another one for every picture.
func (s *server) avatarURL(of *achievement.Achievement) *string {
	if of.AvatarHash == nil {
		return nil
	}
	address := fmt.Sprintf("%s/achievements/%d/avatar?v=%s", s.base, of.ID, achievement.AvatarVersion(of.AvatarHash))
	return &address
}
