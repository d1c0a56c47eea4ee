package badge

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/badge"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

const (
	// maxEmbed is the largest width and height of what is embedded.
	maxEmbed = 4096
	// cacheAge is how long an embedding may be kept, in seconds; the pictures in it ask for themselves.
	cacheAge = 24 * 60 * 60
)

// embedding is what oEmbed answers with: https://oembed.com.
type embedding struct {
	Version      string `json:"version"`
	Type         string `json:"type"`
	Title        string `json:"title"`
	AuthorName   string `json:"author_name"`
	AuthorURL    string `json:"author_url"`
	ProviderName string `json:"provider_name"`
	ProviderURL  string `json:"provider_url"`
	CacheAge     int    `json:"cache_age"`
	URL          string `json:"url,omitempty"`
	HTML         string `json:"html,omitempty"`
	Width        int    `json:"width,omitempty"`
	Height       int    `json:"height,omitempty"`
}

// oembed says how to embed a profile or an award, by the address of its page.
func (d *door) oembed(c *gin.Context) {
	if format := c.DefaultQuery("format", "json"); format != "json" {
		problem.WriteStatus(c, http.StatusNotImplemented, fault.New(fault.Invalid, "unsupported_format", "only json is there"))
		return
	}
	if c.Query("url") == "" {
		problem.Write(c, fault.InvalidField("url", "required", "must be the address of a profile or an award"))
		return
	}
	noun, ref, ok := d.page(c.Query("url"))
	if !ok {
		problem.Write(c, fault.NotFoundFor("page"))
		return
	}
	embed := d.profile
	if noun == "awards" {
		embed = d.photo
	}
	answer, err := embed(c, ref)
	if err != nil {
		problem.Write(c, err)
		return
	}
	answer.Version, answer.ProviderName, answer.ProviderURL, answer.CacheAge = "1.0", "Accolade", d.base, cacheAge
	sendJSON(c, http.StatusOK, answer)
}

// page reads the address of a page of ours: /users/{user} or /awards/{id}.
func (d *door) page(address string) (noun, ref string, ok bool) {
	rest, ours := strings.CutPrefix(address, d.base+"/")
	if !ours {
		return "", "", false
	}
	at, err := url.Parse("/" + rest)
	if err != nil {
		return "", "", false
	}
	noun, escaped, _ := strings.Cut(strings.TrimPrefix(at.EscapedPath(), "/"), "/")
	ref, err = url.PathUnescape(strings.TrimSuffix(escaped, "/"))
	return noun, ref, err == nil && ref != "" && (noun == "users" || noun == "awards")
}

// limit is how large an embedding may be in one direction.
func limit(c *gin.Context, name string) int {
	if most := number(c, name); most > 0 {
		return min(most, maxEmbed)
	}
	return maxEmbed
}

// profile embeds somebody's card: as many achievements as there is room for.
func (d *door) profile(c *gin.Context, user string) (*embedding, error) {
	showcase, err := d.showing(c, operation.ShowcaseQuery{User: user})
	if err != nil {
		return nil, err
	}
	maxWidth, maxHeight := limit(c, "maxwidth"), limit(c, "maxheight")
	look := badge.Look{}
	columns, rows, width, height := look.Size(len(showcase.Items))
	for columns > 1 && int(width) > maxWidth {
		look.Columns = columns - 1
		columns, rows, width, height = look.Size(len(showcase.Items))
	}
	for rows > 1 && int(height) > maxHeight {
		look.Rows = rows - 1
		columns, rows, width, height = look.Size(len(showcase.Items))
	}
	// What is still too large is shown smaller.
	scale := min(1, float64(maxWidth)/width, float64(maxHeight)/height)
	answer := &embedding{
		Type: "rich", Title: showcase.User.Name + ": " + badge.Count(showcase.Total), AuthorName: showcase.User.Name,
		AuthorURL: d.profileURL(showcase.User.Username), Width: max(1, int(width*scale)), Height: max(1, int(height*scale)),
	}
	query := url.Values{}
	if look.Columns > 0 {
		query.Set("column", strconv.Itoa(columns))
	}
	if look.Rows > 0 {
		query.Set("row", strconv.Itoa(rows))
	}
	source := answer.AuthorURL + "/card.svg"
	if len(query) > 0 {
		source += "?" + query.Encode()
	}
	answer.HTML = fmt.Sprintf( //nolint:gocritic // HTML quotes in its own way
		`<a href="%s"><img src="%s" width="%d" height="%d" alt="%s"></a>`, html.EscapeString(answer.AuthorURL),
		html.EscapeString(source), answer.Width, answer.Height, html.EscapeString(badge.Plain(answer.Title)))
	return answer, nil
}

// photo embeds the picture of an award, in the largest width that there is room for; where there is none for the smallest,
// it is a link.
func (d *door) photo(c *gin.Context, ref string) (*embedding, error) {
	award, err := d.award(c, ref)
	if err != nil {
		return nil, err
	}
	answer := &embedding{
		Type: "link", Title: award.Achievement.Name + ", awarded to " + award.User.Name, AuthorName: award.User.Name,
		AuthorURL: d.profileURL(award.User.Username),
	}
	for _, width := range widths {
		if width <= limit(c, "maxwidth") && badge.HeightOf(width) <= limit(c, "maxheight") {
			answer.Type, answer.Width, answer.Height = "photo", width, badge.HeightOf(width)
			answer.URL = fmt.Sprintf("%s/awards/%d/card.png?width=%d", d.base, award.ID, width)
			break
		}
	}
	return answer, nil
}

func (d *door) profileURL(username string) string {
	return d.base + "/users/" + url.PathEscape(username)
}
