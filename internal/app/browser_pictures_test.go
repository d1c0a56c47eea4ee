package app_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// picturesFolder is where the pictures of pages go, and where their page goes beside it.
var picturesFolder = flag.String("pictures", "", "folder to write pictures of every page to, and, beside it, pages.md")

// tallest is as much of a page as a picture shows.
const tallest = 1500

// TestPicturesOfPages takes the pictures of the documentation; make screenshots runs it.
func TestPicturesOfPages(t *testing.T) {
	t.Parallel()

	if *picturesFolder == "" {
		t.Skip("make screenshots says where pictures go")
	}
	s := newStage(t)
	var text strings.Builder
	text.WriteString("# Pages\n\nEvery page by day, by night, and on a phone. `make screenshots` takes these pictures of the real service.\n")
	for _, page := range sights {
		if page.tells == "" {
			continue
		}
		s.picture(t, page)
		fmt.Fprintf(&text, "\n## %s\n\n%s\n\n", titleOf(page.name), page.tells)
		for _, look := range looks {
			fmt.Fprintf(&text, "<img src=\"images/%s-%s.webp\" alt=\"%s\" width=\"%s\">\n", page.name, look.name, titleOf(page.name)+", "+look.alt, look.width)
		}
	}
	if err := os.WriteFile(filepath.Join(*picturesFolder, "..", "pages.md"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// looks are those that each page is pictured in.
var looks = []struct {
	name, alt, width string
	look             testkit.Look
}{
	{"light", "light", "40%", testkit.Look{Width: 1280, Height: 800}},
	{"dark", "dark", "40%", testkit.Look{Width: 1280, Height: 800, Dark: true}},
	{"phone", "on a phone", "15%", testkit.Look{Width: 390, Height: 844, Scale: 1.5, Touch: true}},
}

// titleOf is the page's name as a heading.
func titleOf(name string) string {
	words := strings.ReplaceAll(name, "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// picture takes the pictures of one page.
func (s *stage) picture(t *testing.T, page sight) {
	t.Helper()

	status := page.status
	if status == 0 {
		status = http.StatusOK
	}
	tab := s.tab(t, page.who)
	for _, look := range looks {
		tab.Look(look.look)
		tab.Visit(s.at(page.path), status)
		if page.poses != "" && look.name != "phone" {
			tab.Do(chromedp.WaitVisible(chromedp.CSS(page.poses)))
			point(tab, page.poses)
		}
		path := filepath.Join(*picturesFolder, page.name+"-"+look.name+".webp")
		if err := os.WriteFile(path, tab.Picture(look.look, tallest), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tab.Check()
}
