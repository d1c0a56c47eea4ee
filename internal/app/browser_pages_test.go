package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// sight is a page as somebody sees it.
type sight struct {
	// name is that of the subtest and of the pictures; without one, of which there are several, none is taken.
	name string
	// path may hold what story.at fills in.
	path string
	// who looks is "" for a stranger.
	who string
	// shows are texts that are in the page, with scripts and without.
	shows []string
	// opens is what is pressed to see all of the page, as CSS; "" for nothing.
	opens string
	// status is what the page is answered with; 0 is 200.
	status int
	// poses is what the mouse points to in the pictures of desktops, as CSS; "" for nothing.
	poses string
	// tells is the sentence of the documentation about the picture; "" for a page that is tested and has none.
	tells string
}

// sights are all pages, each as those see it to whom it looks different.
var sights = []sight{
	{name: "home", path: "/", shows: []string{"Achievements for what people do", "Hydrology Commons"}, tells: "The first page: what there is to look at, for whoever comes by."},
	{name: "profile", path: "/users/ada", shows: []string{"Ada Lovelace", "×2", "Tier 2", "On the way"}, opens: ".earned:nth-child(2) .medal-button",
		poses: ".earned:nth-child(2) .medal-button",
		tells: "A profile as everyone sees it: repeats are folded, of tiers the highest one is shown, and what comes next, as Ada shares that. Pressing one tells all about it."},
	{name: "profile-own", path: "/users/ada", who: "ada", shows: []string{"Arrange"}},
	{name: "profile-closed", path: "/users/closed", shows: []string{"This person shows no achievements."}, tells: "A person who keeps achievements to themselves."},
	{name: "profile-closed-own", path: "/users/quiet", who: "quiet", shows: []string{"Only you see this"}},
	{name: "profile-empty", path: "/users/wren", who: "mira", shows: []string{"No achievements yet."}},
	{name: "groups", path: "/groups", who: "mira", shows: []string{"Vault Responders", "private"}, tells: "The groups that Mira may know of; a stranger is not told of the private one."},
	{name: "group", path: "/groups/hydro/-/achievements", shows: []string{"Field season", "First gauge", "holder"}, tells: "A group's achievements, who holds them, and how rare they are."},
	{name: "group-rules", path: "/groups/acme/-/achievements", who: "grace", shows: []string{"First contribution merged", "New achievement", "Group settings"},
		tells: "The achievements of a group that takes them from the shipped rules, as its owner sees them."},
	{name: "group-member", path: "/groups/vault/-/achievements", who: "mira", shows: []string{"Quiet night"}},
	{name: "achievement", path: "/achievements/{contributor-2}", who: "otis", shows: []string{"Contributor II", "Ada Lovelace", "Award"}, tells: "A step of a ladder: what it takes, and who holds it."},
	{name: "achievement-nobody", path: "/achievements/{solder-hand}", shows: []string{"Nobody holds this yet."}},
	{name: "award", path: "/awards/{field-season of ada}", shows: []string{"Field season", "Ada Lovelace", "Add to LinkedIn"}, opens: "[popovertarget=embed-award]",
		tells: "An award by itself, to be linked to and shown elsewhere."},
	{name: "award-private", path: "/awards/{quiet-night of ada}", shows: []string{"Quiet night"}},
	{name: "award-hidden", path: "/awards/{early-bird of ada}", who: "ada", shows: []string{"not shown on the profile"}},
	{name: "award-revoked", path: "/awards/{steward-of-the-archive of tomas}", who: "wren", shows: []string{"Taken away", "Handed over to the university."}},
	{name: "leaderboard", path: "/groups/acme/-/leaderboard", shows: []string{"Leaderboard of Acme", "Mira Halloran"}, tells: "A leaderboard, which is there for groups that switch it on."},
	{name: "sign-in", path: "/sign-in", shows: []string{"With a token"}, tells: "Signing in."},
	{name: "not-found", path: "/achievements/9999", status: http.StatusNotFound, shows: []string{"There is nothing here"}, tells: "What is not there, or not for the viewer to know of."},
	{name: "hostile-person", path: "/users/mallory", shows: []string{"<script>alert(1)</script>"}},
	{name: "hostile-award", path: "/awards/{hostile of mallory}", shows: []string{"<img src=//evil.example/x onerror=alert(2)>"}, opens: "[popovertarget=embed-award]"},
	{name: "long-person", path: "/users/" + strings.Repeat("m", 100), shows: []string{"Verylongname"}},
	{name: "long-award", path: "/awards/{long-name of mallory}", shows: []string{strings.Repeat("W", 255)}, opens: "[popovertarget=embed-award]"},
	{name: "long-group", path: "/groups/long/-/achievements", who: "admin", shows: []string{"ΩΩΩ", "<script>alert(1)</script>"}},
}

// The sizes of windows that pages are looked at in: a desktop's, a phone's, and the least that a page must fit into.
var (
	wide  = testkit.Look{Width: 1280, Height: 900}
	phone = testkit.Look{Width: 390, Height: 844}
	least = testkit.Look{Width: 320, Height: 800}
)

// stage is the story in a browser that has people signed in.
type stage struct {
	*story

	browser context.Context
	// people are the contexts of those who are signed in, by their usernames.
	people map[string]context.Context
}

// newStage tells the story and starts a browser, which all tests of one file share: browsers are dear, tabs are not.
func newStage(t *testing.T) *stage {
	t.Helper()

	browser := testkit.BrowserFor(t, 6*time.Minute)
	if err := chromedp.Do(browser); err != nil { // starts it
		t.Fatal(err)
	}
	return &stage{tell(t), browser, map[string]context.Context{}}
}

// tab opens a tab of somebody, who is signed in when it is the first one.
func (s *stage) tab(t *testing.T, who string) *testkit.Tab {
	t.Helper()

	if person, known := s.people[who]; known {
		return testkit.OpenTab(person, t, s.url)
	}
	first := testkit.OpenTab(s.browser, s.t, s.url, chromedp.WithNewBrowserContext())
	if who != "" {
		first.SignIn(s.tokens[who])
	}
	s.people[who] = first.Context()
	return testkit.OpenTab(first.Context(), t, s.url)
}

func TestPagesInABrowser(t *testing.T) {
	t.Parallel()

	s := newStage(t)
	s.hostility()
	for _, page := range sights {
		t.Run(page.name, func(t *testing.T) { s.inspect(t, page) })
	}
}

// inspect looks at a page in every way.
func (s *stage) inspect(t *testing.T, page sight) {
	t.Helper()

	status := page.status
	if status == 0 {
		status = http.StatusOK
	}
	tab := s.tab(t, page.who)
	tab.Look(wide)
	tab.Visit(s.at(page.path), status)
	tab.Loaded()
	shown(t, tab, page, "with scripts")
	accessible(t, tab, "as it comes")
	if page.opens != "" {
		tab.Do(chromedp.Click(chromedp.CSS(page.opens)), chromedp.WaitVisible(chromedp.CSS(":popover-open")))
		accessible(t, tab, "opened")
		tab.Do(chromedp.KeyEvent("\u001b"))
		tab.Until("Escape closes what was opened", `!document.querySelector(":popover-open")`)
	}
	for _, direction := range []string{"ltr", "rtl"} {
		testkit.Ask[string](tab, `document.documentElement.dir = "`+direction+`"`)
		for _, look := range []testkit.Look{least, phone, wide} {
			tab.Look(look)
			for _, over := range tab.Overflows() {
				t.Errorf("%s, %d pixels wide: %s", direction, look.Width, over)
			}
		}
	}
	tab.Check()

	bare := wide
	bare.Scriptless = true
	tab.Look(bare)
	tab.Visit(s.at(page.path), status)
	shown(t, tab, page, "without scripts")
	tab.Check()
}

// shown checks that the page holds what it must, to be read and not to be run.
func shown(t *testing.T, tab *testkit.Tab, page sight, how string) {
	t.Helper()

	text := testkit.Ask[string](tab, `document.querySelector("main").textContent + " " + document.title`)
	for _, want := range page.shows {
		if !strings.Contains(text, want) {
			t.Errorf("%s, the page lacks %q: %.2000s", how, want, strings.Join(strings.Fields(text), " "))
		}
	}
}

// accessible has the page checked by axe in every look. What does not depend on colours is checked by day alone.
func accessible(t *testing.T, tab *testkit.Tab, how string) {
	t.Helper()

	for _, look := range []testkit.Look{wide, phone} {
		for _, dark := range []bool{false, true} {
			look.Dark = dark
			tab.Look(look)
			checks := testkit.Everything
			if dark {
				checks = testkit.Contrast
			}
			for _, violation := range tab.Axe(checks) {
				t.Errorf("%s, %d pixels wide, dark %t: %s", how, look.Width, dark, violation)
			}
		}
	}
}
