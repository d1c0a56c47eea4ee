// Package badge is the door for what people show elsewhere: badges, cards and pictures, the JSON that shields.io reads, and
// oEmbed.
//
// All of it is what everyone may see, whoever asks: it is put into public places, and kept there by others. What is closed
// to everyone looks exactly as what is not there. It may import operation, fault, the drawing room,
// server/front and server/problem.
package badge

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/badge"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

const (
	// policy lets a badge that is opened by itself style itself and show its pictures, and nothing else.
	policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
	// maxDrawing is how many pictures are drawn at once: each takes some 10 MB for a moment.
	maxDrawing = 2
	// retryAfter is what clients are told to wait, in seconds, while nothing can be read.
	retryAfter = "2"
)

// Mount adds the routes. baseURL, without a slash at its end, is what people reach the service by.
func Mount(routes gin.IRouter, operations *operation.Operations, baseURL string) {
	d := &door{operations: operations, base: baseURL, drawing: make(chan struct{}, maxDrawing)}
	if at, err := url.Parse(baseURL); err == nil {
		d.host = at.Host
	}
	routes.GET("/users/:user/badge.svg", d.userBadge)
	routes.GET("/users/:user/card.svg", d.userCard)
	routes.GET("/users/:user/badge.json", d.userJSON)
	routes.GET("/awards/:id/badge.svg", d.awardBadge)
	routes.GET("/awards/:id/card.png", d.awardPicture)
	routes.GET("/oembed", d.oembed)
}

type door struct {
	operations *operation.Operations
	base, host string
	// drawing bounds how many pictures are drawn at once.
	drawing chan struct{}
}

// anyone is who is asked for.
func anyone() operation.Caller { return operation.Caller{} }

// send answers with something that others may keep as long as they ask whether it is still the same.
func send(c *gin.Context, status int, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	c.Header("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	c.Header("Cache-Control", "no-cache")
	c.Header("Content-Security-Policy", policy)
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	c.Header("Referrer-Policy", "") // an image leads nowhere
	c.Header("Content-Length", strconv.Itoa(len(body)))
	c.Data(status, contentType, body)
}

func sendSVG(c *gin.Context, svg []byte) { send(c, http.StatusOK, "image/svg+xml; charset=utf-8", svg) }

// sendJSON lets scripts of every origin read it: it holds nothing that is not for everyone.
func sendJSON(c *gin.Context, status int, what any) {
	body, err := json.Marshal(what)
	if err != nil {
		problem.Write(c, err)
		return
	}
	c.Header("Access-Control-Allow-Origin", "*")
	send(c, status, "application/json; charset=utf-8", body)
}

// notFound and unavailable are what pictures say instead.
const (
	notFound    = "not found"
	unavailable = "unavailable"
)

// excuse notes the error for the log, and returns the status and what a picture is to say.
func excuse(c *gin.Context, err error) (status int, message string) {
	known := fault.As(err)
	_ = c.Error(known) // for the log; it returns what it is given
	status = problem.Status(known.Kind)
	if known.Kind == fault.NotFound {
		return status, notFound
	}
	if known.Kind == fault.Unavailable {
		c.Header("Retry-After", retryAfter)
	}
	return status, unavailable
}

// refuse answers with a badge that says why there is none: who embeds it shows something that can be read.
func refuse(c *gin.Context, err error) {
	status, message := excuse(c, err)
	b := asked(c)
	b.Label, b.Message, b.Color = labelOr(c, "achievements"), message, "lightgrey"
	refuseWith(c, status, b.SVG())
}

func refuseWith(c *gin.Context, status int, svg []byte) {
	send(c, status, "image/svg+xml; charset=utf-8", svg)
}

// asked is a badge that looks as it was asked for.
func asked(c *gin.Context) badge.Badge {
	return badge.Badge{Style: c.Query("style"), Theme: c.Query("theme"), Color: c.Query("color"), LabelColor: c.Query("labelColor")}
}

// labelOr is the label that was asked for, which may be none, or the other one.
func labelOr(c *gin.Context, other string) string {
	if label, ok := c.GetQuery("label"); ok {
		return label
	}
	return other
}

// number is a number of the query; 0 for none and for what is none.
func number(c *gin.Context, name string) int {
	n, err := strconv.Atoi(c.Query(name))
	if err != nil {
		return 0
	}
	return max(0, n)
}

// award is the award that the path names, if everyone may see it.
func (d *door) award(c *gin.Context, ref string) (*operation.AwardView, error) {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil || id <= 0 {
		return nil, fault.NotFoundFor("award")
	}
	award, err := d.operations.GetAward(c.Request.Context(), anyone(), id)
	if err == nil {
		front.Keep(c, front.User(award.UserID), front.Namespace(award.Achievement.NamespaceID))
	}
	return award, err
}

// showing is what everyone may see of somebody.
func (d *door) showing(c *gin.Context, query operation.ShowcaseQuery) (*operation.Showcase, error) {
	showcase, err := d.operations.GetShowcase(c.Request.Context(), anyone(), query)
	switch {
	case err == nil:
		front.Keep(c, front.User(showcase.User.ID))
	case fault.Is(err, fault.NotFound):
		front.Keep(c, front.Newcomers)
	}
	return showcase, err
}

// exclusively runs fn when there is room for another picture.
func (d *door) exclusively(c *gin.Context, fn func() error) error {
	select {
	case d.drawing <- struct{}{}:
		defer func() { <-d.drawing }()
		return fn()
	case <-c.Request.Context().Done():
		return fault.UnavailableFor("room for another picture", time.Second).Because(c.Request.Context().Err())
	}
}

// trimmed splits a comma-separated list.
func trimmed(list string) []string {
	const most = 200
	items := strings.SplitN(list, ",", most+1)
	items = items[:min(len(items), most)]
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}
