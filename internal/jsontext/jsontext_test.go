package jsontext_test

import (
	"encoding/json"
	"testing"

	"github.com/seed-504bad89/accolade/internal/jsontext"
)

func FuzzAppend(f *testing.F) {
	for _, text := range []string{"", "plain", `a "quoted" \ text`, "<&>", "ä\u2028", "\x00\x1f\x7f", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := jsontext.Append([]byte("before"), text); string(got) != "before"+string(want) {
			t.Errorf("%q is written as %s, by encoding/json as %s", text, got, want)
		}
	})
}
