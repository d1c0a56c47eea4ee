package server_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// whoseRoles are the people of TestRolesOnPages. The reader is an owner whose session may only read.
const whoseRoles = "anonymous stranger developer maintainer owner reader admin"

// roleOfPage says what a page answers to each of whoseRoles. A form answers the same, but where the page is shown: what
// comes of it then is for other tests.
type roleOfPage struct {
	path, answers string
	// get says that there is a page, and not only a form.
	get bool
}

// rolesOfPages are those of the pages of a public achievement and a private one, and of an award of each.
func rolesOfPages(one, other, open, closed string) []roleOfPage {
	return []roleOfPage{
		{"/groups/acme/-/achievements/new", "303 403 403 200 200 403 200", true},
		{"/groups/lab/-/achievements/new", "303 404 403 200 200 403 200", true},
		{"/groups/acme/-/settings", "303 403 403 403 200 403 200", true},
		{"/groups/lab/-/settings", "303 404 403 403 200 403 200", true},
		{"/groups/acme/-/settings/members", "303 403 403 403 200 403 200", false},
		{"/groups/lab/-/settings/members/remove", "303 404 403 403 200 403 200", false},
		{one + "/edit", "303 403 403 200 200 403 200", true},
		{other + "/edit", "303 404 403 200 200 403 200", true},
		{one + "/delete", "303 403 403 200 200 403 200", true},
		{other + "/delete", "303 404 403 200 200 403 200", true},
		{one + "/award", "303 403 403 200 200 403 200", true},
		{other + "/award", "303 404 403 200 200 403 200", true},
		{one + "/avatar/delete", "303 403 403 200 200 403 200", false},
		{other + "/avatar/delete", "303 404 403 200 200 403 200", false},
		{open + "/message", "303 403 403 200 200 403 200", true},
		{open + "/revoke", "303 403 403 200 200 403 200", true},
		{open + "/delete", "303 403 403 403 200 403 200", true},
		{closed + "/message", "303 403 403 200 200 403 200", true},
		{closed + "/delete", "303 403 403 403 200 403 200", true},
		{"/settings", "303 200 200 200 200 200 200", true},
		{"/settings/awards", "303 200 200 200 200 200 200", true},
		{"/settings/awards/order", "303 400 400 400 400 400 400", false},
		{"/settings/awards/show", "303 404 404 404 404 404 404", false},
		{"/settings/accounts", "303 200 200 200 200 200 200", true},
		{"/settings/tokens", "303 200 200 200 200 200 200", true},
		{"/settings/sessions", "303 200 200 200 200 200 200", true},
		{"/settings/data", "303 200 200 200 200 200 200", true},
		{"/settings/data/export.json", "303 200 200 200 200 200 200", true},
	}
}

// roles is a service with a public and a private group, and somebody in each role.
func (d *door) roles() map[string]*visitor {
	d.t.Helper()

	people := map[string]*visitor{"anonymous": d.visitor(), "admin": d.visitor()}
	people["admin"].signIn(adminToken)
	for _, name := range []string{"stranger", "developer", "maintainer", "owner"} {
		people[name] = d.signedIn(name)
	}
	people["reader"] = d.signedIn("reader", "read")
	d.namespace("acme", "public")
	d.namespace("lab", "private")
	for _, group := range []string{"acme", "lab"} {
		for name, level := range map[string]string{"developer": "developer", "maintainer": "maintainer", "owner": "owner", "reader": "owner"} {
			d.member(group, name, level)
		}
	}
	return people
}

func TestRolesOnPages(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	people := d.roles()
	d.person("recipient")
	public, private := d.achievement("acme", "Captain", "revocable"), d.achievement("lab", "Alchemist", "revocable")
	open, closed := pageOf(d.award(public, "recipient")), pageOf(d.award(private, "recipient"))
	for _, page := range rolesOfPages(pageOf(public), pageOf(private), open, closed) {
		wants := strings.Fields(page.answers)
		for i, name := range strings.Fields(whoseRoles) {
			if page.get {
				people[name].mayRead(page.path, name, wants[i])
			}
			if wants[i] != "200" {
				people[name].mayNotSend(page.path, name, wants[i])
			}
		}
	}
	for _, path := range []string{open, closed} {
		same(t, path+" at the end", people["admin"].visit("GET", path, nil).status, http.StatusOK)
	}
}

// mayRead gets a page.
func (v *visitor) mayRead(path, name, want string) {
	v.t.Helper()

	got := v.visit("GET", path, nil)
	if strconv.Itoa(got.status) != want {
		v.t.Errorf("GET %s to %s answers %d, want %s", path, name, got.status, want)
	}
	if to := got.header.Get("Location"); got.status == http.StatusSeeOther && to != "/sign-in?return_to="+url.QueryEscape(path) {
		v.t.Errorf("GET %s leads to %s", path, to)
	}
}

// mayNotSend sends a form that would be accepted from somebody else, and one that another site's page makes a browser send.
func (v *visitor) mayNotSend(path, name, want string) {
	v.t.Helper()

	form := url.Values{"confirm": {"Captain"}, "name": {"x"}, "user": {"stranger"}, "access_level": {"owner"}, "scopes": {"read"}}
	got := v.visit("POST", path, form)
	if got.status == http.StatusMethodNotAllowed {
		return // there is only a page
	}
	if strconv.Itoa(got.status) != want {
		v.t.Errorf("POST %s by %s answers %d, want %s", path, name, got.status, want)
	}
	v.headers["Sec-Fetch-Site"] = "cross-site"
	defer func() { v.headers["Sec-Fetch-Site"] = "same-origin" }()
	if got := v.visit("POST", path, form); got.status != http.StatusForbidden || got.object["code"] != "cross_origin" {
		v.t.Errorf("POST %s from another site answers %d %v", path, got.status, got.object)
	}
}
