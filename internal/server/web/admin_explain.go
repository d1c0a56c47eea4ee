package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// explanation is what the page shows that says why somebody has an achievement, or not.
type explanation struct {
	*operation.Explained

	Own bool
	// Asked is the id of an event that was typed.
	Asked string
}

// explain says why a person has an achievement, or not: to that person, to maintainers and to admins.
func (p *Pages) explain(c *gin.Context) {
	who := caller(c)
	if who.Anonymous() {
		p.toSignIn(c)
		return
	}
	id, ok := p.id(c, "achievement")
	if !ok {
		return
	}
	user := strings.TrimSpace(c.Query("user"))
	if user == "" {
		user = who.Username()
	}
	ctx, asked := c.Request.Context(), strings.TrimSpace(c.Query("event"))
	event, unread := readEvent(asked)
	explained, err := p.operations.Explain(ctx, who, user, id, event)
	if event != 0 && fault.Is(err, fault.NotFound) {
		// It may be the event alone that nobody knows.
		unread = fault.New(fault.NotFound, "not_found", "%s", fault.As(err).Text)
		explained, err = p.operations.Explain(ctx, who, user, id, 0)
	}
	if err != nil {
		p.Fail(c, err)
		return
	}
	v := view{Hidden: true, Body: explanation{explained, explained.User.ID == who.ID(), asked}}
	if unread != nil {
		p.reshow(c, "explain", unread, v)
		return
	}
	p.show(c, http.StatusOK, "explain", v)
}

// readEvent reads the id of an event; 0 for none.
func readEvent(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.InvalidField("event", "bad_id", "must be the id of an event, a number")
	}
	return id, nil
}

// adminExplain finds a person and an achievement, and leads to what explains the one to the other.
func (p *Pages) adminExplain(c *gin.Context) {
	ctx, who := c.Request.Context(), caller(c)
	field := func(name string) string { return strings.TrimSpace(c.Query(name)) }
	user, achievement, event := field("user"), field("achievement"), field("event")
	if chosen, id := field("who"), field("what"); chosen != "" && id != "" {
		p.toExplanation(c, chosen, id, event)
		return
	}
	body := map[string]any{"User": user, "Achievement": achievement, "Event": event}
	if user == "" || achievement == "" {
		p.show(c, http.StatusOK, "admin-explain", view{Hidden: true, Body: body})
		return
	}
	people, err := p.operations.ListUsers(ctx, who, operation.UserQuery{Search: user, Page: operation.Page{Limit: peopleFound}})
	if err != nil {
		p.reshow(c, "admin-explain", err, view{Hidden: true, Body: body})
		return
	}
	achievements, err := p.operations.FindAchievements(ctx, who, achievement)
	if err != nil {
		p.reshow(c, "admin-explain", err, view{Hidden: true, Body: body})
		return
	}
	if len(people.Items) == 1 && len(achievements) == 1 {
		p.toExplanation(c, people.Items[0].Username, strconv.FormatInt(achievements[0].ID, 10), event)
		return
	}
	body["Searched"], body["People"], body["Achievements"] = true, people.Items, achievements
	p.show(c, http.StatusOK, "admin-explain", view{Hidden: true, Body: body})
}

func (p *Pages) toExplanation(c *gin.Context, user, achievement, event string) {
	query := url.Values{"user": {user}}
	if event != "" {
		query.Set("event", event)
	}
	c.Redirect(http.StatusSeeOther, p.path+"/achievements/"+url.PathEscape(achievement)+"/explain?"+query.Encode())
}
