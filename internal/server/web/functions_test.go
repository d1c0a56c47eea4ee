package web

// The functions of templates are tested from inside: their edges are hard to reach through a page.

import (
	"strings"
	"testing"
)

func TestPercent(t *testing.T) {
	t.Parallel()

	for share, want := range map[float64]string{
		0: "0", 0.00001: "<0.1", 0.0011: "0.1", 0.04: "4", 0.043: "4.3", 0.0999: "10", 0.126: "13", 1: "100",
	} {
		if got := percent(share); got != want {
			t.Errorf("%v is written %q, want %q", share, got, want)
		}
	}
}

func TestLettersStandForNames(t *testing.T) {
	t.Parallel()

	for name, want := range map[string]string{
		"ada": "A", "  grace": "G", "ß": "ß", "\u674e\u96f7": "\u674e", "(beta)": "B", "🎉": "🎉", "": "·", "\u202e": "·", "\xff": "·", "7up": "7",
	} {
		if got := letter(name); got != want {
			t.Errorf("%q has the letter %q, want %q", name, got, want)
		}
	}
}

func TestAddressesThatAreFollowed(t *testing.T) {
	t.Parallel()

	for address, follows := range map[string]bool{
		"https://forge.example/a?b#c": true, "http://forge.example": true,
		"": false, "javascript:alert(1)": false, "https:///x": false, "data:text/html,x": false, "//forge.example": false, "%zz": false,
	} {
		if got := webAddress(address); (got == address && got != "") != follows {
			t.Errorf("%q becomes %q", address, got)
		}
	}
}

func TestPathsOfPartsThatNeedEscaping(t *testing.T) {
	t.Parallel()

	if got := join([]any{"/users/", "renovate[bot]", "/badge.svg"}); got != "/users/renovate%5Bbot%5D/badge.svg" {
		t.Errorf("the path is %q", got)
	}
	if got := join([]any{"/awards/", int64(7), "/card.png"}); got != "/awards/7/card.png" {
		t.Errorf("the path is %q", got)
	}
	if got := join([]any{"/sign-in?return_to=", "/a?b=c&d"}); got != "/sign-in?return_to=%2Fa%3Fb%3Dc%26d" {
		t.Errorf("the path is %q", got)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{"", "a*b", "](javascript:x)", "<img src=x>", "a\nb", "`x`", "![x](y)", "&lt;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := inMarkdown(text)
		for i, r := range got {
			if strings.ContainsRune("`*_{}[]()<>#!|~&", r) && (i == 0 || got[i-1] != '\\') || r == '\n' || r == '\r' {
				t.Fatalf("%q becomes %q", text, got)
			}
		}
	})
}
