package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/testkit"
	"github.com/seed-504bad89/accolade/rules"
)

// story is a service in which something has happened: people, groups, and what they were awarded. Pages are tested, and
// their pictures taken, of the same one.
type story struct {
	t     *testing.T
	url   string
	clock *testkit.Clock
	// tokens are people's by their usernames, and ids those of achievements by their keys, or their names in small letters
	// with dashes; those of awards have the recipient behind them: "core-team of grace".
	tokens map[string]string
	ids    map[string]string
}

// tell starts a service with sets of the shipped rules and lets everything happen in it. Its clock begins at the same
// moment each time.
func tell(t *testing.T) *story {
	t.Helper()

	s := &story{t: t, clock: testkit.NewClock(), tokens: map[string]string{"admin": adminToken}, ids: map[string]string{}}
	cfg := configuration(testkit.SQLitePath(t), "")
	cfg.Rules, cfg.Now = shipped(t, "contributions", "rhythm", "teams", "community", "reviewer", "maintainer", "seasonal"), s.clock.Now
	cfg.SignIn = s.providers()
	s.url = start(t, cfg)
	s.people()
	s.groups()
	s.learn()
	s.deliveries()
	s.awards()
	return s
}

// providers are those that people could sign in with; no test goes there, since nobody answers.
func (*story) providers() []signin.Config {
	const nobody = "http://127.0.0.1:1"
	configured := make([]signin.Config, 0, 5)
	for _, p := range []struct{ name, source, title string }{
		{"gitlab", "", ""}, {"github", "forge", ""}, {"forgejo", "", ""}, {"gitea", "", ""}, {"oidc", "", "Acme single sign-on"},
	} {
		configured = append(configured, signin.Config{
			Name: p.name, Kind: p.name, URL: nobody, ClientID: "accolade", ClientSecret: "a secret", Source: p.source, Title: p.title,
		})
	}
	return configured
}

// shipped returns files of the pack, with the pictures.
func shipped(t *testing.T, sets ...string) fstest.MapFS {
	t.Helper()

	files := fstest.MapFS{}
	pictures, err := rules.Files.ReadDir("avatars")
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(pictures)+len(sets))
	for _, picture := range pictures {
		names = append(names, "avatars/"+picture.Name())
	}
	for _, set := range sets {
		names = append(names, set+".yaml")
	}
	for _, name := range names {
		content, err := rules.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: content}
	}
	return files
}

// as calls the API as somebody, and returns the answer; a token's place is taken by the owner's name.
func (s *story) as(who, method, path string, body any) map[string]any {
	s.t.Helper()

	content, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(who, method, path, "application/json", content)
}

func (s *story) send(who, method, path, contentType string, body []byte) map[string]any {
	s.t.Helper()

	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.tokens[who])
	request.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusBadRequest {
		s.t.Fatalf("%s %s of %s answers %d: %s (%v)", method, path, who, response.StatusCode, text, err)
	}
	if response.StatusCode == http.StatusNoContent {
		return nil
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// people are who there are. Those with an account on the forge are the authors of deliveries.
func (s *story) people() {
	for i, person := range []struct{ username, name string }{
		{"ada", "Ada Lovelace"}, {"grace", "Grace Hopper"}, {"mira", "Mira Halloran"}, {"otis", "Otis Bergström"},
		{"juno", "Juno Takahashi"}, {"leila", "ليلى حداد"}, {"tomas", "Tomás Ferreira"}, {"wren", "Wren Adeyemi"},
		{"quiet", "Quiet Quentin"}, {"closed", "Closed Claudia"},
	} {
		s.as("admin", "POST", "/users", map[string]any{"username": person.username, "name": person.name, "email": person.username + "@example.com"})
		s.as("admin", "PUT", "/users/"+person.username+"/accounts/forge", map[string]any{"forge_user_id": strconv.Itoa(i + 1), "login": person.username})
		issued := s.as("admin", "POST", "/users/"+person.username+"/tokens", map[string]any{"name": "laptop", "scopes": []string{"write"}})
		s.tokens[person.username], _ = issued["token"].(string)
	}
	s.as("ada", "PATCH", "/user", map[string]any{"share_progress": true})
	s.as("quiet", "PATCH", "/user", map[string]any{"achievements_enabled": false})
	s.as("closed", "PATCH", "/user", map[string]any{"private_profile": true})
}

func (s *story) groups() {
	for _, group := range []struct{ path, name, visibility string }{
		{"hydro", "Hydrology Commons", "public"}, {"hydro/sensors", "Sensors", "public"},
		{"meadow", "Meadow Translators", "internal"}, {"vault", "Vault Responders", "private"},
	} {
		s.as("admin", "POST", "/namespaces", map[string]any{"full_path": group.path, "name": group.name, "visibility": group.visibility})
	}
	s.as("admin", "PATCH", "/namespaces/acme", map[string]any{"name": "Acme", "leaderboard": true})
	for _, member := range []struct{ group, username, level string }{
		{"acme", "grace", "owner"}, {"acme", "otis", "maintainer"}, {"acme", "mira", "developer"},
		{"hydro", "wren", "owner"}, {"hydro", "ada", "maintainer"}, {"vault", "wren", "owner"}, {"vault", "mira", "developer"},
	} {
		s.as("admin", "PUT", "/namespaces/"+url.PathEscape(member.group)+"/members/"+member.username, map[string]any{"access_level": member.level})
	}
	s.create("hydro", "Field season", "Spent a season at the gauges, in all weathers.", "repeatable", "weekend-warrior")
	s.create("hydro", "First gauge", "Brought a gauge online that others now read.", "irrevocable", "steady-3")
	s.create("hydro", "Steward of the archive", "Keeps thirty years of readings findable.", "revocable", "")
	s.create("hydro", "Data detective", "Found the reading that could not be, and why it was.", "repeatable", "popular")
	s.create("hydro/sensors", "Solder hand", "Repaired a probe on site.", "repeatable", "")
	s.create("meadow", "First words", "Translated something that many read.", "irrevocable", "polyglot")
	s.create("vault", "Quiet night", "Answered an alarm so that nobody else had to.", "repeatable", "night-owl")
}

// create makes an achievement by hand, with a picture of the pack or none.
func (s *story) create(group, name, description, kind, picture string) {
	s.t.Helper()

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, value := range map[string]string{"name": name, "description": description, "kind": kind} {
		if err := form.WriteField(field, value); err != nil {
			s.t.Fatal(err)
		}
	}
	if picture != "" {
		content, err := rules.Files.ReadFile("avatars/" + picture + ".png")
		if err != nil {
			s.t.Fatal(err)
		}
		part, err := form.CreateFormFile("avatar", picture+".png")
		if err != nil {
			s.t.Fatal(err)
		}
		_, _ = part.Write(content) // a buffer takes everything
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	made := s.send("admin", "POST", "/namespaces/"+url.PathEscape(group)+"/achievements", form.FormDataContentType(), body.Bytes())
	s.ids[slug(name)] = fmt.Sprint(made["id"])
}

var notInSlugs = regexp.MustCompile(`[^a-z0-9]+`)

// slug is the name in small letters with dashes.
func slug(name string) string {
	return strings.Trim(notInSlugs.ReplaceAllString(strings.ToLower(name), "-"), "-")
}

// learn reads the ids of what the rules declare.
func (s *story) learn() {
	cursor := ""
	for {
		list := s.as("admin", "GET", "/namespaces/acme/achievements?limit=100&cursor="+cursor, nil)
		for _, item := range list["items"].([]any) {
			of := item.(map[string]any)
			s.ids[of["key"].(string)] = fmt.Sprint(of["id"])
		}
		next, more := list["next_cursor"].(string)
		if !more {
			return
		}
		cursor = next
	}
}

// deliveries are what the forge sent: contributions of some, over weeks.
func (s *story) deliveries() {
	number := int64(0)
	for _, author := range []struct {
		id     int64
		login  string
		merges int
	}{{1, "ada", 27}, {3, "mira", 11}, {5, "juno", 4}, {7, "tomas", 3}, {6, "leila", 1}, {9, "quiet", 3}} {
		for i := range author.merges {
			number++
			at := s.clock.Now().Add(-time.Duration(author.merges-i) * 43 * time.Hour).Format(time.RFC3339)
			body := testkit.MergedPullRequest(number, author.id, author.login)
			body = bytes.ReplaceAll(body, []byte("2026-11-02T09:47:13Z"), []byte(at))
			body = bytes.ReplaceAll(body, []byte("2026-11-02T07:30:00Z"), []byte(at))
			if status, answer := deliver(s.t, s.url, "pull_request", body); status != http.StatusAccepted {
				s.t.Fatalf("the delivery is answered with %d: %v", status, answer)
			}
		}
	}
}

// awards are what people gave each other.
func (s *story) awards() {
	for _, given := range []struct{ by, achievement, to, message string }{
		{"grace", "core-team", "ada", "Welcome aboard, and thank you for the flight software."},
		{"wren", "field-season", "ada", "Three weeks of rain, not one gap in the series."},
		{"wren", "field-season", "ada", ""},
		{"wren", "first-gauge", "ada", ""},
		{"wren", "data-detective", "ada", "The sensor was upside down!"},
		{"wren", "data-detective", "tomas", ""},
		{"admin", "first-words", "ada", ""},
		{"admin", "first-words", "leila", ""},
		{"wren", "quiet-night", "mira", "04:12, and still kind."},
		{"wren", "quiet-night", "ada", ""},
		{"otis", "helper", "mira", ""}, {"otis", "helper-2", "mira", ""},
		{"otis", "first-review", "ada", ""}, {"otis", "reviewer", "ada", ""}, {"otis", "reviewer-2", "ada", "For reading what others skim."},
		{"otis", "thorough-reviewer", "ada", ""}, {"otis", "early-bird", "ada", ""}, {"otis", "first-review", "mira", ""},
		{"otis", "night-owl", "juno", ""}, {"otis", "popular", "juno", ""}, {"otis", "gatekeeper", "mira", ""},
		{"otis", "welcome", "leila", ""}, {"otis", "first-comment", "leila", ""}, {"otis", "welcome", "closed", ""},
		{"wren", "steward-of-the-archive", "tomas", ""},
	} {
		s.clock.Advance(7 * time.Minute)
		s.award(given.by, given.achievement, given.to, given.message)
	}
	s.as("ada", "PATCH", "/awards/"+s.ids["early-bird of ada"], map[string]any{"show_on_profile": false})
	s.as("wren", "POST", "/awards/"+s.ids["steward-of-the-archive of tomas"]+"/revoke", map[string]any{"reason": "Handed over to the university."})
}

func (s *story) award(by, achievement, to, message string) {
	s.t.Helper()

	body := map[string]any{"user": to}
	if message != "" {
		body["message"] = message
	}
	made := s.as(by, "POST", "/achievements/"+s.ids[achievement]+"/awards", body)
	s.ids[achievement+" of "+to] = fmt.Sprint(made["id"])
}

// hostility are people, groups and achievements whose names try what names can do to a page.
func (s *story) hostility() {
	const script = `</title><script>alert(1)</script>"'&<img src=//evil.example/x onerror=alert(2)>`
	s.as("admin", "POST", "/users", map[string]any{"username": "mallory", "name": script})
	s.as("admin", "POST", "/users", map[string]any{"username": strings.Repeat("m", 100), "name": strings.Repeat("Verylongname", 20)})
	s.as("admin", "POST", "/namespaces", map[string]any{"full_path": "long", "name": strings.Repeat("Ω", 200), "visibility": "public"})
	s.create("long", strings.Repeat("W", 255), strings.Repeat("describing", 100), "repeatable", "")
	s.create("long", "Hostile "+script, script, "repeatable", "")
	s.create("long", "سلسلة \u202e reversed", "\u202eRTL override", "revocable", "")
	for name, id := range s.ids {
		if strings.HasPrefix(name, "www") {
			s.ids["long-name"] = id
		} else if strings.HasPrefix(name, "hostile") {
			s.ids["hostile"] = id
		}
	}
	for _, to := range []string{"mallory", strings.Repeat("m", 100)} {
		s.award("admin", "long-name", to, strings.Repeat("message", 28))
		s.award("admin", "hostile", to, script)
	}
}

// at fills the ids into a path: "/achievements/{core-team}".
func (s *story) at(path string) string {
	return regexp.MustCompile(`\{[^}]+\}`).ReplaceAllStringFunc(path, func(name string) string {
		id, known := s.ids[strings.Trim(name, "{}")]
		if !known {
			s.t.Fatalf("nothing is called %s", name)
		}
		return id
	})
}
