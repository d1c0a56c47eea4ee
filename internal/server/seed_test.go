package server_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// seed is a service with what the statements of GitLab's documentation of achievements are about: a
// namespace, public or private, a maintainer, an owner and a developer in it, and a recipient.
type seed struct {
	*door

	path  string
	token map[string]string
}

func newSeed(t *testing.T, d *door, visibility string) *seed {
	t.Helper()

	s := &seed{door: d.in(t), path: visibility, token: map[string]string{}}
	s.namespace(s.path, visibility)
	for _, role := range []string{"developer", "maintainer", "owner"} {
		name := visibility + "-" + role
		s.token[role] = s.person(name)
		s.member(s.path, name, role)
	}
	s.token["recipient"] = s.person(visibility + "-recipient")
	s.token["other"] = s.person(visibility + "-other")
	return s
}

func (s *seed) recipient() string { return s.path + "-recipient" }

func (s *seed) profile(token string) []answer {
	s.t.Helper()
	return s.must(http.StatusOK, token, "GET", "/api/v1/users/"+s.recipient()+"/awards", nil).items()
}

func (s *seed) badge(name string) string {
	s.t.Helper()
	made := s.form(s.token["maintainer"], "POST", "/api/v1/namespaces/"+s.path+"/achievements",
		map[string]string{"name": name, "description": "For " + name}, onePixel)
	if made.status != http.StatusCreated || made.id() == "" {
		s.t.Fatalf("creating is answered %d %s", made.status, made.text)
	}
	return "/api/v1/achievements/" + made.id()
}

func (s *seed) give(badge string) string {
	s.t.Helper()
	s.clock.Advance(time.Minute)
	return "/api/v1/awards/" + s.must(http.StatusCreated, s.token["maintainer"], "POST", badge+"/awards", map[string]any{"user": s.recipient()}).id()
}

// needs tries the call, on an object of its own for each role, and expects the status from those that may.
func (s *seed) needs(may []string, status int, method string, on func(role string) (path string, body any)) {
	s.t.Helper()
	for _, role := range []string{"developer", "maintainer", "owner"} {
		want := http.StatusForbidden
		if slices.Contains(may, role) {
			want = status
		}
		path, body := on(role)
		if got := s.call(s.token[role], method, path, body); got.status != want {
			s.t.Errorf("%s %s by a %s is answered %d, want %d: %s", method, path, role, got.status, want, got.text)
		}
	}
}

// above are the roles that the documentation asks for most often.
var above = []string{"maintainer", "owner"}

// Each name is a statement of the documentation.
var seedStatements = []struct {
	statement string
	holds     func(s *seed)
}{
	{"An achievement consists of a name, a description, and an avatar", func(s *seed) {
		got := s.must(http.StatusOK, s.token["owner"], "GET", s.badge("Parts"), nil)
		same(s.t, "name and description", []any{got.object["name"], got.object["description"]}, []any{"Parts", "For Parts"})
		if got.object["avatar_url"] == nil {
			s.t.Error("there is no avatar")
		}
	}},
	{"Create: You must have the Maintainer or Owner role for the namespace", func(s *seed) {
		s.needs(above, http.StatusCreated, "POST", func(role string) (string, any) {
			return "/api/v1/namespaces/" + s.path + "/achievements", map[string]any{"name": "By " + role}
		})
	}},
	{"To supply the avatar file; when successful, the response returns the achievement ID", func(s *seed) { s.badge("With a file") }},
	{"You can change the name, description, and avatar of an achievement at any time", func(s *seed) {
		badge := s.badge("Before")
		s.give(badge)
		before := s.must(http.StatusOK, s.token["owner"], "GET", badge, nil)
		got := s.form(s.token["maintainer"], "PATCH", badge, map[string]string{"name": "After", "description": "Since"}, otherPixel)
		same(s.t, "name and description", []any{got.object["name"], got.object["description"]}, []any{"After", "Since"})
		if got.object["avatar_url"] == before.object["avatar_url"] {
			s.t.Error("the avatar is the same")
		}
	}},
	{"Update: You must have the Maintainer or Owner role for the namespace", func(s *seed) {
		badge := s.badge("Changing")
		s.needs(above, http.StatusOK, "PATCH", func(string) (string, any) { return badge, map[string]any{"description": "Other"} })
	}},
	{"To award an achievement to a user; you must have the Maintainer or Owner role for the namespace", func(s *seed) {
		badge := s.badge("Given")
		s.needs(above, http.StatusCreated, "POST", func(string) (string, any) { return badge + "/awards", map[string]any{"user": s.recipient()} })
	}},
	{"You can revoke a user's achievement if you consider the user no longer meets the awarding criteria", func(s *seed) {
		award := s.give(s.badge("Revoked"))
		before := len(s.profile(""))
		got := s.must(http.StatusOK, s.token["maintainer"], "POST", award+"/revoke", nil)
		if got.object["revoked_at"] == nil || got.at("achievement", "name") != "Revoked" || got.at("user", "username") != s.recipient() {
			s.t.Errorf("the revoked award is %s", got.text)
		}
		same(s.t, "how many awards the profile shows", len(s.profile("")), before-1)
	}},
	{"Revoke: You must have the Maintainer or Owner role for the namespace", func(s *seed) {
		badge := s.badge("Taken")
		s.needs(above, http.StatusOK, "POST", func(string) (string, any) { return s.give(badge) + "/revoke", nil })
	}},
	{"If you awarded an achievement to a user by mistake, you can delete it. You must have the Owner role for the namespace", func(s *seed) {
		award := s.give(s.badge("A mistake"))
		s.needs([]string{"owner"}, http.StatusNoContent, "DELETE", func(string) (string, any) { return award, nil })
		s.refused(http.StatusNotFound, "not_found", s.token["owner"], "GET", award, nil)
	}},
	{"Delete an achievement: this deletes all related awarded and revoked instances of the achievement", func(s *seed) {
		s.needs(above, http.StatusNoContent, "DELETE", func(role string) (string, any) { return s.badge("Not for " + role), nil })
		badge := s.badge("Gone")
		awarded, revoked := s.give(badge), s.give(badge)
		s.must(http.StatusOK, s.token["maintainer"], "POST", revoked+"/revoke", nil)
		s.must(http.StatusNoContent, s.token["maintainer"], "DELETE", badge, nil)
		for _, path := range []string{badge, awarded, revoked} {
			s.refused(http.StatusNotFound, "not_found", s.token["owner"], "GET", path, nil)
		}
	}},
	{"You can view a user's achievements; prerequisite: the user profile must be public", func(s *seed) {
		s.give(s.badge("Viewed"))
		if len(s.profile("")) == 0 {
			s.t.Error("a public profile shows nothing")
		}
		s.must(http.StatusOK, s.token["recipient"], "PATCH", "/api/v1/user", map[string]any{"private_profile": true})
		same(s.t, "what a private profile shows", len(s.profile("")), 0)
		if len(s.profile(s.token["recipient"])) == 0 {
			s.t.Error("the user's own private profile is empty")
		}
		s.must(http.StatusOK, s.token["recipient"], "PATCH", "/api/v1/user", map[string]any{"private_profile": false})
	}},
	{"It displays the name, the description, the date when the achievement was awarded to the user", func(s *seed) {
		award := s.give(s.badge("Displayed"))
		got := s.must(http.StatusOK, "", "GET", award, nil)
		same(s.t, "what is displayed", []any{got.at("achievement", "name"), got.at("achievement", "description"), got.object["awarded_at"]},
			[]any{"Displayed", "For Displayed", s.clock.Now().Format(time.RFC3339)})
	}},
	{"And the namespace that awarded it, if the user is a member of the namespace or the namespace is public", func(s *seed) {
		award := s.give(s.badge("From somewhere"))
		for _, token := range []string{"", s.token["other"], s.token["developer"]} {
			got := s.must(http.StatusOK, token, "GET", award, nil).at("achievement", "namespace", "full_path")
			var want any
			if s.path == "public" || token == s.token["developer"] {
				want = s.path
			}
			same(s.t, "the namespace", got, want)
		}
	}},
	{"They are visible regardless of the visibility setting of the namespace that created the Achievement", func(s *seed) {
		s.must(http.StatusOK, "", "GET", s.give(s.badge("Visible")), nil)
	}},
	{"Hide: clear the Display achievements on your profile checkbox", func(s *seed) {
		s.give(s.badge("Hidden"))
		s.must(http.StatusOK, s.token["recipient"], "PATCH", "/api/v1/user", map[string]any{"achievements_enabled": false})
		same(s.t, "what the profile shows", len(s.profile("")), 0)
		s.must(http.StatusOK, s.token["recipient"], "PATCH", "/api/v1/user", map[string]any{"achievements_enabled": true})
		if len(s.profile("")) == 0 {
			s.t.Error("the profile shows nothing after the box was ticked again")
		}
	}},
	{"By default, achievements on your profile are displayed in ascending order by awarded date", func(s *seed) {
		s.give(s.badge("Earlier"))
		s.give(s.badge("Later"))
		last := ""
		for _, item := range s.profile("") {
			at, _ := item.object["awarded_at"].(string)
			if at < last {
				s.t.Errorf("%s is shown after %s", at, last)
			}
			last = at
		}
	}},
	{"To change the order of your achievements, call it with an ordered list of all prioritized achievements", func(s *seed) {
		s.give(s.badge("Below"))
		s.give(s.badge("Above"))
		shown := s.profile("")
		first := shown[len(shown)-1].object["id"]
		got := s.must(http.StatusOK, s.token["recipient"], "PUT", "/api/v1/user/awards/order", map[string]any{"award_ids": []any{first}})
		same(s.t, "its priority", got.items()[0].object["priority"], any(0.0))
		same(s.t, "the first on the profile", s.profile("")[0].object["id"], first)
	}},
	{"Once and irrevocable. For example, a \"First contribution merged\" achievement", func(s *seed) {
		award, badge := s.kind("First contribution merged", "irrevocable")
		s.refused(http.StatusConflict, "already_awarded", s.token["maintainer"], "POST", badge+"/awards", map[string]any{"user": s.recipient()})
		s.refused(http.StatusConflict, "irrevocable", s.token["owner"], "POST", award+"/revoke", nil)
	}},
	{"Once and revocable. For example, a \"Core team member\" achievement", func(s *seed) {
		award, badge := s.kind("Core team member", "revocable")
		s.refused(http.StatusConflict, "already_awarded", s.token["maintainer"], "POST", badge+"/awards", map[string]any{"user": s.recipient()})
		s.must(http.StatusOK, s.token["maintainer"], "POST", award+"/revoke", nil)
		s.give(badge)
	}},
	{"Multiple times. For example, a \"Contributor of the month\" achievement", func(s *seed) {
		_, badge := s.kind("Contributor of the month", "repeatable")
		s.give(badge)
	}},
}

func (s *seed) kind(name, kind string) (award, badge string) {
	s.t.Helper()
	badge = s.badge(name)
	s.must(http.StatusOK, s.token["maintainer"], "PATCH", badge, map[string]any{"kind": kind})
	return s.give(badge), badge
}

// otherPixel is a GIF of one pixel of another colour.
var otherPixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

func TestTheSeedsStatements(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		for _, visibility := range []string{"public", "private"} {
			s := newSeed(t, d, visibility)
			for _, tc := range seedStatements {
				t.Run(visibility+": "+tc.statement, func(t *testing.T) { //nolint:paralleltest // they share the recipient's profile
					at := *s
					at.door = s.in(t)
					tc.holds(&at)
				})
			}
		}
	})
}
