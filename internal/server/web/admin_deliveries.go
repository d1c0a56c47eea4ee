package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// bodyShown is how many bytes of a delivery's body a page shows.
const bodyShown = 32 << 10

// outcomes are what can have become of a delivery, as a form offers them.
var outcomes = []string{"judged", "ignored", "unreadable", "failed", "dry_run"}

// deliveryQuery is what a form asks for, as it was typed.
type deliveryQuery struct{ Source, Outcome, Event, Kind, User, Since, Until string }

func readDeliveryQuery(field func(string) string) deliveryQuery {
	text := func(name string) string { return strings.TrimSpace(field(name)) }
	return deliveryQuery{text("source"), text("outcome"), text("event"), text("kind"), text("user"), text("since"), text("until")}
}

// fields are the form's fields that say something.
func (q *deliveryQuery) fields() map[string]string {
	fields := map[string]string{}
	for name, value := range map[string]string{
		"source": q.Source, "outcome": q.Outcome, "event": q.Event, "kind": q.Kind, "user": q.User, "since": q.Since, "until": q.Until,
	} {
		if value != "" {
			fields[name] = value
		}
	}
	return fields
}

func (q *deliveryQuery) values() url.Values {
	values := url.Values{}
	for name, value := range q.fields() {
		values.Set(name, value)
	}
	return values
}

func (q *deliveryQuery) filter() (operation.DeliveryFilter, error) {
	filter := operation.DeliveryFilter{Source: q.Source, Outcome: q.Outcome, EventName: q.Event, Kind: q.Kind, User: q.User}
	var err error
	if filter.Since, err = readMoment("since", q.Since); err != nil {
		return filter, err
	}
	filter.Until, err = readMoment("until", q.Until)
	return filter, err
}

// readMoment reads what an input for a day and a time gives, in UTC; zero for nothing.
func readMoment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fault.InvalidField(field, "bad_time", "must be a day and a time such as 2026-11-02T10:00")
}

// adminDeliveries lists what forges have sent.
func (p *Pages) adminDeliveries(c *gin.Context) {
	ctx, who := c.Request.Context(), caller(c)
	query := readDeliveryQuery(c.Query)
	sources, err := p.operations.Sources(ctx, who)
	if err != nil {
		p.Fail(c, err)
		return
	}
	body := map[string]any{"Query": query, "Sources": sources, "Outcomes": outcomes}
	filter, err := query.filter()
	if err == nil {
		var found *operation.Listing[operation.Delivery]
		found, err = p.operations.ListDeliveries(ctx, who, filter, operation.Page{Limit: adminListed, Cursor: c.Query("after")})
		if err == nil {
			body["Deliveries"], body["NextPage"] = found.Items, nextPage(query.values(), found.Next)
			p.show(c, http.StatusOK, "admin-deliveries", view{Hidden: true, Body: body})
			return
		}
	}
	p.reshow(c, "admin-deliveries", err, view{Hidden: true, Body: body})
}

// deliveryPage is what the page of a delivery shows.
type deliveryPage struct {
	*operation.DeliveryView

	// Text is the body as a page can show it, and Shortened says that there is more of it.
	Text      string
	Shortened bool
	// Binary says that the body is no text, and Gone that it is no longer kept.
	Binary, Gone bool
}

// adminDelivery shows a delivery and what came of it.
func (p *Pages) adminDelivery(c *gin.Context) {
	id, ok := p.id(c, "delivery")
	if !ok {
		return
	}
	delivery, err := p.operations.GetDelivery(c.Request.Context(), caller(c), id)
	if err != nil {
		p.Fail(c, err)
		return
	}
	page := deliveryPage{DeliveryView: delivery, Gone: delivery.Body == nil, Binary: !utf8.Valid(delivery.Body)}
	if !page.Binary {
		page.Text, page.Shortened = readable(delivery.Body)
	}
	p.show(c, http.StatusOK, "admin-delivery", view{Hidden: true, Body: page})
}

// readable returns a body as a page shows it: JSON with a line for each field, no more than bodyShown of it, and nothing
// in it that changes how the rest is read.
func readable(body []byte) (text string, shortened bool) {
	var pretty bytes.Buffer
	if json.Indent(&pretty, body, "", "  ") == nil {
		body = pretty.Bytes()
	}
	if len(body) > bodyShown {
		cut := bodyShown
		for cut > 0 && !utf8.RuneStart(body[cut]) {
			cut--
		}
		body, shortened = body[:cut], true
	}
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return utf8.RuneError
		}
		return r
	}, strings.ReplaceAll(string(body), "\r\n", "\n"))
	return text, shortened
}

// replayDelivery has a delivery judged once more, and shows what that caused.
func (p *Pages) replayDelivery(c *gin.Context) {
	id, ok := p.id(c, "delivery")
	if !ok {
		return
	}
	dry := c.PostForm("dry_run") != ""
	body := map[string]any{"ID": id, "DryRun": dry}
	replayed, err := p.operations.ReplayDelivery(c.Request.Context(), caller(c), id, dry)
	if err != nil {
		p.reshow(c, "admin-replayed", err, view{Hidden: true, Body: body})
		return
	}
	body["Replayed"] = replayed
	c.Header("Cache-Control", "no-store")
	p.show(c, http.StatusOK, "admin-replayed", view{Hidden: true, Body: body})
}

// replayDeliveries has many deliveries judged once more. Unless that is confirmed, it shows what it would cause.
func (p *Pages) replayDeliveries(c *gin.Context) {
	query := readDeliveryQuery(c.PostForm)
	body := map[string]any{"Query": query, "Fields": query.fields(), "DryRun": c.PostForm("confirm") == "", "Back": "/admin/deliveries?" + query.values().Encode()}
	filter, err := query.filter()
	if err == nil {
		run, failed := p.operations.ReplayDeliveries(c.Request.Context(), caller(c), filter, c.PostForm("cursor"), c.PostForm("confirm") == "")
		if failed == nil {
			body["Run"] = run
			c.Header("Cache-Control", "no-store")
			p.show(c, http.StatusOK, "admin-replayed-many", view{Hidden: true, Body: body})
			return
		}
		err = failed
	}
	p.reshow(c, "admin-replayed-many", err, view{Hidden: true, Body: body})
}
