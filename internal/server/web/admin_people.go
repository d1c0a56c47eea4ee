package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// adminUsers lists the people.
func (p *Pages) adminUsers(c *gin.Context) {
	search := c.Query("search")
	found, err := p.operations.ListUsers(c.Request.Context(), caller(c), operation.UserQuery{
		Search: search, Page: operation.Page{Limit: adminListed, Cursor: c.Query("after")},
	})
	body := map[string]any{"Search": search}
	if err != nil {
		p.reshow(c, "admin-users", err, view{Hidden: true, Body: body})
		return
	}
	body["Users"], body["NextPage"] = found.Items, nextPage(url.Values{"search": {search}}, found.Next)
	p.show(c, http.StatusOK, "admin-users", view{Hidden: true, Body: body})
}

// adminUser shows what may be done with one of the people.
func (p *Pages) adminUser(c *gin.Context) { p.userPage(c, nil, nil) }

// userPage shows the page of a user; with a form that was wrong, what was typed.
func (p *Pages) userPage(c *gin.Context, wrong error, typed map[string]string) {
	ctx, who := c.Request.Context(), caller(c)
	user, err := p.operations.GetUser(ctx, who, c.Param("user"))
	if err != nil {
		p.Fail(c, err)
		return
	}
	accounts, err := p.operations.ListAccounts(ctx, who, user.Username)
	if err != nil {
		p.Fail(c, err)
		return
	}
	sources, err := p.operations.Sources(ctx, who)
	if err != nil {
		p.Fail(c, err)
		return
	}
	v := view{Hidden: true, Body: map[string]any{
		"User": user, "Accounts": accounts, "Sources": sources, "Own": user.ID == who.ID(), "Typed": typed,
		"BuiltIn": user.ID == achievement.HouseUserID,
	}}
	if wrong != nil {
		p.reshow(c, "admin-user", wrong, v)
		return
	}
	p.show(c, http.StatusOK, "admin-user", v)
}

// changeUser blocks, or lets again, or makes an admin or a bot, or none any longer.
func (p *Pages) changeUser(c *gin.Context) {
	yes, no := true, false
	change, known := map[string]operation.UserChange{
		"blocked": {Blocked: &yes}, "unblocked": {Blocked: &no}, "admin": {Admin: &yes}, "no_admin": {Admin: &no},
		"bot": {Bot: &yes}, "no_bot": {Bot: &no},
	}[c.PostForm("set")]
	if !known {
		p.userPage(c, fault.InvalidField("set", "unknown", "must be one of the buttons"), nil)
		return
	}
	user, err := p.operations.UpdateUser(c.Request.Context(), caller(c), c.Param("user"), change)
	if err != nil {
		p.userPage(c, err, nil)
		return
	}
	p.back(c, adminUserPath(user.Username), "admin_user")
}

func adminUserPath(username string) string { return "/admin/users/" + url.PathEscape(username) }

// linkAccount makes an account on a forge somebody's.
func (p *Pages) linkAccount(c *gin.Context) {
	typed := map[string]string{"source": c.PostForm("source"), "forge_user_id": c.PostForm("forge_user_id"), "login": c.PostForm("login")}
	_, _, err := p.operations.LinkAccount(c.Request.Context(), caller(c), operation.NewAccount{
		User: c.Param("user"), Source: typed["source"], ForgeUserID: typed["forge_user_id"], Login: typed["login"],
	})
	if err != nil {
		p.userPage(c, err, typed)
		return
	}
	p.back(c, adminUserPath(c.Param("user")), "admin_linked")
}

// unlinkAccount makes somebody's accounts on a source nobody's.
func (p *Pages) unlinkAccount(c *gin.Context) {
	if err := p.operations.UnlinkAccount(c.Request.Context(), caller(c), c.Param("user"), c.PostForm("source")); err != nil {
		p.userPage(c, err, nil)
		return
	}
	p.back(c, adminUserPath(c.Param("user")), "admin_unlinked")
}

// mergeUser makes one person of two, once that is confirmed.
func (p *Pages) mergeUser(c *gin.Context) {
	ctx, who := c.Request.Context(), caller(c)
	into, from := c.Param("user"), strings.TrimSpace(c.PostForm("from"))
	if c.PostForm("confirm") == "" {
		kept, err := p.operations.GetUser(ctx, who, into)
		if err != nil {
			p.Fail(c, err)
			return
		}
		gone, err := p.operations.GetUser(ctx, who, from)
		if err != nil {
			p.userPage(c, err, map[string]string{"from": from})
			return
		}
		p.confirm(c, confirmation{
			Title: p.worded("admin_merge_title"), Button: p.worded("admin_merge_button"), Section: "users",
			Text:   p.worded("admin_merge_text", "From", gone.Username, "FromName", gone.Name, "Into", kept.Username, "IntoName", kept.Name),
			Action: adminUserPath(kept.Username) + "/merge", Back: adminUserPath(kept.Username), Fields: map[string]string{"from": gone.Username},
		})
		return
	}
	merged, err := p.operations.MergeUser(ctx, who, operation.NewMerge{Into: into, From: from})
	if err != nil {
		p.userPage(c, err, map[string]string{"from": from})
		return
	}
	p.back(c, adminUserPath(merged.User.Username), "admin_merged")
}

// adminGroups lists the namespaces, and makes them.
func (p *Pages) adminGroups(c *gin.Context) {
	p.groupsPage(c, nil, map[string]string{"visibility": "public"})
}

func (p *Pages) groupsPage(c *gin.Context, wrong error, typed map[string]string) {
	search := c.Query("search")
	body := map[string]any{"Search": search, "Typed": typed, "Visibilities": []string{"public", "internal", "private"}}
	found, err := p.operations.ListNamespaces(c.Request.Context(), caller(c), operation.NamespaceQuery{
		Search: search, Page: operation.Page{Limit: adminListed, Cursor: c.Query("after")},
	})
	switch {
	case err != nil && wrong == nil:
		wrong = err
	case err == nil:
		body["Groups"], body["NextPage"] = found.Items, nextPage(url.Values{"search": {search}}, found.Next)
	}
	if wrong != nil {
		p.reshow(c, "admin-groups", wrong, view{Hidden: true, Body: body})
		return
	}
	p.show(c, http.StatusOK, "admin-groups", view{Hidden: true, Body: body})
}

// createNamespace makes a namespace.
func (p *Pages) createNamespace(c *gin.Context) {
	typed := map[string]string{"full_path": strings.TrimSpace(c.PostForm("full_path")), "name": c.PostForm("name"), "visibility": c.PostForm("visibility")}
	_, err := p.operations.CreateNamespace(c.Request.Context(), caller(c), operation.NewNamespace{
		FullPath: typed["full_path"], Name: typed["name"], Visibility: achievement.Visibility(typed["visibility"]),
	})
	if err != nil {
		p.groupsPage(c, err, typed)
		return
	}
	p.back(c, "/admin/groups", "admin_group_created")
}

// deleteNamespace deletes a namespace without achievements, once that is confirmed.
func (p *Pages) deleteNamespace(c *gin.Context) {
	ctx, who := c.Request.Context(), caller(c)
	namespace, err := p.operations.GetNamespace(ctx, who, c.PostForm("full_path"))
	if err != nil {
		p.groupsPage(c, err, nil)
		return
	}
	if c.PostForm("confirm") == "" {
		p.confirm(c, confirmation{
			Title: p.worded("admin_group_delete_title"), Button: p.worded("admin_group_delete"), Section: "groups",
			Text:   p.worded("admin_group_delete_text", "Name", namespace.Name, "Path", namespace.FullPath),
			Action: "/admin/groups/delete", Back: "/admin/groups", Fields: map[string]string{"full_path": namespace.FullPath},
		})
		return
	}
	if err := p.operations.DeleteNamespace(ctx, who, namespace.FullPath, nil); err != nil {
		p.groupsPage(c, err, nil)
		return
	}
	p.back(c, "/admin/groups", "admin_group_deleted")
}
