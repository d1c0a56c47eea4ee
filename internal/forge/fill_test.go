package forge_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// decodesAlike compares what is read of a body at once with what encoding/json reads of it.
func decodesAlike(t *testing.T, body []byte) {
	t.Helper()

	filled, decoded, fills, err := forge.DecodeBothWays(body)
	if fills && err != nil {
		t.Errorf("%.200q was filled in, and is no JSON: %v", body, err)
	}
	if fills && !reflect.DeepEqual(filled, decoded) {
		t.Errorf("%.200q: filled in it reads\n%+v\nand decoded\n%+v", body, filled, decoded)
	}
}

func TestFillReadsAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()

	for _, name := range recordings(t, forge.GitHub) {
		req := recording(t, forge.GitHub, name)
		if _, _, fills, err := forge.DecodeBothWays(req.Body); err == nil && !fills && req.Header.Get("Content-Type") == "application/json" && len(req.Body) < 60_000 {
			t.Errorf("%s was not filled in", name)
		}
		decodesAlike(t, req.Body)
	}
	for _, body := range strangeBodies {
		decodesAlike(t, []byte(body))
	}
}

// strangeBodies are right and wrong ones, each in its own way.
var strangeBodies = []string{
	`{}`, ` { } `, `{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{,}`, `{"action":"closed","ACTION":"opened"}`, `{"acti\u006fn":"closed"}`,
	`{"pull_request":{"number":3,"x":[1,{"y":"z"}],"title":"t"}}`, `{"pull_request":[{"number":3}]}`, `{"pull_request":null}`,
	`{"pull_request":{"labels":[{"name":"a","url":1},{"url":2},3,null]}}`, `{"pull_request":{"labels":{"name":"a"}}}`,
	`{"pull_request":{"assignees":[{"id":1,"url":"x"},null,{"id":2}]}}`, `{"changes":{"title":{"from":"a"},"x":1}}`,
	`{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":1e+5,"b":-0.5E-1}`, `{"a":tru}`, `{"a":truefalse}`, `{"a":nul}`,
	`{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u12`, `{"a":"` + "\x01" + `"}`, `{"a":"long enough for eight` + "\n" + `"}`, `{"a":"\"}`,
	`{"a":"\\"}`, `{"a":"\""}`, `{"a":[}`, `{"a":[1,]}`, `{"a":{}`, `{}{}`, `[]`, `"a"`, ``, `{`, `{"a"`, `{"a":`, `{"ſender":{"id":1}}`,
	`{"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
	`{"` + strings.Repeat("n", 100) + `":1}`,
}

func FuzzFill(f *testing.F) {
	for _, body := range strangeBodies {
		f.Add([]byte(body))
	}
	f.Fuzz(decodesAlike)
}

func BenchmarkEvents(b *testing.B) {
	speaks, _ := forge.ByName(forge.GitHub)
	for _, name := range recordings(b, forge.GitHub) {
		if !strings.HasPrefix(name, "merge_request.merged") {
			continue
		}
		req := recording(b, forge.GitHub, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(req.Body)))
			for b.Loop() {
				if _, err := speaks.Events(forge.Source{Name: "forge", Forge: forge.GitHub}, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
