package web

import (
	"encoding/xml"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// atom is a feed (RFC 4287).
type atom struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Author  atomAuthor  `xml:"author"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	ID      string     `xml:"id"`
	Title   string     `xml:"title"`
	Updated string     `xml:"updated"`
	Link    atomLink   `xml:"link"`
	Author  atomAuthor `xml:"author"`
	Summary string     `xml:"summary,omitempty"`
}

// userFeed tells of what a person was awarded latest. Feed readers are nobody in particular, so it tells what everyone may see.
func (p *Pages) userFeed(c *gin.Context) {
	user, awards, err := p.operations.RecentUserAwards(c.Request.Context(), operation.Caller{}, c.Param("user"))
	if err != nil {
		problem.Write(c, err)
		return
	}
	front.Keep(c, front.User(user.ID))
	p.feed(c, user.Name, personPath(user.Username), "/feed.atom", awards)
}

// groupFeed tells of what a namespace awarded latest.
func (p *Pages) groupFeed(c *gin.Context, path string) {
	namespace, awards, err := p.operations.RecentAwards(c.Request.Context(), operation.Caller{}, path)
	if err != nil {
		problem.Write(c, err)
		return
	}
	front.Keep(c, front.Namespace(namespace.ID))
	p.feed(c, namespace.Name, "/groups/"+namespace.FullPath, feedOf, awards)
}

func (p *Pages) feed(c *gin.Context, about, path, self string, awards []operation.AwardView) {
	page := p.base + path
	feed := atom{
		ID: page + self, Title: p.worded("feed_title", "Name", about), Updated: time.Unix(0, 0).UTC().Format(time.RFC3339),
		Author: atomAuthor{"Accolade"},
		Links:  []atomLink{{"self", "application/atom+xml", page + self}, {"alternate", "text/html", page}},
	}
	if len(awards) > 0 {
		feed.Updated = awards[0].AwardedAt.Format(time.RFC3339)
	}
	for i := range awards {
		award := &awards[i]
		address := p.awardURL(award.ID)
		feed.Entries = append(feed.Entries, atomEntry{
			ID: address, Title: p.worded("feed_entry", "Name", award.User.Name, "Achievement", award.Achievement.Name),
			Updated: award.AwardedAt.Format(time.RFC3339), Link: atomLink{"alternate", "text/html", address},
			Author: atomAuthor{award.User.Name}, Summary: award.Achievement.Description,
		})
	}
	body, err := xml.MarshalIndent(feed, "", "  ")
	if err != nil {
		problem.Write(c, err)
		return
	}
	c.Header("Cache-Control", "no-cache")
	c.Header("ETag", `"`+digest(body)+`"`)
	c.Data(http.StatusOK, "application/atom+xml; charset=utf-8", append([]byte(xml.Header), body...))
}
