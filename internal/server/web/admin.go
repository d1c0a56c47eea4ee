package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// adminListed is how many rows the lists for admins show at a time.
const adminListed = 50

// mountAdmin adds the pages of those who run the service, and the one that explains to everyone what is theirs.
func (p *Pages) mountAdmin(routes gin.IRouter) {
	for path, handle := range map[string]gin.HandlerFunc{
		"": p.adminOverview, "/deliveries": p.adminDeliveries, "/deliveries/:id": p.adminDelivery,
		"/rules": p.adminRules, "/rules/files/*name": p.adminRulesFile, "/explain": p.adminExplain, "/audit": p.adminAudit,
		"/users": p.adminUsers, "/users/:user": p.adminUser, "/groups": p.adminGroups,
	} {
		routes.GET("/admin"+path, p.forAdmins(handle))
	}
	for path, handle := range map[string]gin.HandlerFunc{
		"/deliveries/replay": p.replayDeliveries, "/deliveries/:id/replay": p.replayDelivery,
		"/users/:user": p.changeUser, "/users/:user/accounts": p.linkAccount, "/users/:user/accounts/unlink": p.unlinkAccount,
		"/users/:user/merge": p.mergeUser, "/groups": p.createNamespace, "/groups/delete": p.deleteNamespace,
	} {
		routes.POST("/admin"+path, p.forAdmins(handle))
	}
	routes.GET("/achievements/:id/explain", p.explain)
}

func (p *Pages) forAdmins(handle gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if p.admin(c) {
			handle(c)
		}
	}
}

// admin reports whether an admin is asking; everybody else is answered.
func (p *Pages) admin(c *gin.Context) bool {
	err := p.operations.MayAdminister(caller(c))
	switch {
	case err == nil:
		return true
	case fault.Is(err, fault.Unauthenticated):
		p.toSignIn(c)
	default:
		p.Fail(c, err)
	}
	return false
}

// toSignIn leads to where one signs in, and from there back to the page, or to the overview where a form was sent.
func (p *Pages) toSignIn(c *gin.Context) {
	to := p.path + "/admin"
	if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
		to = p.path + c.Request.URL.RequestURI()
	}
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, p.path+"/sign-in?return_to="+url.QueryEscape(to))
}

// reshow answers a form that was wrong with its page, and what is wrong with it. What is not the form's fault fails.
func (p *Pages) reshow(c *gin.Context, name string, err error, v view) {
	f := fault.As(err)
	switch f.Kind {
	case fault.Invalid, fault.Conflict, fault.NotFound:
		v.Problem = f
		c.Header("Cache-Control", "no-store")
		p.show(c, problem.Status(f.Kind), name, v)
	default:
		p.Fail(c, err)
	}
}

// confirmation asks whether something is really to be done.
type confirmation struct {
	Title, Text, Button string
	// Action is the path that the form is sent to, with Fields, and Back where nothing is done.
	Action, Back, Section string
	Fields                map[string]string
}

func (p *Pages) confirm(c *gin.Context, what confirmation) {
	c.Header("Cache-Control", "no-store")
	p.show(c, http.StatusOK, "admin-confirm", view{Hidden: true, Body: what})
}

// nextPage is where a list goes on: the same page with the same query, after the cursor; "" at its end.
func nextPage(query url.Values, cursor string) string {
	if cursor == "" {
		return ""
	}
	further := url.Values{}
	for name, values := range query {
		if len(values) > 0 && values[0] != "" {
			further[name] = values
		}
	}
	further.Set("after", cursor)
	return "?" + further.Encode()
}

// adminOverview shows the sources, how the service fares, and which rules judge.
func (p *Pages) adminOverview(c *gin.Context) {
	ctx, who := c.Request.Context(), caller(c)
	sources, err := p.operations.Sources(ctx, who)
	if err != nil {
		p.Fail(c, err)
		return
	}
	backlog, err := p.operations.Backlog(ctx, who)
	if err != nil {
		p.Fail(c, err)
		return
	}
	body := map[string]any{"Sources": sources, "Backlog": backlog, "Degraded": p.degraded != nil && p.degraded(), "Hooks": p.base + "/hooks/"}
	switch rules, err := p.operations.GetRules(ctx, who); {
	case err == nil:
		body["Rules"] = rules
	case !fault.Is(err, fault.NotFound):
		p.Fail(c, err)
		return
	}
	p.show(c, http.StatusOK, "admin-overview", view{Hidden: true, Body: body})
}
