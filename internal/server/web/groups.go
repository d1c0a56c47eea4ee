package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

// achievementsOf and its fellows follow a namespace's path, which may hold slashes, as on GitLab.
const (
	achievementsOf = "/-/achievements"
	leaderboardOf  = "/-/leaderboard"
	feedOf         = "/-/feed.atom"
	settingsOf     = "/-/settings"
)

// groupsListed is how many namespaces or achievements a page lists.
const groupsListed = 60

// groups lists the namespaces that the caller may read.
func (p *Pages) groups(c *gin.Context) {
	search := c.Query("search")
	found, err := p.operations.ListNamespaces(c.Request.Context(), caller(c), operation.NamespaceQuery{
		Search: search, Page: operation.Page{Limit: groupsListed, Cursor: c.Query("after")},
	})
	if err != nil {
		p.Fail(c, err)
		return
	}
	front.Keep(c)
	p.show(c, http.StatusOK, "groups", view{Body: map[string]any{"Groups": found.Items, "Next": found.Next, "Search": search}})
}

// group serves everything below the path of a namespace.
func (p *Pages) group(c *gin.Context) {
	p.below(c, map[string]func(*gin.Context, string){
		"": p.toGroup, "achievements": p.gallery, "leaderboard": p.leaderboard, "feed.atom": p.groupFeed,
		"achievements/new": p.newAchievement, "settings": p.groupSettings, "audit": p.groupAudit,
	})
}

// changeGroup serves the forms below the path of a namespace.
func (p *Pages) changeGroup(c *gin.Context) {
	p.below(c, map[string]func(*gin.Context, string){
		"achievements/new": p.createAchievement, "settings": p.updateGroup,
		"settings/members": p.putMember, "settings/members/remove": p.removeMember,
	})
}

// below hands a request to the handler of what follows the namespace's path.
func (p *Pages) below(c *gin.Context, handlers map[string]func(*gin.Context, string)) {
	path, rest, _ := strings.Cut(strings.TrimPrefix(c.Param("path"), "/"), "/-/")
	handler, known := handlers[strings.TrimSuffix(rest, "/")]
	if !known {
		p.Fail(c, fault.NotFoundFor("page"))
		return
	}
	handler(c, strings.TrimSuffix(path, "/"))
}

// toGroup leads from a namespace's path to its page.
func (p *Pages) toGroup(c *gin.Context, path string) {
	namespace, err := p.operations.GetNamespace(c.Request.Context(), caller(c), path)
	if err != nil {
		p.Fail(c, err)
		return
	}
	c.Redirect(http.StatusFound, p.path+groupPath(namespace.FullPath))
}

// gallery shows a namespace's achievements, and how rare they are.
func (p *Pages) gallery(c *gin.Context, path string) {
	after := c.Query("after")
	gallery, err := p.operations.Gallery(c.Request.Context(), caller(c), path, operation.Page{Limit: groupsListed, Cursor: after})
	if err != nil {
		p.Fail(c, err)
		return
	}
	about := p.counted("gallery_about", len(gallery.Achievements))
	if gallery.Next != "" || after != "" { // there is a full page, and more
		about = p.counted("gallery_about_more", groupsListed)
	}
	// How rare something is depends on how many people there are.
	front.Keep(c, front.Namespace(gallery.Namespace.ID), front.Newcomers)
	v := view{Body: gallery, Graph: &graph{
		Title: gallery.Namespace.Name, Type: "website", URL: p.base + groupPath(gallery.Namespace.FullPath), Description: about,
	}}
	if gallery.Namespace.Visibility == achievement.Public { // who reads feeds is nobody in particular
		v.Feed = p.path + "/groups/" + gallery.Namespace.FullPath + feedOf
	}
	p.show(c, http.StatusOK, "gallery", v)
}

// leaderboard shows who holds the most of a namespace's achievements.
func (p *Pages) leaderboard(c *gin.Context, path string) {
	namespace, leaders, err := p.operations.Leaderboard(c.Request.Context(), caller(c), path)
	if err != nil {
		p.Fail(c, err)
		return
	}
	front.Keep(c, front.Namespace(namespace.ID))
	p.show(c, http.StatusOK, "leaderboard", view{Body: map[string]any{"Namespace": namespace, "Leaders": leaders}})
}
