package server

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

//go:embed unsubscribe.html unsubscribe.css
var unsubscribeFiles embed.FS

// unsubscribePage is what a person sees who follows the link of a mail.
type unsubscribePage struct {
	template *template.Template
	style    template.CSS
	policy   string
}

func newUnsubscribePage() *unsubscribePage {
	style, err := unsubscribeFiles.ReadFile("unsubscribe.css")
	if err != nil {
		panic(err) // it is embedded
	}
	sum := sha256.Sum256(style)
	return &unsubscribePage{
		template: template.Must(template.ParseFS(unsubscribeFiles, "unsubscribe.html")),
		style:    template.CSS(style), //nolint:gosec // it is our own
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; frame-ancestors 'none'",
	}
}

// mountUnsubscribe adds the end of the mails: POST ends them, as RFC 8058 has it, without a cookie or a
// token of the API; GET asks first, because programs that look for malice follow every link.
func mountUnsubscribe(routes gin.IRouter, operations *operation.Operations, limits *limits) {
	page := newUnsubscribePage()
	routes.GET("/unsubscribe/:token", func(c *gin.Context) { page.show(c, http.StatusOK, false) })
	routes.POST("/unsubscribe/:token", bounded, origin, func(c *gin.Context) {
		if err := limits.take(c, operation.Caller{}); err != nil {
			problem.Write(c, err)
			return
		}
		err := operations.Unsubscribe(c.Request.Context(), c.Param("token"))
		switch {
		case fault.Is(err, fault.NotFound):
			problem.Write(c, fault.NotFoundFor("subscription"))
		case err != nil:
			problem.Write(c, err)
		default:
			page.show(c, http.StatusOK, true)
		}
	})
}

func (p *unsubscribePage) show(c *gin.Context, status int, done bool) {
	c.Header("Content-Security-Policy", p.policy)
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Status(status)
	_ = p.template.Execute(c.Writer, map[string]any{"Style": p.style, "Done": done}) // who hung up reads no error
}
