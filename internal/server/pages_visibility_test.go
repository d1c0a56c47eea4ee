package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// This file says once more, and from the design rather than from the code, who sees what:
//
//   - An award belongs to its recipient. On an open profile everyone sees it, whatever the namespace's visibility; the
//     namespace is named only to those who may read it.
//   - A private profile shows its awards to the user and to admins, and to maintainers what their namespace gave; one that
//     shows no achievements does likewise.
//   - A hidden award is seen by the recipient, by maintainers of the namespace, and by admins, and is on no profile.
//   - A revoked award is on no profile, on no list of holders, and is seen by those same people alone.

// The worlds of the test: each recipient has an award in each state of each namespace.
var (
	visibilities = []string{"public", "internal", "private"}
	recipients   = []string{"open", "closed", "optedout"}
	states       = []string{"shown", "hidden", "revoked"}
	onlookers    = []string{"", "stranger", "member", "maintainer", "owner", "admin", "open", "closed", "optedout"}
)

// medal is an award of the test.
type medal struct {
	visibility, recipient, state string
	// achievement and award are ids, name is the achievement's.
	achievement, award, name string
}

// reads: who may know of a namespace, and read its pages and its name.
func reads(viewer, visibility string) bool {
	switch viewer {
	case "member", "maintainer", "owner", "admin":
		return true
	case "":
		return visibility == "public"
	default:
		return visibility != "private"
	}
}

// knowsAll: who sees everything of an award.
func (m medal) knowsAll(viewer string) bool {
	return viewer == m.recipient || viewer == "maintainer" || viewer == "owner" || viewer == "admin"
}

// public: what everyone sees.
func (m medal) public() bool { return m.recipient == "open" && m.state == "shown" }

func (m medal) seen(viewer string) bool { return m.public() || m.knowsAll(viewer) }

func (m medal) namespace() string { return "zulu-" + m.visibility }

// secrecy is the service of the test.
type secrecy struct {
	*door

	medals   []medal
	visitors map[string]*visitor
}

func newSecrecy(d *door) *secrecy {
	d.t.Helper()

	s := &secrecy{d, nil, map[string]*visitor{"": d.visitor()}}
	tokens := map[string]string{"admin": adminToken}
	for _, name := range onlookers[1:] {
		if name != "admin" {
			tokens[name] = d.person(name)
		}
		s.visitors[name] = d.visitor()
		s.visitors[name].visit("POST", "/sign-in/token", map[string][]string{"token": {tokens[name]}})
	}
	for _, visibility := range visibilities {
		path := "zulu-" + visibility
		d.namespace(path, visibility)
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/namespaces/"+path, map[string]any{"leaderboard": true})
		d.member(path, "member", "guest")
		d.member(path, "maintainer", "maintainer")
		d.member(path, "owner", "owner")
		for _, recipient := range recipients {
			for _, state := range states {
				s.give(tokens[recipient], medal{visibility: visibility, recipient: recipient, state: state})
			}
		}
	}
	d.must(http.StatusOK, tokens["closed"], "PATCH", "/api/v1/user", map[string]any{"private_profile": true})
	d.must(http.StatusOK, tokens["optedout"], "PATCH", "/api/v1/user", map[string]any{"achievements_enabled": false})
	return s
}

func (s *secrecy) give(token string, m medal) {
	m.name = fmt.Sprintf("Medal %s %s %s", m.visibility[:3], m.recipient, m.state)
	of := s.decorated(m.namespace(), m.name)
	award := s.award(of, m.recipient)
	switch m.state {
	case "hidden":
		s.must(http.StatusOK, token, "PATCH", award, map[string]any{"show_on_profile": false})
	case "revoked":
		s.must(http.StatusOK, adminToken, "POST", award+"/revoke", map[string]any{})
	}
	m.achievement, m.award = strings.TrimPrefix(of, "/api/v1"), strings.TrimPrefix(award, "/api/v1")
	s.medals = append(s.medals, m)
}

// asked is a page as a viewer gets it.
type asked struct {
	answer

	t            *testing.T
	viewer, path string
}

func (s *secrecy) ask(viewer, path string) asked {
	v := s.visitors[viewer]
	v.headers["Accept"] = "text/html,*/*;q=0.8"
	return asked{v.visit("GET", path, nil), s.t, viewer, path}
}

// is checks that the page is there, or is not.
func (a asked) is(there bool) bool {
	a.t.Helper()

	want := http.StatusNotFound
	if there {
		want = http.StatusOK
	}
	if a.status != want {
		a.t.Errorf("%s answers %q with %d, want %d", a.path, a.viewer, a.status, want)
	}
	return there
}

// tells checks that the page holds the text, or does not.
func (a asked) tells(text string, want bool) {
	a.t.Helper()

	if strings.Contains(a.text, text) != want {
		a.t.Errorf("%s tells %q of %q: %t, want %t", a.path, a.viewer, text, !want, want)
	}
}

// names checks that the page tells the namespace's name and path to those who may know them.
func (a asked) names(m medal, may bool) {
	a.t.Helper()

	a.tells(m.namespace(), may)
	a.tells(strings.ToUpper(m.namespace()), may)
}

// TestWhoSeesWhatOnWhichPage asks for every page as everybody.
func TestWhoSeesWhatOnWhichPage(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		s := newSecrecy(d)
		for _, viewer := range onlookers {
			for _, recipient := range recipients {
				s.checkPerson(viewer, recipient)
			}
			for _, visibility := range visibilities {
				s.checkGroup(viewer, visibility)
			}
			for _, m := range s.medals {
				s.checkAward(viewer, m)
				s.checkAchievement(viewer, m)
			}
		}
	})
}

// checkPerson asks for what there is of a person: the page, and what everyone may take elsewhere.
func (s *secrecy) checkPerson(viewer, recipient string) {
	s.t.Helper()

	profile := s.ask(viewer, "/users/"+recipient)
	profile.is(true)
	feed, card, badge := s.ask(viewer, "/users/"+recipient+"/feed.atom"), s.ask(viewer, "/users/"+recipient+"/card.svg"), s.ask(viewer, "/users/"+recipient+"/badge.svg")
	named := map[string]bool{}
	for _, m := range s.medals {
		if m.recipient != recipient {
			continue
		}
		shown := m.state == "shown" && m.seen(viewer)
		profile.tells(m.name, shown)
		profile.tells(m.award+`"`, shown)
		named[m.visibility] = named[m.visibility] || shown && reads(viewer, m.visibility)
		for _, elsewhere := range []asked{feed, card, badge} {
			elsewhere.tells(m.namespace(), false)
		}
		feed.tells(m.name, m.public())
		card.tells(m.name, m.public())
	}
	for _, visibility := range visibilities {
		profile.tells("zulu-"+visibility, named[visibility])
	}
	// Nobody's cookie changes what others' pages embed.
	same(s.t, recipient+"'s badge, for "+viewer, badge.text, s.ask("", badge.path).text)
	same(s.t, recipient+"'s card, for "+viewer, card.text, s.ask("", card.path).text)
}

// checkGroup asks for the pages of a namespace.
func (s *secrecy) checkGroup(viewer, visibility string) {
	s.t.Helper()

	path := "/groups/zulu-" + visibility
	gallery, leaders := s.ask(viewer, path+"/-/achievements"), s.ask(viewer, path+"/-/leaderboard")
	list := s.ask(viewer, "/groups")
	list.tells("zulu-"+visibility, reads(viewer, visibility))
	feed := s.ask(viewer, path+"/-/feed.atom")
	feed.is(visibility == "public") // a reader of feeds is nobody in particular
	if !gallery.is(reads(viewer, visibility)) || !leaders.is(reads(viewer, visibility)) {
		gallery.tells("Medal", false)
		gallery.tells(strings.ToUpper("zulu-"+visibility), false)
		return
	}
	for _, recipient := range recipients {
		leaders.tells(`class="who" href="/users/`+recipient+`"`, recipient == "open")
	}
	for _, m := range s.medals {
		if m.visibility != visibility {
			continue
		}
		gallery.tells(m.name, true)
		feed.tells(m.name, m.public() && visibility == "public")
		_, card, _ := strings.Cut(gallery.text, m.name)
		holders, _, _ := strings.Cut(card, "</li>")
		asked{answer{text: holders}, s.t, viewer, path + " of " + m.name}.tells("1 holder", m.state != "revoked" && m.seen(viewer))
	}
}

func (s *secrecy) checkAward(viewer string, m medal) {
	s.t.Helper()

	badge, picture := s.ask(viewer, m.award+"/badge.svg"), s.ask(viewer, m.award+"/card.png")
	badge.is(m.public())
	picture.is(m.public())
	badge.tells(m.namespace(), false)
	badge.tells(strings.ToUpper(m.namespace()), m.public() && m.visibility == "public")
	page := s.ask(viewer, m.award)
	if !page.is(m.seen(viewer)) {
		page.tells(m.name, false)
		page.names(m, false)
		return
	}
	page.names(m, reads(viewer, m.visibility))
	page.tells("not shown on the profile", m.state == "hidden")
	page.tells("Taken away", m.state == "revoked")
	// Only what everyone sees is offered to be shown elsewhere, and only a namespace that everyone knows is named there.
	page.tells("popovertarget", m.public())
	page.tells("linkedin.com", m.public() && m.visibility == "public")
	page.tells("og:image", m.public())
}

func (s *secrecy) checkAchievement(viewer string, m medal) {
	s.t.Helper()

	picture := s.ask(viewer, m.achievement+"/avatar.png")
	picture.is(reads(viewer, m.visibility) || m.seen(viewer))
	page := s.ask(viewer, m.achievement)
	if !page.is(reads(viewer, m.visibility)) {
		page.tells(m.name, false)
		page.names(m, false)
		return
	}
	holds := m.state != "revoked" && m.seen(viewer)
	page.tells(`href="`+m.award+`"`, holds)
	page.tells(">hidden<", holds && m.state == "hidden")
	page.tells("1 holder", holds)
}
