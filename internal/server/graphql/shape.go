package graphql

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"time"

	api "github.com/seed-504bad89/accolade/api/graphql"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// shape makes the schema's objects of what operations return.
type shape struct {
	// base is what people reach the service by, without a slash at its end.
	base string
}

func (s shape) achievement(of *operation.AchievementView) *api.Achievement {
	kind := api.AchievementKind(strings.ToUpper(string(of.Kind)))
	out := &api.Achievement{
		ID: gid(achievementClass, of.ID), Namespace: s.namespace(of.Namespace), Name: of.Name, Description: unlessEmpty(of.Description),
		CreatedAt: of.CreatedAt, UpdatedAt: of.UpdatedAt, Kind: &kind, Key: unlessEmpty(of.Key),
	}
	if of.AvatarHash != nil {
		address := fmt.Sprintf("%s/api/v1/achievements/%d/avatar?v=%s", s.base, of.ID, achievement.AvatarVersion(of.AvatarHash))
		out.AvatarURL = &address
	}
	return out
}

func (s shape) award(of *operation.AwardView) *api.UserAchievement {
	out := &api.UserAchievement{
		ID: gid(awardClass, of.ID), Achievement: s.achievement(&of.Achievement), User: s.user(&operation.UserView{User: of.User}),
		RevokedByUser: s.person(of.Revoker), CreatedAt: of.AwardedAt, UpdatedAt: of.AwardedAt, ShowOnProfile: of.ShowOnProfile,
		AwardMessage: unlessEmpty(of.Message), Occurrence: unlessEmpty(of.Occurrence), Rule: unlessEmpty(of.Rule),
	}
	// An award is never without somebody who gave it; the house stands in for who is gone.
	out.AwardedByUser = s.person(of.Giver)
	if out.AwardedByUser == nil {
		out.AwardedByUser = s.user(&operation.UserView{User: achievement.User{ID: achievement.HouseUserID, Username: achievement.HouseUsername, Name: "Accolade", Bot: true}})
	}
	if of.Revoked() {
		out.RevokedAt, out.UpdatedAt = &of.RevokedAt, of.RevokedAt
	}
	if of.Priority != nil {
		place := int(*of.Priority)
		out.Priority = &place
	}
	if of.Message != "" {
		text := html.EscapeString(of.Message)
		out.AwardMessageHTML = &text
	}
	return out
}

func (s shape) person(of *achievement.User) *api.UserCore {
	if of == nil {
		return nil
	}
	return s.user(&operation.UserView{User: *of})
}

func (s shape) user(of *operation.UserView) *api.UserCore {
	out := &api.UserCore{
		ID: gid(userClass, of.ID), Username: of.Username, Name: of.Name, State: api.UserStateActive, Bot: &of.Bot,
		WebPath: "/users/" + url.PathEscape(of.Username),
	}
	out.WebURL = s.base + out.WebPath
	if of.Known && of.Blocked {
		out.State = api.UserStateBlocked
	}
	if of.Known || !of.PrivateProfile {
		out.CreatedAt = unlessNever(of.CreatedAt)
	}
	return out
}

func (s shape) current(of *operation.UserView) *api.CurrentUser {
	user := api.CurrentUser(*s.user(of))
	return &user
}

func (s shape) namespace(of *achievement.Namespace) *api.Namespace {
	if of == nil {
		return nil
	}
	group := s.group(of)
	return &api.Namespace{
		ID: gid(namespaceClass, of.ID), Name: group.Name, Path: group.Path, FullName: group.FullName, FullPath: group.FullPath,
		Visibility: group.Visibility, WebURL: &group.WebURL,
	}
}

func (s shape) group(of *achievement.Namespace) *api.Group {
	visibility := string(of.Visibility)
	return &api.Group{
		ID: gid(groupClass, of.ID), Name: of.Name, Path: of.FullPath[strings.LastIndexByte(of.FullPath, '/')+1:], FullName: of.Name,
		FullPath: of.FullPath, Visibility: &visibility, WebURL: s.base + "/groups/" + of.FullPath,
	}
}

func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func unlessNever(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func value[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}
