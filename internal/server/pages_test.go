package server_test

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/store"
)

// page gets a page as a browser that nobody signed in with.
func (d *door) page(path string) answer {
	d.t.Helper()

	v := d.visitor()
	v.headers["Accept"] = "text/html,*/*;q=0.8"
	return v.visit("GET", path, nil)
}

// shows fails the test unless the page holds each of the texts, and none that begins with "!".
func (a answer) shows(t *testing.T, what string, texts ...string) {
	t.Helper()

	for _, text := range texts {
		unwanted, without := strings.CutPrefix(text, "!")
		if strings.Contains(a.text, unwanted) == without {
			t.Errorf("%s: %q is wrong in\n%s", what, text, a.text)
		}
	}
}

// An achievement that was awarded several times is one, with as many awards, wherever they are counted.
func TestAchievementsAreCountedTheSameEverywhere(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.namespace("acme", "public")
		first, second := d.achievement("acme", "First", "repeatable"), d.achievement("acme", "Second", "repeatable")
		for _, tc := range []struct{ award, badge, page string }{
			{first, "1 achievement", `<p class="count">1 achievement</p>`},
			{first, "1 achievement", `<p class="count">1 achievement, 2 awards</p>`},
			{second, "2 achievements", `<p class="count">2 achievements, 3 awards</p>`},
		} {
			d.award(tc.award, "ada")
			d.shows("/users/ada/badge.svg", "ada: "+tc.badge, ada)
			said := strings.Split(d.must(http.StatusOK, "", "GET", "/users/ada/card.svg", nil).title(t), ": ")
			same(t, "the card", said[1], tc.badge)
			same(t, "the JSON", d.must(http.StatusOK, "", "GET", "/users/ada/badge.json", nil).object["message"], any(tc.badge))
			d.page("/users/ada").shows(t, "the profile", tc.page, `<meta property="og:description" content="`+tc.badge+`">`)
		}
	})
}

func TestProfilesShowWhatWasEarned(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		d.namespace("acme", "public")
		d.namespace("lab", "private")
		helper := d.achievement("acme", "Helper <b>of</b> many", "repeatable")
		secret := d.achievement("lab", "Alchemist", "irrevocable")
		for range 3 {
			d.award(helper, "ada")
		}
		d.award(secret, "ada")
		d.page("/users/ada").shows(t, "the profile",
			"<h1>ADA</h1>", "2 achievements, 4 awards", "Helper &lt;b&gt;of&lt;/b&gt; many", "×3", "Alchemist", `href="/groups/acme/-/achievements"`,
			"!/groups/lab", "!noindex", `property="og:title" content="ADA"`, `href="/users/ada/feed.atom"`)

		hidden := d.award(helper, "ada")
		d.must(http.StatusOK, ada, "PATCH", hidden, map[string]any{"show_on_profile": false})
		d.page("/users/ADA").shows(t, "with a hidden one", "2 achievements, 4 awards", "×3")
		d.must(http.StatusOK, ada, "PATCH", "/api/v1/user", map[string]any{"achievements_enabled": false})
		d.page("/users/ada").shows(t, "opted out", "shows no achievements", "!Alchemist", "!Helper", "noindex", "!feed.atom", "!og:title")
		d.must(http.StatusOK, ada, "PATCH", "/api/v1/user", map[string]any{"achievements_enabled": true, "private_profile": true})
		d.page("/users/ada").shows(t, "private", "shows no achievements", "!Alchemist", "!Helper")
		for _, feed := range []string{"/users/ada/feed.atom", "/groups/acme/-/feed.atom"} {
			d.page(feed).shows(t, "a feed", "!Alchemist", "!Helper")
		}

		v := d.visitor()
		v.signIn(ada)
		v.visit("GET", "/users/ada", nil).shows(t, "to herself", "Only you see this", "Alchemist", "!/groups/lab", "×3")
	})
}

func TestPagesThatAreNotThere(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("lab", "private")
	secret := d.achievement("lab", "Alchemist", "irrevocable")
	for _, path := range []string{
		"/users/nobody", "/users/1%2F2", "/groups/nowhere/-/achievements", "/groups/lab/-/achievements", "/groups/lab", "/groups/lab/-/feed.atom",
		strings.TrimPrefix(secret, "/api/v1"), "/achievements/99", "/achievements/x", "/awards/0", "/awards/99999999999999999999", "/nothing/here",
		"/groups/lab/-/nothing",
	} {
		got := d.page(path)
		if got.status != http.StatusNotFound || strings.Contains(got.text, "Alchemist") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s answers %d, to be kept %q: %s", path, got.status, got.header.Get("Cache-Control"), got.text)
		}
	}
	// Programs are told so in their own way.
	for _, path := range []string{"/nothing/here", "/api/v1/nothing"} {
		d.refused(http.StatusNotFound, "not_found", "", "GET", path, nil)
	}
}

func TestGroupsShowTheirAchievements(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		for _, name := range []string{"ada", "grace", "mira"} {
			d.person(name)
		}
		private := d.person("otis")
		d.must(http.StatusOK, private, "PATCH", "/api/v1/user", map[string]any{"private_profile": true})
		d.namespace("acme", "public")
		d.namespace("acme/tools", "public")
		captain := d.achievement("acme/tools", "Release captain", "revocable")
		for _, name := range []string{"ada", "grace", "otis"} {
			d.award(captain, name)
		}
		d.achievement("acme/tools", "Nobody's", "irrevocable")
		// Five people: these four and the admin. What Otis holds is private.
		d.page("/groups/acme/tools/-/achievements").shows(t, "the group", "2 holders", "40 % of all people", "Nobody holds this yet.", "!otis",
			`<a href="/groups/acme/-/achievements">ACME</a>`)
		page := d.page(strings.TrimPrefix(captain, "/api/v1"))
		page.shows(t, "the achievement", "2 holders", "@ada", "@grace", "!@otis")
		same(t, "where the path leads", d.page("/groups/acme/tools").header.Get("Location"), "/groups/acme/tools/-/achievements")
		d.page("/groups").shows(t, "all groups", "ACME/TOOLS", "/groups/acme/tools/-/achievements")
		d.page("/groups?search=nothing").shows(t, "none found", "no group to see", "!ACME/TOOLS")
		d.page("/").shows(t, "the first page", "ACME/TOOLS")
	})
}

func TestOnlyGroupsForEveryoneOfferAFeed(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	v := d.visitor()
	v.signIn(d.person("ada"))
	for _, visibility := range []string{"public", "internal", "private"} {
		d.namespace(visibility, visibility)
		d.member(visibility, "ada", "owner")
		offered := strings.Contains(v.visit("GET", "/groups/"+visibility+"/-/achievements", nil).text, "feed.atom")
		same(t, "the feed of a group that is "+visibility, offered, d.page("/groups/"+visibility+"/-/feed.atom").status == http.StatusOK)
	}
}

func TestALinkToAGroupSaysHowManyAchievementsThereAre(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	for i := range 61 {
		d.achievement("acme", "Badge "+strconv.Itoa(i), "repeatable")
		if i == 59 {
			d.page("/groups/acme/-/achievements").shows(t, "a full page", `property="og:description" content="60 achievements to earn"`)
		}
	}
	first := d.page("/groups/acme/-/achievements")
	first.shows(t, "the first page", `property="og:description" content="More than 60 achievements to earn"`)
	_, next, _ := strings.Cut(first.text, `rel="next" href="`)
	next, _, _ = strings.Cut(next, `"`)
	d.page("/groups/acme/-/achievements"+next).shows(t, "the last page", "Badge 60", `property="og:description" content="More than 60 achievements to earn"`)
}

func TestLeaderboardsAreOffUntilAnOwnerWantsThem(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		for _, name := range []string{"ada", "grace", "mira", "otis"} {
			d.person(name)
		}
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/otis", map[string]any{"bot": true})
		d.namespace("acme", "public")
		first, second := d.achievement("acme", "First", "repeatable"), d.achievement("acme", "Second", "repeatable")
		for _, to := range []string{"ada", "ada", "grace", "mira", "otis"} {
			d.award(first, to)
		}
		d.award(second, "grace")
		d.award(second, "otis")
		same(t, "switched off", d.page("/groups/acme/-/leaderboard").status, http.StatusNotFound)
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/namespaces/acme", map[string]any{"leaderboard": true})
		got := d.page("/groups/acme/-/leaderboard")
		order := regexp.MustCompile(`@(\w+)`).FindAllString(got.text, -1)
		same(t, "the order", order, []string{"@grace", "@ada", "@mira"})
	})
}

func TestAwardsCanBeShownElsewhere(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	ada := d.person("ada")
	d.namespace("acme", "public")
	d.namespace("lab", "private")
	open := strings.TrimPrefix(d.award(d.achievement("acme", "First *merge*", "irrevocable"), "ada"), "/api/v1")
	secret := strings.TrimPrefix(d.award(d.achievement("lab", "Alchemist", "irrevocable"), "ada"), "/api/v1")

	page := d.page(open)
	page.shows(t, "the award", `property="og:image" content="`+d.url+open+`/card.png"`, `type="application/json+oembed"`,
		`[![First \*merge\*](`+d.url+open+`/badge.svg)](`+d.url+open+`)`)
	link := regexp.MustCompile(`href="(https://www\.linkedin\.com/[^"]+)"`).FindStringSubmatch(page.text)
	if link == nil {
		t.Fatalf("there is no link to LinkedIn: %s", page.text)
	}
	to, err := url.Parse(html.UnescapeString(link[1]))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what LinkedIn is told", to.Query().Get("name")+" "+to.Query().Get("organizationName")+" "+to.Query().Get("certUrl"),
		"First *merge* ACME "+d.url+open)
	// The name of a private namespace goes nowhere, not even by the recipient, who knows it.
	v := d.visitor()
	v.signIn(ada)
	v.visit("GET", secret, nil).shows(t, "a private namespace's", "!linkedin.com", "Embed", "!>lab<")
	d.must(http.StatusOK, ada, "PATCH", "/api/v1"+open, map[string]any{"show_on_profile": false})
	same(t, "a hidden award to others", d.page(open).status, http.StatusNotFound)
	v.visit("GET", open, nil).shows(t, "a hidden award to its recipient", "not shown on the profile", "!linkedin.com", "!og:image", "noindex", "!Embed")
}

func TestFeedsAreAtom(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.namespace("acme", "public")
		achievement := d.achievement("acme", "R&D <3", "repeatable")
		var last string
		for range 52 {
			d.clock.Advance(time.Second)
			last = d.award(achievement, "ada")
		}
		for _, path := range []string{"/users/ada/feed.atom", "/groups/acme/-/feed.atom"} {
			got := d.page(path)
			var feed struct {
				XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
				ID      string   `xml:"id"`
				Updated string   `xml:"updated"`
				Entries []struct {
					ID    string `xml:"id"`
					Title string `xml:"title"`
				} `xml:"entry"`
			}
			if err := xml.Unmarshal([]byte(got.text), &feed); err != nil || got.header.Get("ETag") == "" {
				t.Fatalf("%s: %v, ETag %q: %s", path, err, got.header.Get("ETag"), got.text)
			}
			if len(feed.Entries) != operation.MaxRecent || feed.Entries[0].ID != d.url+strings.TrimPrefix(last, "/api/v1") ||
				feed.Entries[0].Title != "ADA was awarded R&D <3" || feed.ID != d.url+path || feed.Updated == "" {
				t.Errorf("%s is %+v", path, feed)
			}
			v := d.visitor()
			v.headers["If-None-Match"] = got.header.Get("ETag")
			same(t, "again", v.visit("GET", path, nil).status, http.StatusNotModified)
		}
	})
}

// What somebody put first on the profile, or was awarded first, keeps nothing newer out of the feed.
func TestFeedsTellOfTheNewest(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.person("ada")
		d.namespace("acme", "public")
		old, err := strconv.ParseInt(strings.TrimPrefix(d.award(d.achievement("acme", "Old", "repeatable"), "ada"), "/api/v1/awards/"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		err = d.book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			award, err := tx.AwardByID(ctx, old)
			for range operation.MaxPortrait {
				award.ID, award.Occurrence = 0, rand.Text()
				if err == nil {
					err = tx.CreateAward(ctx, award)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		d.clock.Advance(time.Hour)
		d.award(d.achievement("acme", "New", "repeatable"), "ada")
		feed := d.page("/users/ada/feed.atom").text
		if _, entry, _ := strings.Cut(feed, "<entry>"); !strings.Contains(entry[:min(len(entry), 300)], "ADA was awarded New") {
			t.Errorf("the newest does not come first: %.1000s", feed)
		}
		d.page("/users/ada").shows(t, "the profile", fmt.Sprintf("2 achievements, %d awards", operation.MaxPortrait+2))
	})
}

// Pictures of private namespaces are for their members, also on pages.
func TestPicturesOnPages(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	ada := d.person("ada")
	d.namespace("lab", "private")
	d.member("lab", "ada", "guest")
	achievement := strings.TrimPrefix(d.decorated("lab", "Alchemist"), "/api/v1")
	same(t, "to strangers", d.page(achievement+"/avatar.png").status, http.StatusNotFound)
	v := d.visitor()
	v.signIn(ada)
	src := regexp.MustCompile(`src="([^"]+/avatar\.png[^"]+)"`).FindStringSubmatch(v.visit("GET", achievement, nil).text)
	if src == nil {
		t.Fatal("the page shows no picture")
	}
	got := v.visit("GET", src[1], nil)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(got.header.Get("Cache-Control"), "private") {
		t.Errorf("the picture answers %d, %s, to be kept %q", got.status, got.header.Get("Content-Type"), got.header.Get("Cache-Control"))
	}
}
