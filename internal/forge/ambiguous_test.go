package forge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
)

func TestAmbiguous(t *testing.T) {
	t.Parallel()

	var many strings.Builder
	for i := range 300 {
		fmt.Fprintf(&many, `"k%d":%d,`, i, i)
	}
	for body, want := range map[string]bool{
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`: false,
		`{"a":1,"a":2}`:                   true,
		`{"a":1,"A":2}`:                   true,
		`{"x":{"a":1,"b":"a","a":2}}`:     true,
		`{"a":"a","b":"a"}`:               false,
		`{"a":1,"\u0061":2}`:              true,
		`{"a\"":1,"a":2}`:                 false,
		`["a","a",{"a":["a","a"]}]`:       false,
		`[{"a":1}, {"b":1,"a":2,"b":3}]`:  true,
		"{" + many.String() + `"end":1}`:  false,
		"{" + many.String() + `"K299":1}`: true,
		"{" + many.String() + `"K1":1}`:   true,
		``:                                false, `"`: false, `}`: false, `{"a`: false, `{"a":1,"a`: false,
	} {
		if got := forge.Ambiguous(forge.Request{Body: []byte(body)}); got != want {
			t.Errorf("%s is %v", body, got)
		}
	}
	form := forge.Request{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte("payload=%7B%22a%22%3A1%2C%22a%22%3A2%7D")}
	if !forge.Ambiguous(form) {
		t.Error("a form's names are not looked at")
	}
}

// What a decoder that reads name by name finds twice is ambiguous, and nothing else, of small JSON.
func FuzzAmbiguous(f *testing.F) {
	for _, body := range []string{`{"a":1,"A":2}`, `[{"a":{"b":[]},"c":"\""}]`, `{"\u0061":1,"a":{}}`, `nul`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := forge.Ambiguous(forge.Request{Body: body})
		if !json.Valid(body) || len(body) > 4096 || bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 64 {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if want := twice(t, decoder); got != want && !bytes.ContainsFunc(body, func(r rune) bool { return r > 127 }) {
			t.Errorf("%q is %v", body, got)
		}
	})
}

// twice reads a value and reports whether an object in it has a name twice.
func twice(t *testing.T, decoder *json.Decoder) bool {
	t.Helper()

	token, err := decoder.Token()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	switch token {
	case json.Delim('['):
		for decoder.More() {
			found = twice(t, decoder) || found
		}
	case json.Delim('{'):
		names := map[string]bool{}
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				t.Fatal(err)
			}
			lower := strings.ToLower(name.(string))
			found = names[lower] || found
			names[lower] = true
			found = twice(t, decoder) || found
		}
	default:
		return false
	}
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	return found
}

func BenchmarkAmbiguous(b *testing.B) {
	req := recording(b, forge.GitHub, "merge_request.merged")
	b.SetBytes(int64(len(req.Body)))
	for b.Loop() {
		if forge.Ambiguous(req) {
			b.Fatal("a forge's own delivery is ambiguous")
		}
	}
}
