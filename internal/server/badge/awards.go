package badge

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/badge"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// awardBadge draws an achievement that somebody has, beside the namespace that gave it, if everyone may know that.
func (d *door) awardBadge(c *gin.Context) {
	award, err := d.award(c, c.Param("id"))
	if err != nil {
		refuse(c, err)
		return
	}
	label := "achievement"
	if award.Achievement.Namespace != nil {
		label = award.Achievement.Namespace.Name
	}
	b := asked(c)
	b.Label, b.Message = labelOr(c, label), award.Achievement.Name
	sendSVG(c, b.SVG())
}

// widths are those in which a link's picture is drawn, the default first.
var widths = []int{badge.PictureWidth, badge.PictureWidth / 2, badge.PictureWidth / 4}

// awardPicture draws what goes with a link to an award where people talk (https://ogp.me). It is no badge: who gets no
// picture is told why in words.
func (d *door) awardPicture(c *gin.Context) {
	award, err := d.award(c, c.Param("id"))
	if err != nil {
		problem.Write(c, err)
		return
	}
	picture, err := d.pictureOf(c, award)
	if err != nil {
		problem.Write(c, err)
		return
	}
	width := widths[0]
	for _, known := range widths {
		if number(c, "width") == known {
			width = known
		}
	}
	var png []byte
	err = d.exclusively(c, func() (err error) {
		png, err = picture.PNG(width)
		return err
	})
	if err != nil {
		problem.Write(c, err)
		return
	}
	send(c, http.StatusOK, "image/png", png)
}

func (d *door) pictureOf(c *gin.Context, award *operation.AwardView) (*badge.Picture, error) {
	picture := &badge.Picture{
		Achievement: award.Achievement.Name, Name: award.User.Name, Username: award.User.Username, At: award.AwardedAt, Place: d.host,
	}
	if award.Achievement.Namespace != nil {
		picture.Namespace = award.Achievement.Namespace.Name
	}
	avatar, err := d.operations.GetAchievementAvatar(c.Request.Context(), anyone(), award.AchievementID)
	switch {
	case err == nil:
		picture.Avatar = avatar.PNG
	case !fault.Is(err, fault.NotFound): // what has no avatar gets a medal
		return nil, err
	}
	return picture, nil
}
