package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// looking are the flows that change nothing.
func (s *stage) looking() []flow {
	return []flow{
		{"signing in and out", s.signsInAndOut},
		{"signing in and out without scripts", s.signsInWithoutScripts},
		{"a pop-up by mouse", s.popsUpByMouse},
		{"a pop-up by keyboard", s.popsUpByKeyboard},
		{"a pop-up by finger", s.popsUpByFinger},
		{"a walk by keyboard", s.walksByKeyboard},
		{"printing", s.prints},
	}
}

// checksFind shows that the checks of the other tests find what they are for.
func (s *stage) checksFind(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "")
	tab.Look(phone)
	tab.Visit("/sign-in", http.StatusOK)
	testkit.Ask[bool](tab, `(() => {
		document.querySelector("label[for=token]").remove();
		document.querySelector("main p").classList.add("monogram", "hue-0");
		const wide = document.createElement("p");
		wide.textContent = "w".repeat(90);
		wide.className = "medal chip";
		document.querySelector("main").append(wide);
		return true;
	})()`)
	found := strings.Join(tab.Axe(testkit.Everything), "\n")
	if !strings.Contains(found, "label (") {
		t.Errorf("an input without a label is not found: %s", found)
	}
	if len(tab.Overflows()) == 0 {
		t.Error("what is wider than the window is not found")
	}
}

func (s *stage) signsInAndOut(t *testing.T) {
	t.Helper()

	tab := testkit.OpenTab(s.browser, t, s.url, chromedp.WithNewBrowserContext())
	tab.Look(wide)
	tab.Visit("/users/ada", http.StatusOK)
	tab.Submit(chromedp.Click(chromedp.CSS(".bar .button")))
	tab.Do(chromedp.SendKeys(chromedp.CSS("#token"), s.tokens["ada"]))
	tab.Submit(chromedp.KeyEvent(kb.Enter))
	at(t, tab, "/users/ada")
	tab.Do(chromedp.WaitVisible(chromedp.CSS(".bar form button")))
	tab.Submit(chromedp.Click(chromedp.CSS(".bar form button")))
	at(t, tab, "/")
	tab.Do(chromedp.WaitVisible(chromedp.CSS(".bar .button")))
	tab.Check()
}

func (s *stage) signsInWithoutScripts(t *testing.T) {
	t.Helper()

	tab := testkit.OpenTab(s.browser, t, s.url, chromedp.WithNewBrowserContext())
	bare := wide
	bare.Scriptless = true
	tab.Look(bare)
	tab.SignIn(s.tokens["mira"])
	tab.Visit("/groups", http.StatusOK)
	if text := testkit.Ask[string](tab, `document.body.textContent`); !strings.Contains(text, "Vault Responders") || !strings.Contains(text, "Sign out") {
		t.Errorf("Mira is not signed in: %s", text)
	}
	tab.Submit(chromedp.Submit(chromedp.CSS(".bar form button")))
	if text := testkit.Ask[string](tab, `document.body.textContent`); strings.Contains(text, "Sign out") {
		t.Errorf("Mira is not signed out: %s", text)
	}
	tab.Check()
}

// at fails unless the page is the one at the path.
func at(t *testing.T, tab *testkit.Tab, path string) {
	t.Helper()

	if got := testkit.Ask[string](tab, `location.pathname + location.search`); got != path {
		t.Errorf("the page is %s, want %s", got, path)
	}
}

// earned is the third award of a profile; pop is what is told of it.
const (
	earned = ".earned:nth-child(3) .medal-button"
	pop    = ".earned:nth-child(3) .pop"
)

// showsPop waits until what is told of the award is there, or is not, and checks that it is in the window.
func showsPop(tab *testkit.Tab, what string, shown bool) {
	if !shown {
		tab.Until(what, `!document.querySelector("`+pop+`").checkVisibility()`)
		return
	}
	tab.Until(what, `document.querySelector("`+pop+`").checkVisibility()`)
	tab.Until(what+", in the window", `(() => {
		const box = document.querySelector("`+pop+`").getBoundingClientRect();
		return box.left >= 0 && box.right <= document.documentElement.clientWidth;
	})()`)
}

// point moves the mouse to the middle of what the selector finds.
func point(tab *testkit.Tab, selector string) {
	place := testkit.Ask[[]float64](tab, `(() => {
		const element = document.querySelector("`+selector+`");
		element.scrollIntoView({block: "center", behavior: "instant"});
		const box = element.getBoundingClientRect();
		return [box.left + box.width / 2, box.top + box.height / 2];
	})()`)
	tab.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, place[0], place[1]))
}

func (s *stage) popsUpByMouse(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "")
	for _, direction := range []string{"ltr", "rtl"} {
		tab.Look(wide)
		tab.Visit("/users/ada", http.StatusOK)
		testkit.Ask[string](tab, `document.documentElement.dir = "`+direction+`"`)
		showsPop(tab, "nothing pops up by itself", false)
		point(tab, earned)
		showsPop(tab, "hovering shows it", true)
		point(tab, pop+" h3")
		showsPop(tab, "it stays under the mouse", true)
		tab.Do(chromedp.KeyEvent(kb.Escape))
		showsPop(tab, "Escape dismisses what hovering shows", false)
		point(tab, "h1")
		point(tab, earned)
		showsPop(tab, "hovering again shows it again", true)
		point(tab, "h1")
		showsPop(tab, "leaving hides it", false)
		tab.Do(chromedp.Click(chromedp.CSS(earned)))
		tab.Until("a click keeps it", `document.querySelector("`+pop+`").matches(":popover-open")`)
		tab.Until("and says so", `document.querySelector("`+earned+`").ariaExpanded === "true"`)
		tab.Do(chromedp.KeyEvent(kb.Escape))
		tab.Until("Escape closes it", `!document.querySelector("`+pop+`").matches(":popover-open")`)
		point(tab, "h1")
	}
	tab.Check()
}

func (s *stage) popsUpByKeyboard(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "")
	tab.Look(wide)
	tab.Visit("/users/ada", http.StatusOK)
	for range 40 {
		tab.Do(chromedp.KeyEvent(kb.Tab))
		if testkit.Ask[bool](tab, `document.activeElement.matches("`+earned+`")`) {
			break
		}
	}
	showsPop(tab, "focus shows it", true)
	tab.Do(chromedp.KeyEvent(kb.Escape))
	showsPop(tab, "Escape dismisses it", false)
	tab.Until("focus stays", `document.activeElement.matches("`+earned+`")`)
	tab.Do(chromedp.KeyEvent(kb.Enter))
	tab.Until("Enter opens it", `document.querySelector("`+pop+`").matches(":popover-open")`)
	tab.Do(chromedp.KeyEvent(kb.Tab))
	tab.Until("the next stop is within it", `document.activeElement.closest("`+pop+`") !== null`)
	tab.Do(chromedp.KeyEvent(kb.Escape))
	tab.Until("Escape leads back", `document.activeElement.matches("`+earned+`") && !document.querySelector("`+pop+`").matches(":popover-open")`)
	tab.Check()
}

func (s *stage) popsUpByFinger(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "")
	finger := phone
	finger.Touch = true
	tab.Look(finger)
	tab.Visit("/users/ada", http.StatusOK)
	tab.Do(chromedp.Tap(chromedp.CSS(earned)))
	tab.Until("a tap opens it", `document.querySelector("`+pop+`").matches(":popover-open")`)
	showsPop(tab, "a tap shows it", true)
	tab.Do(chromedp.TapXY(5, 5))
	tab.Until("a tap beside it closes it", `!document.querySelector("`+pop+`").matches(":popover-open")`)
	tab.Check()
}

// walksByKeyboard goes from stop to stop through whole pages: the first leads past the bar, and each can be seen.
func (s *stage) walksByKeyboard(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "ada")
	for _, path := range []string{"/", "/users/ada", "/groups/hydro/-/achievements", "/awards/{field-season of ada}", "/sign-in"} {
		tab.Look(wide)
		tab.Visit(s.at(path), http.StatusOK)
		stops := 0
		for last := ""; stops < 200; stops++ {
			tab.Do(chromedp.KeyEvent(kb.Tab))
			stop := testkit.Ask[string](tab, whereFocusIs)
			if stop == "" || stop == last {
				break
			}
			if stops == 0 && !strings.Contains(stop, "skip") {
				t.Errorf("%s: the first stop is %s", path, stop)
			}
			if problem, found := strings.CutPrefix(stop, "! "); found {
				t.Errorf("%s: %s", path, problem)
			}
			last = stop
		}
		if total := testkit.Ask[int](tab, `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary, select, textarea")]
			.filter((element) => element.checkVisibility({visibilityProperty: true})).length`); stops < total {
			t.Errorf("%s: %d stops for %d things to use", path, stops, total)
		}
		tab.Visit(s.at(path), http.StatusOK)
		tab.Do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
		tab.Until("the first stop leads past the bar", `document.activeElement.id === "main"`)
	}
	tab.Check()
}

// whereFocusIs names the stop, with "! " before what is wrong about it, and is "" when the walk has left the page.
const whereFocusIs = `(() => {
	const stop = document.activeElement;
	if (!stop || stop === document.body) return "";
	const all = [...document.querySelectorAll("*")];
	const name = stop.tagName + "." + stop.className + " " + all.indexOf(stop) + " " + stop.textContent.trim().slice(0, 40);
	const box = stop.getBoundingClientRect();
	const style = getComputedStyle(stop);
	if (!stop.matches(":focus-visible") || style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return "! no outline: " + name;
	if (box.bottom < 0 || box.top > innerHeight || box.width === 0) return "! out of sight: " + name + JSON.stringify(box);
	return name;
})()`

func (s *stage) prints(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "ada")
	paper := testkit.Look{Width: 794, Height: 1123, Print: true, Dark: true}
	tab.Look(paper)
	tab.Visit("/users/ada", http.StatusOK)
	tab.Until("what only a screen can use is not printed", `[...document.querySelectorAll(".bar nav, .foot, .actions, .skip, .embed")]
		.every((element) => !element.checkVisibility())`)
	tab.Until("paper is white, and what is on it dark", `getComputedStyle(document.body).backgroundColor === "rgb(255, 255, 255)" &&
		getComputedStyle(document.querySelector("h1")).color === "rgb(35, 33, 29)"`)
	for _, over := range tab.Overflows() {
		t.Errorf("on paper: %s", over)
	}
	tab.Check()
}
