package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// membersListed is how many members a page lists.
const membersListed = 100

// groupForm is what the page of a namespace's settings shows.
type groupForm struct {
	Namespace *achievement.Namespace
	// Name, Visibility and Leaderboard are what the form shows, and Version that of the namespace that it was made of.
	Name         string
	Visibility   achievement.Visibility
	Leaderboard  bool
	Version      string
	Visibilities []achievement.Visibility
	Members      []operation.Member
	Next         string
	Roles        []achievement.Role
	// User and Role are what was typed to make somebody a member.
	User string
	Role achievement.Role
}

func namespaceVersion(n *achievement.Namespace) string {
	return version(n.Name, string(n.Visibility), n.Leaderboard)
}

// groupToChange returns what the page of settings shows if the caller owns the namespace; else it has answered.
func (p *Pages) groupToChange(c *gin.Context, path string) (*groupForm, bool) {
	ctx := c.Request.Context()
	namespace, err := p.operations.NamespaceToChange(ctx, caller(c), path, achievement.Owner)
	if err != nil {
		p.Fail(c, err)
		return nil, false
	}
	members, err := p.operations.ListMembers(ctx, caller(c), path, operation.Page{Limit: membersListed, Cursor: c.Query("after")})
	if err != nil {
		p.Fail(c, err)
		return nil, false
	}
	return &groupForm{
		Namespace: namespace, Name: namespace.Name, Visibility: namespace.Visibility, Leaderboard: namespace.Leaderboard,
		Version:      namespaceVersion(namespace),
		Visibilities: []achievement.Visibility{achievement.Public, achievement.Internal, achievement.Private},
		Members:      members.Items, Next: members.Next, Role: achievement.Developer,
		Roles: []achievement.Role{achievement.Guest, achievement.Reporter, achievement.Developer, achievement.Maintainer, achievement.Owner},
	}, true
}

func (p *Pages) groupSettings(c *gin.Context, path string) {
	if page, ok := p.groupToChange(c, path); ok {
		p.show(c, http.StatusOK, "group-settings", view{Hidden: true, Body: page})
	}
}

func (p *Pages) updateGroup(c *gin.Context, path string) {
	page, ok := p.groupToChange(c, path)
	if !ok {
		return
	}
	sent, err := readForm(c)
	page.Name, page.Visibility, page.Leaderboard = sent.text("name"), achievement.Visibility(sent.text("visibility")), sent.ticked("leaderboard")
	if err == nil {
		name, visibility, leaderboard := page.Name, page.Visibility, page.Leaderboard
		_, err = p.operations.UpdateNamespace(c.Request.Context(), caller(c), path, operation.NamespaceChange{
			Name: &name, Visibility: &visibility, Leaderboard: &leaderboard,
			Match: func(now *achievement.Namespace) bool { return namespaceVersion(now) == sent.text("version") },
		})
	}
	if err != nil {
		p.again(c, err, "group-settings", view{Body: page})
		return
	}
	p.back(c, groupSettingsPath(page.Namespace), "saved")
}

func groupSettingsPath(of *achievement.Namespace) string {
	return "/groups/" + of.FullPath + settingsOf
}

// putMember makes somebody a member, or gives a member another role.
func (p *Pages) putMember(c *gin.Context, path string) {
	page, ok := p.groupToChange(c, path)
	if !ok {
		return
	}
	sent, err := readForm(c)
	role, known := achievement.ParseRole(sent.text("access_level"))
	page.User, page.Role = sent.text("user"), role
	switch {
	case err != nil:
	case page.User == "":
		err = nobodyChosen()
	case !known:
		err = fault.InvalidField("access_level", "unknown", "must be guest, reporter, developer, maintainer or owner")
	default:
		_, err = p.operations.PutMember(c.Request.Context(), caller(c), operation.NewMember{Namespace: path, User: page.User, Role: role})
	}
	p.membersChanged(c, page, err, "member_put")
}

func (p *Pages) removeMember(c *gin.Context, path string) {
	page, ok := p.groupToChange(c, path)
	if !ok {
		return
	}
	sent, err := readForm(c)
	if err == nil {
		err = p.operations.RemoveMember(c.Request.Context(), caller(c), path, sent.text("user"))
	}
	if err == nil && strings.EqualFold(sent.text("user"), caller(c).Username()) {
		p.back(c, "/groups", "member_left") // who left may not see the settings any more
		return
	}
	p.membersChanged(c, page, err, "member_removed")
}

// membersChanged answers a form about a member. That the namespace is there is known, so that what is not is the person.
func (p *Pages) membersChanged(c *gin.Context, page *groupForm, err error, done string) {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.NotFound {
		err = fault.InvalidField("user", "unknown", "is nobody's name here")
	}
	if err != nil {
		p.again(c, err, "group-settings", view{Body: page})
		return
	}
	p.back(c, groupSettingsPath(page.Namespace), done)
}

func nobodyChosen() error { return fault.InvalidField("user", "required", "must be somebody") }
