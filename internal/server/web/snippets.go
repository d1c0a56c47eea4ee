package web

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// A snippet is what people paste elsewhere to show something of here.

func (p *Pages) badgeMarkdown(username string) string {
	page := p.base + personPath(username)
	return "[![" + inMarkdown(p.worded("embed_alt", "Name", username)) + "](" + page + "/badge.svg)](" + page + ")"
}

// cardSnippet shows a card that is dark where the page around it is: image proxies hide which that is from the card itself.
func (p *Pages) cardSnippet(username string) string {
	page := p.base + personPath(username)
	return fmt.Sprintf(`<a href="%[1]s"><picture>
  <source media="(prefers-color-scheme: dark)" srcset="%[1]s/card.svg?theme=dark">
  <img src="%[1]s/card.svg?theme=light" alt="%[2]s">
</picture></a>`, page, html.EscapeString(p.worded("embed_alt", "Name", username)))
}

func (p *Pages) awardMarkdown(id int64, name string) string {
	page := p.awardURL(id)
	return "[![" + inMarkdown(name) + "](" + page + "/badge.svg)](" + page + ")"
}

func (p *Pages) awardHTML(id int64, name string) string {
	page := p.awardURL(id)
	return fmt.Sprintf(`<a href="%[1]s"><img src="%[1]s/badge.svg" alt="%[2]s"></a>`, page, html.EscapeString(name))
}

func (p *Pages) awardURL(id int64) string { return p.base + "/awards/" + strconv.FormatInt(id, 10) }

// inMarkdown keeps what a name holds from being taken for Markdown or HTML.
func inMarkdown(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r':
			out.WriteByte(' ')
			continue
		case strings.ContainsRune("\\`*_{}[]()<>#+!|~&", r):
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}
