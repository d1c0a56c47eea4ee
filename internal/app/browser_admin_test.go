package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// explains asks why somebody does not hold something.
func (s *stage) explains(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "admin")
	tab.Look(wide)
	tab.Visit("/admin/explain", http.StatusOK)
	tab.Do(chromedp.SendKeys(chromedp.CSS("input[name=user]"), "ada"), chromedp.SendKeys(chromedp.CSS("input[name=achievement]"), "Contributor III"))
	tab.Submit(press("Search"))
	accessible(t, tab, "explained")
	text := testkit.Ask[string](tab, `document.querySelector("main").textContent`)
	for _, want := range []string{"Ada Lovelace", "27", "50"} {
		if !strings.Contains(text, want) {
			t.Errorf("the explanation lacks %q: %.1000s", want, strings.Join(strings.Fields(text), " "))
		}
	}
	tab.Check()
}

// replays has a delivery rehearsed, and then judged once more.
func (s *stage) replays(t *testing.T) {
	t.Helper()

	tab := s.tab(t, "admin")
	for _, step := range []struct{ button, says string }{{"Rehearse", ""}, {"Replay", "The delivery was judged once more."}} {
		tab.Look(wide)
		tab.Visit("/admin/deliveries", http.StatusOK)
		tab.Submit(chromedp.Click(chromedp.CSS(`main a[href^="/admin/deliveries/"]`)))
		accessible(t, tab, "a delivery")
		tab.Look(wide)
		tab.Submit(press(step.button))
		accessible(t, tab, step.button)
		says(tab, step.says)
	}
	tab.Check()
}
