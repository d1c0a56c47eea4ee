package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// peopleFound is how many people a search shows; who is not among them is found by a longer search.
const peopleFound = 20

// awarding is what the page shows by which somebody is awarded.
type awarding struct {
	Of *operation.AchievementView
	// Search is what was searched for, "" before anything was; More says that more people were found than are shown.
	Search string
	People []operation.UserView
	More   bool
	// User and Message are what was chosen and typed.
	User, Message string
}

// find looks for people; blocked ones cannot be awarded.
func (p *Pages) find(ctx context.Context, who operation.Caller, page *awarding) error {
	page.Search = strings.TrimSpace(page.Search)
	if page.Search == "" {
		return nil
	}
	found, err := p.operations.ListUsers(ctx, who, operation.UserQuery{Search: page.Search, Page: operation.Page{Limit: peopleFound}})
	if err != nil {
		return err
	}
	for i := range found.Items {
		if found.Items[i].ID != achievement.HouseUserID {
			page.People = append(page.People, found.Items[i])
		}
	}
	page.More = found.Next != ""
	if page.User == "" && len(page.People) == 1 {
		page.User = page.People[0].Username
	}
	return nil
}

func (p *Pages) chooseRecipient(c *gin.Context) {
	of, _, ok := p.toChange(c)
	if !ok {
		return
	}
	page := &awarding{Of: of, Search: c.Query("search")}
	if err := p.find(c.Request.Context(), caller(c), page); err != nil {
		page.Search = ""
		p.again(c, err, "award-give", view{Body: page})
		return
	}
	p.show(c, http.StatusOK, "award-give", view{Hidden: true, Body: page})
}

func (p *Pages) giveAward(c *gin.Context) {
	of, _, ok := p.toChange(c)
	if !ok {
		return
	}
	ctx := c.Request.Context()
	sent, err := readForm(c)
	page := &awarding{Of: of, Search: sent.text("search"), User: sent.text("user"), Message: sent.text("message")}
	var given *operation.AwardView
	switch {
	case err != nil:
	case page.User == "":
		err = nobodyChosen()
	default:
		given, err = p.operations.AwardAchievement(ctx, caller(c), operation.NewAward{AchievementID: of.ID, User: page.User, Message: page.Message})
	}
	if err == nil {
		p.back(c, awardPath(given.ID), "awarded")
		return
	}
	if lost := p.find(ctx, caller(c), page); lost != nil {
		page.Search = ""
	}
	p.again(c, err, "award-give", view{Body: page})
}

func awardPath(id int64) string { return "/awards/" + strconv.FormatInt(id, 10) }

// awardForm is a page with one text that changes an award.
type awardForm struct {
	// name is that of the template, field that of its text, and done names what was done.
	name, field, done string
	role              achievement.Role
	// text is what the field holds at first.
	text func(*operation.AwardView) string
	send func(ctx context.Context, o *operation.Operations, who operation.Caller, award *operation.AwardView, sent *form) error
	// leads is where the caller is led afterwards; nil is to the award.
	leads func(*operation.AwardView) string
}

// awardForms are what maintainers may do with an award, by the end of the address.
func awardForms() map[string]*awardForm {
	return map[string]*awardForm{
		"revoke": {
			name: "award-revoke", field: "reason", done: "revoked", role: achievement.Maintainer,
			send: func(ctx context.Context, o *operation.Operations, who operation.Caller, award *operation.AwardView, sent *form) error {
				_, err := o.RevokeAward(ctx, who, award.ID, sent.text("reason"))
				return err
			},
		},
		"delete": {
			name: "award-delete", done: "award_deleted", role: achievement.Owner,
			send: func(ctx context.Context, o *operation.Operations, who operation.Caller, award *operation.AwardView, _ *form) error {
				return o.DeleteAward(ctx, who, award.ID, nil)
			},
			leads: func(award *operation.AwardView) string { return achievementPath(award.AchievementID) },
		},
		"message": {
			name: "award-message", field: "message", done: "saved", role: achievement.Maintainer,
			text: func(award *operation.AwardView) string { return award.Message },
			send: func(ctx context.Context, o *operation.Operations, who operation.Caller, award *operation.AwardView, sent *form) error {
				message := sent.text("message")
				_, err := o.UpdateAward(ctx, who, award.ID, operation.AwardChange{
					Message: &message,
					Match:   func(now *operation.AwardView) bool { return version(now.Message) == sent.text("version") },
				})
				return err
			},
		},
	}
}

// awardFormPage is what such a page shows.
type awardFormPage struct {
	*operation.AwardView

	Text, Version string
	// Owns says that the caller may also delete the award.
	Owns bool
}

// awardToChange returns what the page shows if the caller may change the award of the address; else it has answered.
func (p *Pages) awardToChange(c *gin.Context, form *awardForm) (*awardFormPage, bool) {
	id, ok := p.id(c, "award")
	if !ok {
		return nil, false
	}
	ctx := c.Request.Context()
	award, err := p.operations.AwardToChange(ctx, caller(c), id, form.role)
	if err != nil {
		p.Fail(c, err)
		return nil, false
	}
	_, powers, err := p.operations.AwardWithPowers(ctx, caller(c), id)
	if err != nil {
		p.Fail(c, err)
		return nil, false
	}
	page := &awardFormPage{AwardView: award, Version: version(award.Message), Owns: powers.Delete}
	if form.text != nil {
		page.Text = form.text(award)
	}
	return page, true
}

func (p *Pages) showAwardForm(c *gin.Context, form *awardForm) {
	if page, ok := p.awardToChange(c, form); ok {
		p.show(c, http.StatusOK, form.name, view{Hidden: true, Body: page})
	}
}

func (p *Pages) sendAwardForm(c *gin.Context, form *awardForm) {
	page, ok := p.awardToChange(c, form)
	if !ok {
		return
	}
	sent, err := readForm(c)
	if err == nil {
		err = form.send(c.Request.Context(), p.operations, caller(c), page.AwardView, sent)
	}
	if err != nil {
		page.Text = sent.text(form.field)
		p.again(c, err, form.name, view{Body: page})
		return
	}
	to := awardPath(page.ID)
	if form.leads != nil {
		to = form.leads(page.AwardView)
	}
	p.back(c, to, form.done)
}
