package web

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// mountSettings adds the pages of one's own settings.
func (p *Pages) mountSettings(routes gin.IRouter) {
	routes.GET("/settings", p.settings)
	routes.POST("/settings", p.updateSettings)
	routes.GET("/settings/awards", p.ownAwards)
	routes.POST("/settings/awards/order", p.orderAwards)
	routes.POST("/settings/awards/show", p.showAward)
	routes.GET("/settings/tokens", p.tokens)
	routes.POST("/settings/tokens", p.issueToken)
	routes.POST("/settings/tokens/:id/revoke", p.revokeToken)
	routes.GET("/settings/sessions", p.sessions)
	routes.POST("/settings/sessions/:id/end", p.endSession)
	routes.GET("/settings/accounts", p.accounts)
	routes.GET("/settings/data", p.data)
	routes.GET("/settings/data/export.json", p.export)
	routes.POST("/settings/data/erase", p.erase)
}

// settingsForm is what the page of somebody's profile and settings shows.
type settingsForm struct {
	Name, Email                                                     string
	PrivateProfile, AchievementsEnabled, AwardEmails, ShareProgress bool
	// Now is how they are, and Version tells that from later states.
	Now     *operation.UserView
	Version string
}

func newSettingsForm(now *operation.UserView) *settingsForm {
	return &settingsForm{
		Name: now.Name, Email: now.Email, PrivateProfile: now.PrivateProfile, AchievementsEnabled: now.AchievementsEnabled,
		AwardEmails: now.AwardEmails, ShareProgress: now.ShareProgress, Now: now, Version: settingsVersion(now),
	}
}

func settingsVersion(of *operation.UserView) string {
	return version(of.Name, of.Email, of.PrivateProfile, of.AchievementsEnabled, of.AwardEmails, of.ShareProgress)
}

// own returns who is signed in; else it has answered.
func (p *Pages) own(c *gin.Context) (*operation.UserView, bool) {
	user, err := p.operations.GetCurrentUser(c.Request.Context(), caller(c))
	if err != nil {
		p.Fail(c, err)
		return nil, false
	}
	return user, true
}

func (p *Pages) settings(c *gin.Context) {
	if user, ok := p.own(c); ok {
		p.show(c, http.StatusOK, "settings", view{Hidden: true, Body: newSettingsForm(user)})
	}
}

func (p *Pages) updateSettings(c *gin.Context) {
	user, ok := p.own(c)
	if !ok {
		return
	}
	page := newSettingsForm(user)
	sent, err := readForm(c)
	page.Name, page.Email = sent.text("name"), sent.text("email")
	page.PrivateProfile, page.AchievementsEnabled = sent.ticked("private_profile"), sent.ticked("achievements_enabled")
	page.AwardEmails, page.ShareProgress = sent.ticked("award_emails"), sent.ticked("share_progress")
	if err == nil {
		change := *page
		_, err = p.operations.UpdateCurrentUser(c.Request.Context(), caller(c), operation.UserChange{
			Name: &change.Name, Email: &change.Email, PrivateProfile: &change.PrivateProfile,
			AchievementsEnabled: &change.AchievementsEnabled, AwardEmails: &change.AwardEmails, ShareProgress: &change.ShareProgress,
			Match: func(now *operation.UserView) bool { return settingsVersion(now) == sent.text("version") },
		})
	}
	if err != nil {
		p.again(c, err, "settings", view{Body: page})
		return
	}
	p.back(c, "/settings", "saved")
}

// accounts shows the caller's accounts on forges, and with whom another one can be connected.
func (p *Pages) accounts(c *gin.Context) {
	accounts, err := p.operations.ListAccounts(c.Request.Context(), caller(c), self(c))
	if err != nil {
		p.Fail(c, err)
		return
	}
	p.show(c, http.StatusOK, "settings-accounts", view{Hidden: true, Body: struct {
		Accounts  []achievement.Account
		Providers []Provider
	}{accounts, p.providers}})
}

// self refers to the caller in operations that may be about others; nobody is called so when nobody is signed in.
func self(c *gin.Context) string { return strconv.FormatInt(caller(c).ID(), 10) }

// dataPage is what the page shows that exports and erases.
type dataPage struct{ Typed string }

func (p *Pages) data(c *gin.Context) {
	if _, ok := p.own(c); ok {
		p.show(c, http.StatusOK, "settings-data", view{Hidden: true, Body: dataPage{}})
	}
}

// export serves everything that is kept about the caller, as the API does, as a file.
func (p *Pages) export(c *gin.Context) {
	export, err := p.operations.ExportUser(c.Request.Context(), caller(c), self(c))
	if err != nil {
		p.Fail(c, err)
		return
	}
	c.Header("Content-Disposition", `attachment; filename="accolade-`+export.ExportedAt.Format("2006-01-02")+`.json"`)
	c.IndentedJSON(http.StatusOK, p.exported(export))
}

// erase erases the caller when the username was typed. The session ends with them.
func (p *Pages) erase(c *gin.Context) {
	user, ok := p.own(c)
	if !ok {
		return
	}
	sent, err := readForm(c)
	typed := sent.text("confirm")
	if err == nil && typed != user.Username {
		err = fault.InvalidField("confirm", "not_confirmed", "must be your username, letter by letter")
	}
	if err == nil {
		err = p.operations.EraseUser(c.Request.Context(), caller(c), self(c), nil)
	}
	if err != nil {
		p.again(c, err, "settings-data", view{Body: dataPage{Typed: typed}})
		return
	}
	p.back(c, "/", "erased")
}
