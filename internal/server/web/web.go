// Package web is the pages that people see: profiles, namespaces, achievements and awards, and what maintainers, everyone
// who signed in, and admins do there.
//
// Pages are rendered here, work without scripts, and ask no other host for anything. Every text is in the catalogue
// (words), every look in one stylesheet. Handlers translate: who may see and do what is decided by operation. The package may
// import operation, the nouns, fault, server/problem and server/front.
package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// Config is what pages are made with.
type Config struct {
	Operations *operation.Operations
	// BaseURL is what people reach the service by, without a slash at its end.
	BaseURL string
	// Providers are those that people can sign in with, besides a token.
	Providers []Provider
	// Exported returns what is kept about a person as the API shows it, ready to be encoded.
	Exported func(*operation.UserExport) any
	// KeepNote gives the browser a text for the page that the answer leads to, and TakeNote returns it there, once.
	KeepNote func(c *gin.Context, text string)
	TakeNote func(c *gin.Context) string
	// Degraded says that the service works without something that can be missed; nil for never.
	Degraded func() bool
}

// Provider is who vouches for people.
type Provider struct{ Name, Title, Kind string }

// Pages are the handlers.
type Pages struct {
	operations *operation.Operations
	base       string
	// path is the base URL's own path, where a proxy puts the service below one.
	path      string
	providers []Provider
	keepNote  func(*gin.Context, string)
	takeNote  func(*gin.Context) string
	exported  func(*operation.UserExport) any
	degraded  func() bool
	renderer  *renderer
}

// New returns the pages. It panics when an embedded template is broken, which the tests would have shown.
func New(cfg Config) *Pages {
	p := &Pages{
		operations: cfg.Operations, base: cfg.BaseURL, providers: cfg.Providers, keepNote: cfg.KeepNote, takeNote: cfg.TakeNote,
		exported: cfg.Exported, degraded: cfg.Degraded,
	}
	if base, err := url.Parse(cfg.BaseURL); err == nil {
		p.path = base.EscapedPath()
	}
	p.renderer = newRenderer(p)
	return p
}

// Path is that of the base URL, which all addresses on pages begin with; "" for none.
func (p *Pages) Path() string { return p.path }

// Mount adds the pages to routes that know who is calling by a cookie.
func (p *Pages) Mount(routes gin.IRouter) {
	routes.GET("/", p.home)
	routes.GET("/sign-in", p.signIn)
	routes.GET("/users/:user", p.profile)
	routes.GET("/users/:user/feed.atom", p.userFeed)
	routes.GET("/groups", p.groups)
	routes.GET("/groups/*path", p.group)
	routes.POST("/groups/*path", p.changeGroup)
	routes.GET("/achievements/:id", p.achievement)
	routes.GET("/achievements/:id/avatar.png", p.avatar)
	routes.GET("/awards/:id", p.award)
	p.mountMaintaining(routes)
	p.mountSettings(routes)
	p.mountAdmin(routes)
}

// MountStatic adds the stylesheet and the script, which are the same for everybody.
func (p *Pages) MountStatic(routes gin.IRouter) {
	for name, asset := range p.renderer.assets {
		routes.GET(assetPath(name, asset), asset.serve)
	}
}

// caller is who asks for a page.
func caller(c *gin.Context) operation.Caller { return operation.CallerFrom(c.Request.Context()) }

// back answers a form: the browser goes on to a page, which says what was done.
func (p *Pages) back(c *gin.Context, path, done string) {
	c.Header("Cache-Control", "no-store")
	if done != "" {
		path += "?done=" + url.QueryEscape(done)
	}
	c.Redirect(http.StatusSeeOther, p.path+path)
}
