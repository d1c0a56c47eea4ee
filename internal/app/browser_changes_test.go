package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/seed-504bad89/accolade/internal/testkit"
	"github.com/seed-504bad89/accolade/rules"
)

// changing are the flows that change something, each after the other.
func (s *stage) changing() []flow {
	return []flow{
		{"hiding one", s.hidesOne},
		{"hiding all", s.hidesAll},
		{"ordering by mouse", s.ordersByMouse},
		{"ordering by keyboard", s.ordersByKeyboard},
		{"ordering without scripts", s.ordersWithoutScripts},
		{"creating with a picture", s.createsWithPicture},
		{"awarding and revoking", s.awardsAndRevokes},
		{"deleting", s.deletes},
		{"tokens", s.issuesTokens},
		{"explaining", s.explains},
		{"replaying", s.replays},
		{"erasing oneself", s.erasesOneself},
	}
}

// press returns the press of a button or a link that is found by the words on it.
func press(words string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.Search(`//main//*[self::button or self::a][normalize-space()="` + words + `"]`))
}

// says waits until the page says what was done.
func says(tab *testkit.Tab, words string) {
	tab.Until(words, `document.querySelector("main [role=status], main .notice")?.textContent.includes("`+words+`")`)
}

// profileOf returns the names of the achievements on a profile, as a stranger sees them.
func (s *stage) profileOf(t *testing.T, username string) []string {
	t.Helper()

	tab := s.tab(t, "")
	tab.Look(wide)
	tab.Visit("/users/"+username, http.StatusOK)
	return testkit.Ask[[]string](tab, `[...document.querySelectorAll(".wall .medal-name")].map((name) => name.textContent)`)
}

func (s *stage) hidesOne(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "mira")
	tab.Look(wide)
	tab.Visit(s.at("/awards/{gatekeeper of mira}"), http.StatusOK)
	tab.Submit(press("Hide on my profile"))
	says(tab, "It is hidden now.")
	if slices.Contains(s.profileOf(t, "mira"), "Gatekeeper") {
		t.Error("what is hidden is shown")
	}
	tab.Submit(press("Show on my profile"))
	says(tab, "It is on your profile now.")
	if !slices.Contains(s.profileOf(t, "mira"), "Gatekeeper") {
		t.Error("what is shown again is hidden")
	}
	tab.Check()
}

func (s *stage) hidesAll(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "mira")
	tab.Look(wide)
	for _, shown := range []bool{false, true} {
		tab.Visit("/settings", http.StatusOK)
		tab.Do(chromedp.Click(chromedp.CSS("[name=achievements_enabled]")))
		tab.Submit(press("Save"))
		says(tab, "Saved.")
		if found := s.profileOf(t, "mira"); len(found) > 0 != shown {
			t.Errorf("shown %t, the profile shows %q", shown, found)
		}
	}
	tab.Check()
}

// arranged returns the names on the page that puts them in order.
func arranged(tab *testkit.Tab) []string {
	return testkit.Ask[[]string](tab, `[...document.querySelectorAll(".arrange li")].map((item) => item.dataset.name)`)
}

func (s *stage) ordersByMouse(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "mira")
	tab.Look(wide)
	tab.Visit("/settings/awards", http.StatusOK)
	before := arranged(tab)
	point(tab, ".arrange li:nth-child(3) .grip")
	places := testkit.Ask[[][]float64](tab, `[3, 1].map((place) => {
		const box = document.querySelector(".arrange li:nth-child(" + place + ") .grip").getBoundingClientRect();
		const item = document.querySelector(".arrange li:nth-child(" + place + ")").getBoundingClientRect();
		return [box.left + box.width / 2, place === 1 ? item.top + 6 : box.top + box.height / 2];
	})`)
	from, to := places[0], places[1]
	tab.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, from[0], from[1], chromedp.ButtonLeft, chromedp.ClickCount(1)))
	for step := range 21 {
		y := from[1] + (to[1]-from[1])*float64(step)/20
		tab.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, to[0], y, chromedp.ButtonLeft))
	}
	tab.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, to[0], to[1], chromedp.ButtonLeft, chromedp.ClickCount(1)))
	want := slices.Concat(before[2:3], before[:2], before[3:])
	if got := arranged(tab); !slices.Equal(got, want) {
		t.Fatalf("dragged, the order is %q, want %q", got, want)
	}
	tab.Submit(press("Save the order"))
	says(tab, "The order was saved.")
	if got := arranged(tab); !slices.Equal(got, want) {
		t.Errorf("saved, the order is %q, want %q", got, want)
	}
	if got := s.profileOf(t, "mira"); got[0] != want[0] {
		t.Errorf("the profile begins with %q, want %q", got[0], want[0])
	}
	tab.Check()
}

func (s *stage) ordersByKeyboard(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "mira")
	tab.Look(wide)
	tab.Visit("/settings/awards", http.StatusOK)
	before := arranged(tab)
	focus := `document.querySelector(".arrange li:nth-child(2) button[value^=down]").focus()`
	testkit.Ask[*int](tab, focus+", null")
	for range 2 {
		tab.Do(chromedp.KeyEvent(kb.Enter))
	}
	want := slices.Concat(before[:1], before[2:4], before[1:2], before[4:])
	if got := arranged(tab); !slices.Equal(got, want) {
		t.Fatalf("moved down twice, the order is %q, want %q", got, want)
	}
	tab.Until("focus stays, and a screen reader is told", `document.activeElement.value.startsWith("down:") &&
		document.querySelector("[data-arrange-status]").textContent.includes("4 of")`)
	testkit.Ask[*int](tab, `document.querySelector("[data-arrange-submit]").focus(), null`)
	tab.Submit(chromedp.KeyEvent(kb.Enter))
	says(tab, "The order was saved.")
	if got := arranged(tab); !slices.Equal(got, want) {
		t.Errorf("saved, the order is %q, want %q", got, want)
	}
	tab.Check()
}

func (s *stage) ordersWithoutScripts(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "mira")
	bare := wide
	bare.Scriptless = true
	tab.Look(bare)
	tab.Visit("/settings/awards", http.StatusOK)
	before := arranged(tab)
	tab.Submit(chromedp.Click(chromedp.CSS(".arrange li:nth-child(4) button[value^=first]")))
	want := slices.Concat(before[3:4], before[:3], before[4:])
	if got := arranged(tab); !slices.Equal(got, want) {
		t.Errorf("moved, the order is %q, want %q", got, want)
	}
	tab.Check()
}

func (s *stage) createsWithPicture(t *testing.T) {
	t.Helper()

	content, err := rules.Files.ReadFile("avatars/polyglot.png")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "polyglot.png")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	tab := s.tab(t, "wren")
	tab.Look(wide)
	tab.Visit("/groups/hydro/-/achievements/new", http.StatusOK)
	tab.Do(
		chromedp.SendKeys(chromedp.CSS("#field-name"), "River reader"), chromedp.SendKeys(chromedp.CSS("#field-description"), "Reads rivers."),
		chromedp.SetUploadFiles(chromedp.CSS("#field-avatar"), []string{file}), chromedp.WaitVisible(chromedp.CSS(".crop-view")),
	)
	testkit.Ask[*int](tab, `(() => {
		const zoom = document.querySelector("#crop-zoom");
		zoom.value = 60;
		zoom.dispatchEvent(new Event("input", {bubbles: true}));
	})(), null`)
	accessible(t, tab, "cropping")
	tab.Look(wide)
	tab.Until("the square is cut out", `document.querySelector("#field-avatar").files[0].name === "picture.png"`)
	tab.Submit(press("Create achievement"))
	says(tab, "The achievement was created.")
	tab.Until("its picture is there", `document.querySelector("main .person img.picture")?.naturalWidth > 0`)
	tab.Submit(press("Edit"))
	tab.Do(chromedp.SetValue(chromedp.CSS("#field-description"), "Reads rivers, and writes of them."))
	tab.Submit(press("Save"))
	says(tab, "Saved.")
	if text := testkit.Ask[string](tab, `document.querySelector("main").textContent`); !strings.Contains(text, "writes of them") {
		t.Errorf("what was changed is not shown: %s", text)
	}
	tab.Check()
}

func (s *stage) awardsAndRevokes(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "wren")
	tab.Look(wide)
	tab.Visit(s.at("/achievements/{steward-of-the-archive}"), http.StatusOK)
	tab.Submit(press("Award"))
	tab.Do(chromedp.SendKeys(chromedp.CSS("#search"), "juno"))
	tab.Submit(press("Search"))
	tab.Do(chromedp.Click(chromedp.CSS("input[name=user][value=juno]")), chromedp.SendKeys(chromedp.CSS("#field-message"), "For the index."))
	tab.Submit(press("Award"))
	says(tab, "Awarded.")
	if !slices.Contains(s.profileOf(t, "juno"), "Steward of the archive") {
		t.Error("what was awarded is not on the profile")
	}
	tab.Visit(s.at("/achievements/{steward-of-the-archive}"), http.StatusOK)
	tab.Submit(chromedp.Click(chromedp.CSS(`.holders a[href^="/awards/"]`)))
	tab.Submit(press("Revoke"))
	tab.Do(chromedp.SendKeys(chromedp.CSS("#field-reason"), "A mistake of mine."))
	tab.Submit(press("Revoke"))
	says(tab, "The award was revoked.")
	if slices.Contains(s.profileOf(t, "juno"), "Steward of the archive") {
		t.Error("what was revoked is on the profile")
	}
	tab.Check()
}

func (s *stage) deletes(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "wren")
	tab.Look(wide)
	tab.Visit(s.at("/achievements/{data-detective}/delete"), http.StatusOK)
	tab.Do(chromedp.SendKeys(chromedp.CSS("#field-confirm"), "Data detective"))
	tab.Submit(press("Delete for ever"))
	says(tab, "The achievement was deleted.")
	tab.Visit(s.at("/achievements/{data-detective}"), http.StatusNotFound)
	tab.Check()
}

func (s *stage) issuesTokens(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "mira")
	tab.Look(wide)
	tab.Visit("/settings/tokens", http.StatusOK)
	tab.Do(chromedp.SendKeys(chromedp.CSS("#field-name"), "robot"))
	tab.Submit(press("Issue token"))
	secret := testkit.Ask[string](tab, `document.querySelector("#secret").value`)
	accessible(t, tab, "the token is shown")
	at(t, tab, "/settings/tokens")
	tab.Submit(chromedp.Reload())
	if text := testkit.Ask[string](tab, `document.documentElement.innerHTML`); strings.Contains(text, secret) || strings.Count(text, ">robot<") != 1 {
		t.Error("showing the page again shows the token again, or issues another")
	}
	other := testkit.OpenTab(s.browser, t, s.url, chromedp.WithNewBrowserContext())
	other.Look(wide)
	other.SignIn(secret)
	other.Do(chromedp.WaitVisible(chromedp.CSS(".bar form button")))
	tab.Look(wide)
	tab.Visit("/settings/tokens", http.StatusOK)
	if strings.Contains(testkit.Ask[string](tab, `document.documentElement.innerHTML`), secret) {
		t.Error("the token is shown again")
	}
	tab.Submit(chromedp.Click(chromedp.CSS(`[aria-label*="robot"]`)))
	says(tab, "The token was revoked.")
	other.Visit("/settings", http.StatusOK)
	at(t, other, "/sign-in?return_to=%2Fsettings")
	tab.Check()
}

func (s *stage) erasesOneself(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "tomas")
	tab.Look(wide)
	tab.Visit("/settings/data", http.StatusOK)
	tab.Do(chromedp.SendKeys(chromedp.CSS("#field-confirm"), "tomas"))
	tab.Submit(press("Erase me"))
	says(tab, "You were erased.")
	tab.Visit("/users/tomas", http.StatusNotFound)
	tab.Check()
}
