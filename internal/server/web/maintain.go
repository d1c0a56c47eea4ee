package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// mountMaintaining adds the pages of those who maintain achievements. What lies below a namespace's path is in groups.go.
func (p *Pages) mountMaintaining(routes gin.IRouter) {
	routes.GET("/achievements/:id/edit", p.editAchievement)
	routes.POST("/achievements/:id/edit", p.updateAchievement)
	routes.POST("/achievements/:id/avatar/delete", p.deleteAvatar)
	routes.GET("/achievements/:id/delete", p.confirmAchievement)
	routes.POST("/achievements/:id/delete", p.deleteAchievement)
	routes.GET("/achievements/:id/award", p.chooseRecipient)
	routes.POST("/achievements/:id/award", p.giveAward)
	for path, page := range awardForms() {
		routes.GET("/awards/:id/"+path, func(c *gin.Context) { p.showAwardForm(c, page) })
		routes.POST("/awards/:id/"+path, func(c *gin.Context) { p.sendAwardForm(c, page) })
	}
}

// achievementForm is what the page shows that makes or changes an achievement.
type achievementForm struct {
	Namespace *achievement.Namespace
	// Of is the achievement as it is; nil for a new one.
	Of *operation.AchievementView
	// Name, Description and Kind are what the form shows.
	Name, Description string
	Kind              achievement.Kind
	Kinds             []achievement.Kind
	// Version is that of the achievement that the form was made of.
	Version string
}

func newAchievementForm(namespace *achievement.Namespace, of *operation.AchievementView) *achievementForm {
	f := &achievementForm{Namespace: namespace, Of: of, Kind: achievement.Repeatable, Kinds: achievement.Kinds()}
	if of != nil {
		f.Name, f.Description, f.Kind, f.Version = of.Name, of.Description, of.Kind, achievementVersion(of)
	}
	return f
}

func achievementVersion(of *operation.AchievementView) string {
	return version(of.Name, of.Description, string(of.Kind), of.AvatarHash)
}

// fill puts what was typed into the form.
func (f *achievementForm) fill(sent *form) {
	f.Name, f.Description, f.Kind = sent.text("name"), sent.text("description"), achievement.Kind(sent.text("kind"))
}

func (p *Pages) newAchievement(c *gin.Context, path string) {
	namespace, err := p.operations.NamespaceToChange(c.Request.Context(), caller(c), path, achievement.Maintainer)
	if err != nil {
		p.Fail(c, err)
		return
	}
	p.show(c, http.StatusOK, "achievement-form", view{Hidden: true, Body: newAchievementForm(namespace, nil)})
}

func (p *Pages) createAchievement(c *gin.Context, path string) {
	ctx := c.Request.Context()
	namespace, err := p.operations.NamespaceToChange(ctx, caller(c), path, achievement.Maintainer)
	if err != nil {
		p.Fail(c, err)
		return
	}
	page := newAchievementForm(namespace, nil)
	sent, err := readForm(c)
	page.fill(sent)
	var made *operation.AchievementView
	if err == nil {
		made, err = p.operations.CreateAchievement(ctx, caller(c), operation.NewAchievement{
			Namespace: namespace.FullPath, Name: page.Name, Description: page.Description, Kind: page.Kind, Avatar: sent.picture,
		})
	}
	if err != nil {
		p.again(c, err, "achievement-form", view{Body: page})
		return
	}
	p.back(c, achievementPath(made.ID), "created")
}

func achievementPath(id int64) string { return "/achievements/" + strconv.FormatInt(id, 10) }

// toChange returns the achievement of the address if the caller may change it, and how many awards of it there are; else
// it has answered.
func (p *Pages) toChange(c *gin.Context) (of *operation.AchievementView, awards int, ok bool) {
	id, ok := p.id(c, "achievement")
	if !ok {
		return nil, 0, false
	}
	of, awards, err := p.operations.AchievementToChange(c.Request.Context(), caller(c), id)
	if err != nil {
		p.Fail(c, err)
		return nil, 0, false
	}
	return of, awards, true
}

func (p *Pages) editAchievement(c *gin.Context) {
	if of, _, ok := p.toChange(c); ok {
		p.show(c, http.StatusOK, "achievement-form", view{Hidden: true, Body: newAchievementForm(of.Namespace, of)})
	}
}

func (p *Pages) updateAchievement(c *gin.Context) {
	of, _, ok := p.toChange(c)
	if !ok {
		return
	}
	page := newAchievementForm(of.Namespace, of)
	sent, err := readForm(c)
	page.fill(sent)
	if err == nil {
		name, description, kind := page.Name, page.Description, page.Kind
		_, err = p.operations.UpdateAchievement(c.Request.Context(), caller(c), of.ID, operation.AchievementChange{
			Name: &name, Description: &description, Kind: &kind, Avatar: sent.picture,
			Match: func(now *operation.AchievementView) bool { return achievementVersion(now) == sent.text("version") },
		})
	}
	if err != nil {
		p.again(c, err, "achievement-form", view{Body: page})
		return
	}
	p.back(c, achievementPath(of.ID), "saved")
}

func (p *Pages) deleteAvatar(c *gin.Context) {
	id, ok := p.id(c, "achievement")
	if !ok {
		return
	}
	if err := p.operations.DeleteAchievementAvatar(c.Request.Context(), caller(c), id, nil); err != nil {
		p.Fail(c, err)
		return
	}
	p.back(c, achievementPath(id)+"/edit", "avatar_removed")
}

// deletion is what the page shows that asks before an achievement is deleted.
type deletion struct {
	Of     *operation.AchievementView
	Awards int
	Typed  string
}

func (p *Pages) confirmAchievement(c *gin.Context) {
	if of, awards, ok := p.toChange(c); ok {
		p.show(c, http.StatusOK, "achievement-delete", view{Hidden: true, Body: deletion{Of: of, Awards: awards}})
	}
}

// deleteAchievement deletes an achievement when its name was typed: all that people hold of it goes with it.
func (p *Pages) deleteAchievement(c *gin.Context) {
	of, awards, ok := p.toChange(c)
	if !ok {
		return
	}
	sent, err := readForm(c)
	typed := sent.text("confirm")
	if err == nil && strings.TrimSpace(typed) != of.Name {
		err = fault.InvalidField("confirm", "not_confirmed", "must be the name, letter by letter")
	}
	if err == nil {
		err = p.operations.DeleteAchievement(c.Request.Context(), caller(c), of.ID,
			func(now *operation.AchievementView) bool { return now.Name == of.Name })
	}
	if err != nil {
		p.again(c, err, "achievement-delete", view{Body: deletion{Of: of, Awards: awards, Typed: typed}})
		return
	}
	p.back(c, groupPath(of.Namespace.FullPath), "deleted")
}
