package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// adminAudit lists what was done, everywhere or in one namespace.
func (p *Pages) adminAudit(c *gin.Context) {
	namespace := strings.TrimSpace(c.Query("namespace"))
	page := operation.Page{Limit: adminListed, Cursor: c.Query("after")}
	body := map[string]any{"Admin": true, "Filter": namespace}
	var found *operation.Listing[operation.AuditView]
	var err error
	if namespace == "" {
		found, err = p.operations.ListAuditEvents(c.Request.Context(), caller(c), page)
	} else {
		found, err = p.operations.ListNamespaceAuditEvents(c.Request.Context(), caller(c), namespace, page)
	}
	if err != nil {
		p.reshow(c, "admin-audit", err, view{Hidden: true, Body: body})
		return
	}
	body["Items"], body["NextPage"] = found.Items, nextPage(url.Values{"namespace": {namespace}}, found.Next)
	p.show(c, http.StatusOK, "admin-audit", view{Hidden: true, Body: body})
}

// groupAudit lists what was done in a namespace, to its owners.
func (p *Pages) groupAudit(c *gin.Context, path string) {
	ctx, who := c.Request.Context(), caller(c)
	if who.Anonymous() {
		p.toSignIn(c)
		return
	}
	namespace, err := p.operations.GetNamespace(ctx, who, path)
	if err != nil {
		p.Fail(c, err)
		return
	}
	found, err := p.operations.ListNamespaceAuditEvents(ctx, who, path, operation.Page{Limit: adminListed, Cursor: c.Query("after")})
	if err != nil {
		p.Fail(c, err)
		return
	}
	p.show(c, http.StatusOK, "admin-audit", view{Hidden: true, Body: map[string]any{
		"Admin": false, "Namespace": namespace, "Items": found.Items, "NextPage": nextPage(url.Values{}, found.Next),
	}})
}

// inJSON writes a value of a detail: a text as it is, all else as JSON.
func inJSON(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	text, err := json.Marshal(value)
	return string(text), err
}
