package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// ownAwardsPage is what the page shows where people arrange their awards.
type ownAwardsPage struct {
	Awards []operation.AwardView
	// More says that there are more than are shown.
	More bool
	// Ordered says that some have a place of their own.
	Ordered bool
	// Accepting says that what is new is hidden until it is accepted, and Enabled that the profile shows awards at all.
	Accepting, Enabled bool
}

func (p *Pages) ownAwards(c *gin.Context) {
	awards, more, err := p.operations.OwnAwards(c.Request.Context(), caller(c))
	if err != nil {
		p.Fail(c, err)
		return
	}
	user, ok := p.own(c)
	if !ok {
		return
	}
	p.show(c, http.StatusOK, "settings-awards", view{Hidden: true, Body: ownAwardsPage{
		Awards: awards, More: more, Accepting: p.operations.AcceptanceRequired(), Enabled: user.AchievementsEnabled,
		Ordered: slices.ContainsFunc(awards, func(a operation.AwardView) bool { return a.Priority != nil }),
	}})
}

// showAward hides one award, or shows it.
func (p *Pages) showAward(c *gin.Context) {
	if _, ok := p.own(c); !ok {
		return
	}
	sent, err := readForm(c)
	if err != nil {
		p.Fail(c, err)
		return
	}
	show, done := true, "shown"
	text := sent.text("show")
	if text == "" {
		show, done, text = false, "hidden", sent.text("hide")
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.Fail(c, fault.NotFoundFor("award"))
		return
	}
	if _, err = p.operations.UpdateAward(c.Request.Context(), caller(c), id, operation.AwardChange{ShowOnProfile: &show}); err != nil {
		p.Fail(c, err)
		return
	}
	if sent.text("from") == "award" {
		p.back(c, awardPath(id), done)
		return
	}
	p.backToAward(c, done, id)
}

// backToAward leads back to the row of an award in the list.
func (p *Pages) backToAward(c *gin.Context, done string, id int64) {
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, p.path+"/settings/awards?done="+url.QueryEscape(done)+"#award-"+strconv.FormatInt(id, 10))
}

// orderAwards gives awards their places: by one button of one award, as a whole, or takes all places.
func (p *Pages) orderAwards(c *gin.Context) {
	ctx := c.Request.Context()
	awards, _, err := p.operations.OwnAwards(ctx, caller(c))
	if err != nil {
		p.Fail(c, err)
		return
	}
	sent, err := readForm(c)
	if err != nil {
		p.Fail(c, err)
		return
	}
	order, moved, err := orderOf(sent, awards)
	if err == nil {
		_, err = p.operations.ReorderAwards(ctx, caller(c), prioritised(awards, order))
	}
	switch {
	case err != nil:
		p.Fail(c, err)
	case order == nil:
		p.back(c, "/settings/awards", "order_cleared")
	case moved != 0:
		p.backToAward(c, "order_saved", moved)
	default:
		p.back(c, "/settings/awards", "order_saved")
	}
}

// orderOf returns the order that a form asks for, nil for none, and the award that it moves, 0 when it is not about one.
func orderOf(sent *form, awards []operation.AwardView) (order []int64, moved int64, err error) {
	if sent.ticked("clear") {
		return nil, 0, nil
	}
	if move := sent.text("move"); move != "" {
		return moveOne(move, awards)
	}
	texts := strings.Split(sent.text("order"), ",")
	if len(texts) > operation.MaxOrdered {
		return nil, 0, fault.InvalidField("order", "too_many", "must be at most %d", operation.MaxOrdered)
	}
	order = make([]int64, len(texts))
	for i, text := range texts {
		if order[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, 0, fault.InvalidField("order", "bad_order", "must be ids of awards, with commas between them")
		}
	}
	return order, 0, nil
}

// moveOne returns the order after a move such as "up:17".
func moveOne(move string, awards []operation.AwardView) (order []int64, moved int64, err error) {
	way, text, _ := strings.Cut(move, ":")
	order = make([]int64, len(awards))
	for i := range awards {
		order[i] = awards[i].ID
	}
	moved, _ = strconv.ParseInt(text, 10, 64)
	from := slices.Index(order, moved)
	if from < 0 {
		return nil, 0, fault.NotFoundFor("award")
	}
	to, known := map[string]int{"first": 0, "up": from - 1, "down": from + 1}[way]
	if !known {
		return nil, 0, fault.InvalidField("move", "unknown", "must be first, up or down")
	}
	to = min(max(to, 0), len(order)-1)
	return slices.Insert(slices.Delete(order, from, from+1), to, moved), moved, nil
}

// prioritised returns the awards that need a place of their own for the profile to be in the order. What the order does
// not name follows it; what follows in the order of time anyway needs no place. As many as had one keep one, unless no
// order is wanted. An order with what is not there, or is there twice, comes back whole, for the operation to refuse.
func prioritised(awards []operation.AwardView, order []int64) []int64 {
	if order == nil {
		return nil
	}
	byID := make(map[int64]*operation.AwardView, len(awards))
	var others []int64
	placed := 0
	for i := range awards {
		if byID[awards[i].ID] = &awards[i]; awards[i].Priority != nil {
			placed++
		}
		if !slices.Contains(order, awards[i].ID) {
			others = append(others, awards[i].ID)
		}
	}
	if len(order)+len(others) != len(awards) || slices.ContainsFunc(order, func(id int64) bool { return byID[id] == nil }) {
		return order
	}
	order = slices.Concat(order, others)
	needed := max(len(order)-1, 0)
	for needed > 0 && inTime(byID[order[needed-1]], byID[order[needed]]) {
		needed--
	}
	return order[:max(needed, placed)]
}

// inTime reports whether the one award comes before the other one on a profile without an order.
func inTime(one, other *operation.AwardView) bool {
	return cmp.Or(one.AwardedAt.Compare(other.AwardedAt), cmp.Compare(one.ID, other.ID)) < 0
}
