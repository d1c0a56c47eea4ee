package web

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

// holdersListed is how many holders an achievement's page lists at a time.
const holdersListed = 60

// revokedState chooses the awards that were taken away, which only maintainers are shown.
const revokedState operation.AwardState = "revoked"

// exhibitPage is what the page of an achievement shows.
type exhibitPage struct {
	*operation.Exhibit

	// Revoked says that the awards are those that were taken away.
	Revoked bool
}

// achievement shows an achievement and who holds it.
func (p *Pages) achievement(c *gin.Context) {
	id, ok := p.id(c, "achievement")
	if !ok {
		return
	}
	exhibit, err := p.operations.Exhibit(c.Request.Context(), caller(c), id, operation.Page{Limit: holdersListed, Cursor: c.Query("after")})
	if err != nil {
		p.Fail(c, err)
		return
	}
	page := exhibitPage{Exhibit: exhibit, Revoked: c.Query("state") == string(revokedState)}
	if page.Revoked {
		if err := p.listRevoked(c, exhibit); err != nil {
			p.Fail(c, err)
			return
		}
	}
	front.Keep(c, front.Namespace(exhibit.NamespaceID), front.Newcomers)
	p.show(c, http.StatusOK, "achievement", view{Body: page, Hidden: page.Revoked, Graph: &graph{
		Title: exhibit.Name, Description: exhibit.Description, Type: "website", URL: p.base + achievementPath(id),
	}})
}

// listRevoked lists the awards that were revoked instead of those that stand.
func (p *Pages) listRevoked(c *gin.Context, exhibit *operation.Exhibit) error {
	revoked, err := p.operations.ListAwards(c.Request.Context(), caller(c), operation.AwardQuery{
		AchievementID: exhibit.ID, State: revokedState, Page: operation.Page{Limit: holdersListed, Cursor: c.Query("after")},
	})
	if err != nil {
		return err
	}
	exhibit.Awards, exhibit.Next = revoked.Items, revoked.Next
	return nil
}

// avatar serves an achievement's picture to whoever sees it on a page: the API's own address takes no cookies.
func (p *Pages) avatar(c *gin.Context) {
	id, ok := p.id(c, "achievement")
	if !ok {
		return
	}
	picture, err := p.operations.GetAchievementAvatar(c.Request.Context(), caller(c), id)
	if err != nil {
		p.Fail(c, err)
		return
	}
	header := c.Writer.Header()
	header.Set("Content-Type", "image/png")
	header.Set("ETag", `"`+hex.EncodeToString(picture.Hash)+`"`)
	header.Set("Cache-Control", "private, no-cache")
	if c.Query("v") == achievement.AvatarVersion(picture.Hash) && picture.Public {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(picture.PNG))
}

// awardPage is what the page of an award shows.
type awardPage struct {
	*operation.AwardView

	Powers operation.AwardPowers
	// LinkedIn adds the award to a profile there; "" where the awarding namespace is not to be named.
	LinkedIn string
	// Shown says that everyone sees the award, so that it can be shown elsewhere.
	Shown bool
}

// award shows an award, with what it takes to show it elsewhere.
func (p *Pages) award(c *gin.Context) {
	id, ok := p.id(c, "award")
	if !ok {
		return
	}
	ctx := c.Request.Context()
	award, powers, err := p.operations.AwardWithPowers(ctx, caller(c), id)
	if err != nil {
		p.Fail(c, err)
		return
	}
	// What others see decides what may leave the page: everyone else's eyes, not the viewer's.
	public, err := p.operations.GetAward(ctx, operation.Caller{}, id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		p.Fail(c, err)
		return
	}
	front.Keep(c, front.User(award.UserID), front.Namespace(award.Achievement.NamespaceID))
	page := awardPage{AwardView: award, Powers: powers, Shown: err == nil}
	v := view{Body: &page, Hidden: !page.Shown}
	if page.Shown {
		address := p.awardURL(id)
		page.LinkedIn = linkedIn(public, address)
		v.Graph = &graph{
			Title: public.Achievement.Name, Description: public.Achievement.Description, Type: "article",
			URL: address, Image: address + "/card.png",
		}
	}
	p.show(c, http.StatusOK, "award", v)
}

// linkedIn is where LinkedIn takes a certification for a profile: https://addtoprofile.linkedin.com
func linkedIn(award *operation.AwardView, address string) string {
	if award.Achievement.Namespace == nil {
		return ""
	}
	return "https://www.linkedin.com/profile/add?" + url.Values{
		"startTask": {"CERTIFICATION_NAME"}, "name": {award.Achievement.Name}, "organizationName": {award.Achievement.Namespace.Name},
		"issueYear": {strconv.Itoa(award.AwardedAt.Year())}, "issueMonth": {strconv.Itoa(int(award.AwardedAt.Month()))},
		"certUrl": {address}, "certId": {strconv.FormatInt(award.ID, 10)},
	}.Encode()
}

// id reads the id in the address; what is none is nothing that anybody knows.
func (p *Pages) id(c *gin.Context, noun string) (int64, bool) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		p.Fail(c, fault.NotFoundFor(noun))
		return 0, false
	}
	return id, true
}
