package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// phone opens a tab as wide as a telephone of the service.
func (d *door) phone() *testkit.Tab {
	d.t.Helper()

	ctx := testkit.Browser(d.t)
	if err := chromedp.Do(ctx); err != nil { // starts it
		d.t.Fatal(err)
	}
	tab := testkit.OpenTab(ctx, d.t, d.url)
	tab.Look(testkit.Look{Width: 360, Height: 800})
	return tab
}

func TestUsernamesStayWholeBesideLongNames(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users", map[string]any{"username": "wolfe", "name": strings.Repeat("Wolfeschlegelsteinhausen ", 9)})
	d.namespace("acme", "public")
	badge := d.achievement("acme", "Badge", "repeatable")
	award := d.award(badge, "wolfe")
	tab := d.phone()
	for _, path := range []string{badge, award} {
		tab.Visit(strings.TrimPrefix(path, "/api/v1"), http.StatusOK)
		same(t, "the lines of @wolfe on "+path, testkit.Ask[int](tab, `(() => {
			const range = document.createRange()
			range.selectNodeContents(document.querySelector(".who .quiet"))
			return range.getClientRects().length
		})()`), 1)
		same(t, "that the name is beside its picture", testkit.Ask[bool](tab, `(() => {
			const [picture, name] = [".who .monogram", ".who .who-name"].map((part) => document.querySelector(part).getBoundingClientRect())
			return picture.right <= name.left && picture.top < name.bottom && name.top < picture.bottom
		})()`), true)
	}
}

func TestNamesOnPagesAreInTheirOwnDirection(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	name := "אלוף הפרויקט!"
	d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users", map[string]any{"username": "dana", "name": name})
	d.namespace("acme", "public")
	badge := d.achievement("acme", name, "repeatable")
	award := strings.TrimPrefix(d.award(badge, "dana"), "/api/v1")
	tab := d.phone()
	for path, parts := range map[string][]string{
		"/users/dana": {"h1", ".medal-name"}, award: {"h1", ".who-name"}, strings.TrimPrefix(badge, "/api/v1"): {"h1", ".who-name"},
		"/groups/acme/-/achievements": {".card strong"},
	} {
		tab.Visit(path, http.StatusOK)
		for _, part := range parts {
			// The exclamation mark, which ends the name, is on its left.
			same(t, part+" on "+path, testkit.Ask[bool](tab, `(() => {
				const text = document.querySelector("`+part+`").firstChild
				const at = (index) => {
					const range = document.createRange()
					range.setStart(text, index)
					range.setEnd(text, index + 1)
					return range.getBoundingClientRect().left
				}
				return at(text.length - 1) < at(0)
			})()`), true)
		}
	}
	tab.Visit("/users/dana", http.StatusOK)
	same(t, "that the heading begins where all others do", testkit.Ask[bool](tab, `(() => {
		const range = document.createRange()
		range.selectNodeContents(document.querySelector("h1"))
		return Math.abs(range.getBoundingClientRect().left - document.querySelector("h1").getBoundingClientRect().left) < 2
	})()`), true)
}
