package event_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-504bad89/accolade/internal/event"
)

func TestParseCoAuthors(t *testing.T) {
	t.Parallel()

	const (
		onGitHub = "https://github.com/acme/rocket/pull/7"
		onGitLab = "https://gitlab.com/acme/rocket/-/merge_requests/7"
		onOurs   = "https://Git.acme.example:8443/acme"
	)
	octocat := event.Account{ID: "583231", Login: "octocat", Name: "The Octocat", FromText: true}
	for name, tc := range map[string]struct {
		text, address string
		want          []event.Account
	}{
		"nothing":              {"Fix it", onGitHub, nil},
		"GitHub":               {"Fix it\n\nCo-authored-by: The Octocat <583231+octocat@users.noreply.github.com>\n", onGitHub, []event.Account{octocat}},
		"another case":         {"CO-Authored-By: The Octocat <583231+octocat@Users.NoReply.GitHub.com>", onGitHub, []event.Account{octocat}},
		"carriage returns":     {"Fix it\r\n\r\nCo-authored-by: The Octocat <583231+octocat@users.noreply.github.com>\r\n", onGitHub, []event.Account{octocat}},
		"no space":             {"Co-authored-by:The Octocat<583231+octocat@users.noreply.github.com>", onGitHub, []event.Account{octocat}},
		"GitHub, older":        {"Co-authored-by: Ada <ada@users.noreply.github.com>", onGitHub, []event.Account{{Login: "ada", Name: "Ada", FromText: true}}},
		"GitHub, older, digit": {"Co-authored-by: Seven <7-zip@users.noreply.github.com>", onGitHub, []event.Account{{Login: "7-zip", Name: "Seven", FromText: true}}},
		"a bot":                {"Co-authored-by: dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>", onGitHub, []event.Account{{ID: "49699333", Login: "dependabot[bot]", Name: "dependabot[bot]", Bot: true, FromText: true}}},
		"GitLab":               {"Co-authored-by: Ada L. <42-ada.l_x@users.noreply.gitlab.com>", onGitLab, []event.Account{{ID: "42", Login: "ada.l_x", Name: "Ada L.", FromText: true}}},
		"self-hosted":          {"Co-authored-by: Ada <42-ada@users.noreply.git.acme.example>", onOurs, []event.Account{{ID: "42", Login: "ada", Name: "Ada", FromText: true}}},
		"no name":              {"Co-authored-by: <42-ada@users.noreply.gitlab.com>", onGitLab, []event.Account{{ID: "42", Login: "ada", FromText: true}}},
		"several, one twice": {
			"Co-authored-by: A <1+a@users.noreply.github.com>\nCo-authored-by: B <2+b@users.noreply.github.com>\nCo-authored-by: a <1+a@users.noreply.github.com>", onGitHub,
			[]event.Account{{ID: "1", Login: "a", Name: "A", FromText: true}, {ID: "2", Login: "b", Name: "B", FromText: true}},
		},
		"another forge":       {"Co-authored-by: The Octocat <583231+octocat@users.noreply.github.com>", onGitLab, nil},
		"no forge":            {"Co-authored-by: The Octocat <583231+octocat@users.noreply.github.com>", "", nil},
		"no address of forge": {"Co-authored-by: The Octocat <583231+octocat@users.noreply.github.com>", "://", nil},
		"a mail address":      {"Co-authored-by: Ada <ada@example.com>", onGitHub, nil},
		"another trailer":     {"Signed-off-by: The Octocat <583231+octocat@users.noreply.github.com>", onGitHub, nil},
		"too long":            {"Co-authored-by: " + strings.Repeat("Z", 1024) + " <1+z@users.noreply.github.com>", onGitHub, nil},
		"in a sentence":       {"See Co-authored-by: The Octocat <583231+octocat@users.noreply.github.com>", onGitHub, nil},
		"text after it":       {"Co-authored-by: The Octocat <583231+octocat@users.noreply.github.com> and more", onGitHub, nil},
		"id 0":                {"Co-authored-by: Z <0+z@users.noreply.github.com>", onGitHub, nil},
		"id too large":        {"Co-authored-by: Z <12345678901234567890+z@users.noreply.github.com>", onGitHub, nil},
		"two addresses":       {"Co-authored-by: A <1+a@users.noreply.github.com> <2+b@users.noreply.github.com>", onGitHub, nil},
	} {
		if got := event.ParseCoAuthors(tc.text, tc.address); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}

func FuzzParseCoAuthors(f *testing.F) {
	f.Add("Co-authored-by: The Octocat <583231+octocat@users.noreply.github.com>\n", "https://github.com/x")
	f.Add("Co-authored-by: \xff<42-ada@users.noreply.gitlab.com>\r\n\r\n", "https://gitlab.com")
	f.Add(strings.Repeat("co-authored-by:a <a@users.noreply.b>\n", 200), "http://b")
	number := regexp.MustCompile(`^([1-9]\d{0,18})?$`)
	f.Fuzz(func(t *testing.T, text, address string) {
		found := event.ParseCoAuthors(text, address)
		if len(found) > 100 {
			t.Fatalf("%d co-authors", len(found))
		}
		seen := map[event.Account]bool{}
		for _, account := range found {
			if !number.MatchString(account.ID) || account.Login == "" || strings.ContainsAny(account.Login+account.Name, "<>\n") || seen[account] {
				t.Fatalf("%q has the co-author %+v", text, account)
			}
			if utf8.ValidString(text) && !utf8.ValidString(account.Name) {
				t.Fatalf("%q has the name %q", text, account.Name)
			}
			seen[account] = true
		}
		// Who is found can be forgotten.
		if len(found) > 0 && len(found) < 100 && found[0].ID != "" {
			ev := event.Event{Actor: &found[0], Pushed: []event.Commit{{Message: text}}}
			ev.Forget(found[0].ID)
			if again := event.ParseCoAuthors(ev.Pushed[0].Message, address); len(again) >= len(found) {
				t.Fatalf("after forgetting %+v, %q is left", found[0], ev.Pushed[0].Message)
			}
		}
	})
}
