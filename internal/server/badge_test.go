package server_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// pictured are the addresses of a user's badges.
func pictured(user string) []string {
	return []string{"/users/" + user + "/badge.svg", "/users/" + user + "/card.svg", "/users/" + user + "/badge.json"}
}

// title is what an SVG says that it shows. It fails the test for what is no XML.
func (a answer) title(t *testing.T) string {
	t.Helper()

	title, inside := "", false
	decoder := xml.NewDecoder(strings.NewReader(a.text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return title
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, a.text)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local == "title" && title == ""
		case xml.CharData:
			if inside {
				title += string(token)
			}
		case xml.EndElement:
			inside = false
		}
	}
}

// shows fails the test unless everyone sees the title at the path, whoever asks.
func (d *door) shows(path, want string, tokens ...string) {
	d.t.Helper()
	for _, token := range append(tokens, "") {
		same(d.t, path, d.must(http.StatusOK, token, "GET", path, nil).title(d.t), want)
	}
}

func TestBadgesShowWhatEveryoneSees(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.namespace("acme", "public")
		d.namespace("secret", "private")
		d.member("secret", "ada", "maintainer")
		first, second, third := d.decorated("acme", "First"), d.achievement("acme", "Second", "repeatable"), d.achievement("secret", "Third", "repeatable")
		d.shows("/users/ada/badge.svg", "ada: no achievements yet", ada)
		open := d.award(first, "ada")
		d.clock.Advance(1)
		again := d.award(second, "ada")
		hidden := d.award(second, "ada")
		secret := d.award(third, "ada")
		revoked := d.award(d.achievement("acme", "Fourth", "revocable"), "ada")
		d.must(http.StatusOK, ada, "PATCH", hidden, map[string]any{"show_on_profile": false})
		d.must(http.StatusOK, adminToken, "POST", revoked+"/revoke", map[string]any{})

		// The maintainer and the admin see more by themselves, and the same in badges.
		d.shows("/users/ada/badge.svg", "ada: 3 achievements", ada, adminToken)
		d.shows("/users/ada/card.svg", "ADA: 3 achievements: First, Second, Third", ada, adminToken)
		same(t, "the JSON", d.must(http.StatusOK, "", "GET", "/users/ada/badge.json", nil).object, map[string]any{
			"schemaVersion": 1.0, "label": "ada", "message": "3 achievements", "color": "#b3541e",
		})
		d.shows(strings.TrimPrefix(open, "/api/v1")+"/badge.svg", "ACME: First", ada)
		d.shows(strings.TrimPrefix(again, "/api/v1")+"/badge.svg", "ACME: Second", ada)
		// A private namespace is not named, not even for its maintainer.
		d.shows(strings.TrimPrefix(secret, "/api/v1")+"/badge.svg", "achievement: Third", ada, adminToken)
		if svg := d.must(http.StatusOK, "", "GET", "/users/ada/card.svg", nil).text; strings.Contains(strings.ToLower(svg), "secret") {
			t.Errorf("the card names the private namespace: %s", svg)
		}
		for _, gone := range []string{hidden, revoked, "/api/v1/awards/999", "/api/v1/awards/x"} {
			gone = strings.TrimPrefix(gone, "/api/v1")
			for _, token := range []string{"", ada, adminToken} {
				same(t, gone, d.must(http.StatusNotFound, token, "GET", gone+"/badge.svg", nil).title(t), "achievements: not found")
				d.refused(http.StatusNotFound, "not_found", token, "GET", gone+"/card.png", nil)
			}
		}
	})
}

func TestAClosedProfileLooksLikeNobody(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		badge := d.achievement("acme", "Badge", "repeatable")
		for _, setting := range []map[string]any{{"private_profile": true}, {"achievements_enabled": false}} {
			who := strings.ReplaceAll(slices.Collect(maps.Keys(setting))[0], "_", "-")
			token := d.person(who)
			award := strings.TrimPrefix(d.award(badge, who), "/api/v1")
			for _, path := range append(pictured(who), award+"/badge.svg", award+"/card.png") {
				d.must(http.StatusOK, "", "GET", path, nil)
			}
			d.must(http.StatusOK, token, "PATCH", "/api/v1/user", setting)
			closed, nobody := append(pictured(who), award+"/badge.svg", award+"/card.png"), append(pictured("nobody"), "/awards/99/badge.svg", "/awards/99/card.png")
			for _, caller := range []string{"", token} {
				for i, path := range closed {
					looksLike(t, path, d.must(http.StatusNotFound, caller, "GET", path, nil), d.must(http.StatusNotFound, caller, "GET", nobody[i], nil))
				}
			}
		}
	})
}

// looksLike checks that two answers are the same, but for what is another one each time.
func looksLike(t *testing.T, path string, got, want answer) {
	t.Helper()

	same(t, path, got.text, want.text)
	for _, header := range []http.Header{got.header, want.header} {
		header.Del("X-Request-ID")
		header.Del("Date")
	}
	same(t, "the headers of "+path, got.header, want.header)
}

func TestWhatIsNotFoundIsStillAPicture(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	for _, path := range []string{"/users/nobody/badge.svg", "/users/nobody/card.svg", "/awards/1/badge.svg", "/users/%22%3E%3Cscript%3E/badge.svg", "/users/%00/badge.svg"} {
		got := d.must(http.StatusNotFound, "", "GET", path, nil)
		if got.header.Get("Content-Type") != "image/svg+xml; charset=utf-8" || !strings.Contains(got.title(t), "not found") || strings.Contains(got.text, "script") {
			t.Errorf("%s is %v %s", path, got.header, got.text)
		}
	}
	got := d.must(http.StatusNotFound, "", "GET", "/users/nobody/badge.json", nil)
	same(t, "the JSON", got.object, map[string]any{"schemaVersion": 1.0, "label": "achievements", "message": "not found", "color": "lightgrey", "isError": true})
}

func TestBadgesAreKeptAsLongAsTheyAreTheSame(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	ada := d.person("ada")
	d.namespace("acme", "public")
	badge := d.decorated("acme", "Badge")
	award := strings.TrimPrefix(d.award(badge, "ada"), "/api/v1")
	paths := append(pictured("ada"), award+"/badge.svg", award+"/card.png", "/oembed?url="+url.QueryEscape(d.url+"/users/ada"))
	tag := regexp.MustCompile(`^"[A-Za-z0-9_-]{22}"$`)
	for _, path := range paths {
		got := d.must(http.StatusOK, ada, "GET", path, nil)
		for name, want := range map[string]string{
			"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "cross-origin",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
			"Content-Length":          strconv.Itoa(len(got.text)), "Set-Cookie": "", "RateLimit": "",
		} {
			same(t, path+": "+name, got.header.Get(name), want)
		}
		json := strings.HasPrefix(got.header.Get("Content-Type"), "application/json")
		same(t, path+": read by scripts", got.header.Get("Access-Control-Allow-Origin") == "*", json)
		etag := got.header.Get("ETag")
		if !tag.MatchString(etag) {
			t.Errorf("%s: the ETag is %s", path, etag)
		}
		for _, has := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
			kept := d.with(map[string]string{"If-None-Match": has}, "", "GET", path, nil)
			if kept.status != http.StatusNotModified || kept.text != "" || kept.header.Get("ETag") != etag || kept.header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s with %s answers %d %v", path, has, kept.status, kept.header)
			}
		}
		head := d.call("", "HEAD", path, nil)
		if head.status != http.StatusOK || head.text != "" || head.header.Get("ETag") != etag || head.header.Get("Content-Length") != strconv.Itoa(len(got.text)) {
			t.Errorf("HEAD %s answers %d %v", path, head.status, head.header)
		}
	}
	before := d.call("", "GET", "/users/ada/card.svg", nil).header.Get("ETag")
	d.award(badge, "ada")
	if after := d.with(map[string]string{"If-None-Match": before}, "", "GET", "/users/ada/card.svg", nil); after.status != http.StatusOK || after.header.Get("ETag") == before {
		t.Errorf("after another award it answers %d", after.status)
	}
}

func TestModesHoldForBadges(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.namespace("acme", "public")
		d.namespace("secret", "private")
		d.award(d.achievement("acme", "Open", "repeatable"), "ada")
		private := strings.TrimPrefix(d.award(d.achievement("secret", "Hush", "repeatable"), "ada"), "/api/v1")
		d.shows("/users/ada/badge.svg", "ada: 2 achievements")
		hiding := d.mode(func(cfg *operation.Config) { cfg.HidePrivateAwards = true })
		hiding.shows("/users/ada/badge.svg", "ada: 1 achievement", ada)
		hiding.shows("/users/ada/card.svg", "ADA: 1 achievement: Open", ada)
		hiding.must(http.StatusNotFound, ada, "GET", private+"/badge.svg", nil)
		hiding.must(http.StatusNotFound, ada, "GET", private+"/card.png", nil)
		accepting := d.mode(func(cfg *operation.Config) { cfg.AcceptanceRequired = true })
		waiting := accepting.award(accepting.achievement("acme", "Waiting", "repeatable"), "ada")
		accepting.shows("/users/ada/badge.svg", "ada: 2 achievements", ada)
		accepting.must(http.StatusNotFound, ada, "GET", strings.TrimPrefix(waiting, "/api/v1")+"/badge.svg", nil)
	})
}

func TestBadgesAsTheyAreAskedFor(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("renovate[bot]")
		token := d.person("ada")
		d.namespace("acme", "public")
		first, second := d.achievement("acme", "First", "repeatable"), d.achievement("acme", "Second", "repeatable")
		d.award(first, "ada")
		d.clock.Advance(1e9)
		last := d.award(second, "ada")
		d.clock.Advance(1e9)
		d.award(first, "ada")
		d.clock.Advance(1e9)
		id := strings.TrimPrefix(first, "/api/v1/achievements/")
		for query, want := range map[string]string{
			"":                                "ada: 2 achievements",
			"show=best":                       "ada: First ×2",
			"show=latest":                     "ada: First ×2",
			"show=nonsense&unknown=1":         "ada: 2 achievements",
			"label=My+badges":                 "My badges: 2 achievements",
			"label=":                          "2 achievements",
			"label=%22%3E%3Cscript%3E":        `"><script>: 2 achievements`,
			"label=%FF%00%E2%80%AEx":          "\ufffd x: 2 achievements",
			"message=free&style=social":       "ada: 2 achievements",
			"show=best&hide=" + id:            "ada: Second",
			"show=latest&hide=x,+" + id + ",": "ada: Second",
			"color=red%3B%7D&labelColor=%23":  "ada: 2 achievements",
			"style=for-the-badge&theme=auto":  "ada: 2 achievements",
		} {
			d.shows("/users/ada/badge.svg?"+query, want)
			same(t, query, d.must(http.StatusOK, "", "GET", "/users/ada/badge.json?"+query, nil).object["schemaVersion"], any(1.0))
		}
		d.shows("/users/ada/card.svg?hide="+id+",title,names&row=1&column=99", "ADA: 2 achievements: Second")
		d.shows("/users/renovate%5Bbot%5D/badge.svg", "renovate[bot]: no achievements yet")
		d.shows("/users/ADA/badge.svg", "ada: 2 achievements")
		// The profile's order is the recipient's.
		d.must(http.StatusOK, token, "PUT", "/api/v1/user/awards/order", map[string]any{"award_ids": []int64{d.number(last)}})
		d.shows("/users/ada/badge.svg?show=best", "ada: Second")
		d.shows("/users/ada/card.svg", "ADA: 2 achievements: Second, First ×2")
	})
}

func TestACardCostsTheSameStatementsHoweverMuchIsOnIt(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.person("grace")
		d.namespace("acme", "public")
		for i := range 12 {
			badge := d.decorated("acme", fmt.Sprintf("Badge %d", i))
			d.award(badge, "ada")
			d.award(badge, "ada")
			if i == 0 {
				d.award(badge, "grace")
			}
		}
		count := func(path string) int64 {
			before := d.statements.Load()
			d.must(http.StatusOK, "", "GET", path, nil)
			return d.statements.Load() - before
		}
		one, many := count("/users/grace/card.svg"), count("/users/ada/card.svg")
		// The picture of the second card is known by then.
		if many > one || one > 10 {
			t.Errorf("a card of one costs %d statements, of twelve %d", one, many)
		}
	})
}

func TestHostileNamesOnBadges(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	for i, name := range []string{
		`"><script>alert(1)</script>`, "</title></svg>", strings.Repeat("😀", 254), "a\u202eb", "\u0001\ufffe]]>", "\u674e\u5c0f\u9f8d", "مرحبا", "&lt;&#0;",
	} {
		who := fmt.Sprintf("user%d", i)
		d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users", map[string]any{"username": who, "name": name})
		award := strings.TrimPrefix(d.award(d.achievement("acme", name+".", "repeatable"), who), "/api/v1")
		for _, path := range []string{"/users/" + who + "/badge.svg?show=best", "/users/" + who + "/card.svg", award + "/badge.svg"} {
			got := d.must(http.StatusOK, "", "GET", path, nil)
			if title := got.title(t); title == "" || strings.ContainsAny(title, "\u202e\u0001\ufffe") || strings.Contains(got.text, "<script") || len(got.text) > 8<<10 {
				t.Errorf("%s is %d bytes, titled %q", path, len(got.text), title)
			}
		}
		if got := d.must(http.StatusOK, "", "GET", award+"/card.png", nil); !strings.HasPrefix(got.text, "\x89PNG") || got.header.Get("Content-Type") != "image/png" {
			t.Errorf("%s has no picture: %v", name, got.header)
		}
	}
}

func TestABadgeThatIsOpenedByItselfBreaksNoPolicy(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	d := onSQLite(t)
	d.person("ada")
	d.namespace("acme", "public")
	d.award(d.decorated("acme", `"><script>alert(1)</script>`), "ada")
	d.award(d.achievement("acme", "Second", "repeatable"), "ada")
	page := watch(ctx, t)
	for _, path := range []string{
		"/users/ada/badge.svg", "/users/ada/badge.svg?theme=auto&label=%3Cscript%3E", "/users/ada/badge.svg?style=social", "/users/ada/card.svg",
		"/users/ada/card.svg?label=%3C%2Fstyle%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&bg_color=red;}",
	} {
		if err := chromedp.Do(ctx, chromedp.Navigate(d.url+path)); err != nil {
			t.Fatal(err)
		}
		page.check(t, d.url, path)
	}
}

func TestACardShowsEveryPictureWhenManyWereShownBefore(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	const others, page = 506, 100
	// What ada has was shown longest ago of all that is remembered.
	ada := d.person("ada")
	pictured := 0
	give := func(user string) (award string) {
		picture := slices.Clone(onePixel)
		picture[13], picture[14] = byte(pictured>>8), byte(pictured) // its first colour
		pictured++
		made := d.form(adminToken, "POST", "/api/v1/namespaces/acme/achievements", map[string]string{"name": fmt.Sprintf("Badge %d", pictured)}, picture)
		return d.award("/api/v1/achievements/"+made.id(), user)
	}
	for range 6 {
		give("ada")
	}
	drawn := func(user string, want int) {
		t.Helper()
		svg := d.must(http.StatusOK, "", "GET", "/users/"+user+"/card.svg?row=10&column=10", nil).text
		same(t, "the pictures of "+user, strings.Count(svg, "<image"), want)
	}
	drawn("ada", 6)
	for first := 0; first < others; first += page {
		user := fmt.Sprintf("other%d", first)
		d.person(user)
		many := min(page, others-first)
		for range many {
			give(user)
		}
		drawn(user, many)
	}
	award := give("ada")
	id, err := strconv.ParseInt(strings.TrimPrefix(award, "/api/v1/awards/"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	d.must(http.StatusOK, ada, "PUT", "/api/v1/user/awards/order", map[string]any{"award_ids": []int64{id}})
	drawn("ada", 7)
}
