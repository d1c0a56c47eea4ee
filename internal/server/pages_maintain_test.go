package server_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// signedIn creates somebody who is signed in.
func (d *door) signedIn(username string, scopes ...string) *visitor {
	d.t.Helper()

	return d.withToken(d.person(username, scopes...))
}

// upload sends a form with a file, as browsers do.
func (v *visitor) upload(path string, form url.Values, file []byte) answer {
	v.t.Helper()

	body := &bytes.Buffer{}
	parts := multipart.NewWriter(body)
	for name, values := range form {
		for _, value := range values {
			if err := parts.WriteField(name, value); err != nil {
				v.t.Fatal(err)
			}
		}
	}
	part, err := parts.CreateFormFile("avatar", "picture.png")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = parts.Close()
	}
	if err != nil {
		v.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", parts.FormDataContentType())
	for name, value := range v.headers {
		request.Header.Set(name, value)
	}
	for name, value := range v.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return v.send(request)
}

// leads fails the test unless the answer leads to the place.
func (a answer) leads(t *testing.T, what, to string) {
	t.Helper()

	if location := a.header.Get("Location"); a.status != http.StatusSeeOther || location != to {
		t.Errorf("%s answers %d and leads to %q, want %q: %s", what, a.status, location, to, a.text)
	}
}

// refuses fails the test unless the answer has the status and shows the texts.
func (a answer) refuses(t *testing.T, what string, status int, texts ...string) {
	t.Helper()

	if a.status != status {
		t.Errorf("%s answers %d, want %d", what, a.status, status)
	}
	a.shows(t, what, texts...)
}

var hiddenVersion = regexp.MustCompile(`name="version" value="(\w+)"`)

// version returns the state of the object that the page's form was made of.
func (a answer) version(t *testing.T) string {
	t.Helper()

	found := hiddenVersion.FindStringSubmatch(a.text)
	if found == nil {
		t.Fatalf("the page has no version: %s", a.text)
	}
	return found[1]
}

// pageOf is the page of what the API has at the path.
func pageOf(path string) string { return strings.TrimPrefix(path, "/api/v1") }

func TestMaintainersCreateAchievementsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		d.namespace("acme/tools", "public")
		mira := d.signedIn("mira")
		d.member("acme", "mira", "maintainer")
		const path = "/groups/acme/tools/-/achievements/new"
		mira.visit("GET", "/groups/acme/tools/-/achievements", nil).shows(t, "the group", `href="`+path+`"`)
		mira.visit("GET", path, nil).shows(t, "the form", `name="name"`, `type="file"`, `value="repeatable" checked`)

		typed := url.Values{"name": {" "}, "description": {"For <b>reviews</b>"}, "kind": {"revocable"}}
		mira.visit("POST", path, typed).refuses(t, "a blank name", http.StatusBadRequest,
			"For &lt;b&gt;reviews&lt;/b&gt;", `value="revocable" checked`, `aria-invalid="true"`, `id="wrong-name"`, `href="#field-name"`)
		typed.Set("name", "Reviewer")
		made := mira.upload(path, typed, onePixel)
		to, _, _ := strings.Cut(made.header.Get("Location"), "?")
		made.leads(t, "creating", to+"?done=created")
		mira.visit("GET", to+"?done=created", nil).shows(t, "the achievement", "Reviewer", to+"/avatar.png?v=", "The achievement was created.", "while it holds")

		mira.visit("POST", path, typed).refuses(t, "a name that is taken", http.StatusConflict, "another achievement of this group", `id="wrong-name"`)
		typed.Set("name", "Other")
		mira.upload(path, typed, []byte("no picture")).refuses(t, "no picture", http.StatusBadRequest, `id="wrong-avatar"`, "PNG, JPEG, GIF or WebP", `value="Other"`)
		mira.upload(path, typed, bytes.Repeat([]byte("x"), 201<<10)).refuses(t, "a large file", http.StatusRequestEntityTooLarge, `id="wrong-avatar"`, `value="Other"`)
		mira.upload(path, typed, bytes.Repeat([]byte("x"), 2<<20)).refuses(t, "a huge file", http.StatusBadRequest, `id="wrong-avatar"`, `value="Other"`)
		typed.Set("kind", "sometimes")
		mira.visit("POST", path, typed).refuses(t, "an unknown kind", http.StatusBadRequest, `id="wrong-kind"`)
		same(t, "below no group", mira.visit("GET", "/groups/nowhere/-/achievements/new", nil).status, http.StatusNotFound)
		same(t, "a form of nothing", mira.visit("POST", "/groups/acme/-/achievements", url.Values{}).status, http.StatusNotFound)
	})
}

func TestMaintainersEditAchievementsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		mira := d.signedIn("mira")
		d.member("acme", "mira", "maintainer")
		page := pageOf(d.decorated("acme", "Captain"))
		edit := mira.visit("GET", page+"/edit", nil)
		edit.shows(t, "the form", `value="Captain"`, page+"/avatar.png?v=", "Remove this picture")

		typed := url.Values{"name": {"Release captain"}, "description": {"Brought it out.\r\nTwice."}, "kind": {"revocable"}, "version": {edit.version(t)}}
		mira.visit("POST", page+"/edit", typed).leads(t, "saving", page+"?done=saved")
		got := d.must(http.StatusOK, "", "GET", "/api/v1"+page, nil)
		same(t, "the description", got.object["description"], any("Brought it out.\nTwice."))

		// The form of before is of what is no more.
		typed.Set("name", "Skipper")
		again := mira.visit("POST", page+"/edit", typed)
		again.refuses(t, "a lost update", http.StatusPreconditionFailed, "in the meantime", `value="Skipper"`, "<q>Release captain</q>")
		typed.Set("version", again.version(t))
		mira.visit("POST", page+"/edit", typed).leads(t, "saving knowingly", page+"?done=saved")

		mira.visit("POST", page+"/avatar/delete", url.Values{}).leads(t, "removing the picture", page+"/edit?done=avatar_removed")
		mira.visit("GET", page+"/edit", nil).shows(t, "without a picture", "!avatar.png", "!Remove this picture")

		d.person("ada")
		d.must(http.StatusOK, adminToken, "POST", d.award("/api/v1"+page, "ada")+"/revoke", nil)
		typed.Set("kind", "irrevocable")
		typed.Set("version", mira.visit("GET", page+"/edit", nil).version(t))
		mira.visit("POST", page+"/edit", typed).refuses(t, "a kind that the awards forbid", http.StatusConflict, `id="wrong-kind"`)
	})
}

func TestMaintainersDeleteAchievementsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		d.person("ada")
		mira := d.signedIn("mira")
		d.member("acme", "mira", "maintainer")
		achievement := d.achievement("acme", "Fish & chips", "repeatable")
		page := pageOf(achievement)
		mira.visit("GET", page+"/delete", nil).shows(t, "before anybody has it", "Nobody was ever awarded it.")
		for range 2 {
			d.award(achievement, "ada")
		}
		d.must(http.StatusOK, adminToken, "POST", d.award(achievement, "ada")+"/revoke", nil)
		mira.visit("GET", page+"/delete", nil).shows(t, "the question", "3 awards go with it", "type its name: Fish &amp; chips")
		mira.visit("POST", page+"/delete", url.Values{"confirm": {"fish"}}).refuses(t, "another name", http.StatusBadRequest, `id="wrong-confirm"`, `value="fish"`)
		same(t, "it is still there", mira.visit("GET", page, nil).status, http.StatusOK)
		mira.visit("POST", page+"/delete", url.Values{"confirm": {"Fish & chips"}}).leads(t, "deleting", "/groups/acme/-/achievements?done=deleted")
		same(t, "it is gone", mira.visit("GET", page, nil).status, http.StatusNotFound)
	})
}

func TestMaintainersAwardOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		d.person("ada")
		d.person("adam")
		mira := d.signedIn("mira")
		d.member("acme", "mira", "maintainer")
		page := pageOf(d.achievement("acme", "Captain", "revocable"))
		mira.visit("GET", page+"/award", nil).shows(t, "before a search", `name="search"`, "!type=\"radio\"")
		mira.visit("GET", page+"/award?search=AD", nil).shows(t, "a search", `value="ada"`, `value="adam"`, "!value=\"mira\"")
		mira.visit("GET", page+"/award?search=nobody%3Cb%3E", nil).shows(t, "a search for nobody", "Nobody is called “nobody&lt;b&gt;” here")
		mira.visit("GET", page+"/award?search="+strings.Repeat("x", 300), nil).refuses(t, "a long search", http.StatusBadRequest, "too long")
		mira.visit("GET", page+"/award?search=accolade", nil).shows(t, "the house", "!value=\"accolade\" required")

		mira.visit("POST", page+"/award", url.Values{"search": {"ada"}, "message": {"Well done"}}).refuses(t, "nobody chosen", http.StatusBadRequest,
			`id="wrong-user"`, "Well done", `value="adam"`)
		long := url.Values{"search": {"ada"}, "user": {"ada"}, "message": {strings.Repeat("x", 201)}}
		mira.visit("POST", page+"/award", long).refuses(t, "a long message", http.StatusBadRequest, `id="wrong-message"`, `value="ada" required checked`)
		good := url.Values{"search": {"ada"}, "user": {"ada"}, "message": {"Well done"}}
		given := mira.visit("POST", page+"/award", good)
		award, _, _ := strings.Cut(given.header.Get("Location"), "?")
		given.leads(t, "awarding", award+"?done=awarded")
		mira.visit("GET", award+"?done=awarded", nil).shows(t, "the award", "Well done", "Awarded.", "@ada", award+"/revoke")
		mira.visit("POST", page+"/award", good).refuses(t, "a second time", http.StatusConflict, "holds this achievement already", `value="ada" required checked`)
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/adam", map[string]any{"blocked": true})
		mira.visit("POST", page+"/award", url.Values{"user": {"adam"}}).refuses(t, "who is blocked", http.StatusConflict, "is blocked")
	})
}

func TestMaintainersKeepAwardsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		d.person("ada")
		mira, olga := d.signedIn("mira"), d.signedIn("olga")
		d.member("acme", "mira", "maintainer")
		d.member("acme", "olga", "owner")
		captain := d.achievement("acme", "Captain", "revocable")
		award := pageOf(d.award(captain, "ada"))
		mira.visit("GET", award, nil).shows(t, "to a maintainer", award+"/message", award+"/revoke", "!"+award+"/delete")
		olga.visit("GET", award, nil).shows(t, "to an owner", award+"/message", award+"/revoke", award+"/delete")

		form := mira.visit("GET", award+"/message", nil)
		message := url.Values{"message": {"For 2.0"}, "version": {form.version(t)}}
		mira.visit("POST", award+"/message", message).leads(t, "a message", award+"?done=saved")
		message.Set("message", "For 3.0")
		mira.visit("POST", award+"/message", message).refuses(t, "a lost message", http.StatusPreconditionFailed, "For 3.0", "<q>For 2.0</q>")
		message.Set("message", strings.Repeat("x", 201))
		mira.visit("POST", award+"/message", message).refuses(t, "a long message", http.StatusBadRequest, `id="wrong-message"`)

		mira.visit("GET", award+"/revoke", nil).shows(t, "the question", `name="reason"`)
		mira.visit("POST", award+"/revoke", url.Values{"reason": {strings.Repeat("x", 1025)}}).refuses(t, "a long reason", http.StatusBadRequest, `id="wrong-reason"`)
		mira.visit("POST", award+"/revoke", url.Values{"reason": {"Left the <i>team</i>"}}).leads(t, "revoking", award+"?done=revoked")
		mira.visit("GET", award, nil).shows(t, "revoked", "Taken away on", "Left the &lt;i&gt;team", "!"+award+"/revoke")
		mira.visit("GET", award+"/revoke", nil).shows(t, "to revoke again", "It was revoked on", "!name=\"reason\"")
		mira.visit("POST", award+"/revoke", url.Values{}).refuses(t, "again", http.StatusConflict, "was revoked before")
		mira.visit("GET", pageOf(captain)+"?state=revoked", nil).shows(t, "the revoked ones", "@ada", "Left the &lt;i&gt;team", "by MIRA")
		mira.visit("GET", pageOf(captain), nil).shows(t, "the standing ones", "!@ada", "state=revoked")
		d.page(pageOf(captain)).shows(t, "to others", "!state=revoked")
		same(t, "the revoked ones to others", d.signedIn("dora").visit("GET", pageOf(captain)+"?state=revoked", nil).status, http.StatusForbidden)

		olga.visit("GET", award+"/delete", nil).shows(t, "the question", "!/revoke\"", "as if it was never given")
		olga.visit("POST", award+"/delete", url.Values{}).leads(t, "deleting", pageOf(captain)+"?done=award_deleted")
		same(t, "it is gone", olga.visit("GET", award, nil).status, http.StatusNotFound)

		forever := pageOf(d.award(d.achievement("acme", "First", "irrevocable"), "ada"))
		mira.visit("GET", forever+"/revoke", nil).shows(t, "for ever", "cannot be revoked", "an owner of the group can delete", "!<textarea")
		olga.visit("GET", forever+"/revoke", nil).shows(t, "for ever, to an owner", forever+"/delete")
		mira.visit("POST", forever+"/revoke", url.Values{}).refuses(t, "revoking for ever", http.StatusConflict, "cannot be")
	})
}

func TestOwnersKeepGroupsOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme/tools", "public")
		olga := d.signedIn("olga")
		d.member("acme/tools", "olga", "owner")
		d.person("ada")
		const page = "/groups/acme/tools/-/settings"
		form := olga.visit("GET", page, nil)
		form.shows(t, "the settings", `value="ACME/TOOLS"`, `value="public" checked`, "@olga", "!name=\"leaderboard\" value=\"yes\" checked")
		typed := url.Values{"name": {"Tools"}, "visibility": {"internal"}, "leaderboard": {"yes"}, "version": {form.version(t)}}
		olga.visit("POST", page, typed).leads(t, "saving", page+"?done=saved")
		olga.visit("GET", page, nil).shows(t, "saved", `value="Tools"`, `value="internal" checked`, `name="leaderboard" value="yes" checked`)
		typed.Set("visibility", "private")
		lost := olga.visit("POST", page, typed)
		lost.refuses(t, "a lost update", http.StatusPreconditionFailed, "in the meantime", `value="private" checked`, "<q>internal</q>")
		typed.Set("name", "")
		typed.Set("visibility", "secret")
		typed.Set("version", lost.version(t))
		olga.visit("POST", page, typed).refuses(t, "what cannot be", http.StatusBadRequest, `id="wrong-name"`, `id="wrong-visibility"`)

		put := page + "/members"
		olga.visit("POST", put, url.Values{"user": {"ada"}, "access_level": {"developer"}}).leads(t, "a member", page+"?done=member_put")
		olga.visit("POST", put, url.Values{"user": {"ada"}, "access_level": {"maintainer"}}).leads(t, "another role", page+"?done=member_put")
		got := d.must(http.StatusOK, adminToken, "GET", "/api/v1/namespaces/acme%2Ftools/members/ada", nil)
		same(t, "the role", got.object["access_level"], any("maintainer"))
		olga.visit("POST", put, url.Values{"user": {"nobody"}, "access_level": {"guest"}}).refuses(t, "nobody", http.StatusBadRequest, `id="wrong-user"`, `value="nobody"`)
		olga.visit("POST", put, url.Values{"access_level": {"guest"}}).refuses(t, "no name", http.StatusBadRequest, `id="wrong-user"`)
		olga.visit("POST", put, url.Values{"user": {"ada"}, "access_level": {"king"}}).refuses(t, "no role", http.StatusBadRequest, `id="wrong-access_level"`)
		olga.visit("POST", put+"/remove", url.Values{"user": {"ada"}}).leads(t, "removing", page+"?done=member_removed")
		olga.visit("POST", put+"/remove", url.Values{"user": {"ada"}}).refuses(t, "removing nobody", http.StatusBadRequest)
		olga.visit("POST", put+"/remove", url.Values{"user": {"olga"}}).leads(t, "leaving", "/groups?done=member_left")
		same(t, "afterwards", olga.visit("GET", page, nil).status, http.StatusForbidden)
	})
}
