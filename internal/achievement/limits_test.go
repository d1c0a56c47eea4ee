package achievement_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

func TestCleanName(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		name, in, want, code string
	}{
		{"is trimmed", "  First merge\n", "First merge", ""},
		{"holds 255 characters, not bytes", strings.Repeat("é", 255), strings.Repeat("é", 255), ""},
		{"refuses 256 characters", strings.Repeat("a", 256), "", "too_long"},
		{"refuses blanks", " \t ", "", "required"},
		{"refuses NUL", "a\x00b", "", "not_text"},
		{"refuses broken UTF-8", "a\xffb", "", "not_text"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			got, err := achievement.CleanName("name", tc.in)
			if got != tc.want || code(err) != tc.code {
				t.Errorf("CleanName(%q) = %q, %v; want %q, code %q", tc.in, got, err, tc.want, tc.code)
			}
		})
	}
}

func TestPathsUsernamesAndKeys(t *testing.T) {
	t.Parallel()

	check := func(what string, fn func(string, string) error, good, bad []string) {
		for _, in := range good {
			if err := fn("f", in); err != nil {
				t.Errorf("%s refuses %q: %v", what, in, err)
			}
		}
		for _, in := range bad {
			if !fault.Is(fn("f", in), fault.Invalid) {
				t.Errorf("%s accepts %q", what, in)
			}
		}
	}
	check("CheckPath", achievement.CheckPath,
		[]string{"acme", "acme/tools", "a.b-c_d/e", "42/x", "_x"},
		[]string{"", "/acme", "acme/", "a//b", "a b", "acme.", "-a", "42", "a/../b", strings.Repeat("a", 256)})
	check("CheckUsername", achievement.CheckUsername,
		[]string{"ada", "ada.l", "renovate[bot]", "a_1", "project_5_bot_0af"},
		[]string{"", "a/b", "12", "a b", ".a", strings.Repeat("a", 256), "x[bot]y"})
	check("CheckKey", achievement.CheckKey,
		[]string{"first-merge", "a", "10k"},
		[]string{"", "First", "a_b", "-a", "a-", strings.Repeat("a", 256)})
}

func TestAncestors(t *testing.T) {
	t.Parallel()

	if got := achievement.Ancestors("a/b/c"); !reflect.DeepEqual(got, []string{"a/b/c", "a/b", "a"}) {
		t.Errorf("Ancestors = %v", got)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()

	for _, role := range []achievement.Role{
		achievement.Guest, achievement.Reporter, achievement.Developer, achievement.Maintainer, achievement.Owner,
	} {
		if got, ok := achievement.ParseRole(role.String()); !ok || got != role {
			t.Errorf("%d is called %q, which parses as %d, %v", role, role, got, ok)
		}
	}
	if _, ok := achievement.ParseRole("none"); ok {
		t.Error("none is a role")
	}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.As(err).Fields[0].Code
}
