package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

// homeGroups is how many namespaces the first page shows.
const homeGroups = 24

// home shows what there is to look at.
func (p *Pages) home(c *gin.Context) {
	groups, err := p.operations.ListNamespaces(c.Request.Context(), caller(c), operation.NamespaceQuery{
		Page: operation.Page{Limit: homeGroups},
	})
	if err != nil {
		p.Fail(c, err)
		return
	}
	front.Keep(c)
	p.show(c, http.StatusOK, "home", view{Body: groups})
}

// profile shows a person's achievements.
func (p *Pages) profile(c *gin.Context) {
	portrait, err := p.operations.Portrait(c.Request.Context(), caller(c), c.Param("user"))
	if err != nil {
		p.Fail(c, err)
		return
	}
	if !portrait.User.ShareProgress { // progress changes with every event, which nobody is told of
		front.Keep(c, front.User(portrait.User.ID))
	}
	v := view{Body: portrait, Hidden: portrait.Closed}
	if !portrait.Closed {
		v.Feed = p.path + personPath(portrait.User.Username) + "/feed.atom"
		v.Graph = &graph{
			Title: portrait.User.Name, Type: "profile", URL: p.base + personPath(portrait.User.Username),
			Description: p.counted("achievements_count", portrait.Achievements),
		}
	}
	p.show(c, http.StatusOK, "profile", v)
}

// counted is a text of the catalogue for a number of things; the keys that handlers use are in it.
func (p *Pages) counted(key string, number int) string {
	text, _ := p.renderer.words.count(key, number)
	return text
}

// worded is a text of the catalogue.
func (p *Pages) worded(key string, fields ...any) string {
	text, _ := p.renderer.words.text(key, fields...)
	return text
}

// signInPage is what the page of ways to sign in shows.
type signInPage struct {
	Providers []Provider
	ReturnTo  string
}

// signIn shows the ways to sign in.
func (p *Pages) signIn(c *gin.Context) {
	p.show(c, http.StatusOK, "sign-in", view{Hidden: true, Body: signInPage{p.providers, c.Query("return_to")}})
}
