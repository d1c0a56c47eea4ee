package server_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// embeds asks how to embed the page at the path, and returns what is said.
func (d *door) embeds(path, more string) answer {
	d.t.Helper()
	return d.must(http.StatusOK, "", "GET", "/oembed?format=json&url="+url.QueryEscape(d.url+path)+more, nil)
}

func TestProfilesAndAwardsAreEmbedded(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.person("ada")
	d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users", map[string]any{"username": "helper[bot]", "name": `"><img src=x>`})
	d.namespace("acme", "public")
	var award string
	for i := range 8 {
		award = strings.TrimPrefix(d.award(d.achievement("acme", fmt.Sprintf("Badge %d", i), "repeatable"), "ada"), "/api/v1")
	}
	got := d.embeds("/users/ada", "").object
	profile := d.url + "/users/ada"
	same(t, "the profile", got, map[string]any{
		"version": "1.0", "type": "rich", "title": "ADA: 8 achievements", "author_name": "ADA", "author_url": profile,
		"provider_name": "Accolade", "provider_url": d.url, "cache_age": 86400.0, "width": 712.0, "height": 296.0,
		"html": `<a href="` + profile + `"><img src="` + profile + `/card.svg" width="712" height="296" alt="ADA: 8 achievements"></a>`,
	})
	got = d.embeds(award, "").object
	same(t, "the award", got, map[string]any{
		"version": "1.0", "type": "photo", "title": "Badge 7, awarded to ADA", "author_name": "ADA", "author_url": profile,
		"provider_name": "Accolade", "provider_url": d.url, "cache_age": 86400.0, "width": 1200.0, "height": 630.0,
		"url": d.url + award + "/card.png?width=1200",
	})
	same(t, "too small a place", d.embeds(award, "&maxwidth=200").object["type"], any("link"))
	bot := d.embeds("/users/helper%5Bbot%5D", "").object
	same(t, "who is called like markup", bot["html"], any(`<a href="`+d.url+`/users/helper%5Bbot%5D"><img src="`+d.url+
		`/users/helper%5Bbot%5D/card.svg" width="264" height="76" alt="&#34;&gt;&lt;img src=x&gt;: no achievements yet"></a>`))
}

func TestEmbeddingsKeepToTheRoomThatThereIs(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.person("ada")
	d.namespace("acme", "public")
	var award string
	for i := range 20 {
		award = strings.TrimPrefix(d.award(d.achievement("acme", fmt.Sprintf("Badge %d", i), "repeatable"), "ada"), "/api/v1")
	}
	for _, room := range []struct{ width, height int }{{640, 1000}, {500, 1000}, {300, 200}, {100, 50}, {1, 1}, {0, 0}, {-5, 99999999}} {
		more := fmt.Sprintf("&maxwidth=%d&maxheight=%d", room.width, room.height)
		got := d.embeds("/users/ada", more).object
		if tooLarge(got["width"], room.width) || tooLarge(got["height"], room.height) {
			t.Errorf("in %+v the profile is %vx%v", room, got["width"], got["height"])
		}
		_, source, _ := strings.Cut(got["html"].(string), `src="`+d.url)
		source, _, _ = strings.Cut(source, `"`)
		var svg struct {
			Width  float64 `xml:"width,attr"`
			Height float64 `xml:"height,attr"`
		}
		card := d.must(http.StatusOK, "", "GET", strings.ReplaceAll(source, "&amp;", "&"), nil)
		if err := xml.Unmarshal([]byte(card.text), &svg); err != nil {
			t.Fatal(err)
		}
		if wide := got["width"].(float64); wide > 200 && wide != svg.Width {
			t.Errorf("in %+v the profile is said to be %v wide, and is %v", room, wide, svg.Width)
		}
		got = d.embeds(award, more).object
		if got["type"] == "link" {
			continue
		}
		address := strings.TrimPrefix(got["url"].(string), d.url)
		picture, err := png.DecodeConfig(bytes.NewReader([]byte(d.must(http.StatusOK, "", "GET", address, nil).text)))
		if err != nil || float64(picture.Width) != got["width"] || float64(picture.Height) != got["height"] || tooLarge(got["width"], room.width) {
			t.Errorf("in %+v the award is said to be %vx%v, and is %dx%d: %v", room, got["width"], got["height"], picture.Width, picture.Height, err)
		}
	}
}

// tooLarge compares a length of an answer with the room for it; there is none to keep to unless it is positive.
func tooLarge(length any, room int) bool {
	number, ok := length.(float64)
	return !ok || room > 0 && number > float64(room)
}

func TestWhatCannotBeEmbedded(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	closed := d.person("closed")
	d.must(http.StatusOK, closed, "PATCH", "/api/v1/user", map[string]any{"private_profile": true})
	of := func(address string) string { return "/oembed?url=" + url.QueryEscape(address) }
	for _, address := range []string{
		d.url, d.url + "/", d.url + "/users/", d.url + "/users/nobody", d.url + "/users/closed", d.url + "/awards/1", d.url + "/awards/x", d.url + "/groups/acme",
		d.url + "/users/closed/badge.svg", d.url + ".evil.example/users/closed", "https://elsewhere.example/users/closed", "javascript:alert(1)", "%", "\x00", d.url + "/users/%zz",
	} {
		d.refused(http.StatusNotFound, "not_found", closed, "GET", of(address), nil)
	}
	d.refused(http.StatusBadRequest, "invalid", "", "GET", "/oembed", nil)
	d.refused(http.StatusNotImplemented, "unsupported_format", "", "GET", of(d.url+"/users/closed")+"&format=xml", nil)
}
