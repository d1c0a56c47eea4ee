package server_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// goalRules make an achievement that takes two merge requests, and one that each gives.
const goalRules = "namespace: acme\nachievements:\n  - key: twice\n    name: Twice\n    kind: irrevocable\n" +
	"    award: {on: merge_request.merged, to: event.author, count: 2}\n" +
	"  - key: merged\n    name: Merged\n    kind: repeatable\n    award: {on: merge_request.merged, to: event.author, per: event.object}\n"

// withToken returns the browser of somebody with the token.
func (d *door) withToken(token string) *visitor {
	d.t.Helper()

	v := d.visitor()
	v.headers["Accept"] = "text/html,*/*;q=0.8"
	if token != "" {
		v.signIn(token)
	}
	return v
}

func (d *door) ruled(text string) {
	d.t.Helper()
	d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", map[string]any{"files": []map[string]any{{"name": "teams/r.yaml", "text": text}}})
}

// achievementID returns the id of an achievement that rules declare.
func (d *door) achievementID(name string) string {
	d.t.Helper()

	for _, item := range d.must(http.StatusOK, adminToken, "GET", "/api/v1/namespaces/acme/achievements", nil).items() {
		if item.object["name"] == name {
			return item.id()
		}
	}
	d.t.Fatalf("there is no achievement %q", name)
	return ""
}

// Who sees a page for admins: they alone. Nobody else changes anything by its forms.
func TestPagesForAdminsAreForAdmins(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.ruled(goalRules)
	delivery := d.sent(testkit.MergedPullRequest(7, 815, "ada"))[0][len("/api/v1/deliveries/"):]
	d.person("ada")
	d.person("eve")
	d.person("mallory")
	d.member("acme", "mallory", "maintainer")
	gets := []string{
		"", "/deliveries", "/deliveries/" + delivery, "/rules", "/rules/files/teams%2Fr.yaml", "/explain", "/audit", "/audit?namespace=acme",
		"/users", "/users/ada", "/groups",
	}
	posts := map[string]url.Values{
		"/deliveries/replay": {"confirm": {"1"}}, "/deliveries/" + delivery + "/replay": {}, "/users/ada": {"set": {"blocked"}},
		"/users/ada/accounts": {"source": {"forge"}, "forge_user_id": {"9"}, "login": {"x"}}, "/users/ada/accounts/unlink": {"source": {"forge"}},
		"/users/ada/merge": {"from": {"eve"}, "confirm": {"1"}}, "/groups": {"full_path": {"new"}, "name": {"New"}, "visibility": {"public"}},
		"/groups/delete": {"full_path": {"acme"}, "confirm": {"1"}},
	}
	for name, token := range map[string]string{
		"nobody": "", "a user": d.token("eve", "write"), "a maintainer": d.token("mallory", "write"), "an admin who only writes": d.token("admin", "write"),
	} {
		v := d.withToken(token)
		for _, path := range gets {
			got := v.visit("GET", "/admin"+path, nil)
			if token == "" {
				same(t, name+" at "+path, []any{got.status, got.header.Get("Location")}, []any{http.StatusSeeOther, "/sign-in?return_to=" + url.QueryEscape("/admin"+path)})
				continue
			}
			same(t, name+" at "+path, got.status, http.StatusForbidden)
		}
		for path, form := range posts {
			want := http.StatusForbidden
			if token == "" {
				want = http.StatusSeeOther
			}
			got := v.visit("POST", "/admin"+path, form)
			same(t, name+" posts to "+path, got.status, want)
			if token == "" {
				same(t, "where that leads", got.header.Get("Location"), "/sign-in?return_to=%2Fadmin")
			}
		}
	}
	same(t, "the delivery afterwards", d.must(http.StatusOK, adminToken, "GET", "/api/v1/deliveries/"+delivery, nil).at("outcome"), any("failed"))
	same(t, "ada afterwards", d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil).at("blocked"), any(false))
	d.refused(http.StatusNotFound, "not_found", adminToken, "GET", "/api/v1/namespaces/new", nil)

	v := d.withToken(adminToken)
	for _, path := range gets {
		got := v.visit("GET", "/admin"+path, nil)
		same(t, "an admin at "+path, got.status, http.StatusOK)
		got.shows(t, path, "!a webhook secret of the tests", "!"+adminToken, `aria-current="page"`, "noindex")
	}
}

func TestAdminsSeeSourcesAndRules(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		v := d.withToken(adminToken)
		v.visit("GET", "/admin", nil).shows(t, "with nothing", "forge", "/hooks/forge", "nothing came", "No rules have been applied")
		v.visit("GET", "/admin/rules", nil).shows(t, "no rules", "No rules have been applied")
		d.ruled(goalRules)
		path := d.sent(testkit.MergedPullRequest(7, 815, "ada"))[0]
		d.ping("ping")
		v.visit("GET", "/admin", nil).shows(t, "the overview", ">failed<", ">ignored<", "judging failed", "Revision ", "healthy", "!nothing came")
		sources := d.must(http.StatusOK, adminToken, "GET", "/api/v1/sources", nil)
		same(t, "the deliveries by outcome", sources.items()[0].at("recent"), any(map[string]any{"failed": 1.0, "ignored": 1.0}))
		same(t, "the trouble", sources.items()[0].at("trouble", "problem"), any("judging failed"))
		sources.shows(t, "the sources", "!secret", `"webhook_url":"`+d.url+`/hooks/forge"`)

		d.must(http.StatusOK, adminToken, "POST", path+"/replay", map[string]any{})
		d.clock.Advance(25 * time.Hour)
		same(t, "the deliveries a day later", d.must(http.StatusOK, adminToken, "GET", "/api/v1/sources", nil).items()[0].at("recent"), any(map[string]any{}))
		states := d.must(http.StatusOK, adminToken, "GET", "/api/v1/rules/states", nil).items()
		same(t, "what the rules gave", []any{states[0].at("awards"), states[1].at("awards"), states[0].at("file"), states[0].at("line")}, []any{1.0, 0.0, "teams/r.yaml", 7.0})
		v.visit("GET", "/admin/rules", nil).shows(t, "the rules", "acme/merged", "acme/twice", "silent for", "never awarded", `href="/admin/rules/files/teams%2Fr.yaml#L7"`)
		v.visit("GET", "/admin/rules/files/teams%2Fr.yaml", nil).shows(t, "the file", `<li id="L7"><code>  - key: merged</code></li>`, `<li id="L1"><code>namespace: acme</code></li>`, "!L11")
		same(t, "a file that is not there", v.visit("GET", "/admin/rules/files/x.yaml", nil).status, http.StatusNotFound)
	})
}

func TestAdminsReplayDeliveriesOnPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.ruled(goalRules)
		paths := d.sent(testkit.MergedPullRequest(7, 815, "ada"), testkit.MergedPullRequest(8, 815, "ada"), []byte("no JSON, and \xff no text"))
		page := "/admin" + paths[0][len("/api/v1"):]
		v := d.withToken(adminToken)
		v.visit("GET", page, nil).shows(t, "before", "judging failed", "merge_request.merged", "not known; a replay would judge it", "X-Github-Event", "&#34;merged&#34;: true")
		v.visit("POST", page+"/replay", url.Values{"dry_run": {"1"}}).shows(t, "the rehearsal", "Nothing was changed", "@ada", "Merged", "!/awards/")
		v.visit("GET", page, nil).shows(t, "after a rehearsal", "judging failed")
		v.visit("POST", page+"/replay", url.Values{}).shows(t, "the replay", "judged once more", "@ada", "/awards/", "!Nothing was changed")
		v.visit("GET", page, nil).shows(t, "afterwards", "!judging failed", "first told by this delivery", "/awards/", "/admin/explain?event=")

		v.visit("GET", "/admin/deliveries?outcome=failed", nil).shows(t, "those that failed", paths[1][len("/api/v1"):], "!href=\"/admin"+paths[0][len("/api/v1"):]+`"`)
		asked := v.visit("POST", "/admin/deliveries/replay", url.Values{"outcome": {"failed"}})
		asked.shows(t, "the question", "What a replay would cause", `name="confirm" value="1"`, "outcome failed", ">unreadable<")
		same(t, "the outcome before it is answered", d.must(http.StatusOK, adminToken, "GET", paths[1], nil).at("outcome"), any("failed"))
		v.visit("POST", "/admin/deliveries/replay", url.Values{"outcome": {"failed"}, "confirm": {"1"}}).shows(t, "the answer", "<h1>Replayed</h1>", "Twice", "!What a replay would cause")
		same(t, "the outcome afterwards", d.must(http.StatusOK, adminToken, "GET", paths[1], nil).at("outcome"), any("judged"))
		v.visit("GET", "/admin"+paths[2][len("/api/v1"):], nil).shows(t, "no text", "The body is no text (22 bytes)")
		v.visit("GET", "/admin/deliveries?user=ada&kind=merge_request.merged&source=forge", nil).shows(t, "those of ada", page, "!"+paths[2][len("/api/v1"):]+`"`)

		for path, status := range map[string]int{
			"/deliveries?since=yesterday": 400, "/deliveries?after=x": 400, "/deliveries?user=nobody": 404, "/deliveries/999": 404, "/deliveries/x": 404,
			"/deliveries?since=2000-01-01T00:00&until=2100-01-01": 200, "/users?after=x": 400, "/audit?namespace=nowhere": 404,
		} {
			same(t, path, v.visit("GET", "/admin"+path, nil).status, status)
		}
		same(t, "a replay of nothing", v.visit("POST", "/admin/deliveries/999/replay", url.Values{}).status, http.StatusNotFound)
		same(t, "a wrong cursor", v.visit("POST", "/admin/deliveries/replay", url.Values{"confirm": {"1"}, "cursor": {"x"}}).status, http.StatusBadRequest)
	})
}

func TestHostileDeliveriesAreEscaped(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	const evil = `</pre><script>alert("1")</script>`
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(evil + "\u202e\x1b[31m" + strings.Repeat("é", 40_000))
	sent := &store.Delivery{
		Source: "forge", Key: [16]byte{9}, TransportID: evil, EventName: evil, ContentType: "text/html", ReceivedAt: d.clock.Now(),
		Headers: map[string]string{"X-Evil": evil}, Body: encoder.EncodeAll(body, nil), BodySize: len(body), Outcome: "failed", Problem: evil,
	}
	err = d.book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertDeliveries(ctx, []*store.Delivery{sent})
	})
	if err != nil {
		t.Fatal(err)
	}
	v := d.withToken(adminToken)
	id := strconv.FormatInt(sent.ID, 10)
	for _, path := range []string{"/admin", "/admin/deliveries", "/admin/deliveries/" + id, "/admin/deliveries?event=" + url.QueryEscape(evil), "/admin/explain?user=" + url.QueryEscape(evil) + "&achievement=" + url.QueryEscape(evil), "/admin/users?search=" + url.QueryEscape(evil), "/admin/groups?search=" + url.QueryEscape(evil)} {
		v.visit("GET", path, nil).shows(t, path, "!<script>alert", "!\u202e", "!\x1b", "&lt;script&gt;alert")
	}
	v.visit("GET", "/admin/deliveries/"+id, nil).shows(t, "the long one", "Only the beginning is shown", "/api/v1/deliveries/"+id, "é</pre>")
}

func TestWhySomebodyDidNotGetThis(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.ruled(goalRules)
		path := d.sent(testkit.MergedPullRequest(7, 815, "ada"))[0]
		d.must(http.StatusOK, adminToken, "POST", path+"/replay", map[string]any{})
		event, _ := d.must(http.StatusOK, adminToken, "GET", path, nil).object["events"].([]any)[0].(map[string]any)["id"].(float64)
		id := d.achievementID("Twice")
		keeper := d.person("keeper")
		d.member("acme", "keeper", "maintainer")
		page := "/achievements/" + id + "/explain"
		asked := page + "?user=ada&event=" + strconv.Itoa(int(event))

		maintainer := d.withToken(keeper)
		maintainer.visit("GET", page+"?user=ada", nil).shows(t, "to a maintainer", "1 of 2", "1 missing", "merge_request.merged", "Never awarded", "not there yet")
		maintainer.visit("GET", "/achievements/"+id, nil).shows(t, "the achievement to a maintainer", `href="`+page+`"`)
		same(t, "an event that names nobody else", maintainer.visit("GET", page+"?user=keeper&event="+strconv.Itoa(int(event)), nil).status, http.StatusNotFound)
		admin := d.withToken(adminToken)
		admin.visit("GET", asked, nil).shows(t, "to an admin", "To the rule acme/twice, which gives it", "on merge_request.merged", "to: ada", ">yes<")
		admin.visit("GET", "/achievements/"+d.achievementID("Merged")+"/explain?user=ada", nil).shows(t, "one that is held", "Awarded on", "/awards/")
		ada := d.withToken(d.token("ada", "read"))
		ada.visit("GET", page, nil).shows(t, "to herself", "1 of 2", "1 missing")
		ada.visit("GET", "/users/ada", nil).shows(t, "her profile", `href="`+page+`"`)
		admin.visit("GET", "/users/ada", nil).shows(t, "her profile to others", "!"+page)
		stranger := d.withToken(d.person("stranger"))
		same(t, "to a stranger", stranger.visit("GET", asked, nil).status, http.StatusForbidden)
		same(t, "to nobody known", d.withToken("").visit("GET", asked, nil).header.Get("Location"), "/sign-in?return_to="+url.QueryEscape(asked))
		stranger.visit("GET", "/achievements/"+id, nil).shows(t, "the achievement to a stranger", "!/explain")
		for path, status := range map[string]int{page + "?user=nobody": 404, page + "?user=ada&event=x": 400, page + "?user=ada&event=999": 404, "/achievements/999/explain": 404} {
			same(t, path, admin.visit("GET", path, nil).status, status)
		}

		same(t, "who and what are found", admin.visit("GET", "/admin/explain?user=ada&achievement=acme/twice&event=7", nil).header.Get("Location"), page+"?event=7&user=ada")
		admin.visit("GET", "/admin/explain?user=a&achievement=e", nil).shows(t, "many are found", `name="who" value="ada"`, `name="what" value="`+id+`"`)
		same(t, "who and what are chosen", admin.visit("GET", "/admin/explain?who=ada&what="+id, nil).header.Get("Location"), page+"?user=ada")
		admin.visit("GET", "/admin/explain?user=nobody&achievement=e", nil).shows(t, "nobody is found", "Nobody is called like this")
		admin.visit("GET", "/admin/explain?user=ada&achievement=nothing", nil).shows(t, "nothing is found", "No achievement is called like this")
	})
}

func TestAuditLogOnPages(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	d.namespace("lab", "private")
	owner, maintainer := d.person("owner"), d.person("maintainer")
	d.member("acme", "owner", "owner")
	d.member("acme", "maintainer", "maintainer")
	for range 60 {
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/namespaces/lab", map[string]any{"name": "Lab"})
	}
	award := d.award(d.achievement("acme", "Helper", "repeatable"), "owner")[len("/api/v1"):]
	v := d.withToken(adminToken)
	all := v.visit("GET", "/admin/audit", nil)
	all.shows(t, "everything", "namespace.updated", "award.granted", `href="`+award+`"`, "@owner", "127.0.0.1", `rel="next"`, "!member.put")
	_, next, _ := strings.Cut(all.text, `rel="next" href="`)
	next, _, _ = strings.Cut(next, `"`)
	v.visit("GET", "/admin/audit"+strings.ReplaceAll(next, "&amp;", "&"), nil).shows(t, "the next page", "member.put", "access_level: owner")
	v.visit("GET", "/admin/audit?namespace=acme", nil).shows(t, "of acme", "award.granted", "!namespace.updated")
	d.withToken(owner).visit("GET", "/groups/acme/-/audit", nil).shows(t, "to an owner", "award.granted", "member.put", "!namespace.updated", "!/admin/")
	same(t, "to a maintainer", d.withToken(maintainer).visit("GET", "/groups/acme/-/audit", nil).status, http.StatusForbidden)
	same(t, "to a stranger", d.withToken(owner).visit("GET", "/groups/lab/-/audit", nil).status, http.StatusNotFound)
	same(t, "to nobody known", d.withToken("").visit("GET", "/groups/acme/-/audit", nil).header.Get("Location"), "/sign-in?return_to=%2Fgroups%2Facme%2F-%2Faudit")
}

func TestAdminsKeepPeopleAndGroups(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.person("ada2")
		v := d.withToken(adminToken)
		v.visit("GET", "/admin/users?search=ADA", nil).shows(t, "the people", "@ada<", "@ada2", "!@admin<")
		for _, step := range [][2]string{{"blocked", ">blocked<"}, {"unblocked", "!>blocked<"}, {"admin", ">admin<"}, {"no_admin", "!>admin<"}, {"bot", ">bot<"}, {"no_bot", "!>bot<"}} {
			got := v.visit("POST", "/admin/users/ada", url.Values{"set": {step[0]}})
			same(t, step[0], []any{got.status, got.header.Get("Location")}, []any{http.StatusSeeOther, "/admin/users/ada?done=admin_user"})
			v.visit("GET", "/admin/users/ada?done=admin_user", nil).shows(t, step[0], step[1], "Changed.")
		}
		same(t, "something else", v.visit("POST", "/admin/users/ada", url.Values{"set": {"king"}}).status, http.StatusBadRequest)
		v.visit("POST", "/admin/users/admin", url.Values{"set": {"no_admin"}}).refuses(t, "the last admin", http.StatusConflict, "This is the last admin.")
		same(t, "the house", v.visit("POST", "/admin/users/accolade", url.Values{"set": {"blocked"}}).status, http.StatusConflict)

		link := url.Values{"source": {"forge"}, "forge_user_id": {"77"}, "login": {"adaforge"}}
		same(t, "linking", v.visit("POST", "/admin/users/ada/accounts", link).status, http.StatusSeeOther)
		v.visit("GET", "/admin/users/ada", nil).shows(t, "the account", "adaforge", "77")
		v.visit("POST", "/admin/users/ada2/accounts", link).shows(t, "a taken one", `value="adaforge"`, `role="alert"`)
		v.visit("POST", "/admin/users/ada2/accounts", url.Values{"source": {"forge"}, "login": {"<b>"}}).shows(t, "an incomplete one", `value="&lt;b&gt;"`, `aria-describedby="wrong-forge_user_id"`)
		same(t, "unlinking", v.visit("POST", "/admin/users/ada/accounts/unlink", url.Values{"source": {"forge"}}).status, http.StatusSeeOther)
		v.visit("GET", "/admin/users/ada", nil).shows(t, "no account", "No account is linked")

		v.visit("POST", "/admin/users/ada/merge", url.Values{"from": {"ada2"}}).shows(t, "the question", "This cannot be undone", `name="from" value="ada2"`)
		same(t, "ada2 still", v.visit("GET", "/admin/users/ada2", nil).status, http.StatusOK)
		same(t, "merging", v.visit("POST", "/admin/users/ada/merge", url.Values{"from": {"ada2"}, "confirm": {"1"}}).header.Get("Location"), "/admin/users/ada?done=admin_merged")
		v.visit("GET", "/admin/users?search=ada", nil).shows(t, "the people afterwards", "!@ada2")
		same(t, "with oneself", v.visit("POST", "/admin/users/ada/merge", url.Values{"from": {"ada"}, "confirm": {"1"}}).status, http.StatusConflict)
		same(t, "with nobody", v.visit("POST", "/admin/users/ada/merge", url.Values{"from": {"nobody"}}).status, http.StatusNotFound)

		made := url.Values{"full_path": {"acme"}, "name": {"Acme"}, "visibility": {"internal"}}
		same(t, "a group", v.visit("POST", "/admin/groups", made).header.Get("Location"), "/admin/groups?done=admin_group_created")
		again := v.visit("POST", "/admin/groups", made)
		same(t, "it again", again.status, http.StatusConflict)
		again.shows(t, "it again", `value="Acme"`, `<option value="internal" selected>`)
		v.visit("POST", "/admin/groups", url.Values{"full_path": {"a b"}, "visibility": {"public"}}).shows(t, "a bad one", `aria-describedby="wrong-full_path"`, `aria-describedby="wrong-name"`)
		v.visit("POST", "/admin/groups/delete", url.Values{"full_path": {"acme"}}).shows(t, "the question", "Delete this group?", "Acme (acme)")
		d.achievement("acme", "Helper", "repeatable")
		same(t, "one with achievements", v.visit("POST", "/admin/groups/delete", url.Values{"full_path": {"acme"}, "confirm": {"1"}}).status, http.StatusConflict)
		v.visit("POST", "/admin/groups", url.Values{"full_path": {"empty"}, "name": {"Empty"}, "visibility": {"public"}})
		same(t, "an empty one", v.visit("POST", "/admin/groups/delete", url.Values{"full_path": {"empty"}, "confirm": {"1"}}).header.Get("Location"), "/admin/groups?done=admin_group_deleted")
		v.visit("GET", "/admin/groups", nil).shows(t, "the groups", ">acme<", "!>empty<")
	})
}
