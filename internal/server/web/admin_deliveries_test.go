package web

// What a page shows of a body is tested from inside: through the door, a body has to be signed first.

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzReadableBodies(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"a":[1,2,{"b":"<"}]}`, "{", "\x1b[31m", "\u202eabc", strings.Repeat("é", bodyShown), strings.Repeat("[", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !utf8.ValidString(body) {
			return // the page says that it is no text
		}
		text, shortened := readable([]byte(body))
		// A character that is not shown becomes a longer one.
		if len(text) > 3*bodyShown || !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\u202e\x00\r") {
			t.Fatalf("%q becomes %q", body, text)
		}
		if !shortened && strings.Count(body, "a") != strings.Count(text, "a") {
			t.Fatalf("%q loses something: %q", body, text)
		}
	})
}

func TestMomentsThatAreTyped(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"2026-11-02T10:00": "2026-11-02T10:00:00Z", "2026-11-02T10:00:05": "2026-11-02T10:00:05Z", "2026-11-02": "2026-11-02T00:00:00Z",
		"2026-11-02T10:00:00+02:00": "2026-11-02T08:00:00Z", "yesterday": "", "2026-13-01": "", "10:00": "",
	} {
		at, err := readMoment("since", text)
		if (err == nil) != (want != "") || err == nil && at.Format(time.RFC3339) != want {
			t.Errorf("%q is read as %v, %v", text, at, err)
		}
	}
	if at, err := readMoment("since", ""); err != nil || !at.IsZero() {
		t.Errorf("nothing is read as %v, %v", at, err)
	}
}
