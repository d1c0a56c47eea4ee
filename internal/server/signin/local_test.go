package signin_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/server/signin"
)

func TestOnlyLocalPathsAreReturnedTo(t *testing.T) {
	t.Parallel()

	for path, want := range map[string]string{
		"/": "/", "/users/ada?tab=all&x=%2F": "/users/ada?tab=all&x=%2F", "/groups/acme%2Ftools/-/achievements#top": "/groups/acme%2Ftools/-/achievements#top",
		"/users/ådå": "/users/%C3%A5d%C3%A5",
		"":           "/", "users/ada": "/", "//evil.example": "/", "///evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", `\/evil.example`: "/",
		"http://evil.example": "/", "https:evil.example": "/", "javascript:alert(1)": "/", "/users\r\nX: y": "/", "/\t/evil.example": "/", "\t//evil.example": "/",
		" //evil.example": "/", "/a\x00": "/", "/\x7f": "/", "/%zz": "/", "/" + strings.Repeat("a", 2048): "/", "/a\xff": "/",
	} {
		if got := signin.LocalPath(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", `/\evil`, "/a?b#c", "/..//evil", "/%5cevil", "http:/evil"} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "accolade.test"}
	f.Fuzz(func(t *testing.T, path string) {
		got := signin.LocalPath(path)
		parsed, err := url.Parse(got)
		if err != nil || base.ResolveReference(parsed).Host != base.Host || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("%q leads to %q", path, got)
		}
		if again := signin.LocalPath(got); again != got && len(got) <= 2048 {
			t.Errorf("%q leads to %q, and that to %q", path, got, again)
		}
	})
}
