package server_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// linked are the addresses in a page that a browser or a crawler may ask for.
var linked = regexp.MustCompile(`(?:href|src|srcset|action|formaction)="([^"]*)"`)

// TestReadingChangesNothing follows every link of every page, and asks for the address of every form, as crawlers, scanners
// of mails and browsers that read ahead do: nothing fails, and nothing in the book is another afterwards.
func TestReadingChangesNothing(t *testing.T) {
	t.Parallel()

	database := testkit.SQLitePath(t)
	s := newSecrecy(openDoor(t, database))
	for _, viewer := range []string{"", "stranger", "open", "owner", "admin"} {
		before := testkit.Digests(t, database)
		s.clock.Advance(time.Hour) // so that what notes the time of a reading shows
		asked := s.crawl(viewer)
		if len(asked) < 20 {
			t.Errorf("%q finds only %d pages", viewer, len(asked))
		}
		if diff := cmp.Diff(before, testkit.Digests(t, database)); diff != "" {
			t.Errorf("what %q read changed the book:\n%s\nit was %s", viewer, diff, strings.Join(asked, "\n"))
		}
	}
}

// crawl asks for everything that there is a way to from the first page, and returns what that was.
func (s *secrecy) crawl(viewer string) []string {
	s.t.Helper()

	known := map[string]bool{"/": true}
	asked := []string{"/"}
	for i := 0; i < len(asked); i++ {
		page := s.ask(viewer, asked[i])
		if page.status >= http.StatusInternalServerError {
			s.t.Errorf("%s answers %q with %d: %.300s", asked[i], viewer, page.status, page.text)
		}
		if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
			continue
		}
		here, err := url.Parse(s.url + asked[i])
		if err != nil {
			s.t.Fatal(err)
		}
		for _, found := range linked.FindAllStringSubmatch(page.text, -1) {
			target, err := here.Parse(html.UnescapeString(found[1]))
			if err != nil {
				s.t.Errorf("%s links to %q: %v", asked[i], found[1], err)
				continue
			}
			path := target.RequestURI()
			// Where one comes back to after signing in makes no other page.
			if target.Host != here.Host || target.Path == "/sign-in" && known["/sign-in"] {
				continue
			}
			if target.Path == "/sign-in" {
				path = "/sign-in"
			}
			if !known[path] {
				known[path] = true
				asked = append(asked, path)
			}
		}
	}
	return asked
}
