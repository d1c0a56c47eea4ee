package badge

import (
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/badge"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// userBadge draws how many achievements somebody has, or one of them.
func (d *door) userBadge(c *gin.Context) {
	showcase, err := d.showcase(c, 0)
	if err != nil {
		refuse(c, err)
		return
	}
	b := asked(c)
	b.Label, b.Message = labelOr(c, showcase.User.Username), message(c, showcase)
	sendSVG(c, b.SVG())
}

// showcase is what the path's user shows to everyone.
func (d *door) showcase(c *gin.Context, thumbnails int) (*operation.Showcase, error) {
	return d.showing(c, operation.ShowcaseQuery{
		User: c.Param("user"), Without: trimmed(c.Query("hide")), Thumbnails: thumbnails,
	})
}

// message is what the query's show asks for: total, latest or best.
func message(c *gin.Context, of *operation.Showcase) string {
	if len(of.Items) > 0 {
		switch c.Query("show") {
		case "best":
			return named(&of.Items[0])
		case "latest":
			latest := slices.MinFunc(of.Items, func(a, b operation.Shown) int { return a.Recency - b.Recency })
			return named(&latest)
		}
	}
	return badge.Count(of.Total)
}

func named(item *operation.Shown) string {
	if item.Count > 1 {
		return item.Achievement.Name + " ×" + strconv.Itoa(item.Count)
	}
	return item.Achievement.Name
}

// endpoint is what shields.io makes a badge of: https://shields.io/badges/endpoint-badge.
type endpoint struct {
	SchemaVersion int    `json:"schemaVersion"`
	Label         string `json:"label"`
	Message       string `json:"message"`
	Color         string `json:"color,omitempty"`
	LabelColor    string `json:"labelColor,omitempty"`
	IsError       bool   `json:"isError,omitempty"`
}

// userJSON says the same as userBadge to those who draw by themselves.
func (d *door) userJSON(c *gin.Context) {
	showcase, err := d.showcase(c, 0)
	if err != nil {
		status, message := excuse(c, err)
		sendJSON(c, status, endpoint{SchemaVersion: 1, Label: labelOr(c, "achievements"), Message: message, Color: "lightgrey", IsError: true})
		return
	}
	sendJSON(c, 200, endpoint{
		SchemaVersion: 1, Label: badge.Plain(labelOr(c, showcase.User.Username)), Message: badge.Plain(message(c, showcase)),
		Color: badge.ColorOf(c.Query("color")), LabelColor: badge.LabelColorOf(c.Query("labelColor")),
	})
}

// userCard draws the best of somebody's achievements.
func (d *door) userCard(c *gin.Context) {
	look := lookAsked(c)
	showcase, err := d.showcase(c, look.Cells())
	if err != nil {
		status, message := excuse(c, err)
		look.Label, look.Hide = "", "total"
		refuseWith(c, status, badge.Card{Name: message, Look: look}.SVG())
		return
	}
	sendSVG(c, cardOf(showcase, look).SVG())
}

// cardOf is a card of the showcase.
func cardOf(showcase *operation.Showcase, look badge.Look) badge.Card {
	card := badge.Card{Name: showcase.User.Name, Total: showcase.Total, Look: look}
	for i := range showcase.Items[:min(len(showcase.Items), look.Cells())] {
		item := &showcase.Items[i]
		card.Items = append(card.Items, badge.Item{Name: item.Achievement.Name, Count: item.Count, PNG: item.Thumbnail})
	}
	return card
}

// lookAsked is what the query says that a card is to look like.
func lookAsked(c *gin.Context) badge.Look {
	return badge.Look{
		Theme: c.Query("theme"), Rows: number(c, "row"), Columns: number(c, "column"), Hide: c.Query("hide"), Label: c.Query("label"),
		Color: c.Query("color"), Background: c.Query("bg_color"), Title: c.Query("title_color"), Text: c.Query("text_color"), Border: c.Query("border_color"),
	}
}
