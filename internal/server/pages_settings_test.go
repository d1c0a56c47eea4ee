package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/operation"
)

func TestPeopleChangeTheirSettingsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.signedIn("ada")
		form := ada.visit("GET", "/settings", nil)
		form.shows(t, "the settings", `value="ADA"`, `name="achievements_enabled" value="yes" checked`, `name="award_emails" value="yes" checked`,
			"!name=\"private_profile\" value=\"yes\" checked")
		typed := url.Values{"name": {"The Countess"}, "email": {"ada@example.com"}, "share_progress": {"yes"}, "private_profile": {"yes"}, "version": {form.version(t)}}
		ada.visit("POST", "/settings", typed).leads(t, "saving", "/settings?done=saved")
		got := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil)
		for field, want := range map[string]any{
			"name": "The Countess", "email": "ada@example.com", "share_progress": true, "private_profile": true, "achievements_enabled": false, "award_emails": false,
		} {
			same(t, field, got.object[field], want)
		}
		typed.Set("name", "Ada")
		ada.visit("POST", "/settings", typed).refuses(t, "a lost update", http.StatusPreconditionFailed, "<q>The Countess</q>", `value="Ada"`)
		typed.Set("version", ada.visit("GET", "/settings", nil).version(t))
		typed.Set("email", "nowhere")
		typed.Set("name", "")
		ada.visit("POST", "/settings", typed).refuses(t, "what cannot be", http.StatusBadRequest, `id="wrong-email"`, `id="wrong-name"`, `value="nowhere"`)
		typed.Set("admin", "yes")
		typed.Set("email", "")
		typed.Set("name", "Ada")
		ada.visit("POST", "/settings", typed).leads(t, "saving", "/settings?done=saved")
		same(t, "who is an admin", d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil).object["admin"], any(false))
	})
}

var rowOfAward = regexp.MustCompile(`data-id="(\d+)"`)

// order returns the ids of the awards in the order of the page.
func (a answer) order() string {
	var ids []string
	for _, row := range rowOfAward.FindAllStringSubmatch(a.text, -1) {
		ids = append(ids, row[1])
	}
	return strings.Join(ids, ",")
}

// arranging is somebody who has five awards and puts them in an order.
type arranging struct {
	*visitor

	ids []string
}

func (d *door) arranging() *arranging {
	d.t.Helper()

	d.namespace("acme", "public")
	ada := &arranging{visitor: d.signedIn("ada")}
	ada.visit("GET", "/settings/awards", nil).shows(d.t, "before any", "No achievements yet.")
	achievement := d.achievement("acme", "Helper", "repeatable")
	for range 5 {
		d.clock.Advance(time.Second)
		ada.ids = append(ada.ids, strings.TrimPrefix(d.award(achievement, "ada"), "/api/v1/awards/"))
	}
	return ada
}

// list returns ids with commas between them; the awards are numbered by their age.
func (a *arranging) list(places ...int) string {
	var ids []string
	for _, place := range places {
		ids = append(ids, a.ids[place])
	}
	return strings.Join(ids, ",")
}

// check looks at the order on the page and by the API, and at how many awards have a place.
func (a *arranging) check(what, order string, placed int) {
	a.t.Helper()

	page := a.visit("GET", "/settings/awards", nil)
	same(a.t, what, page.order(), order)
	same(a.t, what+": there is an order to clear", strings.Contains(page.text, `name="clear"`), placed > 0)
	var ids []string
	for _, award := range a.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada/awards?include_hidden=true", nil).items() {
		if ids = append(ids, award.id()); award.object["priority"] != nil {
			placed--
		}
	}
	same(a.t, what+", by the API", strings.Join(ids, ","), order)
	same(a.t, what+": places that are too many or missing", placed, 0)
}

// move presses a button of one award.
func (a *arranging) move(way string, which int) {
	a.t.Helper()
	a.visit("POST", "/settings/awards/order", url.Values{"move": {way + ":" + a.ids[which]}}).
		leads(a.t, way, "/settings/awards?done=order_saved#award-"+a.ids[which])
}

func TestPeopleArrangeTheirAwardsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.arranging()
		ada.check("at first", ada.list(0, 1, 2, 3, 4), 0)
		ada.move("up", 2) // the second place is its own; those after it follow by date
		ada.check("one up", ada.list(0, 2, 1, 3, 4), 2)
		ada.move("first", 4)
		ada.check("one first", ada.list(4, 0, 2, 1, 3), 3)
		ada.move("down", 4)
		ada.check("one down", ada.list(0, 4, 2, 1, 3), 3)
		ada.move("up", 0)
		ada.check("the first one up", ada.list(0, 4, 2, 1, 3), 3)
		ada.move("down", 3)
		ada.check("the last one down", ada.list(0, 4, 2, 1, 3), 3)

		const order = "/settings/awards/order"
		ada.visit("POST", order, url.Values{"order": {ada.list(3, 2, 1)}}).leads(t, "an order", "/settings/awards?done=order_saved")
		ada.check("an order that names some", ada.list(3, 2, 1, 0, 4), 3)
		ada.visit("POST", order, url.Values{"clear": {"yes"}}).leads(t, "clearing", "/settings/awards?done=order_cleared")
		ada.check("cleared", ada.list(0, 1, 2, 3, 4), 0)
	})
}

func TestPeopleHideAwardsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.arranging()
		const show = "/settings/awards/show"
		id, all := ada.ids[2], ada.list(0, 1, 2, 3, 4)
		ada.visit("POST", show, url.Values{"hide": {id}}).leads(t, "hiding", "/settings/awards?done=hidden#award-"+id)
		ada.visit("GET", "/settings/awards", nil).shows(t, "a hidden one", `name="show" value="`+id+`"`, `>hidden</span>`)
		ada.check("with a hidden one", all, 0)
		d.page("/users/ada").shows(t, "the profile", "1 achievement, 4 awards")
		ada.visit("POST", show, url.Values{"show": {id}}).leads(t, "showing", "/settings/awards?done=shown#award-"+id)
		d.page("/users/ada").shows(t, "the profile", "1 achievement, 5 awards")

		page := "/awards/" + id
		ada.visit("GET", page, nil).shows(t, "the award", "Hide on my profile")
		ada.visit("POST", show, url.Values{"hide": {id}, "from": {"award"}}).leads(t, "hiding", page+"?done=hidden")
		ada.visit("GET", page, nil).shows(t, "the hidden award", "Show on my profile")
	})
}

func TestArrangingRefuses(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	ada, grace := d.signedIn("ada"), d.signedIn("grace")
	achievement := d.achievement("acme", "Helper", "repeatable")
	own := strings.TrimPrefix(d.award(achievement, "ada"), "/api/v1/awards/")
	foreign := strings.TrimPrefix(d.award(achievement, "grace"), "/api/v1/awards/")
	for _, tc := range []struct {
		path   string
		form   url.Values
		status int
	}{
		{"order", url.Values{"order": {own + "," + foreign}}, http.StatusBadRequest},
		{"order", url.Values{"order": {own + "," + own}}, http.StatusBadRequest},
		{"order", url.Values{"order": {"x"}}, http.StatusBadRequest},
		{"order", url.Values{}, http.StatusBadRequest},
		{"order", url.Values{"order": {strings.Repeat("1,", 1000) + "1"}}, http.StatusBadRequest},
		{"order", url.Values{"move": {"up:" + foreign}}, http.StatusNotFound},
		{"order", url.Values{"move": {"sideways:" + own}}, http.StatusBadRequest},
		{"order", url.Values{"move": {"up"}}, http.StatusNotFound},
		{"show", url.Values{"hide": {foreign}}, http.StatusForbidden},
		{"show", url.Values{"hide": {"x"}}, http.StatusNotFound},
		{"show", url.Values{}, http.StatusNotFound},
	} {
		if got := ada.visit("POST", "/settings/awards/"+tc.path, tc.form); got.status != tc.status {
			t.Errorf("%s %.60v answers %d, want %d: %s", tc.path, tc.form, got.status, tc.status, got.text)
		}
	}
	same(t, "what is nobody else's", grace.visit("GET", "/settings/awards", nil).order(), foreign)
}

func TestWhatWaitsIsAcceptedByShowingIt(t *testing.T) {
	t.Parallel()

	d := onSQLite(t).mode(func(cfg *operation.Config) { cfg.AcceptanceRequired = true })
	d.namespace("acme", "public")
	ada := d.signedIn("ada")
	award := strings.TrimPrefix(d.award(d.achievement("acme", "Helper", "repeatable"), "ada"), "/api/v1/awards/")
	ada.visit("GET", "/settings/awards", nil).shows(t, "what waits", "hidden until you accept them", ">Accept</button>", "not accepted")
	ada.visit("POST", "/settings/awards/show", url.Values{"show": {award}}).leads(t, "accepting", "/settings/awards?done=shown#award-"+award)
	d.page("/users/ada").shows(t, "the profile", "1 achievement")
}

func TestPeopleKeepTheirTokensOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.signedIn("ada")
		ada.visit("GET", "/settings/tokens", nil).shows(t, "the tokens", "tests", "began this session", "!value=\"admin\"")
		until := d.clock.Now().AddDate(0, 1, 0).Format("2006-01-02")
		issued := ada.visit("POST", "/settings/tokens", url.Values{"name": {"CI <1>"}, "scopes": {"read", "write"}, "expires_at": {until}})
		issued.leads(t, "issuing", "/settings/tokens")
		if strings.Contains(fmt.Sprint(issued.header, issued.text), "acc_") || !strings.Contains(issued.header.Get("Cache-Control"), "no-store") {
			t.Fatalf("issuing answers %v: %s", issued.header, issued.text)
		}
		// Only the session that it was issued in reads it.
		other := d.visitor()
		other.signIn(d.token("ada", "write"))
		other.cookies["__Host-accolade-note"] = ada.cookies["__Host-accolade-note"]
		other.visit("GET", "/settings/tokens", nil).shows(t, "in another session", "!acc_")
		first := ada.visit("GET", "/settings/tokens", nil)
		secret := regexp.MustCompile(`acc_\w{36}`).FindString(first.text)
		if secret == "" || !strings.Contains(first.header.Get("Cache-Control"), "no-store") || ada.cookies["__Host-accolade-note"] != "" {
			t.Fatalf("issued, the page is %v: %s", first.header, first.text)
		}
		same(t, "whose it is", d.must(http.StatusOK, secret, "GET", "/api/v1/user", nil).object["username"], any("ada"))
		page := ada.visit("GET", "/settings/tokens", nil)
		page.shows(t, "afterwards", "CI &lt;1&gt;", "Last used on", "!"+secret, "00:00:00 UTC")
		for _, wrong := range []struct {
			form  url.Values
			shows []string
		}{
			{url.Values{"name": {""}}, []string{`id="wrong-name"`, `id="wrong-scopes"`}},
			{url.Values{"name": {"x"}, "scopes": {"everything"}}, []string{`id="wrong-scopes"`, `value="x"`}},
			{url.Values{"name": {"x"}, "scopes": {"write"}, "expires_at": {"soon"}}, []string{`id="wrong-expires_at"`, `value="write" checked`}},
			{url.Values{"name": {"x"}, "scopes": {"write"}, "expires_at": {"2001-01-01"}}, []string{`id="wrong-expires_at"`}},
		} {
			ada.visit("POST", "/settings/tokens", wrong.form).refuses(t, fmt.Sprint(wrong.form), http.StatusBadRequest, wrong.shows...)
		}
		same(t, "more than one may", ada.visit("POST", "/settings/tokens", url.Values{"name": {"x"}, "scopes": {"admin"}}).status, http.StatusForbidden)

		ids := regexp.MustCompile(`/settings/tokens/(\d+)/revoke`).FindAllStringSubmatch(page.text, -1)
		same(t, "how many there are", len(ids), 3)
		grace := d.signedIn("grace")
		same(t, "revoking another's", grace.visit("POST", "/settings/tokens/"+ids[1][1]+"/revoke", url.Values{}).status, http.StatusNotFound)
		ada.visit("POST", "/settings/tokens/"+ids[1][1]+"/revoke", url.Values{}).leads(t, "revoking", "/settings/tokens?done=token_revoked")
		d.refused(http.StatusUnauthorized, "invalid_token", secret, "GET", "/api/v1/user", nil)
		ada.visit("POST", "/settings/tokens/"+ids[0][1]+"/revoke", url.Values{}).leads(t, "revoking the session's", "/settings/tokens?done=token_revoked")
		ada.visit("GET", "/settings/tokens", nil).leads(t, "without a session", "/sign-in?return_to=%2Fsettings%2Ftokens")
	})
}

func TestPeopleEndTheirSessionsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		token := d.person("ada")
		here, there := d.visitor(), d.visitor()
		here.signIn(token)
		d.clock.Advance(time.Minute)
		there.signIn(token)
		page := here.visit("GET", "/settings/sessions", nil)
		page.shows(t, "the sessions", "this browser", "Signed in with a token")
		ids := regexp.MustCompile(`/settings/sessions/(\d+)/end`).FindAllStringSubmatch(page.text, -1)
		same(t, "how many there are", len(ids), 2)
		same(t, "ending another's", d.signedIn("grace").visit("POST", "/settings/sessions/"+ids[1][1]+"/end", url.Values{}).status, http.StatusNotFound)
		here.visit("POST", "/settings/sessions/"+ids[1][1]+"/end", url.Values{}).leads(t, "ending", "/settings/sessions?done=session_ended")
		there.visit("GET", "/settings", nil).leads(t, "elsewhere", "/sign-in?return_to=%2Fsettings")
		same(t, "here", here.visit("GET", "/settings", nil).status, http.StatusOK)
	})
}

func TestPeopleTakeTheirDataAndGo(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		token := d.person("ada")
		ada := d.visitor()
		ada.signIn(token)
		d.award(d.achievement("acme", "Helper", "repeatable"), "ada")
		d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/ada/accounts/forge", map[string]any{"forge_user_id": "17", "login": "ada-l"})
		ada.visit("GET", "/settings/accounts", nil).shows(t, "the accounts", "ada-l", "forge", "17")

		export := ada.visit("GET", "/settings/data/export.json", nil)
		if export.header.Get("Content-Type") != "application/json; charset=utf-8" || !strings.HasPrefix(export.header.Get("Content-Disposition"), "attachment;") {
			t.Errorf("the export is %v", export.header)
		}
		byAPI := d.must(http.StatusOK, token, "GET", "/api/v1/users/ada/export", nil)
		for _, of := range []map[string]any{export.object, byAPI.object} {
			delete(of, "exported_at")
			for _, token := range of["tokens"].([]any) {
				delete(token.(map[string]any), "last_used_at")
			}
		}
		one, _ := json.Marshal(export.object)
		other, _ := json.Marshal(byAPI.object)
		same(t, "the export", string(one), string(other))

		ada.visit("POST", "/settings/data/erase", url.Values{"confirm": {"grace"}}).refuses(t, "another name", http.StatusBadRequest, `id="wrong-confirm"`)
		same(t, "who is there", ada.visit("GET", "/settings", nil).status, http.StatusOK)
		ada.visit("POST", "/settings/data/erase", url.Values{"confirm": {"ada"}}).leads(t, "erasing", "/?done=erased")
		ada.visit("GET", "/?done=erased", nil).shows(t, "the first page", "You were erased.", "/sign-in")
		same(t, "the cookies", len(ada.cookies), 0)
		same(t, "the profile", d.page("/users/ada").status, http.StatusNotFound)
	})
}
