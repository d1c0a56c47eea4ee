package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// adminRules shows how the rules fare, their files, and what was applied before.
func (p *Pages) adminRules(c *gin.Context) {
	ctx, who := c.Request.Context(), caller(c)
	states, err := p.operations.RuleStates(ctx, who)
	if err != nil {
		p.Fail(c, err)
		return
	}
	revisions, err := p.operations.ListRevisions(ctx, who, operation.Page{Limit: adminListed, Cursor: c.Query("after")})
	if err != nil {
		p.Fail(c, err)
		return
	}
	body := map[string]any{"States": states, "Revisions": revisions.Items, "NextPage": nextPage(url.Values{}, revisions.Next)}
	switch rules, err := p.operations.GetRules(ctx, who); {
	case err == nil:
		body["Rules"] = rules
	case !fault.Is(err, fault.NotFound):
		p.Fail(c, err)
		return
	}
	p.show(c, http.StatusOK, "admin-rules", view{Hidden: true, Body: body})
}

// adminRulesFile shows a file of the rules that judge, with the numbers of its lines.
func (p *Pages) adminRulesFile(c *gin.Context) {
	rules, err := p.operations.GetRules(c.Request.Context(), caller(c))
	if err != nil {
		p.Fail(c, err)
		return
	}
	name := strings.TrimPrefix(c.Param("name"), "/")
	for i := range rules.Files {
		file := &rules.Files[i]
		if file.Name != name {
			continue
		}
		body := map[string]any{"Name": file.Name, "Size": len(file.Data), "Picture": file.Data != nil}
		if file.Data == nil {
			body["Lines"] = strings.Split(strings.TrimSuffix(file.Text, "\n"), "\n")
		}
		p.show(c, http.StatusOK, "admin-rules-file", view{Hidden: true, Body: body})
		return
	}
	p.Fail(c, fault.NotFoundFor("file"))
}
