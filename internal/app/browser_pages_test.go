package app_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// The sizes of windows that pages are looked at in: a desktop's, a phone's, and the least that a page must fit into.
var (
	wide  = testkit.Look{Width: 1280, Height: 900}
	phone = testkit.Look{Width: 390, Height: 844}
	least = testkit.Look{Width: 320, Height: 800}
)

// patience is for the browser's whole life; an idle machine with two processors needs a tenth of it.
const patience = 30 * time.Minute

// stage is the story in a browser that has people signed in.
type stage struct {
	*story

	browser context.Context //nolint:containedctx // chromedp keeps a browser in one
	// people are the contexts of those who are signed in, by their usernames.
	people map[string]context.Context
}

// newStage tells the story and starts a browser, which tests share: browsers are dear, tabs are not.
func newStage(t *testing.T) *stage {
	t.Helper()

	browser := testkit.BrowserFor(t, patience)
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
	s.people[who] = first.Context() //nolint:fatcontext // one for each person
	return testkit.OpenTab(first.Context(), t, s.url)
}

// TestInABrowser looks at every page, and then does what people do there, in one browser.
func TestInABrowser(t *testing.T) { //nolint:tparallel // its parts share one browser, in order
	t.Parallel()

	s := newStage(t)
	t.Run("checks", s.checksFind)
	t.Run("pages", func(t *testing.T) {
		s.hostility()
		for _, page := range sights {
			t.Run(page.name, func(t *testing.T) { s.inspect(t, page) })
		}
	})
	for _, flow := range slices.Concat(s.looking(), s.changing()) {
		t.Run(flow.name, flow.run)
	}
}

// flow is something that people do.
type flow struct {
	name string
	run  func(*testing.T)
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

// accessible has the page checked by axe on a phone, on a desktop, and by night, where only colours differ.
func accessible(t *testing.T, tab *testkit.Tab, how string) {
	t.Helper()

	night := wide
	night.Dark = true
	for _, look := range []testkit.Look{phone, wide, night} {
		tab.Look(look)
		checks := testkit.Everything
		if look.Dark {
			checks = testkit.Contrast
		}
		for _, violation := range tab.Axe(checks) {
			t.Errorf("%s, %d pixels wide, dark %t: %s", how, look.Width, look.Dark, violation)
		}
	}
}
