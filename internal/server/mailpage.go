package server

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"

	"github.com/gin-gonic/gin"
)

//go:embed unsubscribe.html acceptance.html mailpage.css
var mailPages embed.FS

// mailPage is what a person sees who follows a link of a mail.
type mailPage struct {
	template *template.Template
	style    template.CSS
	policy   string
}

func newMailPage(name string) *mailPage {
	style, err := mailPages.ReadFile("mailpage.css")
	if err != nil {
		panic(err) // it is embedded
	}
	sum := sha256.Sum256(style)
	return &mailPage{
		template: template.Must(template.ParseFS(mailPages, name)),
		style:    template.CSS(style), //nolint:gosec // it is our own
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; frame-ancestors 'none'",
	}
}

// show answers with the page about what there is to say.
func (p *mailPage) show(c *gin.Context, status int, about any) {
	c.Header("Content-Security-Policy", p.policy)
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Status(status)
	_ = p.template.Execute(c.Writer, map[string]any{"Style": p.style, "About": about}) // who hung up reads no error
}
